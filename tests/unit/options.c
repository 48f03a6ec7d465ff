/*
 * For options.sh. Without an argument: the table of options, a line each, as
 *	section|name|unit|range|default
 * in the words of the man page. With one: checks that configuration file.
 */
#include <stdio.h>
#include <string.h>

#include "lib/conf.h"

static void
print_range(const struct conf_option *o)
{
	unsigned long long least = o->least, most = o->most;
	char from[CONF_DURATION_LEN], to[CONF_DURATION_LEN];

	if (o->type == CONF_LIST)
		printf("%llu to %llu values", least, most);
	else if (o->type == CONF_SIZE)
		printf("%lluM to %lluG", least >> 20, most >> 30);
	else if (o->type == CONF_DURATION)
		printf("%s to %s", conf_duration_txt(from, least),
		    conf_duration_txt(to, most));
	else if (o->type == CONF_NUMBER)
		printf("%llu to %llu", least, most);
}

/* The man page has the paths of Debian, whatever was configured. */
static void
print_default(const struct conf_option *o)
{
	size_t n = strlen(LOCALSTATEDIR);

	if (strncmp(o->def, LOCALSTATEDIR, n) == 0)
		printf("/var%s", o->def + n);
	else
		printf("%s", o->def[0] != '\0' ? o->def : "none");
}

static void
report(void *arg, const char *path, unsigned line, const char *text)
{
	(void)arg;
	fprintf(stderr, "%s:%u: %s\n", path, line, text);
}

int
main(int argc, char **argv)
{
	const struct conf_option *o;
	struct conf *conf;

	if (argc > 1) {
		if (conf_read(&conf, argv[1], report, NULL) != 0)
			return 1;
		conf_free(conf);
		return 0;
	}
	for (size_t i = 0; (o = conf_option(i)) != NULL; i++) {
		printf("%s|%s|%s|", o->section, o->name, o->unit);
		print_range(o);
		printf("|");
		print_default(o);
		printf("\n");
	}
	return 0;
}
