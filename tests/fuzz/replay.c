/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Runs a fuzz target over stored inputs, built by any compiler, so that the corpus is part of the
 * normal test run. Arguments are files or directories; without any, replay-NAME takes
 * tests/fuzz/corpus/NAME of the source tree. An input that crashes the target ends the program
 * before the plan is printed, behind a line with the input's name.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <sys/stat.h>

#include "tests/tap.h"

/* No input of use is larger; what is larger is not a corpus file. */
enum {
	INPUT_MAX = 16 << 20
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void replay_file(const char *path)
{
	FILE *file = fopen(path, "re");
	struct stat status;
	uint8_t *data;
	size_t size;

	must(file);
	must(fstat(fileno(file), &status) == 0 && status.st_size <= INPUT_MAX);
	size = (size_t)status.st_size;
	/* exactly as long as the input, so that a sanitizer sees a read behind it */
	data = malloc(size ? size : 1);
	must(data);
	must(fread(data, 1, size, file) == size);
	(void)fclose(file);
	printf("# %s\n", path);
	(void)fflush(stdout);
	(void)LLVMFuzzerTestOneInput(data, size);
	free(data);
}

static int replay_directory(const char *path)
{
	struct dirent **entries = NULL;
	int count = scandir(path, &entries, NULL, alphasort);
	int inputs = 0;

	if (count < 0)
		return -1;
	for (int i = 0; i < count; i++) {
		if (entries[i]->d_name[0] != '.') {
			char *name = NULL;

			must(asprintf(&name, "%s/%s", path, entries[i]->d_name) > 0);
			replay_file(name);
			free(name);
			inputs++;
		}
		free(entries[i]);
	}
	free(entries);
	return inputs;
}

static void replay(const char *path)
{
	struct stat status;

	if (!ok(stat(path, &status) == 0, "%s is there", path))
		return;
	if (S_ISDIR(status.st_mode)) {
		int inputs = replay_directory(path);

		ok(inputs > 0, "%d inputs of %s", inputs, path);
	} else {
		replay_file(path);
		ok(true, "%s", path);
	}
}

/* tests/fuzz/corpus/NAME for a program called replay-NAME. */
static void replay_own_corpus(void)
{
	const char *name = strchr(program_invocation_short_name, '-');
	const char *top = getenv("abs_top_srcdir");
	char *path = NULL;

	must(name);
	must(asprintf(&path, "%s/tests/fuzz/corpus/%s", top ? top : ".", name + 1) > 0);
	replay(path);
	free(path);
}

int main(int argc, char **argv)
{
	if (argc == 1)
		replay_own_corpus();
	for (int i = 1; i < argc; i++)
		replay(argv[i]);
	return tap_done();
}
