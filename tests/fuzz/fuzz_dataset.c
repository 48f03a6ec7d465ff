/* The dataset files: any text, of the type that the first byte says. What is
 * made of it must open, answer for what stands in it, and hold whole RRs. */
#include "tests/fuzz/zones.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
open_index(struct zones_index *z)
{
	struct store_bytes a[INDEX_ARRAYS_MAX];
	const struct array *array;
	int rc;

	for (int i = 0; i < INDEX_ARRAYS_MAX && z->kind->arrays[i]; i++) {
		array = zones_array(z, z->kind->arrays[i]);
		a[i].data = array->bytes.data;
		a[i].len = array->bytes.len;
	}
	rc = z->kind->open(&z->index, a);
	assert(rc == 0);
}

static void
check_values(const struct zones_index *z)
{
	const uint8_t *p, *end;
	struct value_rr rr;
	size_t len;

	for (uint32_t id = 1; id <= z->values.count; id++) {
		p = intern_get(&z->values, id, &len);
		end = p + len;
		assert(len > 0);
		while (value_next(&p, end, &rr)) {
			assert(rr.ttl > 0 && rr.len <= 4096);
			assert(rr.type != 1 || rr.len == 4);
			assert(rr.type != 16 || rr.is_template ||
			    rr.data[0] < rr.len);
		}
		assert(p == end);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const types[] = {"ip4set", "ip4trie", "ip6trie",
	    "dnset", "generic", "plain(text)", "domains(text)", "hosts(below)",
	    "csv(ip,2)", "csv(1)", "drop-json(text)", "bind", "rpz",
	    "ip4tset", "ip6tset", "acl",
	    "combined", "csv(1,expires=2)", "rpz(expires-in=1000w)"};
	const unsigned n_types = sizeof(types) / sizeof(types[0]);
	const char *text = (const char *)data + 1;
	struct zones_index z;
	size_t at, n;

	if (size == 0)
		return 0;
	if (!zones_read(&z, types[*data % n_types], text, size - 1))
		goto out;
	check_values(&z);
	for (; (z.kind = arrays_kind(&z.arrays, z.number)) != NULL;
	     z.number++) {
		open_index(&z);
		for (at = 0; at < size - 1; at += n + 1) {
			for (n = 0; at + n < size - 1 &&
			    strchr(" \n/-", text[at + n]) == NULL; n++)
				;
			zones_ask(&z, text + at, n, false);
			zones_ask(&z, text + at, n, true);
		}
	}
out:
	zones_free(&z);
	return 0;
}
