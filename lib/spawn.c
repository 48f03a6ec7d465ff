/*
 * Running another program, for zones/feed.c.
 *
 * Two forks: the keeper, leader of a process group, and in it the program. What
 * the program starts (rsync forks, and may start ssh) ends with it: by SIGTERM,
 * by SIGKILL two seconds later. Should we die, the kernel tells the keeper,
 * which kills the whole group: of the program alone rsync's receiver would
 * live on. The keeper ends as the program does, so its status is the
 * program's; its process id stays ours until it is reaped here, so no other
 * group can be hit.
 */
#include "lib/spawn.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define GRACE_MS 2000  /* from SIGTERM to SIGKILL */
#define LOOK_MS 200    /* a stop that comes just before poll() is seen then */
#define READ_LEN 4096
#define ORPHANED SIGUSR1 /* to the keeper, from the kernel */

struct child {
	pid_t pid;     /* the keeper's, and the group's */
	int out, err;  /* read ends; -1 when closed */
	int started;   /* read end: errno if exec failed, else closed by it */
	size_t n_said;
	bool gap;      /* bytes were left out since the last one */
};

static uint64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void
shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/*
 * In the children: only what may be called between fork and exec
 */

static void
reset_signals(void)
{
	struct sigaction dfl = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		(void)sigaction(sig, &dfl, NULL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* argv and envp are const to us; exec does not change them (POSIX). */
static char *const *
for_exec(const char *const *strings)
{
	return (char *const *)(uintptr_t)strings;
}

static void __attribute__((noreturn))
become(const struct spawn *s, pid_t parent, int out, int err, int started)
{
	int in = s->input > 0 ? s->input : open("/dev/null", O_RDONLY), error;

	reset_signals();
	prctl(PR_SET_PDEATHSIG, SIGTERM); /* for it to end its own children */
	if (getppid() != parent)
		_exit(127); /* it died before it could be noticed */
	if (in >= 0 && dup2(in, STDIN_FILENO) >= 0 &&
	    dup2(out, STDOUT_FILENO) >= 0 && dup2(err, STDERR_FILENO) >= 0 &&
	    chdir("/") == 0) {
		if (in > STDERR_FILENO)
			close(in);
		environ = (char **)(uintptr_t)s->env;
		execvp(s->argv[0], for_exec(s->argv));
	}
	error = errno;
	(void)!write(started, &error, sizeof(error));
	_exit(127);
}

/* Ends as it ended. */
static void __attribute__((noreturn))
end_as(const siginfo_t *info)
{
	const struct rlimit no_core = {0, 0};
	sigset_t all;

	if (info->si_code != CLD_EXITED) {
		(void)setrlimit(RLIMIT_CORE, &no_core);
		sigfillset(&all);
		(void)raise(info->si_status);
		(void)sigprocmask(SIG_UNBLOCK, &all, NULL);
	}
	_exit(info->si_status);
}

static void __attribute__((noreturn))
keep(const struct spawn *s, pid_t parent, int out, int err, int started)
{
	siginfo_t info = {.si_pid = 0};
	pid_t self = getpid(), program;
	sigset_t all;

	setpgid(0, 0);
	reset_signals();
	sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	prctl(PR_SET_PDEATHSIG, ORPHANED);
	if (getppid() != parent)
		_exit(127);
	program = fork();
	if (program == 0)
		become(s, self, out, err, started);
	if (program == -1) {
		int error = errno;

		(void)!write(started, &error, sizeof(error));
		_exit(127);
	}
	close(out);
	close(err);
	close(started);
	for (;;) {
		if (sigwaitinfo(&all, &info) == ORPHANED)
			kill(0, SIGKILL);
		info.si_pid = 0;
		if (waitid(P_PID, (id_t)program, &info, WEXITED | WNOHANG) == 0
		    && info.si_pid == program)
			end_as(&info);
	}
}

/*
 * In the parent
 */

static int
start(struct child *c, const struct spawn *s)
{
	int fds[3][2] = {{-1, -1}, {-1, -1}, {-1, -1}};
	pid_t self = getpid();
	int rc = 0;

	for (size_t i = 0; i < 3 && rc == 0; i++)
		rc = pipe2(fds[i], O_CLOEXEC) == 0 ? 0 : -errno;
	if (rc == 0) {
		c->pid = fork();
		if (c->pid == 0)
			keep(s, self, fds[0][1], fds[1][1], fds[2][1]);
		if (c->pid == -1)
			rc = -errno;
		else
			setpgid(c->pid, c->pid); /* whoever comes first */
	}
	c->out = fds[0][0];
	c->err = fds[1][0];
	c->started = fds[2][0];
	for (size_t i = 0; i < 3; i++)
		shut(&fds[i][1]);
	return rc;
}

/* Returns 0 when the program runs, or why it does not. */
static int
await_exec(struct child *c)
{
	int error = 0;
	ssize_t n;

	do
		n = read(c->started, &error, sizeof(error));
	while (n == -1 && errno == EINTR);
	shut(&c->started);
	return n == (ssize_t)sizeof(error) ? -error : 0;
}

/* Untrusted: from the program, and from a server that it talks to. */
static void
keep_said(struct child *c, struct spawn *s, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		bool plain = bytes[i] > ' ' && bytes[i] < 0x7f;

		if (!plain) {
			c->gap = c->n_said > 0;
			continue;
		}
		if (c->n_said + 3 > SPAWN_SAID_MAX)
			return;
		if (c->gap)
			s->said[c->n_said++] = ' ';
		c->gap = false;
		s->said[c->n_said++] = bytes[i];
		s->said[c->n_said] = '\0';
	}
}

static void
take(struct child *c, struct spawn *s, int *fd)
{
	char buf[READ_LEN + 1];
	ssize_t n = read(*fd, buf, READ_LEN);

	if (n == -1 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		shut(fd);
		return;
	}
	buf[n] = '\0';
	if (fd == &c->err)
		keep_said(c, s, buf, (size_t)n);
	else if (s->on_output != NULL)
		s->on_output(s->arg, buf);
}

static bool
is_stopped(const struct spawn *s)
{
	return s->stop != NULL && *s->stop != 0;
}

/* Reads until both ends are closed. Returns 0, -ETIMEDOUT or -EINTR. */
static int
listen_to(struct child *c, struct spawn *s)
{
	uint64_t end = now_ms() + (uint64_t)s->limit_s * 1000, now;
	struct pollfd fds[2];

	while (c->out >= 0 || c->err >= 0) {
		now = now_ms();
		if (is_stopped(s))
			return -EINTR;
		if (now >= end)
			return -ETIMEDOUT;
		fds[0] = (struct pollfd){.fd = c->out, .events = POLLIN};
		fds[1] = (struct pollfd){.fd = c->err, .events = POLLIN};
		if (poll(fds, 2, end - now < LOOK_MS ? (int)(end - now) :
		    LOOK_MS) <= 0)
			continue;
		if (fds[0].revents != 0)
			take(c, s, &c->out);
		if (fds[1].revents != 0)
			take(c, s, &c->err);
	}
	return 0;
}

/* Waits up to ms for its end, which is left to be reaped. */
static bool
ends_within(pid_t pid, unsigned ms)
{
	const struct timespec nap = {.tv_nsec = 5000000};
	uint64_t end = now_ms() + ms;
	siginfo_t info;

	for (;;) {
		info.si_pid = 0;
		if (waitid(P_PID, (id_t)pid, &info,
		    WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid)
			return true;
		if (now_ms() >= end)
			return false;
		nanosleep(&nap, NULL);
	}
}

/* Ends the group; what is left of it, too, when its leader has gone. */
static void
end_group(pid_t pid)
{
	kill(-pid, SIGTERM);
	(void)ends_within(pid, GRACE_MS);
	kill(-pid, SIGKILL);
}

/* Waits for the keeper, and then for what was left of its group: that has
 * become our children (PR_SET_CHILD_SUBREAPER), and has been killed. */
static int
reap_group(pid_t pid)
{
	siginfo_t keeper = {.si_pid = 0}, info;

	while (waitid(P_PID, (id_t)pid, &keeper, WEXITED) == -1 &&
	    errno == EINTR)
		continue;
	while (waitid(P_PGID, (id_t)pid, &info, WEXITED) == 0 || errno == EINTR)
		continue;
	return keeper.si_code == CLD_EXITED ? keeper.si_status :
	    -keeper.si_status;
}

int
spawn_run(struct spawn *s)
{
	struct child c = {.pid = -1, .out = -1, .err = -1, .started = -1};
	int was_reaper = 0, rc;

	s->said[0] = '\0';
	s->status = 0;
	prctl(PR_GET_CHILD_SUBREAPER, &was_reaper);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	rc = start(&c, s);
	if (rc == 0)
		rc = await_exec(&c);
	if (rc == 0)
		rc = listen_to(&c, s);
	if (c.pid > 0) {
		/* silent, but not gone: as good as stuck */
		if (rc != 0 || !ends_within(c.pid, GRACE_MS))
			end_group(c.pid);
		else
			kill(-c.pid, SIGKILL); /* what it left behind */
		s->status = reap_group(c.pid);
	}
	prctl(PR_SET_CHILD_SUBREAPER, was_reaper);
	shut(&c.out);
	shut(&c.err);
	shut(&c.started);
	return rc;
}
