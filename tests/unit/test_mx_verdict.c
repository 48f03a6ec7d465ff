/*
 * From facts to a verdict: checks, scenarios, sentence.
 */
#include "tests/unit/mx_facts.h"
#include "tests/unit/unit.h"

static const struct {
	const char *rows;
	enum verdict verdict;
	enum severity severity;
	const char *says; /* in the sentence */
} cases[] = {
    {"10 mx1 11.0.1.1 ok; 20 mx2 11.0.2.1 ok;", VERDICT_OK, SEV_OK,
	"if mx1 dies: Postfix -> mx2 (0 s, 30 s if it is silent)"},
    {"10 mx1 11.0.1.1 refused; 20 mx2 11.0.2.1 ok;", VERDICT_DEGRADED,
	SEV_CRIT, "mx1 is down (refused)"},
    {"10 mx1 11.0.1.1 refused; 20 mx2 11.0.2.1 filtered;", VERDICT_DEFER,
	SEV_CRIT, "mail waits"},
    {"10 mx1 11.0.1.1 ok; 20 mx2 11.0.2.1 refused;", VERDICT_NONE, SEV_WARN,
	"only mx1 takes mail"},
    {"10 mx1 11.0.1.1 ok;", VERDICT_NONE, SEV_WARN, "only mx1 takes mail"},
    {"0 . - x;", VERDICT_NOMAIL, SEV_OK, "null MX"},
    {"0 . - x; 10 mx1 11.0.1.1 ok;", VERDICT_BOUNCE, SEV_CRIT,
	"Postfix -> BOUNCE (null MX)"},
    {"10 mx1 11.0.1.1 norelay; 20 mx2 11.0.2.1 ok;", VERDICT_BOUNCE, SEV_CRIT,
	"BOUNCE (RCPT5)"},
    {"10 mx1 11.0.1.1 ok; 20 mx2 11.0.2.1 norelay;", VERDICT_NONE, SEV_WARN,
	"only mx1"},
    {"10 mx1 - x; 20 mx2 - x;", VERDICT_BOUNCE, SEV_CRIT,
	"OpenSMTPD -> DEFER (no address)"},
    {"10 mx1 11.0.1.1 ok; 20 mx2 11.0.1.2 ok;", VERDICT_ILLUSION, SEV_WARN,
	"if 11.0.1.0/24 dies no mail flows"},
    {"10 mx1 11.0.1.1 ok; 20 mx2 11.0.1.1 ok;", VERDICT_ILLUSION, SEV_WARN,
	"if 11.0.1.1/32 dies"},
    {"10 mx1 11.0.1.1 ok; 20 mx2 11.0.2.1 acceptsall;", VERDICT_DIRTY,
	SEV_WARN, "level 20: mx2 accepts recipients that mx1 rejects"},
    {"10 mx1 11.0.1.1 ok; 20 mx2 11.0.2.1 relay;", VERDICT_DIRTY, SEV_CRIT,
	"open relay"},
    {"10 mx1 11.0.1.1 limited; 20 mx2 11.0.2.1 ok;", VERDICT_OK, SEV_OK, ""},
    {"10 mx1 11.0.1.1 limited;", VERDICT_UNKNOWN, SEV_UNKNOWN,
	"cannot be judged"},
    {"10 mx1 11.0.1.1 filtered; 20 mx2 11.0.2.1 filtered;", VERDICT_UNKNOWN,
	SEV_UNKNOWN, "cut off, or port 25 is blocked"},
    /* what cannot be tried from here must not carry mail */
    {"10 mx1 11.0.1.1 refused; 10 mx1 2a00::1 untried; 20 mx2 11.0.2.1 ok;",
	VERDICT_DEGRADED, SEV_CRIT, "mx1 is down"},
    {"10 mx1 2a00::1 untried;", VERDICT_UNKNOWN, SEV_UNKNOWN, ""},
    /* an address that nobody outside can reach */
    {"10 mx1 10.0.0.1 untried; 20 mx2 11.0.2.1 ok;", VERDICT_DEGRADED,
	SEV_CRIT, "mx1 is down"},
    /* one of two equal ones is down: the other takes all */
    {"10 mx1 11.0.1.1 refused; 10 mx2 11.0.2.1 ok;", VERDICT_DEGRADED,
	SEV_CRIT, "mx1 is down"},
    /* dual stack: the least of senders tries two addresses of each family */
    {"10 mx1 11.0.1.1 ok; 10 mx1 2a00:1::1 ok; 20 mx2 11.0.2.1 ok;"
	"20 mx2 2a00:2::1 ok;", VERDICT_OK, SEV_OK, "strict -> mx2"},
    /* IPv6-only senders have no failover */
    {"10 mx1 11.0.1.1 ok; 10 mx1 2a00:1::1 ok; 20 mx2 11.0.2.1 ok;",
	VERDICT_PARTIAL, SEV_WARN, "over IPv6 only -> DEFER"},
};

static struct settings settings;

START_TEST(test_verdict)
{
	struct facts *facts = facts_new();
	struct findings findings;
	struct judgment *j;

	settings_init(&settings);
	mx_build(facts, cases[_i].rows);
	mx_judge(facts, &settings, &findings, &j);
	ck_assert_msg(j->verdict == cases[_i].verdict, "%s: %s, not %s (%s)",
	    cases[_i].rows, verdict_txt(j->verdict),
	    verdict_txt(cases[_i].verdict), j->sentence);
	ck_assert_int_eq(j->severity, cases[_i].severity);
	ck_assert_msg(strstr(j->sentence, cases[_i].says) != NULL,
	    "%s: \"%s\" has no \"%s\"", cases[_i].rows, j->sentence,
	    cases[_i].says);
	findings_clear(&findings);
	facts_free(facts);
}
END_TEST

/* RFC 8461 5: a policy that leaves a host out leaves it out wherever it stands:
 * checks look at a target once, the list has it twice. */
START_TEST(test_target_that_stands_twice)
{
	struct facts *facts = facts_new();
	struct facts_domain *d;
	struct findings findings;
	struct judgment *j;

	mx_build(facts, "10 mx1 11.0.1.1 ok; 20 mx2 11.0.2.1 ok; "
	    "30 mx1 11.0.1.1 ok;");
	d = facts_domain(facts, "example.com");
	d->fetch.is_had = true;
	d->fetch.digest = "";
	d->fetch.mode = STS_MODE_ENFORCE;
	facts_name_add(facts, &d->fetch.patterns, "mx2");
	mx_judge(facts, &settings, &findings, &j);
	for (size_t i = 0; i < 2; i++)
		ck_assert_ptr_nonnull(findings_get(&findings, "P04", d,
		    &d->mxs[2 * i], NULL));
	ck_assert_ptr_null(findings_get(&findings, "P04", d, &d->mxs[1],
	    NULL));
	findings_clear(&findings);
	facts_free(facts);
}
END_TEST

/* ---- monotone */

static const char *const words[] = {"ok", "ok", "ok", "refused", "filtered",
    "mute", "drop", "greet4", "greet5", "proto", "ehlo", "tlsfail", "tlshang",
    "mail4", "mail5", "norelay", "rcpt4", "grey"};

struct plan { /* of a domain: PREF and word for each host */
	unsigned pref[4], net[4];
	const char *word[4];
	size_t n;
	bool dual[4]; /* IPv6, too: the same word */
};

static unsigned
dice(unsigned *seed, unsigned sides)
{
	*seed = *seed * 1103515245 + 12345;
	return *seed / 65536 % sides;
}

static void
throw(struct plan *p, unsigned *seed)
{
	p->n = 1 + dice(seed, 4);
	for (size_t i = 0; i < p->n; i++) {
		p->pref[i] = (i > 0 ? p->pref[i - 1] : 10) +
		    10 * dice(seed, 2);
		p->word[i] = words[dice(seed, UNIT_COUNT(words))];
		p->net[i] = dice(seed, 5); /* two may share one */
		p->dual[i] = dice(seed, 4) == 0;
	}
}

static void
write_plan(char *rows, size_t cap, const struct plan *p)
{
	size_t len = 0;

	rows[0] = '\0';
	for (size_t i = 0; i < p->n; i++) {
		len += (size_t)snprintf(rows + len, cap - len,
		    "%u mx%zu 11.0.%u.%zu %s; ", p->pref[i], i, p->net[i],
		    i + 1, p->word[i]);
		if (p->dual[i])
			len += (size_t)snprintf(rows + len, cap - len,
			    "%u mx%zu 2a00:%u::%zu %s; ", p->pref[i], i,
			    p->net[i] + 1, i + 1, p->word[i]);
	}
}

static struct judgment
judged(const char *rows)
{
	struct facts *facts = facts_new();
	struct findings findings;
	struct judgment *j, out;

	mx_build(facts, rows);
	mx_judge(facts, &settings, &findings, &j);
	out = *j;
	findings_clear(&findings);
	facts_free(facts);
	return out;
}

/* A host that gets well never makes a verdict more severe, all models, orders
 * and scenarios together. Where nothing could be said before, anything may. */
START_TEST(test_monotone)
{
	struct settings_domain domain = {.name = "example.com"};
	unsigned seed = 17;
	char before[512], after[512];
	struct plan plan;

	settings_init(&settings);
	settings.domains = &domain;
	settings.n_domains = 1;
	for (unsigned round = 0; round < 20000; round++) {
		struct judgment was, is;
		size_t which;

		domain.nofailover_ok = round % 2;

		throw(&plan, &seed);
		write_plan(before, sizeof(before), &plan);
		which = dice(&seed, (unsigned)plan.n);
		plan.word[which] = "ok";
		write_plan(after, sizeof(after), &plan);
		was = judged(before);
		is = judged(after);
		if (was.verdict == VERDICT_UNKNOWN)
			continue;
		ck_assert_msg(is.verdict != VERDICT_UNKNOWN &&
		    is.severity <= was.severity, "%s is %s %s, but %s is %s %s",
		    before, verdict_txt(was.verdict),
		    severity_txt(was.severity), after,
		    verdict_txt(is.verdict), severity_txt(is.severity));
	}
}
END_TEST

UNIT_MAIN("verdict", UNIT_EACH(test_verdict, cases),
    UNIT_ONCE(test_target_that_stands_twice),
    UNIT_ONCE(test_monotone))
