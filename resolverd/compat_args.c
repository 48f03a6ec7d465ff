/*
 * The options of rbldnsd(8), so that a command line of its can be used as it
 * is. What has no meaning here (extensions, the log's facility) is remembered,
 * for one warning.
 */
#include "resolverd/compat_args.h"

#include <sys/socket.h>

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "lib/xalloc.h"
#include "zones/dataset.h"
#include "zones/text.h"

#define CHECK_S 60

enum { OPT_CHECK = 256, OPT_PRINT_CONFIG };

static const char letters[] = ":u:r:b:w:t:c:p:nel:qs:h46dvaAfF:Cx:X:";
static const struct option long_options[] = {
    {"check", no_argument, NULL, OPT_CHECK},
    {"print-config", no_argument, NULL, OPT_PRINT_CONFIG},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static bool
read_seconds(const char *s, size_t len, uint32_t *out)
{
	char copy[16];

	if (len >= sizeof(copy))
		return false;
	memcpy(copy, s, len);
	copy[len] = '\0';
	s = text_seconds(copy, out);
	return s != NULL && *s == '\0';
}

/* Up to three times with colons between, any of which may be left out. */
static bool
read_times(const char *s, uint32_t times[3])
{
	for (unsigned i = 0; i < 3; i++) {
		size_t len = strcspn(s, ":");

		if (len > 0 && !read_seconds(s, len, &times[i]))
			return false;
		s += len;
		if (*s == ':')
			s++;
	}
	return *s == '\0';
}

static int
read_ttl(struct conf_reading *r, const char *s, char *why)
{
	uint32_t times[3] = {DATASET_TTL, 0, 0}; /* default, least, most */

	if (!read_times(s, times) || times[0] == 0)
		return compat_refuse(why, "-t %s: no times; write "
		    "default:least:most, as 35m:5m:1d", s);
	if (times[0] < times[1] || (times[2] != 0 && times[0] > times[2]))
		return compat_refuse(why, "-t %s: the default, %u seconds, is "
		    "beyond the limits", s, times[0]);
	r->ttl = times[0];
	r->ttl_min = times[1];
	r->ttl_max = times[2];
	return 0;
}

static void
add_unused(struct compat_args *a, int letter)
{
	size_t len = strlen(a->unused);

	if (strchr(a->unused, letter) == NULL && len + 1 < sizeof(a->unused))
		a->unused[len] = (char)letter;
}

static int
add_bind(struct compat_args *a, const char *s, char *why)
{
	if (a->n_bind == COMPAT_BIND_MAX)
		return compat_refuse(why, "-b %s: more than %d addresses", s,
		    COMPAT_BIND_MAX);
	a->bind[a->n_bind++] = s;
	return 0;
}

static void
take_log(struct compat_args *a, const char *s)
{
	a->log_flushed = *s == '+';
	s += a->log_flushed;
	a->log_path = *s != '\0' ? s : NULL;
}

static void
take_stats(struct compat_args *a, const char *s)
{
	a->stats_relative = *s == '+';
	s += a->stats_relative;
	a->stats_path = *s != '\0' ? s : NULL;
}

static int
take_option(struct compat_args *a, int c, const char *arg, char *why)
{
	switch (c) {
	case 'u':
		a->user = arg;
		break;
	case 'r':
		a->rootdir = arg;
		break;
	case 'b':
		return add_bind(a, arg, why);
	case 'w':
		a->workdir = arg;
		break;
	case 't':
		return read_ttl(&a->reading, arg, why);
	case 'c':
		if (!read_seconds(arg, strlen(arg), &a->check_s))
			return compat_refuse(why,
			    "-c %s: not a time; write seconds, "
			    "or with a unit, as 5m",
			    arg);
		break;
	case 'p':
		a->pidfile = arg;
		break;
	case 'n':
		a->in_front = true;
		break;
	case 'e':
		a->reading.host_bits = true;
		break;
	case 'l':
		take_log(a, arg);
		break;
	case 's':
		take_stats(a, arg);
		break;
	case 'q':
		a->quick = true;
		break;
	case '4':
		a->family = AF_INET;
		break;
	case '6':
		a->family = AF_INET6;
		break;
	case 'd':
		a->job = COMPAT_DUMP;
		break;
	case 'v':
		a->version_hidden++;
		break;
	case 'a':
	case 'A':
		a->minimal = c == 'a';
		break;
	case 'f': /* so it is anyway */
		break;
	case OPT_CHECK:
		a->job = COMPAT_CHECK;
		break;
	case OPT_PRINT_CONFIG:
		a->job = COMPAT_PRINT_CONFIG;
		break;
	case 'h':
		a->job = COMPAT_HELP;
		break;
	default: /* F, C, x, X */
		add_unused(a, c);
	}
	return 0;
}

static int
read_specs(struct conf *conf, char **specs, char *why)
{
	int rc = 0;

	for (; *specs != NULL && rc == 0; specs++)
		rc = compat_spec_add(conf, *specs, why);
	return rc == 0 ? compat_spec_check(conf, why) : rc;
}

/* -t and -e hold for all data. */
static void
set_reading(const struct compat_args *a)
{
	for (size_t i = 0; i < a->conf->n_zones; i++)
		a->conf->zones[i].reading = a->reading;
}

int
compat_args_parse(struct compat_args *out, int argc, char **argv, char *why)
{
	int c, rc = 0;

	*out = (struct compat_args){.family = AF_UNSPEC, .check_s = CHECK_S};
	out->conf = xcalloc(1, sizeof(*out->conf));
	optind = 0; /* glibc: from the start */
	while (rc == 0 && (c = getopt_long(argc, argv, letters, long_options,
			       NULL)) != -1) {
		if (c == '?' || c == ':')
			return compat_refuse(why,
			    c == ':' ? "%s needs a value; -h "
				       "for help"
				     : "%s: no such option; -h for help",
			    argv[optind - 1]);
		rc = take_option(out, c, optarg, why);
	}
	if (rc != 0 || out->job == COMPAT_HELP)
		return rc;
	rc = read_specs(out->conf, argv + optind, why);
	set_reading(out);
	if (rc == 0 && out->job == COMPAT_SERVE && out->n_bind == 0)
		return compat_refuse(why,
		    "no address to listen on; -b names one");
	return rc;
}

void
compat_args_clear(struct compat_args *args)
{
	conf_free(args->conf);
	*args = (struct compat_args){0};
}
