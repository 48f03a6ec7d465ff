/*
 * Texts were made printable when they became facts: nothing from the network
 * reaches the program's environment otherwise.
 */
#include "tools/mxcheck/hook.h"

#include <sys/mman.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/spawn.h"
#include "lib/xalloc.h"
#include "tools/mxcheck/record.h"
#include "tools/tool.h"

#define LIMIT_S 10
#define EVENTS_MAX 100 /* of a run; a site that has more knows it by then */

static const char *
verdict_of(const struct report *report, const struct event *e)
{
	return e->domain == NULL ? "" :
	    verdict_txt(report->judgments[e->domain->index].verdict);
}

static void
set(json_t *object, const char *member, const char *text)
{
	json_object_set_new(object, member, json_string(text));
}

/* Takes the object's place in the line that the program reads. */
static json_t *
object_of(const struct report *report, const struct event *e)
{
	json_t *object = json_object();

	json_object_set_new(object, "v", json_integer(RECORD_VERSION));
	set(object, "type", "event");
	set(object, "domain", e->domain != NULL ? e->domain->name : "");
	set(object, "id", e->id);
	set(object, "subject", e->subject);
	set(object, "event", alert_event_txt(e->what));
	set(object, "was", severity_txt(e->was));
	set(object, "is", severity_txt(e->is));
	set(object, "text", e->text);
	set(object, "verdict", verdict_of(report, e));
	if (e->domain != NULL)
		set(object, "sentence",
		    report->judgments[e->domain->index].sentence);
	return object;
}

/* A file that only we and the program have, a line for each of n events; -1 if
 * it cannot be had. */
static int
input_of(const struct report *report, const struct event *e, size_t n)
{
	int fd = memfd_create("events", MFD_CLOEXEC), copy;
	FILE *f;

	copy = fd != -1 ? dup(fd) : -1;
	f = copy != -1 ? fdopen(copy, "w") : NULL;
	if (f == NULL)
		return fd;
	for (size_t i = 0; i < n; i++)
		record_put(f, object_of(report, &e[i]));
	fclose(f);
	lseek(fd, 0, SEEK_SET);
	return fd;
}

/* With these variables, which go, and the events to read. */
static void
run(const struct report *report, char *env[], const struct event *e, size_t n)
{
	const char *const argv[] = {report->settings->hook, NULL};
	struct spawn spawn = {
	    .argv = argv,
	    .env = (const char *const *)env,
	    .limit_s = LIMIT_S,
	    .input = input_of(report, e, n),
	};
	int rc = spawn_run(&spawn);

	if (rc != 0)
		tool_error("hook %s: %s", argv[0], strerror(-rc));
	else if (spawn.status != 0)
		tool_error("hook %s: status %d: %s", argv[0], spawn.status,
		    spawn.said);
	if (spawn.input != -1)
		close(spawn.input);
	for (size_t i = 0; env[i] != NULL; i++)
		free(env[i]);
}

static char *
path_variable(void)
{
	return xasprintf("PATH=/usr/local/bin:/usr/bin:/bin");
}

static void
run_one(const struct report *report, const struct event *e)
{
	char *env[] = {
	    xasprintf("MXC_DOMAIN=%s", e->domain != NULL ? e->domain->name :
		""),
	    xasprintf("MXC_ID=%s", e->id),
	    xasprintf("MXC_SUBJECT=%s", e->subject),
	    xasprintf("MXC_OLD=%s", severity_txt(e->was)),
	    xasprintf("MXC_NEW=%s", severity_txt(e->is)),
	    xasprintf("MXC_VERDICT=%s", verdict_of(report, e)),
	    path_variable(),
	    NULL,
	};

	run(report, env, e, 1);
}

static void
run_batch(const struct report *report, const struct events *events)
{
	enum severity worst = SEV_OK;
	char *env[] = {NULL, NULL, path_variable(), NULL};

	for (size_t i = 0; i < events->n; i++)
		worst = severity_worse(worst, events->list[i].is);
	env[0] = xasprintf("MXC_EVENTS=%zu", events->n);
	env[1] = xasprintf("MXC_NEW=%s", severity_txt(worst));
	run(report, env, events->list, events->n);
}

void
hook_run(const struct report *report)
{
	const struct events *events = report->events;

	if (report->settings->hook == NULL || events == NULL || events->n == 0)
		return;
	if (report->settings->hook_batch) {
		run_batch(report, events);
		return;
	}
	for (size_t i = 0; i < events->n && i < EVENTS_MAX; i++)
		run_one(report, &events->list[i]);
	if (events->n > EVENTS_MAX)
		tool_error("hook: %zu changes; it was run for the first %d",
		    events->n, EVENTS_MAX);
}
