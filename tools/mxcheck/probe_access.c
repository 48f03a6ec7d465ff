/*
 * What is said to a service for users: submission, IMAP or POP3, in clear text
 * first or in TLS from the start. What it can do is asked for, TLS is begun if
 * it is offered, then the session is ended in the way of its protocol. Nobody
 * logs in: there is no command for that here.
 */
#include <string.h>

#include "tools/mxcheck/probe_impl.h"

enum protocol { SMTP, IMAP, POP };

static enum protocol
protocol_of(const struct probe *p)
{
	switch (p->access->service) {
	case FACTS_SUBMISSIONS:
	case FACTS_SUBMISSION:
		return SMTP;
	case FACTS_IMAPS:
	case FACTS_IMAP:
		return IMAP;
	default:
		return POP;
	}
}

/* Tags of IMAP are those of the commands. */
static const struct {
	const char *capabilities, *starttls, *quit;
	const char *tls_word; /* among the capabilities */
} commands[] = {
    [SMTP] = {NULL, "STARTTLS", "QUIT", "STARTTLS"},
    [IMAP] = {"c CAPABILITY", "s STARTTLS", "q LOGOUT", "STARTTLS"},
    [POP] = {"CAPA", "STLS", "QUIT", "STLS"},
};

/* ---- replies */

static const char *
tag_of(enum state state)
{
	return state == EHLO || state == EHLO_TLS ? "c" :
	    state == STARTTLS ? "s" : state == QUIT ? "q" : NULL;
}

static void
expect(struct probe *p)
{
	switch (protocol_of(p)) {
	case SMTP:
		probe_smtp_expect(p);
		break;
	case IMAP:
		imap_reply_init(&p->reply.imap, tag_of(p->state));
		break;
	case POP:
		pop_reply_init(&p->reply.pop,
		    p->state == EHLO || p->state == EHLO_TLS);
		break;
	}
}

static enum reply_status
feed(struct probe *p, const uint8_t *bytes, size_t len, size_t *used)
{
	switch (protocol_of(p)) {
	case SMTP:
		return probe_smtp_feed(p, bytes, len, used);
	case IMAP:
		return imap_reply_feed(&p->reply.imap, bytes, len, used);
	default:
		return pop_reply_feed(&p->reply.pop, bytes, len, used);
	}
}

static void
keep(struct probe *p, struct facts_reply *out)
{
	switch (protocol_of(p)) {
	case SMTP:
		probe_smtp_keep(p, out);
		break;
	case IMAP:
		lines_to_facts(&p->reply.imap.lines, p->reply.imap.code,
		    p->how->facts, out);
		p->access->preauth |= p->reply.imap.preauth;
		break;
	case POP:
		lines_to_facts(&p->reply.pop.lines, p->reply.pop.code,
		    p->how->facts, out);
		break;
	}
}

static void
keep_words(struct probe *p, struct facts_ehlo *out)
{
	if (protocol_of(p) == SMTP)
		reply_to_ehlo(&p->reply.smtp, p->how->facts, out);
	else
		lines_to_words(protocol_of(p) == IMAP ? &p->reply.imap.lines :
		    &p->reply.pop.lines, p->how->facts, out);
}

static bool
is_ok(const struct probe *p)
{
	switch (protocol_of(p)) {
	case SMTP:
		return p->reply.smtp.code / 100 == 2;
	case IMAP:
		return p->reply.imap.code == FACTS_REPLY_OK;
	default:
		return p->reply.pop.code == FACTS_REPLY_OK;
	}
}

/* ---- what is said */

static void
say_quit(struct probe *p)
{
	probe_begin_stage(p, QUIT, FACTS_QUIT);
	probe_send(p, "%s", commands[protocol_of(p)].quit);
}

static void
ask(struct probe *p, enum state state, enum facts_stage stage)
{
	probe_begin_stage(p, state, stage);
	if (protocol_of(p) == SMTP)
		probe_send(p, "EHLO %s", p->how->facts->helo);
	else
		probe_send(p, "%s", commands[protocol_of(p)].capabilities);
}

static void
after_capabilities(struct probe *p)
{
	const char *word = commands[protocol_of(p)].tls_word;

	keep_words(p, &p->found->ehlo);
	if (facts_ehlo_keyword(&p->found->ehlo, word) == NULL) {
		say_quit(p);
		return;
	}
	probe_begin_stage(p, STARTTLS, FACTS_STARTTLS);
	probe_send(p, "%s", commands[protocol_of(p)].starttls);
}

static void
replied(struct probe *p, size_t left)
{
	switch (p->state) {
	case GREETING:
		if (is_ok(p))
			ask(p, p->tls_is_on ? EHLO_TLS : EHLO,
			    p->tls_is_on ? FACTS_EHLO_TLS : FACTS_EHLO);
		else
			say_quit(p);
		return;
	case EHLO:
		if (is_ok(p))
			after_capabilities(p);
		else
			say_quit(p);
		return;
	case STARTTLS:
		if (is_ok(p))
			probe_begin_tls(p, left);
		else
			say_quit(p);
		return;
	case EHLO_TLS:
		if (is_ok(p))
			keep_words(p, &p->found->ehlo_tls);
		say_quit(p);
		return;
	default:
		probe_lose(p, FACTS_END_DONE);
	}
}

static void
connected(struct probe *p)
{
	if (facts_service_is_tls(p->access->service))
		probe_begin_tls(p, 0);
	else
		probe_begin_stage(p, GREETING, FACTS_GREETING);
}

/* The names that users know it by are those of their domains. */
static void
keep_names(struct probe *p)
{
	struct facts_access *access = p->access;
	const char *service = facts_service_txt(access->service);

	for (size_t i = 0; i < access->domains.n; i++)
		if (tls_matches(p->tls, access->domains.name[i]) == FACTS_YES ||
		    tls_matches_srv(p->tls, service, access->domains.name[i]))
			facts_name_add(p->how->facts, &access->good_for,
			    access->domains.name[i]);
}

static void
shaken(struct probe *p)
{
	keep_names(p);
	if (facts_service_is_tls(p->access->service))
		probe_begin_stage(p, GREETING, FACTS_GREETING);
	else
		ask(p, EHLO_TLS, FACTS_EHLO_TLS);
}

const struct probe_talk probe_access = {
    .connected = connected,
    .shaken = shaken,
    .replied = replied,
    .expect = expect,
    .feed = feed,
    .keep = keep,
};
