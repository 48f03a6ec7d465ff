/*
 * rbldnsd-compat(8): rbldnsd's command line, served by the daemon's parts.
 */
#include <sys/stat.h>

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include <fcntl.h>

#include "lib/log.h"
#include "lib/xalloc.h"
#include "resolverd/compat_args.h"
#include "resolverd/compat_build.h"
#include "resolverd/compat_listen.h"
#include "resolverd/compat_print.h"
#include "resolverd/compat_serve.h"
#include "resolverd/compat_state.h"
#include "resolverd/compat_user.h"
#include "resolverd/sockets.h"

/* rbldnsd has no TCP, and so no options for it */
#define TCP_CONNECTIONS 1000
#define TCP_IDLE_S 10

static void
help(const char *name)
{
	printf("%s: serves rbldnsd's zones, without recursion\n"
	       "usage: %s options zone:type:file,file... ...\n"
	       "options, those of rbldnsd:\n"
	       " -b address[/port] - listen there, UDP and TCP (required)\n"
	       " -4 - IPv4 only\n"
	       " -6 - IPv6 only\n"
	       " -u user[:group] - serve as this user (" COMPAT_USER ")\n"
	       " -r rootdir - chroot there\n"
	       " -w workdir - where the files are\n"
	       " -c interval - between looks for changed files (1m)\n"
	       " -t default:least:most - TTLs (35m)\n"
	       " -e - prefixes may have bits set beyond their length\n"
	       " -n - stay in front\n"
	       " -q - start at once, build the zones meanwhile\n"
	       " -p pidfile - write the process id there\n"
	       " -l [+]file - log questions and answers (+: line by line)\n"
	       " -s [+]file - statistics at each look (+: differences)\n"
	       " -a - no name servers beside positive answers\n"
	       " -A - name servers beside positive answers (default)\n"
	       " -v - version.bind without the version; -vv: refused\n"
	       " -d - print the zones in BIND's format and exit\n"
	       " -f - always so: the old data answers during a build\n"
	       " -C -F -x -X - accepted, without effect\n"
	       "and its own:\n"
	       " --check - build the zones, show every bad line, exit\n"
	       " --print-config - write the zones as resolverd.conf, exit\n",
	    name, name);
}

static int
remove_and_return(struct compat_build *build, const char *state_dir, int status)
{
	compat_build_free(build);
	compat_state_remove(state_dir);
	return status;
}

/* ---- serving */

/* Any client may ask; an acl says who may not. */
static void
allow_all(struct conf *conf)
{
	static const uint8_t families[] = {AF_INET, AF_INET6};
	struct prefix all = {0};
	uint8_t there;

	for (unsigned i = 0; i < 2; i++) {
		all.addr.family = families[i];
		if (prefix_table_add(&conf->query_acl, &all, CONF_ACL_ALLOW,
			&there) != 0)
			fatal("out of memory");
	}
	prefix_table_sort(&conf->query_acl);
}

static void
add_listen(const struct compat_args *args)
{
	for (unsigned i = 0; i < args->n_bind; i++)
		compat_listen_add(args->conf, args->bind[i], args->family);
}

/* What the configuration of a server needs besides its zones. */
static void
complete_conf(const struct compat_args *args)
{
	struct conf *conf = args->conf;

	add_listen(args);
	conf->workers = 1;
	conf->clients.tcp_connections = TCP_CONNECTIONS;
	conf->clients.tcp_connections_per_client = TCP_CONNECTIONS / 10;
	conf->clients.tcp_idle_s = TCP_IDLE_S;
	allow_all(conf);
	for (size_t i = 0; i < conf->n_listen; i++)
		log_info("listening on %s", conf->listen[i].txt);
}

/*
 * The parent waits until the child serves and ends as the child says, so that
 * who started it sees a failure. Returns, in the child, where to say it.
 */
static int
into_background(void)
{
	int pipe_fds[2];
	char ready;

	if (pipe2(pipe_fds, O_CLOEXEC) == -1)
		fatal("pipe: %s", strerror(errno));
	switch (fork()) {
	case -1:
		fatal("fork: %s", strerror(errno));
	case 0:
		close(pipe_fds[0]);
		return pipe_fds[1];
	default:
		close(pipe_fds[1]);
		_exit(read(pipe_fds[0], &ready, 1) == 1 ? 0 : 1);
	}
}

static void
leave_terminal(int ready_fd, const char *name, bool keeps_stdout)
{
	int null = open("/dev/null", O_RDWR);

	(void)setsid();
	log_init(name, false, false);
	dup2(null, STDIN_FILENO);
	if (!keeps_stdout)
		dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	if (null > STDERR_FILENO)
		close(null);
	if (write(ready_fd, "", 1) != 1)
		log_warn("who started this is gone");
	close(ready_fd);
}

static void
write_pid(const char *path)
{
	FILE *f = fopen(path, "we");

	if (f == NULL || fprintf(f, "%ld\n", (long)getpid()) < 0 ||
	    fclose(f) != 0)
		fatal("%s: %s", path, strerror(errno));
}

static void
enter_dirs(const char *rootdir, const char *workdir)
{
	if (rootdir != NULL && (chdir(rootdir) == -1 || chroot(rootdir) == -1))
		fatal("-r %s: %s", rootdir, strerror(errno));
	if (workdir != NULL && chdir(workdir) == -1)
		fatal("-w %s: %s", workdir, strerror(errno));
}

static char *
make_state(const struct compat_user *who)
{
	char *path = xcalloc(1, PATH_MAX);
	int rc = compat_state_make(path, who->uid, who->gid);

	if (rc != 0)
		fatal("no folder to build zones in: %s; name one in TMPDIR",
		    strerror(-rc));
	return path;
}

static int
serve(const struct compat_args *args, const char *name)
{
	struct compat_user who;
	struct compat_build *build;
	struct all_sockets sockets;
	char why[SOCKETS_WHY_MAX];
	int ready_fd = -1, status = 0;

	compat_user_find(&who, args->user);
	if (!args->in_front)
		ready_fd = into_background();
	complete_conf(args);
	if (sockets_open(&sockets, args->conf, NULL, why) != 0)
		fatal("%s", why);
	if (args->pidfile != NULL)
		write_pid(args->pidfile);
	/* syslog's socket is out of reach of a chroot */
	openlog(name, LOG_PID | LOG_NDELAY, LOG_DAEMON);
	enter_dirs(args->rootdir, args->workdir);
	args->conf->state_dir = make_state(&who);
	compat_user_become(&who);
	compat_state_clean(args->conf->state_dir);

	build = compat_build_new(args->conf, COMPAT_LINES_SHOWN);
	if (!args->quick && compat_build_all(build) == COMPAT_NOT_BUILT) {
		log_warn("zones could not be built, aborting");
		status = 1;
	} else {
		if (ready_fd != -1)
			leave_terminal(ready_fd, name, args->log_path != NULL &&
				strcmp(args->log_path, "-") == 0);
		compat_serve(args, &sockets.of[0], build);
	}
	sockets_close_all(&sockets);
	return remove_and_return(build, args->conf->state_dir, status);
}

/* ---- not serving */

/* As whoever calls it, in front. */
static int
build_once(const struct compat_args *args, unsigned lines_shown,
    int (*then)(const struct compat_args *args, enum compat_built built))
{
	const struct compat_user me = {.uid = getuid(), .gid = getgid()};
	struct compat_build *build;

	enter_dirs(NULL, args->workdir);
	args->conf->state_dir = make_state(&me);
	compat_state_clean(args->conf->state_dir);
	build = compat_build_new(args->conf, lines_shown);
	return remove_and_return(build, args->conf->state_dir,
	    then(args, compat_build_all(build)));
}

static int
say_checked(const struct compat_args *args, enum compat_built built)
{
	(void)args;
	return built == COMPAT_BUILT_WELL ? 0 : 1;
}

static int
dump(const struct compat_args *args, enum compat_built built)
{
	if (built >= COMPAT_REFUSED ||
	    compat_print_zones(args->conf, stdout) != 0)
		return 1;
	return fflush(stdout) == 0 ? 0 : 1;
}

static int
print_config(const struct compat_args *args)
{
	add_listen(args);
	compat_print_config(args, stdout);
	return fflush(stdout) == 0 ? 0 : 1;
}

int
main(int argc, char **argv)
{
	const char *name = argc > 0 ? argv[0] : "rbldnsd-compat";
	const char *slash = strrchr(name, '/');
	struct compat_args args;
	char why[COMPAT_WHY_MAX];
	int status = 1;

	name = slash != NULL ? slash + 1 : name;
	signal(SIGPIPE, SIG_IGN); /* the log may be a FIFO */
	signal(SIGCHLD, SIG_DFL);
	umask(022);
	log_init(name, true, false);
	if (compat_args_parse(&args, argc, argv, why) != 0)
		fatal("%s", why);
	if (args.unused[0] != '\0')
		log_warn("without effect here: -%s", args.unused);
	switch (args.job) {
	case COMPAT_SERVE:
		status = serve(&args, name);
		break;
	case COMPAT_CHECK:
		status = build_once(&args, UINT_MAX, say_checked);
		break;
	case COMPAT_DUMP:
		status = build_once(&args, COMPAT_LINES_SHOWN, dump);
		break;
	case COMPAT_PRINT_CONFIG:
		status = print_config(&args);
		break;
	case COMPAT_HELP:
		help(name);
		status = 0;
		break;
	}
	compat_args_clear(&args);
	return status;
}
