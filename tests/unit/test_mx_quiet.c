/*
 * Runs one after another, as from cron: facts, checks, verdict, state, events.
 * Two sessions with an address at most, the second one to confirm the first,
 * as prober.c has it; each fails for a moment (a time-out) now and then.
 *
 * MX_QUIET_SEED=N is for other dice.
 */
#include <sys/stat.h>

#include "tests/unit/mx_facts.h"
#include "tests/unit/unit.h"
#include "tools/mxcheck/events.h"
#include "tools/mxcheck/history.h"
#include "tools/mxcheck/report.h"

#define RUN_S 300
#define RUNS 1000
#define SOFT_PERCENT 2

struct weather {
	unsigned percent; /* of sessions that time out */
	const enum facts_stage *stage; /* where; NULL: anywhere */
	uint64_t seed;
};

static struct settings settings;
static char why[STATE_WHY_MAX];

static unsigned
dice(uint64_t *seed, unsigned sides)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(*seed >> 33) % sides;
}

/* Limits as settings_init() has them. */
static void
time_out(struct facts_probe *p, struct weather *w)
{
	static const enum facts_stage stages[] = {FACTS_CONNECT,
	    FACTS_GREETING, FACTS_EHLO, FACTS_MAIL};
	enum facts_stage stage = w->stage != NULL ? *w->stage :
	    stages[dice(&w->seed, 4)];

	mx_cut(p, stage, FACTS_END_TIMEOUT, 0, "");
	p->step[stage].ms = settings.limit_ms[stage];
}

static void
visit(struct facts *facts, struct facts_endpoint *ep, struct weather *w)
{
	struct facts_domain *domain = facts->domains[0];

	if (dice(&w->seed, 100) >= w->percent)
		return;
	time_out(&ep->probe, w);
	ep->first = facts_alloc(facts, 1, sizeof(*ep->first));
	*ep->first = ep->probe;
	mx_fill_well(&ep->probe, facts, domain, ep->host->name);
	if (dice(&w->seed, 100) < w->percent)
		time_out(&ep->probe, w);
}

/* Returns how many events it would mail. */
static size_t
run(const char *dir, int64_t at, const char *rows, struct weather *w)
{
	struct facts *facts = facts_new();
	struct report report = {.facts = facts, .settings = &settings};
	struct state_opening opening;
	struct findings findings;
	struct events events;
	struct judgment *j;
	struct state *state;
	size_t n;

	mx_build(facts, rows);
	facts->at = at;
	for (size_t i = 0; i < facts->n_endpoints; i++)
		visit(facts, facts->endpoints[i], w);
	mx_judge(facts, &settings, &findings, &j);
	report.findings = &findings;
	report.judgments = j;
	ck_assert_msg(state_open(&state, dir, at, &opening, why) == 0, "%s",
	    why);
	events_collect(&events, state, &report, false);
	n = events.n;
	ck_assert_msg(state_save(state, why) == 0, "%s", why);
	state_close(state);
	events_clear(&events);
	findings_clear(&findings);
	facts_free(facts);
	return n;
}

/* What these servers lack besides (TLS, PTR) is no noise. */
static void
begin(void)
{
	settings_init(&settings);
	settings_add(&settings.skip, "N");
	settings_add(&settings.skip, "T");
}

#define PAIR "10 mx1.a.test 11.0.1.1 ok; 20 mx2.a.test 11.0.2.1 ok;"
#define MANY                                                                   \
	"10 mx1.a.test 11.0.1.1 ok; 10 mx1.a.test 2a00:1::1 ok;"               \
	"20 mx2.a.test 11.0.2.1 ok; 20 mx2.a.test 2a00:2::1 ok;"               \
	"30 mx3.a.test 11.0.3.1 ok; 30 mx3.a.test 2a00:3::1 ok;"

/* At most one mail in 1 000 runs, whatever the dice say. */
static const struct {
	const char *rows;
	unsigned seed;
} quiet[] = {
    {PAIR, 1}, {PAIR, 2}, {PAIR, 3}, {PAIR, 4}, {PAIR, 5}, {PAIR, 6},
    {MANY, 1}, {MANY, 2}, {MANY, 3}, {MANY, 4}, {MANY, 5}, {MANY, 6},
};

START_TEST(test_quiet)
{
	const char *more = getenv("MX_QUIET_SEED");
	struct weather w = {.percent = SOFT_PERCENT, .seed = quiet[_i].seed};
	unsigned mails = 0;

	if (more != NULL)
		w.seed += 1000 * strtoul(more, NULL, 10);
	begin();
	for (unsigned i = 0; i < RUNS; i++)
		mails += run(unit_path("state"), 1700000000 + i * RUN_S,
		    quiet[_i].rows, &w) > 0;
	ck_assert_uint_le(mails, 1);
}
END_TEST

/* What stays silent is told in the second run (confirm), and once; so is that
 * it is well again (recover). */
START_TEST(test_not_deaf)
{
	static const enum facts_stage greeting = FACTS_GREETING;
	struct weather w = {.stage = &greeting};
	char told[31] = "";

	begin();
	for (unsigned i = 0; i < 30; i++) {
		w.percent = i >= 10 && i < 20 ? 100 : 0;
		told[i] = run(unit_path("state"), 1700000000 + i * RUN_S, PAIR,
		    &w) > 0 ? 'x' : '.';
	}
	ck_assert_str_eq(told, "...........x.........x........");
}
END_TEST

/* C06: not dialled again for ten minutes; never longer, whatever the clock. */
static const struct {
	int later; /* s; the clock may be set back */
	bool held;
} holds[] = {{0, true}, {1, true}, {599, true}, {600, false}, {-1, false}};

START_TEST(test_limited_is_held)
{
	const int64_t at = 1700000000;
	struct state_opening opening;
	struct state *state;
	struct facts *facts;

	begin();
	for (unsigned i = 0; i < 2; i++) {
		facts = facts_new();
		mx_build(facts, "10 mx1.a.test 11.0.1.1 limited;"
		    "20 mx2.a.test 11.0.2.1 ok;");
		facts->at = at + (i > 0 ? holds[_i].later : 0);
		ck_assert(state_open(&state, unit_path("state"), facts->at,
		    &opening, why) == 0);
		history_load(facts, state);
		ck_assert(!facts->endpoints[1]->held);
		ck_assert_uint_eq(facts->endpoints[0]->held,
		    i > 0 && holds[_i].held);
		history_keep(facts, state);
		ck_assert(state_save(state, why) == 0);
		state_close(state);
		facts_free(facts);
	}
}
END_TEST

int
main(void)
{
	const struct unit_test tests[] = {
	    UNIT_EACH(test_quiet, quiet), UNIT_ONCE(test_not_deaf),
	    UNIT_EACH(test_limited_is_held, holds)};

	/* thousands of commits: not on a disk */
	if (access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 1);
	return unit_run("mx_quiet", tests, UNIT_COUNT(tests));
}
