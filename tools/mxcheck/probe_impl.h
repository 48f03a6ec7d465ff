/*
 * For probe.c and probe_talk.c: one session. It is a row of states: one is
 * entered by probe_begin(), which names the facts that it fills and sets its
 * deadline; it ends by a reply, by the end of the connection or by the
 * deadline, and probe_on_reply() says what comes next.
 */
#ifndef TOOLS_MXCHECK_PROBE_IMPL_H
#define TOOLS_MXCHECK_PROBE_IMPL_H

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

struct probe {
	const struct probe_how *how;
	struct facts_endpoint *ep;
	struct facts_probe *found; /* in ep */
	enum state state;
	struct facts_step *step; /* what the state fills */
	struct facts_step other; /* for states that nobody asks about */
	uint64_t began_ms;	 /* the step */
	uint64_t until_ms;	 /* the session */
	size_t turn;		 /* the transaction: a recipient each */
	size_t bytes_in;
	int fd;
	struct event *readable, *writable, *timer, *over;
	struct reply reply;
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
void probe_flush(struct probe *p);

/* probe_talk.c */
/* The whole reply to the state is there; left bytes stand behind it. */
void probe_on_reply(struct probe *p, size_t left);
/* Goes on with the handshake, as far as what came in carries. */
void probe_shake_hands(struct probe *p);

#endif
