/*
 * Accepting and forking. Between the process of a connection and the supervisor
 * is a socket pair, on which the former tells one byte, its wish, and the
 * latter answers with '0' or '1' and a reason.
 */
#include "resolverd/control.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/why.h"
#include "lib/xalloc.h"

#define BACKLOG 128

struct child {
	pid_t pid; /* 0: none */
	int fd;	   /* -1: no wish is to be expected any more */
};

struct control {
	int listener;
	char *path;
	struct child children[CONTROL_CHILDREN];
};


#define explain(why, rc, ...) why_fail(why, CONTROL_WHY_MAX, rc, __VA_ARGS__)

/* ---- the socket */

/* Nobody can connect before owner and mode are right: it listens later. */
static int
listen_at(int fd, const char *path, const struct identity *who)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	struct stat st;

	memcpy(sun.sun_path, path, strlen(path));
	if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
		(void)unlink(path);
	if (bind(fd, (const struct sockaddr *)&sun, sizeof(sun)) == -1 ||
	    chmod(path, 0660) == -1 ||
	    (who->change && lchown(path, (uid_t)-1, who->gid) == -1) ||
	    listen(fd, BACKLOG) == -1)
		return -errno;
	return 0;
}

int
control_open(struct control **out, const char *path, const struct identity *who,
    char *why)
{
	struct control *c;
	int fd, rc;

	*out = NULL;
	if (strlen(path) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
		return explain(why, -ENAMETOOLONG,
		    "control-socket %s: the path is too long", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	rc = fd == -1 ? -errno : listen_at(fd, path, who);
	if (rc != 0) {
		if (fd != -1)
			close(fd);
		return explain(why, rc, "control-socket %s: %s", path,
		    strerror(-rc));
	}
	c = xcalloc(1, sizeof(*c));
	c->listener = fd;
	c->path = xstrdup(path);
	for (unsigned i = 0; i < CONTROL_CHILDREN; i++)
		c->children[i].fd = -1;
	*out = c;
	return 0;
}

void
control_forget(struct control *c)
{
	if (c == NULL)
		return;
	close(c->listener);
	for (unsigned i = 0; i < CONTROL_CHILDREN; i++) {
		if (c->children[i].fd != -1)
			close(c->children[i].fd);
	}
}

void
control_close(struct control *c)
{
	if (c == NULL)
		return;
	(void)unlink(c->path);
	control_forget(c);
	free(c->path);
	free(c);
}

/* ---- processes */

static struct child *
find_free(struct control *c)
{
	for (unsigned i = 0; i < CONTROL_CHILDREN; i++) {
		if (c->children[i].pid == 0)
			return &c->children[i];
	}
	return NULL;
}

unsigned
control_watch(const struct control *c, struct pollfd *fds)
{
	bool is_full = true;

	for (unsigned i = 0; i < CONTROL_CHILDREN; i++) {
		fds[1 + i].fd = c->children[i].fd; /* poll() skips -1 */
		fds[1 + i].events = POLLIN;
		is_full &= c->children[i].pid != 0;
	}
	fds[0].fd = is_full ? -1 : c->listener;
	fds[0].events = POLLIN;
	return CONTROL_FDS;
}

static void
start(struct child *child, int fd,
    const struct control_view *view, const struct crew_fork *how)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == -1) {
		log_warn("control: %s", strerror(errno));
		return;
	}
	child->pid = fork();
	if (child->pid == 0) {
		close(pair[0]);
		how->forget(how->arg, NULL); /* calls control_forget() */
		control_serve(fd, pair[1], view);
	}
	close(pair[1]);
	child->fd = pair[0];
	if (child->pid == -1) {
		log_warn("control: fork: %s", strerror(errno));
		child->pid = 0;
		child->fd = -1;
		close(pair[0]);
	}
}

void
control_accept(struct control *c, const struct control_view *view,
    const struct crew_fork *how)
{
	struct child *child;
	int fd;

	while ((child = find_free(c)) != NULL &&
	    (fd = accept4(c->listener, NULL, NULL, SOCK_CLOEXEC)) != -1) {
		start(child, fd, view, how);
		close(fd);
	}
}

bool
control_reap(struct control *c, pid_t pid)
{
	for (unsigned i = 0; i < CONTROL_CHILDREN; i++) {
		struct child *child = &c->children[i];

		if (child->pid != pid)
			continue;
		if (child->fd != -1)
			close(child->fd);
		child->fd = -1;
		child->pid = 0;
		return true;
	}
	return false;
}

/* ---- wishes */

bool
control_next(struct control *c, enum control_wish *wish, unsigned *to)
{
	for (unsigned i = 0; i < CONTROL_CHILDREN; i++) {
		struct child *child = &c->children[i];
		uint8_t byte;
		ssize_t n;

		if (child->fd == -1)
			continue;
		n = recv(child->fd, &byte, 1, MSG_DONTWAIT);
		if (n == -1 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n == 1 &&
		    (byte == CONTROL_WISH_RELOAD ||
			byte == CONTROL_WISH_NEW_WORKERS)) {
			*wish = byte;
			*to = i;
			return true;
		}
		close(child->fd); /* it ends, or is out of its mind */
		child->fd = -1;
	}
	return false;
}

void
control_answer(struct control *c, unsigned to, int rc, const char *why)
{
	struct child *child = &c->children[to];
	char answer[1 + CONTROL_WHY_MAX];
	int n;

	if (child->fd == -1)
		return; /* it died meanwhile */
	n = snprintf(answer, sizeof(answer), "%c%s", rc == 0 ? '0' : '1',
	    rc == 0 ? "" : why);
	if (n >= (int)sizeof(answer))
		n = sizeof(answer) - 1;
	(void)send(child->fd, answer, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT);
	close(child->fd);
	child->fd = -1;
}

int
control_wish(int supervisor, enum control_wish wish, char *why)
{
	uint8_t byte = (uint8_t)wish;
	char answer[1 + CONTROL_WHY_MAX];
	size_t len = 0;
	ssize_t n;

	if (send(supervisor, &byte, 1, MSG_NOSIGNAL) != 1)
		return explain(why, -EPIPE, "the daemon ends");
	while (len < sizeof(answer) - 1 &&
	    (n = recv(supervisor, answer + len, sizeof(answer) - 1 - len, 0)) >
		0)
		len += (size_t)n;
	answer[len] = '\0';
	if (len > 0 && answer[0] == '0')
		return 0;
	return explain(why, -EIO, "%s", len > 0 ? answer + 1 : "the daemon "
	    "ends");
}
