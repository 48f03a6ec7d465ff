/*
 * IPv4 entries as a list of infected hosts has them: in a third of the address
 * space nothing; elsewhere some /16s and /24s far denser than others; single
 * addresses, and one small prefix in a thousand. Sorted, as such feeds are.
 */
#include <err.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "gen.h"

#define USED_16S 45000	     /* /16s with any entry */
#define PREFIX_SHARE 1000    /* one entry in so many is a prefix, /24 to /28 */
#define OWN_VALUE_SHARE 100  /* one entry in so many has its own value */

static uint8_t *listed;	      /* one bit for each address */
static uint8_t *prefix_len;   /* one byte for each /28: a prefix starts here */
static uint32_t *entries, n_entries;

static bool
is_listed(uint32_t addr)
{
	return listed[addr >> 3] & 1 << (addr & 7);
}

/* A /16 of the unicast space; low ranks are a few well-mixed ones. */
static uint32_t
slash16(uint32_t rank)
{
	uint32_t first = (uint32_t)(1 + mix(rank) % 223);

	if (first == 10 || first == 127)
		first++;
	return first << 24 | (uint32_t)(mix(rank) >> 48 & 0xff) << 16;
}

/* A random /24, with density falling as the square root of the /16's rank. */
static uint32_t
slash24(void)
{
	uint64_t u = gen_random(1 << 16);

	return slash16((uint32_t)(u * u * USED_16S >> 32)) |
	    gen_random(256) << 8;
}

static uint32_t
any_addr(void)
{
	return slash16(gen_random(1u << 31)) | gen_random(1 << 16);
}

static void
prefix_add(void)
{
	uint32_t len = 24 + gen_random(5), size = 1u << (32 - len), i;
	uint32_t addr = slash24() | (gen_random(256) & ~(size - 1));

	for (i = 0; i < size; i++)
		if (is_listed(addr + i))
			return;
	for (i = 0; i < size; i++)
		listed[(addr + i) >> 3] |= (uint8_t)(1 << ((addr + i) & 7));
	prefix_len[addr >> 4] = (uint8_t)len;
	entries[n_entries++] = addr;
}

/* Six /24s in ten get one to three addresses, one in ten up to 64. */
static void
hosts_add(uint32_t n)
{
	uint32_t net = slash24(), r = gen_random(10), addr;
	uint32_t hosts = 1 + gen_random(r < 6 ? 3 : r < 9 ? 16 : 64);

	for (; hosts > 0 && n_entries < n; hosts--) {
		addr = net | gen_random(256);
		if (is_listed(addr))
			continue;
		listed[addr >> 3] |= (uint8_t)(1 << (addr & 7));
		entries[n_entries++] = addr;
	}
}

/* Writes the entry at addr and returns how many addresses it covers. */
static uint32_t
entry_write(FILE *f, uint32_t addr)
{
	unsigned len = addr & 15 ? 0 : prefix_len[addr >> 4];

	fprintf(f, "%u.%u.%u.%u", addr >> 24, addr >> 16 & 255, addr >> 8 & 255,
	    addr & 255);
	if (len > 0)
		fprintf(f, "/%u", len);
	fputs(mix(addr) % OWN_VALUE_SHARE == 0 ? " :127.0.0.4:Dynamic\n" : "\n",
	    f);
	return len > 0 ? 1u << (32 - len) : 1;
}

static void
entries_write(const char *path)
{
	FILE *f = gen_open_list(path);
	uint64_t addr = 0;

	while (addr < 1ull << 32)
		if ((addr & 7) == 0 && listed[addr >> 3] == 0)
			addr += 8;
		else if (is_listed((uint32_t)addr))
			addr += entry_write(f, (uint32_t)addr);
		else
			addr++;
	gen_close(f);
}

static uint32_t
question(void)
{
	enum kind kind = gen_kind();
	uint32_t entry, addr;

	do {
		entry = entries[gen_random(n_entries)];
		addr = kind == HIT	 ? entry
		    : kind == NEAR_MISS ? (entry & ~255u) | gen_random(256)
					 : any_addr();
	} while (is_listed(addr) != (kind == HIT));
	return addr;
}

void
gen_ip4(uint32_t n, const char *data, uint32_t n_questions,
    const char *questions)
{
	FILE *f;
	uint32_t i, addr;

	listed = mmap(NULL, 1u << 29, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	prefix_len = mmap(NULL, 1u << 28, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	entries = calloc(n, sizeof(*entries));
	if (listed == MAP_FAILED || prefix_len == MAP_FAILED || !entries)
		err(1, "out of memory");
	for (i = 0; i < n / PREFIX_SHARE; i++)
		prefix_add();
	while (n_entries < n)
		hosts_add(n);
	entries_write(data);

	f = gen_open(questions);
	for (i = 0; i < n_questions; i++) {
		addr = question();
		fprintf(f, "%u.%u.%u.%u." IP_ZONE " A\n", addr & 255,
		    addr >> 8 & 255, addr >> 16 & 255, addr >> 24);
	}
	gen_close(f);
}
