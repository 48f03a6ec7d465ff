/*
 *	TIME CLIENT NAME TYPE CLASS: RCODE/ANSWERS/BYTES
 *
 * The name is spelled as the client sent it, which is what stands in the reply.
 */
#include "resolverd/compat_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/xalloc.h"
#include "resolverd/compat_name.h"

struct compat_log {
	const char *path; /* NULL: the standard output */
	bool is_flushed;
	FILE *f; /* NULL: could not be opened */
};

/* Never blocks: the log may be a FIFO whose reader is gone. */
static void
open_file(struct compat_log *l)
{
	int fd = open(l->path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK |
		O_CLOEXEC, 0644);

	l->f = fd != -1 ? fdopen(fd, "a") : NULL;
	if (l->f != NULL)
		return;
	log_warn("%s: %s; questions are not logged", l->path, strerror(errno));
	if (fd != -1)
		close(fd);
}

struct compat_log *
compat_log_new(const char *path, bool flushed)
{
	struct compat_log *l = xcalloc(1, sizeof(*l));

	l->is_flushed = flushed;
	if (strcmp(path, "-") == 0) {
		l->f = stdout;
	} else {
		l->path = path;
		open_file(l);
	}
	return l;
}

void
compat_log_reopen(struct compat_log *l)
{
	if (l->path == NULL) {
		fflush(l->f);
		return;
	}
	if (l->f != NULL)
		fclose(l->f);
	open_file(l);
}

void
compat_log_free(struct compat_log *l)
{
	if (l == NULL)
		return;
	if (l->f == stdout)
		fflush(l->f);
	else if (l->f != NULL)
		fclose(l->f);
	free(l);
}

void
compat_log_packet(struct compat_log *l, const struct handling *g,
    const struct client *client, size_t reply_len)
{
	char addr[ADDR_TXT_MAX], name[DNAME_TXT_MAX], type[COMPAT_CODE_MAX],
	    class[COMPAT_CODE_MAX], rcode[COMPAT_CODE_MAX];
	const struct query *q = &g->q;

	if (l->f == NULL || reply_len == 0 || !q->has_question)
		return;
	fprintf(l->f, "%lld %s %s %s %s: %s/%u/%zu\n", (long long)time(NULL),
	    addr_to_txt(addr, &client->addr),
	    compat_name_txt(name, q->reply + DNS_HEADER_LEN),
	    compat_type_txt(type, q->qtype), compat_class_txt(class, q->qclass),
	    compat_rcode_txt(rcode, q->rcode), q->ancount, reply_len);
	if (l->is_flushed)
		fflush(l->f);
}
