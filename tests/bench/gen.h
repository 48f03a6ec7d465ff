/*
 * What the generators of bench data share: a small random number generator,
 * files that end the program when they cannot be written, and the mix of
 * questions. Everything follows from the seed.
 */
#ifndef BENCH_GEN_H
#define BENCH_GEN_H

#include <stdint.h>
#include <stdio.h>

#define IP_ZONE "bl.example.net"
#define NAME_ZONE "dbl.example.net"
#define CACHE_ZONE "example.com"

enum kind { HIT, NEAR_MISS, FAR_MISS };

/* splitmix64: a well-mixed 64-bit value for each input. */
static inline uint64_t
mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15ull;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	return x ^ x >> 31;
}

/* The next random number below n. */
uint32_t gen_random(uint32_t n);

/* What the next question is: 10 % hits, 45 % near and 45 % far misses. */
enum kind gen_kind(void);

/* A file for writing, with the first lines of a list zone if it is data. */
FILE *gen_open(const char *path);
FILE *gen_open_list(const char *path);
void gen_close(FILE *f);

/* The data sets; n entries or names, n_questions lines of questions. */
void gen_ip4(uint32_t n, const char *data, uint32_t n_questions,
    const char *questions);
void gen_ip6(uint32_t n, const char *data, uint32_t n_questions,
    const char *questions);
void gen_names(uint32_t n, const char *data, uint32_t n_questions,
    const char *questions);
void gen_cache(uint32_t n, const char *zone, uint32_t n_questions,
    const char *positive, const char *negative);

#endif
