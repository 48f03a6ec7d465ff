/*
 * The load client's sending and receiving. Neither writes into a packet: a
 * query's id is its place in the question file, modulo 65536. An answer counts
 * if its id is outstanding on that very socket and it repeats the question.
 *
 * A run of questions of equal length is handed over as one UDP_SEGMENT message,
 * which the kernel cuts up only at the receiving socket: the server gets the
 * same datagrams, and the client spends half the time on them.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "flight.h"

#define ANSWER_MAX 1024

void
flight_open(struct flight *f, const char *addr, const char *port)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	bool is_v4 = inet_pton(AF_INET, addr, &in.sin_addr) == 1;
	int fd, rcvbuf = 4 << 20;
	unsigned i;

	if (is_v4 ? ntohl(in.sin_addr.s_addr) >> 24 != 127
		  : inet_pton(AF_INET6, addr, &in6.sin6_addr) != 1 ||
		    !IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr))
		errx(2, "%s is not a loopback address", addr);
	in.sin_port = in6.sin6_port = htons((uint16_t)atoi(port));
	for (i = 0; i < f->n_socks; i++) {
		fd = socket(is_v4 ? AF_INET : AF_INET6,
		    SOCK_DGRAM | SOCK_NONBLOCK, 0);
		if (fd == -1)
			err(1, "socket");
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &rcvbuf, sizeof(rcvbuf));
		if (is_v4 ? connect(fd, (void *)&in, sizeof(in))
			  : connect(fd, (void *)&in6, sizeof(in6)))
			err(1, "connect");
		f->socks[i] = fd;
	}
}

static const struct packet *
next_packet(const struct flight *f, uint64_t ahead)
{
	return &f->questions.packets[(f->first + f->sent + ahead) %
	    f->questions.n];
}

/* How many of the next packets, up to want, lie together and are as long. */
static unsigned
run_len(const struct flight *f, uint64_t ahead, uint64_t want)
{
	const struct packet *first = next_packet(f, ahead), *p;
	unsigned n;

	for (n = 1; n < want; n++) {
		p = next_packet(f, ahead + n);
		if (p->len != first->len ||
		    p->data != first->data + n * first->len)
			break;
	}
	return n;
}

/* Makes one message of a run. */
static void
message_build(struct msghdr *msg, struct iovec *iov, void *control,
    const struct packet *p, unsigned n)
{
	const uint16_t segment = (uint16_t)p->len;
	struct cmsghdr *c;

	*iov = (struct iovec){(void *)(uintptr_t)p->data, n * p->len};
	*msg = (struct msghdr){.msg_iov = iov, .msg_iovlen = 1};
	if (n == 1)
		return;
	msg->msg_control = control;
	msg->msg_controllen = CMSG_SPACE(sizeof(segment));
	c = CMSG_FIRSTHDR(msg);
	c->cmsg_level = SOL_UDP;
	c->cmsg_type = UDP_SEGMENT;
	c->cmsg_len = CMSG_LEN(sizeof(segment));
	memcpy(CMSG_DATA(c), &segment, sizeof(segment));
}

static void
slot_lose(struct flight *f, struct slot *s)
{
	s->sent_ns = 0;
	f->outstanding[s->sock]--;
	f->lost++;
}

static void
slots_take(struct flight *f, unsigned sock, uint64_t n, uint64_t now)
{
	uint32_t number;
	struct slot *s;

	for (f->outstanding[sock] += (unsigned)n; n > 0; n--, f->sent++) {
		number = (uint32_t)((f->first + f->sent) % f->questions.n);
		s = &f->slots[number & 0xffff];
		if (s->sent_ns != 0)
			slot_lose(f, s);
		*s = (struct slot){now, number, sock};
	}
}

void
flight_send(struct flight *f, unsigned sock, uint64_t want)
{
	static struct mmsghdr msgs[BATCH];
	static struct iovec iov[BATCH];
	static _Alignas(struct cmsghdr) char
	    controls[BATCH][CMSG_SPACE(sizeof(uint16_t))];
	unsigned runs[BATCH], n = 0;
	uint64_t now = now_ns(), ahead;
	int i, left;

	want = min(want, BATCH);
	for (ahead = 0; ahead < want; ahead += runs[n++]) {
		runs[n] = run_len(f, ahead, want - ahead);
		message_build(&msgs[n].msg_hdr, &iov[n], controls[n],
		    next_packet(f, ahead), runs[n]);
	}
	left = sendmmsg(f->socks[sock], msgs, n, 0);
	if (left == -1 && errno != EAGAIN && errno != ECONNREFUSED)
		err(1, "sendmmsg");
	for (i = 0; i < left; i++)
		slots_take(f, sock, runs[i], now);
}

/* The query that it answers, or NULL. */
static struct slot *
answer_match(struct flight *f, unsigned sock, const uint8_t *answer, size_t len)
{
	const struct packet *p;
	struct slot *s;

	if (len < HEADER_LEN || !(answer[2] & 0x80)) { /* QR */
		f->wrong++;
		return NULL;
	}
	s = &f->slots[answer[0] << 8 | answer[1]];
	if (s->sent_ns == 0) {
		f->late++;
		return NULL;
	}
	p = &f->questions.packets[s->packet];
	if (s->sock != sock || len < p->len ||
	    memcmp(answer + HEADER_LEN, p->data + HEADER_LEN,
		p->len - HEADER_LEN) != 0) {
		f->wrong++;
		return NULL;
	}
	return s;
}

static void
answer_take(struct flight *f, unsigned sock, const uint8_t *answer, size_t len,
    uint64_t now)
{
	struct slot *s = answer_match(f, sock, answer, len);

	if (!s)
		return;
	f->answered++;
	f->rcodes[answer[3] & 15]++;
	f->with_answer += answer[6] || answer[7]; /* ANCOUNT */
	f->latency_sum_ns += now - s->sent_ns;
	if (now - s->sent_ns > f->latency_max_ns)
		f->latency_max_ns = now - s->sent_ns;
	s->sent_ns = 0;
	f->outstanding[sock]--;
}

unsigned
flight_recv(struct flight *f, unsigned sock)
{
	static struct mmsghdr msgs[BATCH];
	static struct iovec iov[BATCH];
	static uint8_t bufs[BATCH][ANSWER_MAX];
	uint64_t now;
	int i, n;

	for (i = 0; i < BATCH && !iov[i].iov_base; i++) {
		iov[i] = (struct iovec){bufs[i], sizeof(bufs[i])};
		msgs[i].msg_hdr.msg_iov = &iov[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
	}
	n = recvmmsg(f->socks[sock], msgs, BATCH, MSG_DONTWAIT, NULL);
	if (n == -1 && errno != EAGAIN && errno != ECONNREFUSED)
		err(1, "recvmmsg");
	if (n <= 0)
		return 0;
	now = now_ns();
	if (now - f->last_answer_ns > f->gap_max_ns)
		f->gap_max_ns = now - f->last_answer_ns;
	f->last_answer_ns = now;
	for (i = 0; i < n; i++)
		answer_take(f, sock, bufs[i], msgs[i].msg_len, now);
	return (unsigned)n;
}

void
flight_sweep(struct flight *f, uint64_t now)
{
	size_t i;

	if (now < f->next_sweep_ns)
		return;
	f->next_sweep_ns = now + SWEEP_NS;
	for (i = 0; i < sizeof(f->slots) / sizeof(f->slots[0]); i++)
		if (f->slots[i].sent_ns != 0 &&
		    f->slots[i].sent_ns + LOST_NS < now)
			slot_lose(f, &f->slots[i]);
}
