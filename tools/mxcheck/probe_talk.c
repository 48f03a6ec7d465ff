/*
 * What is said when: greeting, EHLO, STARTTLS, a transaction for each
 * recipient, QUIT.
 */
#include <stdio.h>

#include "lib/dname.h"
#include "tools/mxcheck/probe_impl.h"

static void
say_quit(struct probe *p)
{
	probe_begin_stage(p, QUIT, FACTS_QUIT);
	probe_send(p, "QUIT");
}

static size_t
n_turns(const struct probe *p)
{
	return 2 * p->found->n_rcpts + p->how->settings->relay;
}

/* The next recipient, or the end. */
static void
say_mail(struct probe *p)
{
	if (p->how->settings->rcpt == RCPT_NONE || p->turn >= n_turns(p)) {
		say_quit(p);
		return;
	}
	if (p->turn == 0)
		probe_begin_stage(p, MAIL, FACTS_MAIL);
	else
		probe_begin(p, MAIL, &p->other, FACTS_MAIL);
	probe_send(p, "MAIL FROM:<>");
}

/*
 * A local part that nobody has, always the same for a domain: greylisting lets
 * it pass at a later run, and no counter of guessed names grows.
 */
static void
unknown_local(char *out, size_t cap, const char *helo, const char *domain)
{
	uint64_t h = DNAME_HASH_ROOT;

	for (const char *s = domain; *s != '\0'; s++)
		h = dname_hash_mix(h ^ (uint8_t)*s, 0xe7037ed1a0b428dbull);
	for (const char *s = helo; *s != '\0'; s++)
		h = dname_hash_mix(h ^ (uint8_t)*s, 0x8ebc6af09c88c6e3ull);
	snprintf(out, cap, "mxcheck-%012llx",
	    (unsigned long long)(h & 0xffffffffffffull));
}

static void
say_rcpt(struct probe *p)
{
	struct facts_rcpt *rcpt = &p->found->rcpts[p->turn / 2];
	char local[32];

	if (p->turn / 2 == p->found->n_rcpts) {
		probe_begin_stage(p, RCPT, FACTS_RELAY);
		probe_send(p, "RCPT TO:<%s>", p->how->settings->relay_target);
	} else if (p->turn % 2 == 0) {
		probe_begin(p, RCPT, &rcpt->postmaster, FACTS_MAIL);
		probe_send(p, "RCPT TO:<postmaster@%s>", rcpt->domain->name);
	} else {
		unknown_local(local, sizeof(local), p->how->facts->helo,
		    rcpt->domain->name);
		probe_begin(p, RCPT, &rcpt->unknown, FACTS_MAIL);
		probe_send(p, "RCPT TO:<%s@%s>", local, rcpt->domain->name);
	}
}

static void
begin_greeting(struct probe *p)
{
	probe_begin_stage(p, GREETING, FACTS_GREETING);
}

static void
say_ehlo_again(struct probe *p)
{
	p->found->tls.tlsa_matches = tls_dane(p->tls, p->ep->host);
	if (p->how->use_tls >= PROBE_TLS_RSA) { /* that was it */
		say_quit(p);
		return;
	}
	probe_begin_stage(p, EHLO_TLS, FACTS_EHLO_TLS);
	probe_send(p, "EHLO %s", p->how->facts->helo);
}

static void
after_ehlo(struct probe *p)
{
	reply_to_ehlo(&p->reply.smtp, p->how->facts, &p->found->ehlo);
	if (p->how->use_tls != PROBE_CLEAR &&
	    facts_ehlo_keyword(&p->found->ehlo, "STARTTLS") != NULL) {
		probe_begin_stage(p, STARTTLS, FACTS_STARTTLS);
		probe_send(p, "STARTTLS");
	} else {
		say_mail(p);
	}
}

static void
on_reply(struct probe *p, size_t left)
{
	unsigned code = p->reply.smtp.code;

	switch (p->state) {
	case GREETING:
		if (code != 220) {
			say_quit(p);
			return;
		}
		probe_begin_stage(p, EHLO, FACTS_EHLO);
		probe_send(p, "EHLO %s", p->how->facts->helo);
		return;
	case EHLO:
		if (code == 250) {
			after_ehlo(p);
		} else if (code / 100 == 5) {
			probe_begin_stage(p, HELO, FACTS_HELO);
			probe_send(p, "HELO %s", p->how->facts->helo);
		} else {
			say_quit(p);
		}
		return;
	case EHLO_TLS:
		if (code == 250)
			reply_to_ehlo(&p->reply.smtp, p->how->facts,
			    &p->found->ehlo_tls);
		/* FALLTHROUGH */
	case HELO:
		if (code == 250)
			say_mail(p);
		else
			say_quit(p);
		return;
	case STARTTLS:
		if (code == 220)
			probe_begin_tls(p, left);
		else
			say_mail(p);
		return;
	case MAIL:
		if (code / 100 == 2)
			say_rcpt(p);
		else
			say_quit(p);
		return;
	case RCPT:
		probe_begin(p, RSET, &p->other, FACTS_MAIL);
		probe_send(p, "RSET");
		return;
	case RSET:
		p->turn++;
		if (code / 100 == 2)
			say_mail(p);
		else
			say_quit(p);
		return;
	default:
		probe_lose(p, FACTS_END_DONE);
	}
}

/* ---- replies of SMTP */

void
probe_smtp_expect(struct probe *p)
{
	reply_init(&p->reply.smtp);
}

enum reply_status
probe_smtp_feed(struct probe *p, const uint8_t *bytes, size_t len,
    size_t *used)
{
	return reply_feed(&p->reply.smtp, bytes, len, used);
}

void
probe_smtp_keep(struct probe *p, struct facts_reply *out)
{
	reply_to_facts(&p->reply.smtp, p->how->facts, out);
	if (out->text[0] == '\0' && p->reply.smtp.broken != NULL)
		out->text = p->reply.smtp.broken;
}

const struct probe_talk probe_talk = {
    .connected = begin_greeting,
    .shaken = say_ehlo_again,
    .replied = on_reply,
    .expect = probe_smtp_expect,
    .feed = probe_smtp_feed,
    .keep = probe_smtp_keep,
};
