/*
 * For probe.c and probe_*.c: one session. It is a row of states: one is entered
 * by probe_begin(), which names the facts that it fills and sets its deadline;
 * it ends by a reply, by the end of the connection or by the deadline, and the
 * conversation says what comes next.
 */
#ifndef TOOLS_MXCHECK_PROBE_IMPL_H
#define TOOLS_MXCHECK_PROBE_IMPL_H

#include "tools/mxcheck/imap.h"
#include "tools/mxcheck/pop.h"
#include "tools/mxcheck/probe.h"
#include "tools/mxcheck/reply.h"

#define SESSION_BYTES_MAX 65536
#define OUT_MAX 16384

enum state {
	CONNECT,
	GREETING,
	EHLO,
	HELO,
	STARTTLS,
	HANDSHAKE,
	EHLO_TLS,
	MAIL,
	RCPT,
	RSET,
	QUIT,
	OVER,
};

struct probe;

/* What is said when, and how replies are read. */
struct probe_talk {
	void (*connected)(struct probe *p); /* the first state begins */
	void (*shaken)(struct probe *p);    /* TLS is on */
	/* the reply to a state is whole; left bytes stand behind it */
	void (*replied)(struct probe *p, size_t left);
	/* the reader of the reply: begin, bytes, what it read */
	void (*expect)(struct probe *p);
	enum reply_status (*feed)(struct probe *p, const uint8_t *bytes,
	    size_t len, size_t *used);
	void (*keep)(struct probe *p, struct facts_reply *out);
};

extern const struct probe_talk probe_talk; /* with an MX */
extern const struct probe_talk probe_access; /* with a service for users */

struct probe {
	const struct probe_how *how;
	const struct probe_talk *talk;
	struct facts_endpoint *ep;    /* one of these is NULL */
	struct facts_access *access;
	const char *name;	      /* of the server, for SNI */
	const struct facts_addr *addr;
	struct facts_probe *found; /* in ep or access */
	enum state state;
	struct facts_step *step; /* what the state fills */
	struct facts_step other; /* for states that nobody asks about */
	uint64_t began_ms;	 /* the step */
	uint64_t until_ms;	 /* the session */
	size_t turn;		 /* the transaction: a recipient each */
	size_t bytes_in;
	int fd;
	struct event *readable, *writable, *timer, *over;
	union {
		struct reply smtp;
		struct imap_reply imap;
		struct pop_reply pop;
	} reply;
	struct tls *tls;
	bool tls_is_on;
	uint8_t out[OUT_MAX];
	size_t out_len;
};

/* probe.c */
void probe_begin(struct probe *p, enum state state, struct facts_step *step,
    enum facts_stage stage);
void probe_begin_stage(struct probe *p, enum state state,
    enum facts_stage stage);
void probe_end_step(struct probe *p, enum facts_end end);
/* The step failed, and with it the session. */
void probe_lose(struct probe *p, enum facts_end end);
/* A command, without its line end. */
void probe_send(struct probe *p, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* The handshake begins. What came in clear text behind the reply to STARTTLS,
 * left bytes of it read already, is dropped: CVE-2011-0411. */
void probe_begin_tls(struct probe *p, size_t left);

/* probe_talk.c: replies of SMTP, as members of a struct probe_talk */
void probe_smtp_expect(struct probe *p);
enum reply_status probe_smtp_feed(struct probe *p, const uint8_t *bytes,
    size_t len, size_t *used);
void probe_smtp_keep(struct probe *p, struct facts_reply *out);

#endif
