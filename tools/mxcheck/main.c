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
#include "tools/mxcheck/gather.h"
#include "tools/mxcheck/options.h"
#include "tools/mxcheck/record.h"
#include "tools/mxcheck/report.h"
#include "tools/tool.h"

#define EXIT_UNKNOWN 3 /* usage, internal errors, nothing can be said */

/* A file is replaced whole, or not at all. */
static bool
write_file(const struct report_format *format, const struct report *report,
    const char *path)
{
	char temp[4096];
	FILE *f;
	bool fine;

	snprintf(temp, sizeof(temp), "%s.%ld", path, (long)getpid());
	f = fopen(temp, "we");
	if (f == NULL) {
		tool_error("%s: %m", temp);
		return false;
	}
	format->write(f, report);
	fine = fflush(f) == 0 && fsync(fileno(f)) == 0;
	fine = fclose(f) == 0 && fine;
	fine = fine && rename(temp, path) == 0;
	if (!fine) {
		tool_error("%s: %m", path);
		unlink(temp);
	}
	return fine;
}

static bool
write_output(const struct report *report, const char *word)
{
	size_t len = strcspn(word, "=");
	char name[16];

	snprintf(name, sizeof(name), "%.*s", (int)len, word);
	if (word[len] == '=')
		return write_file(report_find(name), report, word + len + 1);
	report_find(name)->write(stdout, report);
	return true;
}

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

static int
judge_and_report(struct facts *facts, const struct settings *settings)
{
	struct findings findings;
	struct report report = {.facts = facts, .settings = settings};
	bool fine = true;

	findings_init(&findings, facts);
	check_all(&findings, facts, settings);
	report.findings = &findings;
	report.judgments = judge_all(facts, settings, &findings);
	report.worst = worst(facts, &findings, report.judgments);
	report.color = isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL;
	for (size_t i = 0; i < settings->outputs.n; i++)
		fine &= write_output(&report, settings->outputs.word[i]);
	findings_clear(&findings);
	return fine ? severity_exit(report.worst) : EXIT_UNKNOWN;
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
		return judge_and_report(facts, settings);
	tool_error("%s: %s", settings->replay, why);
	return EXIT_UNKNOWN;
}

static int
run(struct facts *facts, const struct settings *settings)
{
	char why[GATHER_WHY_MAX] = "";
	int rc;

	if (settings->replay != NULL)
		return replay(facts, settings);
	facts->at = time(NULL);
	rc = gather(facts, settings, why);
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
	return judge_and_report(facts, settings);
}

int
main(int argc, char **argv)
{
	struct facts *facts = facts_new();
	struct settings settings;
	int status = EXIT_UNKNOWN;

	tool_init("mxcheck");
	log_init("mxcheck", true, false);
	signal(SIGPIPE, SIG_IGN);
	settings_init(&settings);
	switch (options_read(&settings, facts, argc, argv)) {
	case OPTIONS_RUN:
		status = run(facts, &settings);
		break;
	case OPTIONS_DONE:
		status = 0;
		break;
	case OPTIONS_WRONG:
		break;
	}
	settings_clear(&settings);
	facts_free(facts);
	return tool_finish(status);
}
