/*
 * Facts for the judgment of mxcheck, written as "10 mx1 11.0.1.1 ok; 20 mx2
 * 11.0.2.1 refused;": nothing is resolved or dialled.
 */
#ifndef TESTS_UNIT_MX_FACTS_H
#define TESTS_UNIT_MX_FACTS_H

#include <stdio.h>
#include <string.h>

#include "tools/mxcheck/check.h"
#include "tools/mxcheck/judge.h"

static void
mx_step(struct facts_step *s, enum facts_end end, uint16_t code,
    const char *text)
{
	s->end = end;
	s->reply.code = code;
	s->reply.text = text;
	s->ms = 10;
}

/* Where a session ends; what is not here goes on. */
static const struct {
	const char *word;
	enum facts_stage stage;
	enum facts_end end;
	uint16_t code;
	const char *text;
} mx_ends[] = {
    {"refused", FACTS_CONNECT, FACTS_END_REFUSED, 0, ""},
    {"filtered", FACTS_CONNECT, FACTS_END_TIMEOUT, 0, ""},
    {"limited", FACTS_GREETING, FACTS_END_DONE, 421, "too many connections"},
    {"mute", FACTS_GREETING, FACTS_END_TIMEOUT, 0, ""},
    {"drop", FACTS_GREETING, FACTS_END_CLOSED, 0, ""},
    {"greet4", FACTS_GREETING, FACTS_END_DONE, 421, "later"},
    {"greet5", FACTS_GREETING, FACTS_END_DONE, 554, "no"},
    {"proto", FACTS_GREETING, FACTS_END_PROTO, 0, ""},
    {"ehlo", FACTS_EHLO, FACTS_END_TIMEOUT, 0, ""},
    {"tlsfail", FACTS_TLS, FACTS_END_PROTO, 0, ""},
    {"tlshang", FACTS_TLS, FACTS_END_TIMEOUT, 0, ""},
    {"mail4", FACTS_MAIL, FACTS_END_DONE, 451, "later"},
    {"mail5", FACTS_MAIL, FACTS_END_DONE, 550, "no"},
};

/* A session that finds nothing wrong, in clear text. */
static void
mx_fill_well(struct facts_probe *p, struct facts *facts,
    const struct facts_domain *domain, const char *name)
{
	for (unsigned i = 0; i < FACTS_STAGES; i++)
		p->step[i].reply.text = "";
	p->ehlo.name = name;
	p->rcpts = facts_alloc(facts, 1, sizeof(*p->rcpts));
	p->n_rcpts = 1;
	p->rcpts[0].domain = domain;
	mx_step(&p->step[FACTS_CONNECT], FACTS_END_DONE, 0, "");
	mx_step(&p->step[FACTS_GREETING], FACTS_END_DONE, 220, name);
	mx_step(&p->step[FACTS_EHLO], FACTS_END_DONE, 250, name);
	mx_step(&p->step[FACTS_MAIL], FACTS_END_DONE, 250, "");
	mx_step(&p->rcpts[0].postmaster, FACTS_END_DONE, 250, "");
	mx_step(&p->rcpts[0].unknown, FACTS_END_DONE, 550, "");
	mx_step(&p->step[FACTS_RELAY], FACTS_END_DONE, 554, "");
	mx_step(&p->step[FACTS_QUIT], FACTS_END_DONE, 221, "");
}

/* It ends there, unless it is the handshake: clear text goes on. */
static void
mx_cut(struct facts_probe *p, enum facts_stage stage, enum facts_end end,
    uint16_t code, const char *text)
{
	mx_step(&p->step[stage], end, code, text);
	if (stage == FACTS_TLS)
		return;
	for (unsigned i = stage + 1; i < FACTS_STAGES; i++)
		mx_step(&p->step[i], FACTS_END_NONE, 0, "");
	mx_step(&p->rcpts[0].postmaster, FACTS_END_NONE, 0, "");
	mx_step(&p->rcpts[0].unknown, FACTS_END_NONE, 0, "");
}

static void
mx_fill(struct facts *facts, struct facts_domain *domain,
    struct facts_endpoint *ep, const char *word)
{
	struct facts_probe *p = &ep->probe;
	struct facts_rcpt *rcpt;

	mx_fill_well(p, facts, domain, ep->host->name);
	rcpt = &p->rcpts[0];
	for (size_t i = 0; i < sizeof(mx_ends) / sizeof(mx_ends[0]); i++)
		if (strcmp(word, mx_ends[i].word) == 0)
			mx_cut(p, mx_ends[i].stage, mx_ends[i].end,
			    mx_ends[i].code, mx_ends[i].text);
	if (strcmp(word, "untried") == 0) {
		ep->untried = "no route for its family from here";
		mx_cut(p, FACTS_CONNECT, FACTS_END_NONE, 0, "");
	} else if (strcmp(word, "norelay") == 0) {
		rcpt->postmaster.reply.code = 554;
	} else if (strcmp(word, "rcpt4") == 0) {
		rcpt->postmaster.reply.code = 452;
	} else if (strcmp(word, "grey") == 0) {
		mx_step(&rcpt->postmaster, FACTS_END_DONE, 450, "greylisted");
	} else if (strcmp(word, "acceptsall") == 0) {
		rcpt->unknown.reply.code = 250;
	} else if (strcmp(word, "relay") == 0) {
		p->step[FACTS_RELAY].reply.code = 250;
	}
}

/* rows: "PREF HOST ADDR WORD; ..."; ADDR "-" for none. */
static void
mx_build(struct facts *facts, const char *rows)
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
		mx_fill(facts, domain, facts_endpoint(facts, mx->host, &addr),
		    word);
	}
}

static void
mx_judge(struct facts *facts, const struct settings *settings,
    struct findings *findings, struct judgment **out)
{
	findings_init(findings, facts);
	check_all(findings, facts, settings);
	*out = judge_all(facts, settings, findings);
}

#endif
