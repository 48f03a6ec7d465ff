/*
 * From facts to a verdict: checks, scenarios, sentence. Facts are written as
 * "10 mx1=ok 20 mx2=refused"; nothing is resolved or dialled.
 */
#include <sys/socket.h>

#include "tests/unit/unit.h"
#include "tools/mxcheck/check.h"
#include "tools/mxcheck/judge.h"

static void
step(struct facts_step *s, enum facts_end end, uint16_t code, const char *text)
{
	s->end = end;
	s->reply.code = code;
	s->reply.text = text;
	s->ms = 10;
}

/* A probe up to where its word says. */
static void
fill(struct facts *facts, struct facts_domain *domain,
    struct facts_endpoint *ep, const char *word)
{
	struct facts_probe *p = &ep->probe;

	for (unsigned i = 0; i < FACTS_STAGES; i++)
		p->step[i].reply.text = "";
	p->ehlo.name = ep->host->name;
	p->rcpts = facts_alloc(facts, 1, sizeof(*p->rcpts));
	p->n_rcpts = 1;
	p->rcpts[0].domain = domain;
	step(&p->rcpts[0].postmaster, FACTS_END_NONE, 0, "");
	step(&p->rcpts[0].unknown, FACTS_END_NONE, 0, "");
	if (strcmp(word, "untried") == 0) {
		ep->untried = "no route for its family from here";
		return;
	}
	if (strcmp(word, "refused") == 0 || strcmp(word, "filtered") == 0) {
		step(&p->step[FACTS_CONNECT], *word == 'r' ?
		    FACTS_END_REFUSED : FACTS_END_TIMEOUT, 0, "");
		return;
	}
	step(&p->step[FACTS_CONNECT], FACTS_END_DONE, 0, "");
	if (strcmp(word, "limited") == 0) {
		step(&p->step[FACTS_GREETING], FACTS_END_DONE, 421,
		    "too many connections");
		return;
	}
	step(&p->step[FACTS_GREETING], FACTS_END_DONE, 220, ep->host->name);
	step(&p->step[FACTS_EHLO], FACTS_END_DONE, 250, ep->host->name);
	step(&p->step[FACTS_MAIL], FACTS_END_DONE, 250, "");
	step(&p->rcpts[0].postmaster, FACTS_END_DONE,
	    strcmp(word, "norelay") == 0 ? 554 : 250, "");
	step(&p->rcpts[0].unknown, FACTS_END_DONE,
	    strcmp(word, "acceptsall") == 0 ? 250 : 550, "");
	step(&p->step[FACTS_RELAY], FACTS_END_DONE,
	    strcmp(word, "relay") == 0 ? 250 : 554, "");
	step(&p->step[FACTS_QUIT], FACTS_END_DONE, 221, "");
}

/* rows: "PREF HOST ADDR WORD; ..."; ADDR "-" for none. */
static void
build(struct facts *facts, const char *rows)
{
	struct facts_domain *domain = facts_domain(facts, "example.com");
	char host[64], addr_txt[64], word[32];
	struct facts_mx *mx;
	struct addr addr;
	unsigned pref;
	int n;

	facts->helo = "probe.example";
	domain->mx.dns = FACTS_EXISTS;
	domain->mxs = facts_alloc(facts, 16, sizeof(*domain->mxs));
	while (sscanf(rows, " %u %63s %63s %31[^;];%n", &pref, host, addr_txt,
	    word, &n) == 4) {
		rows += n;
		mx = &domain->mxs[domain->n_mxs];
		if (domain->n_mxs == 0 ||
		    strcmp(mx[-1].target, host) != 0) {
			domain->n_mxs++;
			mx->pref = (uint16_t)pref;
			mx->target = facts_str(facts, host);
			if (strcmp(host, ".") != 0)
				mx->host = facts_host(facts, host);
		} else {
			mx--;
		}
		if (addr_parse(&addr, addr_txt) != 0)
			continue;
		mx->host->a.dns = FACTS_EXISTS;
		fill(facts, domain, facts_endpoint(facts, mx->host, &addr),
		    word);
	}
}

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

static void
judge(struct facts *facts, struct findings *findings, struct judgment **out)
{
	static struct settings settings;

	settings_init(&settings);
	findings_init(findings, facts);
	check_all(findings, facts, &settings);
	*out = judge_all(facts, &settings, findings);
}

START_TEST(test_verdict)
{
	struct facts *facts = facts_new();
	struct findings findings;
	struct judgment *j;

	build(facts, cases[_i].rows);
	judge(facts, &findings, &j);
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

	build(facts, "10 mx1 11.0.1.1 ok; 20 mx2 11.0.2.1 ok; "
	    "30 mx1 11.0.1.1 ok;");
	d = facts_domain(facts, "example.com");
	d->fetch.is_had = true;
	d->fetch.digest = "";
	d->fetch.mode = STS_MODE_ENFORCE;
	facts_name_add(facts, &d->fetch.patterns, "mx2");
	judge(facts, &findings, &j);
	for (size_t i = 0; i < 2; i++)
		ck_assert_ptr_nonnull(findings_get(&findings, "P04", d,
		    &d->mxs[2 * i], NULL));
	ck_assert_ptr_null(findings_get(&findings, "P04", d, &d->mxs[1],
	    NULL));
	findings_clear(&findings);
	facts_free(facts);
}
END_TEST

/* Monotone: what breaks besides never makes a verdict better. */
START_TEST(test_more_faults_are_never_better)
{
	static const char *const words[] = {"ok", "refused"};
	enum verdict verdict[2][2];
	char rows[128];

	for (unsigned a = 0; a < 2; a++)
		for (unsigned b = 0; b < 2; b++) {
			struct facts *facts = facts_new();
			struct findings findings;
			struct judgment *j;

			snprintf(rows, sizeof(rows), "10 mx1 11.0.1.1 %s; "
			    "20 mx2 11.0.2.1 %s;", words[a], words[b]);
			build(facts, rows);
			judge(facts, &findings, &j);
			verdict[a][b] = j->verdict;
			findings_clear(&findings);
			facts_free(facts);
		}
	ck_assert(verdict[0][0] < verdict[0][1]);
	ck_assert(verdict[0][0] < verdict[1][0]);
	ck_assert(verdict[0][1] < verdict[1][1]);
	ck_assert(verdict[1][0] < verdict[1][1]);
}
END_TEST

UNIT_MAIN("verdict", UNIT_EACH(test_verdict, cases),
    UNIT_ONCE(test_target_that_stands_twice),
    UNIT_ONCE(test_more_faults_are_never_better))
