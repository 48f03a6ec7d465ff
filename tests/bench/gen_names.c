/*
 * Names: the entries of a domain list, and the small zone behind the cache
 * test. A name follows from its number alone, so none is kept: numbers below n
 * are listed, the others are not.
 */
#include <stdlib.h>
#include <string.h>

#include "gen.h"

#define NAME_MAX_TXT 80

enum form { BOTH, BELOW, EXACT, HOST }; /* ".x", "*.x", "x", "host.x" */

static enum form
form(uint32_t number)
{
	uint64_t r = mix(number) % 10;

	return r < 5 ? BOTH : r < 6 ? BELOW : r < 8 ? EXACT : HOST;
}

/* Pronounceable and unique: syllables, then the number itself. */
static void
name_write(char *out, uint32_t number)
{
	static const char *const tlds[] = {"com", "com", "com", "net", "org",
	    "info", "de", "ru", "top", "xyz", "shop", "co.uk"};
	static const char *const hosts[] = {"mail", "www", "login", "cdn"};
	static const char vowels[] = "aeiou", consonants[] = "bcdfgklmnprstvz";
	uint64_t r = mix(number);
	unsigned i, syllables = 1 + r % 4;

	if (form(number) == HOST)
		out += sprintf(out, "%s.", hosts[r >> 8 & 3]);
	for (i = 0; i < syllables; i++, r = mix(r)) {
		*out++ = consonants[r % (sizeof(consonants) - 1)];
		*out++ = vowels[(r >> 32) % (sizeof(vowels) - 1)];
	}
	sprintf(out, "%x.%s", number, tlds[r % (sizeof(tlds) / sizeof(*tlds))]);
}

static void
entry_write(FILE *f, uint32_t number)
{
	static const char *const prefix[] = {".", "*.", "", ""};
	char name[NAME_MAX_TXT];

	name_write(name, number);
	fprintf(f, "%s%s\n", prefix[form(number)], name);
}

/* A name that the entry covers. */
static void
hit_write(FILE *f, uint32_t number)
{
	char name[NAME_MAX_TXT];
	enum form is = form(number);

	name_write(name, number);
	if (is == BELOW || (is == BOTH && gen_random(2)))
		fputs("www.", f);
	fputs(name, f);
}

/* A name beside, above or below the entry that it does not cover. */
static void
near_write(FILE *f, uint32_t number)
{
	char name[NAME_MAX_TXT];

	name_write(name, number);
	switch (form(number)) {
	case BOTH:
		fprintf(f, "x%s", name);
		break;
	case BELOW:
		fputs(name, f);
		break;
	case EXACT:
		fprintf(f, "www.%s", name);
		break;
	case HOST:
		fprintf(f, "other%s", strchr(name, '.'));
		break;
	}
}

static void
far_write(FILE *f, uint32_t number)
{
	char name[NAME_MAX_TXT];

	name_write(name, number);
	fprintf(f, "%s%s", gen_random(2) ? "www." : "", name);
}

void
gen_names(uint32_t n, const char *data, uint32_t n_questions,
    const char *questions)
{
	FILE *f = gen_open_list(data);
	uint32_t i;

	for (i = 0; i < n; i++)
		entry_write(f, i);
	gen_close(f);

	f = gen_open(questions);
	for (i = 0; i < n_questions; i++) {
		switch (gen_kind()) {
		case HIT:
			hit_write(f, gen_random(n));
			break;
		case NEAR_MISS:
			near_write(f, gen_random(n));
			break;
		case FAR_MISS:
			far_write(f, n + gen_random(8 * n));
			break;
		}
		fputs("." NAME_ZONE " A\n", f);
	}
	gen_close(f);
}

/* The first n questions are the n names, in order: they fill a cache. */
static void
cache_questions(uint32_t n, const char *label, uint32_t n_questions,
    const char *path)
{
	FILE *f = gen_open(path);
	uint32_t i;

	for (i = 0; i < n_questions; i++)
		fprintf(f, "%s%u." CACHE_ZONE " A\n", label,
		    i < n ? i : gen_random(n));
	gen_close(f);
}

void
gen_cache(uint32_t n, const char *zone, uint32_t n_questions,
    const char *positive, const char *negative)
{
	FILE *f = gen_open(zone);
	uint32_t i;

	fputs("$ORIGIN " CACHE_ZONE ".\n$TTL 86400\n"
	      "@ SOA ns hostmaster 1 3600 900 604800 3600\n"
	      "@ NS ns\n"
	      "ns A 192.0.2.53\n",
	    f);
	for (i = 0; i < n; i++)
		fprintf(f, "host%u A 198.51.100.%u\n", i, i % 256);
	gen_close(f);
	cache_questions(n, "host", n_questions, positive);
	cache_questions(n, "none", n_questions, negative);
}
