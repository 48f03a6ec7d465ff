/*
 * udpecho: sends every UDP packet back with QR set, in batches of 64. It does
 * what any DNS server on this kernel must do and nothing else, so its CPU time
 * a query is the floor for all of them. Loopback only; it ends by a signal.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>

#define BATCH 64
#define PACKET_MAX 512

static int
socket_open(const char *addr, const char *port)
{
	struct sockaddr_in sin = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)atoi(port))};
	int fd, rcvbuf = 1 << 20;

	if (inet_pton(AF_INET, addr, &sin.sin_addr) != 1 ||
	    ntohl(sin.sin_addr.s_addr) >> 24 != 127)
		errx(2, "%s is not an IPv4 loopback address", addr);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd == -1 || bind(fd, (void *)&sin, sizeof(sin)) == -1)
		err(1, "%s@%s", addr, port);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &rcvbuf, sizeof(rcvbuf));
	return fd;
}

int
main(int argc, char **argv)
{
	static uint8_t bufs[BATCH][PACKET_MAX];
	static struct sockaddr_in from[BATCH];
	static struct iovec iov[BATCH];
	static struct mmsghdr msgs[BATCH];
	int fd, i, n;

	if (argc != 3)
		errx(2, "usage: udpecho address port");
	fd = socket_open(argv[1], argv[2]);
	for (i = 0; i < BATCH; i++) {
		iov[i].iov_base = bufs[i];
		msgs[i].msg_hdr.msg_iov = &iov[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
		msgs[i].msg_hdr.msg_name = &from[i];
	}
	for (;;) {
		for (i = 0; i < BATCH; i++) {
			iov[i].iov_len = PACKET_MAX;
			msgs[i].msg_hdr.msg_namelen = sizeof(from[i]);
		}
		n = recvmmsg(fd, msgs, BATCH, MSG_WAITFORONE, NULL);
		if (n == -1 && errno != EINTR)
			err(1, "recvmmsg");
		for (i = 0; i < n; i++) {
			bufs[i][2] |= 0x80; /* QR */
			iov[i].iov_len = msgs[i].msg_len;
		}
		if (n > 0 && sendmmsg(fd, msgs, (unsigned)n, 0) == -1)
			err(1, "sendmmsg");
	}
}
