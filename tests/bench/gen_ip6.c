/*
 * IPv6 entries as a list has them: hosting networks in which some /48s, /56s
 * and /64s are listed, single addresses, and a few whole /32s. An entry follows
 * from its number alone: numbers below n are listed, the others are not.
 */
#include <stdlib.h>

#include "gen.h"

#define NETS 20000 /* /32s */

struct ip6 {
	uint64_t high, low;
	unsigned len;
};

static struct ip6
entry(uint32_t number)
{
	static const unsigned char lens[16] = {64, 64, 64, 64, 64, 64, 64, 64,
	    128, 128, 128, 128, 56, 56, 48, 48};
	uint64_t r = mix(number), net = mix(r % NETS) % 0x20000000;
	struct ip6 ip = {.len = lens[r >> 40 & 15]};

	if (number % 10000 == 0)
		ip.len = 32;
	/* the number itself keeps them apart: below /48 there is room for it */
	ip.high = (0x20000000 + net) << 32 | mix(r) % 0x10000 << 16;
	ip.high |= number & 0xffff;
	ip.low = (uint64_t)(number >> 16) << 32 | r >> 48;
	if (ip.len < 64)
		ip.high &= UINT64_MAX << (64 - ip.len);
	if (ip.len <= 64)
		ip.low = 0;
	return ip;
}

static void
entry_write(FILE *f, uint32_t number)
{
	struct ip6 ip = entry(number);

	for (int i = 3; i >= 0; i--)
		fprintf(f, "%x%s", (unsigned)(ip.high >> 16 * i) & 0xffff,
		    i > 0 ? ":" : "");
	if (ip.len == 128)
		for (int i = 3; i >= 0; i--)
			fprintf(f, ":%x",
			    (unsigned)(ip.low >> 16 * i) & 0xffff);
	else
		fprintf(f, "::/%u", ip.len);
	fputc('\n', f);
}

/* An address within the entry, or beside it in the same network. */
static void
question_write(FILE *f, uint32_t number, enum kind kind)
{
	struct ip6 ip = entry(number);
	uint64_t host = mix(number + 0x9e3779b9u);

	if (ip.len <= 64)
		ip.low = host;
	if (ip.len < 64)
		ip.high |= host >> ip.len;
	if (kind == NEAR_MISS) {
		ip.high ^= ip.len <= 64 ? 1ull << (64 - ip.len) : 0;
		ip.low ^= host >> 7 | 1;
	}
	if (kind == FAR_MISS)
		ip.high = 0x2000000000000000ull | host >> 3;
	for (int i = 0; i < 16; i++)
		fprintf(f, "%x.", (unsigned)(ip.low >> 4 * i) & 15);
	for (int i = 0; i < 16; i++)
		fprintf(f, "%x.", (unsigned)(ip.high >> 4 * i) & 15);
	fputs(IP_ZONE " A\n", f);
}

void
gen_ip6(uint32_t n, const char *data, uint32_t n_questions,
    const char *questions)
{
	FILE *f = gen_open_list(data);
	uint32_t i;

	for (i = 0; i < n; i++)
		entry_write(f, i);
	gen_close(f);
	f = gen_open(questions);
	for (i = 0; i < n_questions; i++)
		question_write(f, gen_random(n), gen_kind());
	gen_close(f);
}
