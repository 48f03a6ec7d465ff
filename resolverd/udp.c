/*
 * The hot loop: up to BATCH packets in with one system call, the answers that
 * are ready out with one. The buffers are shared by all sockets of the worker,
 * since one thread serves them one after the other.
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <netinet/in.h>

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "lib/log.h"
#include "lib/xalloc.h"
#include "resolverd/admission.h"
#include "resolverd/query.h"
#include "resolverd/udp.h"

#define BATCH 64
#define ROUNDS 8 /* batches before other events get their turn */
#define CONTROL_MAX 64 /* room for one IP_PKTINFO or IPV6_PKTINFO */
#define PACKET_MAX 1232 /* of a question; a longer one is cut: FORMERR */

struct batch {
	struct mmsghdr in[BATCH], out[BATCH];
	struct iovec in_iov[BATCH], out_iov[BATCH];
	struct sockaddr_in6 from[BATCH];
	_Alignas(16) uint8_t control[BATCH][CONTROL_MAX];
	struct client client[BATCH];
	struct handling handling[BATCH];
	uint8_t packet[BATCH][PACKET_MAX];
	uint8_t reply[BATCH][QUERY_UDP_MAX];
};

struct udp_socket {
	int fd;
	bool wildcard;
	struct event *ev;
	struct handler *h;
};

/* ---- answers that come later: the way back is a copy of the way here */

struct way_back {
	int fd;
	struct sockaddr_in6 to; /* large enough for both families */
	socklen_t to_len;
	size_t control_len;
	_Alignas(16) uint8_t control[CONTROL_MAX];
};

static void *
udp_keep(const struct client *client)
{
	const struct udp_socket *s = client->endpoint;
	const struct msghdr *from = client->from;
	struct way_back *back = malloc(sizeof(*back));

	if (back == NULL)
		return NULL;
	assert(from->msg_namelen <= sizeof(back->to));
	back->fd = s->fd;
	memcpy(&back->to, from->msg_name, from->msg_namelen);
	back->to_len = from->msg_namelen;
	back->control_len = s->wildcard ? from->msg_controllen : 0;
	assert(back->control_len <= sizeof(back->control));
	if (back->control_len > 0)
		memcpy(back->control, from->msg_control, back->control_len);
	return back;
}

static void
udp_answer(void *kept, const uint8_t *msg, size_t len)
{
	struct way_back *back = kept;
	struct iovec iov;
	struct msghdr m = { .msg_name = &back->to, .msg_namelen = back->to_len,
		.msg_iov = &iov, .msg_iovlen = 1 };
	union {
		const uint8_t *in;
		void *out;
	} unconst = { .in = msg }; /* sendmsg() takes no const */

	iov.iov_base = unconst.out;
	iov.iov_len = len;
	if (back->control_len > 0) {
		m.msg_control = back->control;
		m.msg_controllen = back->control_len;
	}
	/* a failure is a lost packet; the client asks again */
	while (len > 0 && sendmsg(back->fd, &m, MSG_DONTWAIT) == -1 &&
	    errno == EINTR)
		;
	free(back);
}

static const struct transport udp_transport = {
	.is_datagram = true,
	.keep = udp_keep,
	.answer = udp_answer,
};

/* ---- the loop */

static struct batch *
batch_get(void)
{
	static struct batch *b;

	if (b != NULL)
		return b;
	b = xcalloc(1, sizeof(*b));
	for (unsigned i = 0; i < BATCH; i++) {
		b->in_iov[i].iov_base = b->packet[i];
		b->in_iov[i].iov_len = PACKET_MAX;
		b->in[i].msg_hdr.msg_iov = &b->in_iov[i];
		b->in[i].msg_hdr.msg_iovlen = 1;
		b->in[i].msg_hdr.msg_name = &b->from[i];
		b->out[i].msg_hdr.msg_iov = &b->out_iov[i];
		b->out[i].msg_hdr.msg_iovlen = 1;
	}
	return b;
}

static int
receive(const struct udp_socket *s, struct batch *b)
{
	for (unsigned i = 0; i < BATCH; i++) {
		struct msghdr *m = &b->in[i].msg_hdr;

		m->msg_namelen = sizeof(b->from[i]);
		m->msg_control = s->wildcard ? b->control[i] : NULL;
		m->msg_controllen = s->wildcard ? CONTROL_MAX : 0;
	}
	return recvmmsg(s->fd, b->in, BATCH, MSG_DONTWAIT, NULL);
}

/*
 * Sends n answers. One that cannot be sent is given up: to its client it is a
 * lost packet, and the others must not wait for it.
 */
static void
send_all(const struct udp_socket *s, struct batch *b, unsigned n)
{
	unsigned done = 0;

	while (done < n) {
		int sent = sendmmsg(s->fd, b->out + done, n - done, 0);

		if (sent == -1 && errno == EINTR)
			continue;
		done += sent > 0 ? (unsigned)sent : 1;
	}
}

static void
begin_batch(struct udp_socket *s, struct batch *b, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct client *client = &b->client[i];

		client->transport = &udp_transport;
		client->endpoint = s;
		client->from = &b->in[i].msg_hdr;
		admission_of_address(client, s->h->conf,
		    (const struct sockaddr *)client->from->msg_name);
		handle_begin(s->h, &b->handling[i], client, b->packet[i],
		    b->in[i].msg_len, b->reply[i], QUERY_UDP_MAX);
	}
}

/* Returns how many answers are ready. */
static unsigned
end_batch(struct udp_socket *s, struct batch *b, unsigned n)
{
	unsigned ready = 0;

	for (unsigned i = 0; i < n; i++) {
		const struct msghdr *m = &b->in[i].msg_hdr;
		size_t len = handle_end(s->h, &b->handling[i], &b->client[i]);

		if (len == 0)
			continue;
		b->out_iov[ready].iov_base = b->reply[i];
		b->out_iov[ready].iov_len = len;
		b->out[ready].msg_hdr.msg_name = m->msg_name;
		b->out[ready].msg_hdr.msg_namelen = m->msg_namelen;
		b->out[ready].msg_hdr.msg_control = m->msg_control;
		b->out[ready].msg_hdr.msg_controllen =
		    s->wildcard ? m->msg_controllen : 0;
		ready++;
	}
	return ready;
}

/* Handles n packets; returns how many answers are ready. */
static unsigned
handle_batch(struct udp_socket *s, struct batch *b, unsigned n)
{
	begin_batch(s, b, n);
	for (unsigned step = 0; n > 1 && step < HANDLE_FETCH_STEPS; step++)
		for (unsigned i = 0; i < n; i++)
			handle_fetch(&b->handling[i], step);
	return end_batch(s, b, n);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct udp_socket *s = arg;
	struct batch *b = batch_get();

	(void)fd;
	(void)what;
	for (unsigned round = 0; round < ROUNDS; round++) {
		int n = receive(s, b);

		if (n <= 0)
			break;
		send_all(s, b, handle_batch(s, b, (unsigned)n));
		handle_batch_done(s->h);
		if (n < BATCH)
			break;
	}
}

struct udp_socket *
udp_serve(struct event_base *base, int fd, bool wildcard, struct handler *h)
{
	struct udp_socket *s = xcalloc(1, sizeof(*s));

	s->fd = fd;
	s->wildcard = wildcard;
	s->h = h;
	s->ev = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, s);
	if (s->ev == NULL || event_add(s->ev, NULL) == -1)
		fatal("udp: cannot watch a socket");
	return s;
}

void
udp_stop(struct udp_socket *s)
{
	/* what had arrived before is still answered */
	on_readable(s->fd, EV_READ, s);
	event_del(s->ev);
}

void
udp_free(struct udp_socket *s)
{
	if (s == NULL)
		return;
	event_free(s->ev);
	free(s);
}
