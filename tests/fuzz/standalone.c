/* SPDX-License-Identifier: MIT */
/*
 * Runs a fuzz target without a fuzzer: on the files and folders given, or, without arguments, on
 * the seeds of the target, $top_srcdir/tests/fuzz/seeds/NAME for a program called fuzz_NAME.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define LARGEST ((size_t)16 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t files;

static int feed_file(const char *path)
{
	FILE *file = fopen(path, "rbe");
	uint8_t *bytes = malloc(LARGEST), *exact = NULL;
	size_t size;
	int rc = 1;

	if (!file || !bytes) {
		fprintf(stderr, "%s: cannot be read\n", path);
		goto out;
	}
	size = fread(bytes, 1, LARGEST, file);
	if (ferror(file) || !feof(file)) {
		fprintf(stderr, "%s: cannot be read to its end\n", path);
		goto out;
	}
	/* A block of exactly that size, so that a sanitizer sees one byte too far. */
	exact = malloc(size ? size : 1);
	if (!exact)
		goto out;
	memcpy(exact, bytes, size);
	(void)LLVMFuzzerTestOneInput(exact, size);
	files++;
	rc = 0;
out:
	free(exact);
	free(bytes);
	if (file)
		(void)fclose(file);
	return rc;
}

static int feed(const char *path)
{
	struct dirent *entry;
	struct stat st;
	int rc = 0;
	DIR *dir;

	if (stat(path, &st) != 0) {
		perror(path);
		return 1;
	}
	if (!S_ISDIR(st.st_mode))
		return feed_file(path);
	dir = opendir(path);
	if (!dir) {
		perror(path);
		return 1;
	}
	while ((entry = readdir(dir))) {
		char inner[4096];
		int n = snprintf(inner, sizeof(inner), "%s/%s", path, entry->d_name);

		if (entry->d_name[0] == '.')
			continue;
		rc |= n > 0 && (size_t)n < sizeof(inner) ? feed_file(inner) : 1;
	}
	(void)closedir(dir);
	return rc;
}

int main(int argc, char **argv)
{
	const char *top = getenv("top_srcdir"), *name = strstr(argv[0], "fuzz_");
	char seeds[4096];
	int rc = 0;

	for (const char *next = name; next; next = strstr(next + 1, "fuzz_"))
		name = next; /* a folder on the way may be called so too */
	if (argc < 2) {
		(void)snprintf(seeds, sizeof(seeds), "%s/tests/fuzz/seeds/%s", top ? top : ".",
			       name ? name + strlen("fuzz_") : "");
		rc = feed(seeds);
	}
	for (int i = 1; i < argc; i++)
		rc |= feed(argv[i]);
	printf("%zu inputs\n", files);
	return rc || files == 0;
}
