/*
 * slow: an answer that takes its time, one line after the other; each is
 * flushed, so that it leaves at once.  /fn/slow?lines=5&pause=200 sends five
 * lines with 200 ms before each.
 */
#include <stdio.h>
#include <time.h>
#include <fcgiapp.h>

static void
pause_ms(unsigned int ms)
{
	struct timespec	 t = { .tv_sec = ms / 1000,
	    .tv_nsec = (long)(ms % 1000) * 1000000 };

	nanosleep(&t, NULL);
}

int
main(void)
{
	FCGX_Stream	*in, *out, *err;
	FCGX_ParamArray	 params;
	const char	*query;
	unsigned int	 i, lines, pause;

	while (FCGX_Accept(&in, &out, &err, &params) == 0) {
		lines = 5;
		pause = 200;
		if ((query = FCGX_GetParam("QUERY_STRING", params)) != NULL)
			sscanf(query, "lines=%4u&pause=%5u", &lines, &pause);

		/* X-Accel-Buffering asks nginx not to collect the lines. */
		FCGX_PutS("Content-Type: text/plain\r\n"
		    "X-Accel-Buffering: no\r\n\r\n", out);
		for (i = 1; i <= lines && FCGX_GetError(out) == 0; i++) {
			pause_ms(pause);
			FCGX_FPrintF(out, "line %u of %u\n", i, lines);
			FCGX_FFlush(out);
		}
	}
	return 0;
}
