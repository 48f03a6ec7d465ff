/*
 * One turn of a feed: fetch, build, publish. It runs in a process of its own:
 * what it does to that process is nothing to the other feeds.
 */
#include <sys/file.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/zonectl_sync.h"
#include "zones/feed.h"
#include "zones/publish.h"

static volatile sig_atomic_t stop;

static void
on_stop(int sig)
{
	stop = sig;
}

/* A build may be killed at any point, a fetch ends what it has started. */
static void
set_stop_handler(void (*handler)(int))
{
	const struct sigaction act = {.sa_handler = handler};

	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGINT, &act, NULL);
}

/* ---- progress, on a terminal */

static void
show(const char *zone, const char *text)
{
	fprintf(stderr, "\r%.40s: %.30s\033[K", zone, text);
	fflush(stderr);
}

static void
clear_shown(bool is_terminal)
{
	if (is_terminal)
		fprintf(stderr, "\r\033[K");
	fflush(stderr);
}

/* "  1,234,567  45%   12.34MB/s    0:00:01", each behind a CR */
static void
on_progress(void *arg, const char *text)
{
	const char *line = strrchr(text, '\r');
	char bytes[24], speed[16], shown[64];
	int percent;

	if (sscanf(line != NULL ? line + 1 : text,
	    " %23[0-9,.] %d%% %15[0-9.kMGTB/s]", bytes, &percent, speed) != 3)
		return;
	snprintf(shown, sizeof(shown), "%d%% %s", percent, speed);
	show(arg, shown);
}

/* ---- the turn */

static bool
has_generation(const struct conf *conf, const struct conf_zone *zone)
{
	char path[PATH_MAX];

	return publish_current(path, conf->state_dir, zone->name) == 0 &&
	    access(path, F_OK) == 0;
}

/*
 * A build may need much memory, so one runs at a time, whoever fetched. The
 * lock goes with the process; without it there is only more memory in use.
 */
static void
await_turn(const struct conf *conf)
{
	char path[PATH_MAX];
	int fd;

	if (snprintf(path, sizeof(path), "%s/feeds/build.lock",
	    conf->state_dir) >= (int)sizeof(path))
		return;
	fd = open(path, O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd >= 0)
		(void)flock(fd, LOCK_EX);
}

static int
build(const struct conf *conf, const struct conf_zone *zone, struct feed *feed,
    const char *const *force, bool is_terminal)
{
	char why[FEED_WHY_MAX];

	if (is_terminal)
		fprintf(stderr, "%s: fetched, to be built\n", zone->name);
	await_turn(conf);
	if (zonectl_build_zone(conf, zone, force) != TOOL_DONE)
		return TOOL_FAILED;
	if (feed_set_built(feed, why) != 0) /* it will be built once more */
		return tool_error("%s: %s", zone->name, why);
	return TOOL_DONE;
}

static int
fetch_and_build(const struct conf *conf, const struct conf_zone *zone,
    struct feed *feed, const char *const *force)
{
	bool is_terminal = isatty(STDERR_FILENO) == 1;
	struct feed_watch watch = {
		.stop = &stop,
		.on_progress = is_terminal ? on_progress : NULL,
		.arg = zone->name,
	};
	char why[FEED_WHY_MAX];
	int rc;

	if (is_terminal)
		show(zone->name, "fetching");
	rc = feed_fetch(feed, &watch, why);
	clear_shown(is_terminal);
	if (rc < 0)
		return tool_error("%s: %s: %s; nothing was changed",
		    zone->name, zone->feed.source, why);
	set_stop_handler(SIG_DFL);
	if (stop)
		return tool_error("%s: stopped", zone->name);
	if (rc == 1 || !feed_is_built(feed) || !has_generation(conf, zone))
		return build(conf, zone, feed, force, is_terminal);
	printf("%s: nothing new\n", zone->name);
	return TOOL_DONE;
}

int
sync_feed(const struct conf *conf, const struct conf_zone *zone,
    const char *const *force)
{
	char why[FEED_WHY_MAX];
	struct feed *feed;
	sigset_t none;
	int rc;

	set_stop_handler(on_stop);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	rc = feed_open(&feed, &zone->feed, why);
	if (rc == -EAGAIN) {
		printf("%s: %s; left to that one\n", zone->name, why);
		return TOOL_DONE;
	}
	if (rc != 0)
		return tool_error("%s: %s; nothing was changed", zone->name,
		    why);
	rc = fetch_and_build(conf, zone, feed, force);
	feed_close(feed);
	return rc;
}
