/*
 * echo: sends a request's body back, byte for byte and as it comes, so that
 * a body may be larger than memory.
 */
#include <stddef.h>
#include <fcgiapp.h>

static void
copy(FCGX_Stream *in, FCGX_Stream *out)
{
	char	 buf[16384];
	int	 n;

	while ((n = FCGX_GetStr(buf, sizeof(buf), in)) > 0)
		FCGX_PutStr(buf, n, out);
}

int
main(void)
{
	FCGX_Stream	*in, *out, *err;
	FCGX_ParamArray	 params;
	const char	*type;

	while (FCGX_Accept(&in, &out, &err, &params) == 0) {
		type = FCGX_GetParam("CONTENT_TYPE", params);
		if (type == NULL || *type == '\0')
			type = "application/octet-stream";
		FCGX_FPrintF(out, "Content-Type: %s\r\n\r\n", type);
		copy(in, out);
	}
	return 0;
}
