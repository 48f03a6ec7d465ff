/*
 * gen: makes the bench's data and questions, the same for the same seed.
 */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "gen.h"

static uint64_t state;

uint32_t
gen_random(uint32_t n)
{
	return (uint32_t)((mix(state++) >> 32) * n >> 32);
}

enum kind
gen_kind(void)
{
	uint32_t r = gen_random(20);

	return r < 2 ? HIT : r < 11 ? NEAR_MISS : FAR_MISS;
}

FILE *
gen_open(const char *path)
{
	FILE *f = fopen(path, "w");

	if (!f)
		err(1, "%s", path);
	setvbuf(f, NULL, _IOFBF, 1 << 20);
	return f;
}

FILE *
gen_open_list(const char *path)
{
	FILE *f = gen_open(path);

	fputs("$SOA 3600 ns.example.net hostmaster.example.net 1 3600 900 "
	      "604800 900\n"
	      "$NS 3600 ns.example.net\n"
	      "$TTL 2100\n"
	      ":127.0.0.2:Listed, see https://bl.example.net/?$\n",
	    f);
	return f;
}

void
gen_close(FILE *f)
{
	if (ferror(f) || fclose(f) != 0)
		err(1, "write");
}

int
main(int argc, char **argv)
{
	uint32_t n = argc > 3 ? (uint32_t)atol(argv[3]) : 0;
	uint32_t n_questions = argc > 5 ? (uint32_t)atol(argv[5]) : 0;

	state = argc > 1 ? mix((uint64_t)atol(argv[1])) : 0;
	if (argc == 7 && n > 0 && strcmp(argv[2], "ip4") == 0)
		gen_ip4(n, argv[4], n_questions, argv[6]);
	else if (argc == 7 && n > 0 && strcmp(argv[2], "ip6") == 0)
		gen_ip6(n, argv[4], n_questions, argv[6]);
	else if (argc == 7 && n > 0 && strcmp(argv[2], "names") == 0)
		gen_names(n, argv[4], n_questions, argv[6]);
	else if (argc == 8 && n > 0 && strcmp(argv[2], "cache") == 0)
		gen_cache(n, argv[4], n_questions, argv[6], argv[7]);
	else
		errx(2, "usage: gen SEED ip4|ip6|names N DATA COUNT QUESTIONS\n"
			"       gen SEED cache N ZONE COUNT POSITIVE NEGATIVE");
	return 0;
}
