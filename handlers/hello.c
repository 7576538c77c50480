/*
 * hello: the smallest FastCGI program, with libfcgi's stdio.
 *
 * It is an ordinary program with a loop around its work: what stands before
 * the loop is done once per worker, what is in it once per request.
 */
#include <stdlib.h>
#include <unistd.h>
#include <fcgi_stdio.h>		/* last, as it puts itself over stdio */

int
main(void)
{
	const char	*greeting = getenv("GREETING");	/* from hello.ini */
	int		 count = 0;

	while (FCGI_Accept() == 0)
		printf("Content-Type: text/plain\r\n\r\n"
		    "%s! This is answer %d of worker %d.\n",
		    greeting == NULL ? "Hello" : greeting,
		    ++count, (int)getpid());
	return 0;
}
