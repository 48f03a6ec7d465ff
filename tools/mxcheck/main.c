/*
 * mxcheck(8): would mail still flow if the primary MX died? Here: one run, from
 * the command line to the exit status. facts.h has the map.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/log.h"
#include "tools/mxcheck/events.h"
#include "tools/mxcheck/gather.h"
#include "tools/mxcheck/history.h"
#include "tools/mxcheck/hook.h"
#include "tools/mxcheck/options.h"
#include "tools/mxcheck/record.h"
#include "tools/mxcheck/report.h"
#include "tools/mxcheck/state_command.h"
#include "tools/tool.h"

#define EXIT_UNKNOWN 3 /* usage, internal errors, nothing can be said */

static enum severity
worst(const struct facts *facts, const struct findings *findings,
    const struct judgment *judgments)
{
	enum severity severity = SEV_OK;

	for (size_t i = 0; i < findings->n; i++)
		severity = severity_worse(severity,
		    findings->list[i].severity);
	for (size_t i = 0; i < facts->n_domains; i++)
		severity = severity_worse(severity, judgments[i].severity);
	return severity;
}

/* Nothing can be said from here: what the zone has stays, and runs out. */
static bool
is_blind(const struct report *report)
{
	const struct finding *f = findings_get(report->findings, "C00", NULL,
	    NULL, NULL);

	return f != NULL && f->severity == SEV_UNKNOWN;
}

/* What is told, and what is kept for the next run: in this order, so that a
 * change whose telling failed is told again. */
static int
report_and_keep(struct report *report, struct state *state,
    struct events *events, bool baseline)
{
	const struct settings *settings = report->settings;
	struct facts *facts = report->facts;
	char why[STATE_WHY_MAX];
	bool fine = true;

	if (state != NULL) {
		events_collect(events, state, report, baseline);
		report->events = events;
		report->worst = events->is_cut_off ? SEV_UNKNOWN :
		    events->worst;
		history_keep(facts, state);
	}
	for (size_t i = 0; i < settings->outputs.n; i++)
		fine &= report_write(report, settings->outputs.word[i]);
	hook_run(report);
	if (settings->zone != NULL && !is_blind(report))
		fine &= report_write_file(report, &report_zone, settings->zone);
	if (state != NULL) {
		if (fine && state_save(state, why) != 0) {
			tool_error("%s", why);
			fine = false;
		}
		report->events = NULL;
		events_clear(events);
	}
	if (!fine)
		return EXIT_UNKNOWN;
	return settings->exit_zero ? 0 : severity_exit(report->worst);
}

static int
judge_and_report(struct facts *facts, const struct settings *settings,
    struct state *state, bool baseline)
{
	struct findings findings;
	struct events events;
	struct report report = {.facts = facts, .settings = settings};
	int status;

	findings_init(&findings, facts);
	check_all(&findings, facts, settings);
	report.findings = &findings;
	report.judgments = judge_all(facts, settings, &findings);
	report.worst = is_blind(&report) ? SEV_UNKNOWN :
	    worst(facts, &findings, report.judgments);
	report.color = isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL;
	status = report_and_keep(&report, state, &events, baseline);
	findings_clear(&findings);
	return status;
}

static void
print_plan(const struct facts *facts)
{
	for (size_t i = 0; i < facts->n_endpoints; i++) {
		const struct facts_endpoint *ep = facts->endpoints[i];

		printf("%s %s%s%s\n", ep->host->name, ep->addr->txt,
		    ep->untried != NULL ? " not dialled: " : "",
		    ep->untried != NULL ? ep->untried : "");
	}
	for (size_t i = 0; i < facts->n_accesses; i++) {
		const struct facts_access *access = facts->accesses[i];

		printf("%s %s port %u (%s)%s%s\n", access->server->name,
		    access->addr->txt, access->port,
		    facts_service_txt(access->service),
		    access->untried != NULL ? " not dialled: " : "",
		    access->untried != NULL ? access->untried : "");
	}
}

static int
replay(struct facts *facts, const struct settings *settings)
{
	bool is_stdin = strcmp(settings->replay, "-") == 0;
	FILE *f = is_stdin ? stdin : fopen(settings->replay, "re");
	char why[RECORD_WHY_MAX];
	int rc;

	if (f == NULL) {
		tool_error("%s: %m", settings->replay);
		return EXIT_UNKNOWN;
	}
	rc = record_read(facts, f, why);
	if (!is_stdin)
		fclose(f);
	if (rc == 0)
		return judge_and_report(facts, settings, NULL, false);
	tool_error("%s: %s", settings->replay, why);
	return EXIT_UNKNOWN;
}

static void
load_past(void *state, struct facts *facts)
{
	history_load(facts, state);
}

static int
gather_and_judge(struct facts *facts, const struct settings *settings,
    struct state *state, bool baseline)
{
	char why[GATHER_WHY_MAX] = "";
	struct timespec from, to;
	int rc;

	clock_gettime(CLOCK_MONOTONIC, &from);
	rc = gather(facts, settings, state != NULL ? load_past : NULL, state,
	    why);
	clock_gettime(CLOCK_MONOTONIC, &to);
	facts->took_ms = (uint32_t)((to.tv_sec - from.tv_sec) * 1000 +
	    (to.tv_nsec - from.tv_nsec) / 1000000);

	if (rc == -EINTR) {
		tool_error("interrupted; nothing was judged");
		return EXIT_UNKNOWN;
	}
	if (rc != 0) {
		tool_error("%s", why);
		return EXIT_UNKNOWN;
	}
	if (settings->dry_run) {
		print_plan(facts);
		return 0;
	}
	return judge_and_report(facts, settings, state, baseline);
}

/*
 * Another run is at work. From cron that is nothing to tell, unless it hangs.
 */
static int
leave_it_to(const struct state_opening *other, const struct settings *settings,
    const char *why, int64_t now)
{
	if (settings->quiet && other->held_since > 0 &&
	    now - other->held_since < 3 * (int64_t)settings->deadline_s)
		return 0;
	tool_error("%s", why);
	return EXIT_UNKNOWN;
}

static int
run(struct facts *facts, const struct settings *settings)
{
	struct state_opening opening;
	char why[STATE_WHY_MAX];
	struct state *state;
	int rc, status;

	if (settings->replay != NULL)
		return replay(facts, settings);
	facts->at = time(NULL);
	if (settings->state_dir == NULL || settings->dry_run)
		return gather_and_judge(facts, settings, NULL, false);
	rc = state_open(&state, settings->state_dir, facts->at, &opening, why);
	if (rc == -EAGAIN)
		return leave_it_to(&opening, settings, why, facts->at);
	if (rc != 0) {
		tool_error("%s", why);
		return EXIT_UNKNOWN;
	}
	if (opening.was_lost)
		tool_error("%s/state.mdb could not be read and was put aside; "
		    "what is wrong now is taken as known", settings->state_dir);
	if (opening.last_run > facts->at)
		tool_error("the last run was at a later time than now: the "
		    "clock has been set back");
	status = gather_and_judge(facts, settings, state, opening.was_lost);
	state_close(state);
	return status;
}

/* Of a monitoring plugin 0 would say that all is well. */
static bool
is_plugin(const struct settings *settings)
{
	for (size_t i = 0; i < settings->outputs.n; i++)
		if (strncmp(settings->outputs.word[i], "nagios", 6) == 0)
			return true;
	return false;
}

int
main(int argc, char **argv)
{
	struct facts *facts;
	struct settings settings;
	int status = EXIT_UNKNOWN;

	tool_init("mxcheck");
	log_init("mxcheck", true, false);
	signal(SIGPIPE, SIG_IGN);
	if (state_command_is(argc, argv))
		return tool_finish(state_command(argc, argv));
	facts = facts_new();
	settings_init(&settings);
	switch (options_read(&settings, facts, argc, argv)) {
	case OPTIONS_RUN:
		status = run(facts, &settings);
		break;
	case OPTIONS_DONE:
		status = is_plugin(&settings) ? EXIT_UNKNOWN : 0;
		break;
	case OPTIONS_WRONG:
		break;
	}
	settings_clear(&settings);
	facts_free(facts);
	return tool_finish(status);
}
