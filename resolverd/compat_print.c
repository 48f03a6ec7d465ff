/*
 * Files are named as a process without -r and -w finds them.
 */
#include "resolverd/compat_print.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "config.h"
#include "lib/log.h"
#include "zones/export.h"
#include "zones/generation.h"
#include "zones/publish.h"

/* ---- the configuration */

static void
put_escaped(FILE *out, const char *s)
{
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			fputc('\\', out);
		fputc(*s, out);
	}
}

static void
put_folder(FILE *out, const char *path)
{
	put_escaped(out, path);
	if (path[0] != '\0' && path[strlen(path) - 1] != '/')
		fputc('/', out);
}

/* Relative to -w, that to where we are; all of it below -r. */
static void
put_file(const struct compat_args *args, const char *file, FILE *out)
{
	const char *workdir = args->workdir != NULL ? args->workdir : "";
	char here[PATH_MAX];

	if (args->rootdir != NULL)
		put_folder(out, args->rootdir);
	if (file[0] != '/' && workdir[0] != '/' && args->rootdir == NULL &&
	    getcwd(here, sizeof(here)) != NULL)
		put_folder(out, here);
	if (file[0] != '/')
		put_folder(out, workdir);
	put_escaped(out, file);
}

static void
put_zone(const struct compat_args *args, const struct conf_zone *z, FILE *out)
{
	fputs("zone \"", out);
	put_escaped(out, z->name);
	fputs("\" {\n\tdatasets = {", out);
	for (size_t i = 0; i < z->n_datasets; i++) {
		const struct conf_dataset *d = &z->datasets[i];

		fprintf(out, "%s\n\t\t\"%s:", i > 0 ? "," : "", d->type);
		for (size_t j = 0; j < d->n_files; j++) {
			if (j > 0)
				fputc(',', out);
			put_file(args, d->files[j], out);
		}
		fputc('"', out);
	}
	fputs("\n\t}\n}\n", out);
}

static void
put_listen(const struct conf *conf, FILE *out)
{
	char txt[ADDR_TXT_MAX];

	fputs("listen = {", out);
	for (size_t i = 0; i < conf->n_listen; i++)
		fprintf(out, "%s\"%s\"", i > 0 ? ", " : " ",
		    sockaddr_to_txt(txt,
			(const struct sockaddr *)&conf->listen[i].sa));
	fputs(" }\n", out);
}

void
compat_print_config(const struct compat_args *args, FILE *out)
{
	const struct conf *conf = args->conf;

	fputs("# resolverd.conf(5), from rbldnsd's command line. resolverd "
	      "recurses for its\n# clients, so it answers those of "
	      "`allow-query` only: name your own.\n# zonectl build takes up "
	      "files that have changed.\n", out);
	if (args->reading.ttl != 0)
		fprintf(out, "# -t: write $TTL %u into the datasets\n",
		    args->reading.ttl);
	if (args->reading.host_bits)
		fputs("# -e: 192.0.2.1/24 must be written 192.0.2.0/24\n", out);
	if (conf->n_listen > 0)
		put_listen(conf, out);
	for (size_t i = 0; i < conf->n_zones; i++)
		put_zone(args, &conf->zones[i], out);
}

/* ---- the zones */

static int
put_generation(const struct conf *conf, const struct conf_zone *z, FILE *out)
{
	char path[PATH_MAX], why[GENERATION_WHY_MAX];
	struct generation *gen;
	uint64_t left_out;
	int rc;

	rc = publish_current(path, conf->state_dir, z->name);
	if (rc == 0)
		rc = generation_open(&gen, path, z->apex, why);
	if (rc != 0) {
		log_warn("%s: %s", z->name, rc == -ENAMETOOLONG ?
		    strerror(-rc) : why);
		return rc;
	}
	rc = export_write(gen, z->apex, "bind", NULL, out, &left_out);
	generation_close(gen);
	if (rc != 0)
		log_warn("%s: %s", z->name, strerror(-rc));
	return rc;
}

int
compat_print_zones(const struct conf *conf, FILE *out)
{
	time_t now = time(NULL);
	int rc = 0;

	fprintf(out, "; zone dump made %s; rbldnsd-compat (" PACKAGE_STRING
		     ")\n", ctime(&now));
	for (size_t i = 0; i < conf->n_zones && rc == 0; i++) {
		if (conf->zones[i].apex[0] != 0) /* not the acl for all */
			rc = put_generation(conf, &conf->zones[i], out);
	}
	return rc;
}
