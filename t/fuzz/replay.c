/*
 * replay: feed a fuzzer's corpus to its target once, as a TAP test.
 *
 * Linked with t/fuzz/NAME.c where libFuzzer's main() is not.  Arguments are
 * files or folders of files; without any, it is the folder of the program's
 * name, $TOLLGATE_SOURCE/t/fuzz/corpus/NAME.  An input that the target cannot
 * bear ends the program, which the missing plan then tells.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static _Noreturn void
give_up(const char *path)
{
	printf("Bail out! %s: %s\n", path, strerror(errno));
	exit(1);
}

/* Allocated to the byte, so that ASan sees one read too many. */
static void
replay_file(const char *path, FILE *in)
{
	uint8_t	*input;
	long	 size;

	if (fseek(in, 0, SEEK_END) == -1 || (size = ftell(in)) == -1)
		give_up(path);
	rewind(in);
	if ((input = malloc(size > 0 ? (size_t)size : 1)) == NULL)
		give_up(path);
	if (fread(input, 1, (size_t)size, in) != (size_t)size)
		give_up(path);
	(void)LLVMFuzzerTestOneInput(input, (size_t)size);
	free(input);
}

/* Returns how many inputs there were, numbered on from count. */
static int
replay(const char *path, int count)
{
	char		 inner[PATH_MAX];
	struct dirent	*entry;
	DIR		*folder;
	FILE		*in;

	if ((folder = opendir(path)) != NULL) {
		while ((entry = readdir(folder)) != NULL) {
			if (entry->d_name[0] == '.')
				continue;
			snprintf(inner, sizeof(inner), "%s/%s", path,
			    entry->d_name);
			count = replay(inner, count);
		}
		closedir(folder);
		return count;
	}
	if ((in = fopen(path, "rb")) == NULL)
		give_up(path);
	replay_file(path, in);
	fclose(in);
	printf("ok %d - %s\n", count + 1, strrchr(path, '/') + 1);
	fflush(stdout);
	return count + 1;
}

int
main(int argc, char *argv[])
{
	const char	*source = getenv("TOLLGATE_SOURCE");
	char		 corpus[PATH_MAX];
	int		 count = 0, i;

	for (i = 1; i < argc; i++)
		count = replay(argv[i], count);
	if (argc < 2) {
		snprintf(corpus, sizeof(corpus), "%s/t/fuzz/corpus/%s",
		    source != NULL ? source : ".",
		    strrchr(argv[0], '/') + 1);
		count = replay(corpus, count);
	}
	printf("1..%d\n", count);
	return count > 0 ? 0 : 1;
}
