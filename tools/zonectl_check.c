/*
 * zonectl check: what is wrong with dataset files.
 */
#include <sys/stat.h>

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/zonectl.h"
#include "zones/build.h"
#include "zones/generation.h"

static int
check_as(const char *type, const char *file)
{
	struct zonectl_lines bad = {.n_max = UINT64_MAX};
	struct build_result result;
	char why[GENERATION_WHY_MAX];

	if (build_check(type, file, zonectl_on_line, &bad, &result, why) != 0)
		return tool_error("%s", why);
	printf("%s: %s, %" PRIu64 " entr%s, %" PRIu64 " bad line%s\n", file,
	    type, result.entries, result.entries == 1 ? "y" : "ies",
	    result.bad_lines, tool_plural(result.bad_lines));
	return result.bad_lines == 0 ? TOOL_DONE : TOOL_FAILED;
}

static bool
is_same_file(const char *a, const char *b)
{
	struct stat sa, sb;

	if (strcmp(a, b) == 0)
		return true;
	return stat(a, &sa) == 0 && stat(b, &sb) == 0 &&
	    sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino;
}

static bool
dataset_has_file(const struct conf_dataset *set, const char *file)
{
	for (size_t i = 0; i < set->n_files; i++)
		if (is_same_file(set->files[i], file))
			return true;
	return false;
}

static int
say_not_configured(const struct conf *conf, const char *file)
{
	if (access(file, F_OK) == 0)
		return tool_error("%s: no dataset of %s names this file; say "
		    "its type, for example ip4set:%s", file, conf->path, file);
	if (strchr(file, ':') != NULL)
		return tool_error("%s: no such file, and no such type of "
		    "dataset", file);
	return tool_error("%s: %s", file, strerror(errno));
}

/* As every type for which some zone names the file, but once as each. */
static int
check_configured(const struct conf *conf, const char *file)
{
	const char *types[16];
	size_t n = 0, i;
	int rc = TOOL_DONE;

	for (const struct conf_zone *z = conf->zones;
	     z < conf->zones + conf->n_zones; z++) {
		for (size_t d = 0; d < z->n_datasets; d++) {
			const char *type = z->datasets[d].type;

			if (!dataset_has_file(&z->datasets[d], file))
				continue;
			for (i = 0; i < n && strcmp(types[i], type) != 0; i++)
				continue;
			if (i < n || n == sizeof(types) / sizeof(types[0]))
				continue;
			types[n++] = type;
			rc |= check_as(type, file);
		}
	}
	return n > 0 ? rc : say_not_configured(conf, file);
}

/* Returns what follows "TYPE:", with the type in type; NULL if there is none */
static const char *
split_type(char *type, size_t cap, const char *arg)
{
	const char *colon = strchr(arg, ':');

	if (colon == NULL || (size_t)(colon - arg) >= cap)
		return NULL;
	memcpy(type, arg, (size_t)(colon - arg));
	type[colon - arg] = '\0';
	return build_type_is_known(type) ? colon + 1 : NULL;
}

/* The configuration is read only when a file without a type needs it. */
int
zonectl_check(const char *conf_path, int argc, char **argv)
{
	char **args = zonectl_args(argc, argv, 1, -1);
	struct conf *conf = NULL;
	int rc = TOOL_DONE;

	if (args == NULL)
		return zonectl_usage();
	for (; *args != NULL; args++) {
		char type[256];
		const char *file = split_type(type, sizeof(type), *args);

		if (file != NULL) {
			rc |= check_as(type, file);
			continue;
		}
		if (conf == NULL && (conf = tool_conf(conf_path)) == NULL)
			return TOOL_FAILED;
		rc |= check_configured(conf, *args);
	}
	conf_free(conf);
	return rc;
}
