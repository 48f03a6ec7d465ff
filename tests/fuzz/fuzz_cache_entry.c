/*
 * cache_entry.c: what stands in the cache's file, as an entry and as a piece of
 * one. The checksum is mended first, or else nothing would get past it; what is
 * read then lies within the bytes, is written again as it was, and can be
 * answered.
 */
#include <assert.h>
#include <stdlib.h>

#include "lib/bytes.h"
#include "resolverd/cache_entry.h"

#define NOW 1000000000ull

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
answer_it(const struct cache_entry *e)
{
	static uint8_t reply[DNS_MESSAGE_MAX];
	uint8_t packet[DNS_HEADER_LEN + 5] = {[5] = 1,
	    [DNS_HEADER_LEN + 4] = 1};
	struct answer a = e->answer;
	struct query q;

	packet[DNS_HEADER_LEN + 2] = DNS_TYPE_A; /* of the root */
	a.stale = e->lifetime & 1;
	a.age = e->lifetime;
	query_begin(&q, packet, sizeof(packet), true, e->lifetime & 2, reply,
	    sizeof(reply));
	answer_put(&a, &q);
	query_finish(&q);
	assert(q.reply_len <= q.reply_limit);
}

static void
check(const struct cache_entry *e, const uint8_t *bytes, size_t size)
{
	const struct answer *a = &e->answer;
	struct cache_key key = {.qname = e->qname,
	    .qname_len = e->qname_len,
	    .qtype = e->qtype,
	    .dnssec_ok = e->dnssec_ok,
	    .checking_disabled = e->checking_disabled};
	uint8_t *again;

	assert(e->qname >= bytes && a->body + a->body_len == bytes + size);
	assert(a->authority_at <= a->additional_at);
	assert(a->additional_at <= a->body_len);
	assert(cache_entry_is_for(e, e->kind, &key));
	assert(cache_entry_len(&key, a) == size);
	again = malloc(size);
	cache_entry_write(again, e->kind, &key, e->stored, a, e->lifetime);
	assert(memcmp(again, bytes, size) == 0);
	free(again);
	answer_it(e);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cache_entry e;
	uint8_t *bytes;
	size_t whole;

	whole = cache_entry_whole_len(data, size);
	assert(whole <= CACHE_ENTRY_MAX);
	cache_entry_state(data, size, NOW, 3600);
	cache_entry_read(&e, data, size);
	if (size == 0 || whole != size) /* 0: it is none */
		return 0;
	bytes = malloc(size);
	memcpy(bytes, data, size);
	cache_entry_seal(bytes, size);
	if (cache_entry_read(&e, bytes, size))
		check(&e, bytes, size);
	free(bytes);
	return 0;
}
