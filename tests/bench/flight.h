/*
 * The queries in flight: sends questions on connected UDP sockets, matches the
 * answers and keeps the tally.
 */
#ifndef BENCH_FLIGHT_H
#define BENCH_FLIGHT_H

#include <stdint.h>
#include <time.h>

#include "questions.h"

#define SOCKETS_MAX 16
#define BATCH 64		/* most queries or answers of one system call */
#define LOST_NS 2000000000ull	/* a query not answered by then is lost */
#define SWEEP_NS 100000000ull	/* how often lost queries are looked for */

struct slot {		  /* one per DNS id */
	uint64_t sent_ns; /* 0: nothing outstanding */
	uint32_t packet;
	uint32_t sock;
};

struct flight {
	struct questions questions;
	uint64_t first; /* place of the first question to ask */
	int socks[SOCKETS_MAX];
	unsigned n_socks, outstanding[SOCKETS_MAX];
	struct slot slots[65536];
	uint64_t last_answer_ns, next_sweep_ns;

	/* the tally */
	uint64_t sent, answered, lost, with_answer, rcodes[16];
	uint64_t late;	/* to no query, or to one given up as lost */
	uint64_t wrong; /* no answer, or to another question */
	uint64_t latency_sum_ns, latency_max_ns;
	uint64_t gap_max_ns; /* longest between two answers, or the start */
};

static inline uint64_t
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static inline uint64_t
min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Opens n_socks sockets; ends the program if addr is not a loopback address. */
void flight_open(struct flight *f, const char *addr, const char *port);

/* Sends up to want (and BATCH) of the next questions on one socket. */
void flight_send(struct flight *f, unsigned sock, uint64_t want);

/* Takes up to BATCH waiting answers of one socket; returns how many. */
unsigned flight_recv(struct flight *f, unsigned sock);

/* Now and then: gives up queries that are older than LOST_NS. */
void flight_sweep(struct flight *f, uint64_t now);

#endif
