/*
 * ini: any bytes as a function's file, or behind an @ as an account's.  What is
 * read of them, iniparser and the lint pass read alike; what config makes of it
 * prints as a file that reads and prints the same.
 */
#include "ini.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
must(bool is_so, const char *why)
{
	if (is_so)
		return;
	fprintf(stderr, "%s\n", why);
	abort();
}

/* Whose file text is said to be, as it is printed; NULL if it has errors. */
static char *
read_and_print(const char *whose, const char *text, size_t len,
    struct config_errors *errors)
{
	struct ini_text	 lines = { NULL, 0, 0 };
	struct config	*config;
	char		*printed = NULL, *function;
	size_t		 size, i;
	FILE		*out;

	ini_read_text("f", whose, text, len, &lines, errors);
	for (i = 0; i < errors->count; i++)
		must(strstr(errors->lines[i], ": iniparser ") == NULL,
		    errors->lines[i]);
	config = config_read(lines.bytes == NULL ? "" : lines.bytes, lines.len,
	    1, NULL, errors);
	ini_text_release(&lines);
	if (config == NULL || errors->count > 0 || config->count +
	    config->account_count != 1 ||
	    (out = open_memstream(&printed, &size)) == NULL) {
		config_free(config);
		return NULL;
	}
	config_print(out, config, false);
	fclose(out);
	config_free(config);
	function = xstrdup(strstr(printed, "; f\n"));
	free(printed);
	return function;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct config_errors	 errors = { NULL, 0 };
	const char		*whose = "fn";
	char			*first, *second;

	if (len > 0 && bytes[0] == '@') {
		whose = "@fn";
		bytes++;
		len--;
	}
	first = read_and_print(whose, (const char *)bytes, len, &errors);
	if (first != NULL) {
		second = read_and_print(whose, first, strlen(first), &errors);
		/* Quotes make a line longer, now and then too long. */
		if (second == NULL)
			must(strstr(errors.lines[0], "1022") != NULL,
			    errors.lines[0]);
		else
			must(strcmp(first, second) == 0, second);
		free(second);
	}
	free(first);
	config_errors_release(&errors);
	return 0;
}
