/*
 * resolverctl(8): asks the daemon over its control socket. What a command
 * means, and both forms of its answer, are the daemon's (resolverd/control.h);
 * here is the way there and back.
 */
#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "lib/conf.h"
#include "lib/xalloc.h"
#include "tools/tool.h"

static const struct command {
	const char *name;
	int least, most; /* words behind it */
} commands[] = {
	{"status", 0, 0},
	{"stats", 0, 0},
	{"flush", 1, 2},
	{"dump", 0, 1},
	{"lookup", 2, 2},
	{"reload", 0, 0},
};
#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

struct request {
	const char *conf_path, *socket_path;
	const char *format;
	bool below;
};

static int
usage(FILE *to)
{
	fputs("usage: resolverctl [-c FILE] [-s SOCKET] [--json] COMMAND\n"
	      "  status               what runs, and what it serves\n"
	      "  stats [--prometheus] what was counted\n"
	      "  flush NAME [TYPE]    forget what is cached for the name\n"
	      "  flush --below NAME   and for all names below it\n"
	      "  dump [NAME]          print what is cached (--below, too)\n"
	      "  lookup NAME TYPE     ask, and tell where the answer is from\n"
	      "  reload               read the configuration again\n",
	    to);
	return TOOL_USAGE;
}

static const struct command *
find_command(const char *name)
{
	for (size_t i = 0; i < N_COMMANDS; i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	}
	return NULL;
}

/* ---- the way there */

static int
connect_to(const char *path)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fd;

	if (strlen(path) >= sizeof(to.sun_path)) {
		tool_error("%s: the path is too long", path);
		return -1;
	}
	strcpy(to.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd != -1 &&
	    connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	tool_error("%s: %s%s", path, strerror(errno),
	    errno == ENOENT || errno == ECONNREFUSED ?
		"; does resolverd run?" :
		errno == EACCES ?
		"; that is for root and the group of the daemon" :
		"");
	if (fd != -1)
		close(fd);
	return -1;
}

static char *
make_line(const struct request *req, char **words, int n)
{
	char *line = xasprintf("%s %s%s", req->format, words[0],
	    req->below ? " --below" : "");

	for (int i = 1; i < n; i++) {
		char *longer = xasprintf("%s %s", line, words[i]);

		free(line);
		line = longer;
	}
	return line;
}

static bool
send_line(int fd, const char *line)
{
	struct iovec parts[] = {
		{.iov_base = (void *)(uintptr_t)line, .iov_len = strlen(line)},
		{.iov_base = (char[]){'\n'}, .iov_len = 1},
	};
	const struct msghdr msg = {.msg_iov = parts, .msg_iovlen = 2};

	return sendmsg(fd, &msg, MSG_NOSIGNAL) ==
	    (ssize_t)(parts[0].iov_len + 1);
}

/* ---- and back */

/* In JSON a failure is an object, too. */
static int
print_failure(const struct request *req, const char *why)
{
	if (strcmp(req->format, "json") != 0)
		return tool_error("%s", why);
	printf("{\"error\": \"");
	for (; *why != '\0'; why++) {
		if (*why == '"' || *why == '\\')
			printf("\\%c", *why);
		else if ((unsigned char)*why < 0x20 ||
		    (unsigned char)*why > 0x7e)
			printf("\\u%04x", (unsigned char)*why);
		else
			putchar(*why);
	}
	printf("\"}\n");
	return TOOL_FAILED;
}

/* The rest of the stream behind what was read of it, without the line's end. */
static char *
read_rest(const char *first, FILE *in)
{
	char *rest = NULL, *all;
	size_t cap = 0;

	if (getdelim(&rest, &cap, '\0', in) == -1)
		all = xstrdup(first);
	else
		all = xasprintf("%s%s", first, rest);
	free(rest);
	if (all[0] != '\0')
		all[strlen(all) - 1] = '\0';
	return all;
}

/* Prints the lines of the answer. One that begins with '=' tells the end. */
static int
print_answer(const struct request *req, FILE *in)
{
	static const char failed[] = "=failed ";
	char *line = NULL, *why;
	size_t cap = 0;
	ssize_t len;
	int rc;

	while ((len = getline(&line, &cap, in)) > 0 && line[0] != '=')
		fputs(line, stdout);
	if (len > 0 && strcmp(line, "=done\n") == 0) {
		rc = TOOL_DONE;
	} else if (len > 0 && strncmp(line, failed, strlen(failed)) == 0) {
		why = read_rest(line + strlen(failed), in);
		rc = print_failure(req, why);
		free(why);
	} else {
		rc = tool_error("the daemon broke off");
	}
	free(line);
	return rc;
}

static int
run(const struct request *req, char **words, int n)
{
	struct conf *conf = NULL;
	const char *path = req->socket_path;
	char *line;
	FILE *in;
	int fd, rc;

	if (path == NULL) {
		conf = tool_conf(req->conf_path);
		if (conf == NULL)
			return TOOL_FAILED;
		path = conf->control_socket;
	}
	fd = connect_to(path);
	conf_free(conf);
	if (fd == -1)
		return TOOL_FAILED;
	line = make_line(req, words, n);
	in = fdopen(fd, "r");
	if (in == NULL || !send_line(fd, line))
		rc = tool_error("%s", strerror(errno));
	else
		rc = print_answer(req, in);
	free(line);
	if (in != NULL)
		fclose(in);
	return rc;
}

/* No word can be mistaken for another, or for a line's end. */
static bool
words_are_plain(char **words, int n)
{
	for (int i = 0; i < n; i++) {
		for (const char *p = words[i]; *p != '\0'; p++) {
			if (*p <= ' ' || *p > '~')
				return false;
		}
		if (words[i][0] == '\0')
			return false;
	}
	return true;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{"json", no_argument, NULL, 'j'},
		{"prometheus", no_argument, NULL, 'p'},
		{"below", no_argument, NULL, 'b'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'},
		{NULL, 0, NULL, 0},
	};
	struct request req = {.conf_path = CONF_DEFAULT_PATH, .format = "text"};
	const struct command *cmd;
	int opt, n;

	tool_init("resolverctl");
	while ((opt = getopt_long(argc, argv, "c:s:hV", options, NULL)) != -1) {
		switch (opt) {
		case 'c':
			req.conf_path = optarg;
			break;
		case 's':
			req.socket_path = optarg;
			break;
		case 'j':
			req.format = "json";
			break;
		case 'p':
			req.format = "prometheus";
			break;
		case 'b':
			req.below = true;
			break;
		case 'h':
			usage(stdout);
			return tool_finish(TOOL_DONE);
		case 'V':
			puts(PACKAGE_STRING);
			return tool_finish(TOOL_DONE);
		default:
			return usage(stderr);
		}
	}
	argv += optind;
	n = argc - optind;
	cmd = n > 0 ? find_command(argv[0]) : NULL;
	if (cmd == NULL || n - 1 < cmd->least || n - 1 > cmd->most)
		return usage(stderr);
	if (!words_are_plain(argv, n)) {
		tool_error("names and types are plain ASCII, without spaces; "
		    "write other bytes of a name as \\DDD");
		return TOOL_USAGE;
	}
	return tool_finish(run(&req, argv, n));
}
