/*
 * Runs a harness over its seeds where there is no libFuzzer: all files of the
 * folders that are named, or of the folder that belongs to the program's name.
 * Prints TAP, one point for the harness; the file that is being run is named
 * before, for the case that it ends the process.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In memory of its exact size, so that ASan sees a read beyond the end. */
static void
run_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	struct stat st;
	uint8_t *data;
	size_t len;

	if (f == NULL || fstat(fileno(f), &st) != 0)
		err(1, "%s", path);
	len = (size_t)st.st_size;
	data = malloc(len > 0 ? len : 1);
	if (data == NULL || fread(data, 1, len, f) != len)
		err(1, "%s", path);
	fclose(f);
	printf("# %s\n", path);
	fflush(stdout);
	LLVMFuzzerTestOneInput(data, len);
	free(data);
}

static int
is_seed(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* Returns the number of files. */
static int
run_folder(const char *folder)
{
	struct dirent **entries;
	char path[4096];
	int i, n = scandir(folder, &entries, is_seed, alphasort);

	if (n == -1)
		err(1, "%s", folder);
	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder,
		    entries[i]->d_name);
		run_file(path);
		free(entries[i]);
	}
	free(entries);
	return n;
}

int
main(int argc, char **argv)
{
	static const char prefix[] = "fuzz_";
	const char *name = program_invocation_short_name;
	const char *srcdir = getenv("SRCDIR");
	char folder[4096];
	int i, n = 0;

	printf("1..1\n");
	for (i = 1; i < argc; i++)
		n += run_folder(argv[i]);
	if (argc == 1) {
		if (strncmp(name, prefix, strlen(prefix)) == 0)
			name += strlen(prefix);
		snprintf(folder, sizeof(folder), "%s/tests/fuzz/seeds/%s",
		    srcdir != NULL ? srcdir : ".", name);
		n = run_folder(folder);
	}
	printf("%s 1 - %s: %d seeds\n", n > 0 ? "ok" : "not ok", name, n);
	return n > 0 ? 0 : 1;
}
