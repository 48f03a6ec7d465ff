/*
 * A question file, "name type" a line, as DNS query packets in memory.
 */
#ifndef BENCH_QUESTIONS_H
#define BENCH_QUESTIONS_H

#include <stddef.h>
#include <stdint.h>

#define HEADER_LEN 12
#define GROUP 8

struct packet {
	const uint8_t *data; /* the rest of its run follows without a gap */
	size_t len;
};

struct questions {
	struct packet *packets; /* owned */
	size_t n;
};

/*
 * Reads the file and builds one packet for each line: RD is set as by an MTA's
 * stub resolver, there is no OPT RR, and the id is the packet's place modulo
 * 65536. The order is the file's, but for runs of GROUP packets of equal length
 * that are brought together, so that the kernel can take a run at once.
 * Ends the program with file:line if it cannot.
 */
void questions_load(struct questions *q, const char *path);

#endif
