/*
 * hello: the handler that every contender of the benchmarks runs, as FastCGI
 * (libfcgi) where descriptor 0 is a listening socket, else as CGI.
 *
 * It reads the whole body and answers "hello\n", or, if the query is a number,
 * so many bytes; with "sleep=MS" it takes its time first.  COUNT_FILE, if it
 * is set, gets a byte for each request that was run.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <fcgi_stdio.h>		/* last, as it puts itself over stdio */

#define CHUNK	65536

static void
pause_ms(long ms)
{
	struct timespec	t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

static void
answer(long size)
{
	static char	chunk[CHUNK];
	long		n;

	memset(chunk, 'x', sizeof(chunk));
	printf("Content-Type: text/plain\r\nContent-Length: %ld\r\n\r\n", size);
	for (; size > 0; size -= n) {
		n = size < CHUNK ? size : CHUNK;
		fwrite(chunk, 1, (size_t)n, stdout);
	}
}

int
main(void)
{
	static char	 body[CHUNK];
	const char	*count_file = getenv("COUNT_FILE");
	const char	*query, *length;
	int		 count = -1;

	if (count_file != NULL)
		count = open(count_file, O_WRONLY | O_APPEND | O_CREAT, 0644);
	while (FCGI_Accept() == 0) {
		if (count != -1 && write(count, "x", 1) == -1)
			return 1;
		length = getenv("CONTENT_LENGTH");
		if (length != NULL && *length != '\0')
			while (fread(body, 1, sizeof(body), stdin) > 0)
				continue;
		query = getenv("QUERY_STRING");
		if (query != NULL && strncmp(query, "sleep=", 6) == 0)
			pause_ms(atol(query + 6));
		if (query != NULL && atol(query) > 0)
			answer(atol(query));
		else
			printf("Content-Type: text/plain\r\n"
			    "Content-Length: 6\r\n\r\nhello\n");
	}
	return 0;
}
