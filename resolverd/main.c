/*
 * resolverd(8): command line, configuration, start.
 */
#include <sys/stat.h>
#include <sys/types.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "lib/clock.h"
#include "lib/conf.h"
#include "lib/log.h"
#include "lib/xalloc.h"
#include "resolverd/crew.h"
#include "resolverd/prepare.h"
#include "resolverd/sockets.h"
#include "resolverd/supervisor.h"

#define EXIT_USAGE 2

static int
usage(FILE *to, int status)
{
	fputs("usage: resolverd [-c FILE] [-d] [-n] [-V]\n"
	      "  -c FILE  read the configuration from FILE instead of\n"
	      "           " CONF_DEFAULT_PATH "\n"
	      "  -d       stay in front and log to stderr\n"
	      "  -n       check the configuration and exit\n"
	      "  -V       print the version and exit\n",
	    to);
	return status;
}

static void
report(void *arg, const char *path, unsigned line, const char *text)
{
	(void)arg;
	if (line > 0)
		fprintf(stderr, "%s:%u: %s\n", path, line, text);
	else
		fprintf(stderr, "%s: %s\n", path, text);
}

/* A socket must not become what is taken for stderr, or daemon() closes. */
static void
fill_standard_files(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

/* The supervisor reads it again, from another working directory. */
static char *
absolute_path(const char *path)
{
	char cwd[PATH_MAX];

	if (path[0] == '/' || getcwd(cwd, sizeof(cwd)) == NULL)
		return xstrdup(path);
	return xasprintf("%s/%s", cwd, path);
}

/* Fatal where it cannot be done. */
static struct crew *
prepare(struct conf *conf)
{
	char why[PREPARE_WHY_MAX];
	struct all_sockets sockets;
	struct identity who;

	if (prepare_identity(&who, conf, why) != 0 ||
	    sockets_open(&sockets, conf, NULL, why) != 0)
		fatal("%s", why);
	prepare_limits(conf);
	if (prepare_start(conf, &who, why) != 0 ||
	    prepare_conf(conf, &who, why) != 0)
		fatal("%s", why);
	return crew_new(conf, &who, sockets);
}

int
main(int argc, char **argv)
{
	const char *path = CONF_DEFAULT_PATH;
	bool in_front = false, check_only = false;
	struct conf *conf;
	struct crew *crew;
	char *absolute;
	int opt, status;

	while ((opt = getopt(argc, argv, "c:dnVh")) != -1) {
		switch (opt) {
		case 'c':
			path = optarg;
			break;
		case 'd':
			in_front = true;
			break;
		case 'n':
			check_only = true;
			break;
		case 'V':
			puts(PACKAGE_STRING);
			return 0;
		case 'h':
			return usage(stdout, 0);
		default:
			return usage(stderr, EXIT_USAGE);
		}
	}
	if (optind < argc)
		return usage(stderr, EXIT_USAGE);

	/* whatever our parent made of it all */
	fill_standard_files();
	signal(SIGCHLD, SIG_DFL); /* ignored, a worker's death is not told */
	signal(SIGPIPE, SIG_IGN); /* a log or a client that is gone */
	umask(022); /* the workers, another user, read what we make */
	log_init("resolverd", true, false);
	if (clock_init() != 0)
		fatal(CLOCK_TEST_ENV " names no file that moves the clock");
	if (prepare_read(&conf, path, report, NULL) != 0)
		return 1;
	if (check_only) {
		printf("%s: good\n", path);
		conf_free(conf);
		return 0;
	}

	absolute = absolute_path(path);
	crew = prepare(conf);
	if (!in_front) {
		/* what could go wrong at start has been said by now */
		if (daemon(0, 0) == -1)
			fatal("daemon: %s", strerror(errno));
		log_init("resolverd", false, false);
	}
	status = supervisor_run(crew, absolute);
	free(absolute);
	return status;
}
