/* addr.c: text and reversed forms of addresses, there and back again. */
#include <assert.h>
#include <stdlib.h>

#include "lib/addr.h"
#include "lib/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct prefix *p, const uint8_t *labels, size_t len)
{
	char txt[ADDR_TXT_MAX];
	uint8_t rev[64];
	struct prefix again;

	assert(prefix_parse(&again, prefix_to_txt(txt, p)) == 0);
	assert(memcmp(p, &again, sizeof(*p)) == 0);
	assert(prefix_contains(p, &p->addr));
	if (labels != NULL && p->len == (p->addr.family == AF_INET ? 32 : 128))
		assert(addr_to_rev(rev, &p->addr) == len &&
		    memcmp(rev, labels, len) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char txt[ADDR_TXT_MAX], *in = strndup((const char *)data, size);
	uint8_t name[DNAME_MAX];
	struct sockaddr_storage ss;
	struct wire_reader r;
	struct prefix p;
	socklen_t len;
	const uint8_t *zone;
	size_t n;

	if (prefix_parse(&p, in) == 0)
		check(&p, NULL, 0);
	if (addr_parse_at_port(&ss, &len, in, 53) == 0)
		assert(*sockaddr_to_txt(txt, (struct sockaddr *)&ss) != '?');
	wire_reader_init(&r, data, size);
	n = wire_read_name(&r, name);
	dname_lower(name, n);
	if (n > 0 && prefix_from_rev4(&p, name, dname_labels(name)) == 0)
		check(&p, name, n - 1);
	if (n > 0 && prefix_from_rev6(&p, name, dname_labels(name)) == 0)
		check(&p, name, n - 1);
	zone = n > 0 ? addr_rev_zone(name) : NULL;
	if (zone != NULL)
		assert(zone + dname_len(zone) == name + n);
	free(in);
	return 0;
}
