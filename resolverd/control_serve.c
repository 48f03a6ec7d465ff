/*
 * The process of a control connection: drops what it can, reads a line, runs
 * the command, and ends with a line that tells whether all of the answer came:
 * "=done" or "=failed WHY".
 */
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/rr_txt.h"
#include "resolverd/control_commands.h"

#define LINE_S 5     /* for the request to come */
#define SEND_S 20    /* for the client to read on */
#define COMMAND_S 600 /* for all of it; then SIGALRM */

int
control_explain(const struct control_call *call, int rc, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(call->why, CONTROL_WHY_MAX, fmt, ap);
	va_end(ap);
	return rc;
}

const char *
control_rcode_txt(unsigned rcode)
{
	static const char *const names[] = { "NOERROR", "FORMERR", "SERVFAIL",
		"NXDOMAIN", "NOTIMP", "REFUSED" };

	return rcode < sizeof(names) / sizeof(names[0]) ? names[rcode] :
							  "another";
}

void
control_put_rrs(struct output *o, struct wire_reader *r, unsigned n_rrs)
{
	struct wire_rr rr;
	size_t len;
	char *txt;
	FILE *f;

	for (; n_rrs > 0 && wire_read_rr(r, &rr); n_rrs--) {
		if (rr.type == DNS_TYPE_OPT)
			continue;
		f = open_memstream(&txt, &len);
		if (f == NULL)
			return;
		rr_print(f, r, &rr);
		if (fclose(f) == 0)
			output_line(o, txt);
		free(txt);
	}
}

static int
reload(const struct control_call *call)
{
	struct output o;
	int rc = control_wish(call->supervisor, CONTROL_WISH_RELOAD, call->why);

	if (rc != 0)
		return rc;
	output_begin(&o, call->out, call->request->format == CONTROL_JSON);
	output_text(&o, "reloaded", "%s", call->view->conf_path);
	output_end(&o);
	return 0;
}

static control_command *const commands[] = {
	[CONTROL_STATUS] = control_status,
	[CONTROL_STATS] = control_stats,
	[CONTROL_FLUSH] = control_flush,
	[CONTROL_DUMP] = control_dump,
	[CONTROL_LOOKUP] = control_lookup,
	[CONTROL_RELOAD] = reload,
};

/* Returns the length of the line without its end, or -1. */
static ssize_t
read_line(int fd, char *line)
{
	size_t len = 0;
	const char *end;
	ssize_t n;

	while (len < CONTROL_LINE_MAX) {
		n = read(fd, line + len, CONTROL_LINE_MAX - len);
		if (n <= 0)
			return -1;
		end = memchr(line + len, '\n', (size_t)n);
		if (end != NULL)
			return end - line;
		len += (size_t)n;
	}
	return (ssize_t)len; /* too long: the parser says so */
}

static void
answer(int fd, FILE *out, int supervisor, const struct control_view *view)
{
	char line[CONTROL_LINE_MAX], why[CONTROL_WHY_MAX];
	struct control_request request;
	const struct control_call call = {
		.request = &request,
		.view = view,
		.supervisor = supervisor,
		.out = out,
		.why = why,
	};
	ssize_t len = read_line(fd, line);
	int rc;

	if (len == -1)
		return;
	rc = control_request_parse(&request, line, (size_t)len, why);
	if (rc == 0)
		rc = commands[request.verb](&call);
	if (rc == 0)
		fputs("=done\n", out);
	else
		fprintf(out, "=failed %s\n", why);
}

static void
limit(int fd)
{
	const struct timeval line = { .tv_sec = LINE_S },
			     send = { .tv_sec = SEND_S };

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &line, sizeof(line));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &send, sizeof(send));
	alarm(COMMAND_S);
}

_Noreturn void
control_serve(int fd, int supervisor, const struct control_view *view)
{
	sigset_t none;
	FILE *out;

	log_procname("control");
	worker_drop_privileges(&view->crew->who);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	limit(fd);
	out = fdopen(dup(fd), "w");
	if (out == NULL)
		fatal("%s", strerror(errno));
	answer(fd, out, supervisor, view);
	_exit(fclose(out) == 0 ? 0 : 1);
}
