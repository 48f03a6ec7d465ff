/*
 * Records and counters of a local list, to bytes and back. The bytes come from
 * a file that blctl wrote, but nothing here trusts them to be whole.
 */
#include "zones/local_record.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "lib/bytes.h"
#include "lib/dns.h"

/* ---- records */

bool
local_txt_is_clean(const char *txt, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((uint8_t)txt[i] < 0x20 || txt[i] == 0x7f)
			return false;
	return true;
}

/*
 * The TXT RR of a reason: `$` is the listed key and `$$` a dollar, as in a
 * dataset.
 */
static size_t
put_txt(uint8_t *out, const char *reason)
{
	uint8_t data[1 + LOCAL_REASON_MAX];
	bool is_template = false;
	uint16_t n = 0;

	for (const char *p = reason; *p != '\0'; p++) {
		data[1 + n] = (uint8_t)*p;
		if (p[0] == '$' && p[1] == '$') {
			p++;
		} else if (*p == '$') {
			data[1 + n] = 0;
			is_template = true;
		}
		n++;
	}
	data[0] = (uint8_t)n; /* a ready character-string, RFC 1035 3.3 */
	if (is_template)
		return value_put(out, DNS_TYPE_TXT, LOCAL_TTL, data + 1, n,
		    true);
	return value_put(out, DNS_TYPE_TXT, LOCAL_TTL, data, n + 1, false);
}

size_t
local_record_write(uint8_t *out, const struct local_entry *e)
{
	size_t author_len = strlen(e->author), reason_len = strlen(e->reason);
	uint8_t *p = out + LOCAL_RECORD_HEADER, a[4];

	put_le32(out, e->code);
	put_le64(out + 4, e->added);
	out[12] = (uint8_t)author_len;
	out[13] = (uint8_t)reason_len;
	memcpy(p, e->author, author_len);
	p += author_len;
	memcpy(p, e->reason, reason_len);
	p += reason_len;
	put_be32(a, e->code);
	p += value_put(p, DNS_TYPE_A, LOCAL_TTL, a, sizeof(a), false);
	if (reason_len > 0)
		p += put_txt(p, e->reason);
	return (size_t)(p - out);
}

int
local_record_read(struct local_record *r, const struct store_bytes *data)
{
	const uint8_t *p = data->data;
	size_t strings;

	if (data->len < LOCAL_RECORD_HEADER)
		return -EBADMSG;
	r->code = get_le32(p);
	r->added = get_le64(p + 4);
	r->author_len = p[12];
	r->reason_len = p[13];
	strings = r->author_len + r->reason_len;
	if (data->len - LOCAL_RECORD_HEADER < strings ||
	    r->author_len > LOCAL_AUTHOR_MAX ||
	    r->reason_len > LOCAL_REASON_MAX)
		return -EBADMSG;
	r->author = (const char *)p + LOCAL_RECORD_HEADER;
	r->reason = r->author + r->author_len;
	r->rrs = p + LOCAL_RECORD_HEADER + strings;
	r->rrs_len = data->len - LOCAL_RECORD_HEADER - strings;
	return 0;
}

int
local_entry_read(struct local_entry *e, const struct local_key *key,
    const struct store_bytes *data)
{
	struct local_record r;

	if (local_record_read(&r, data) != 0 ||
	    !local_txt_is_clean(r.author, r.author_len + r.reason_len))
		return -EBADMSG;
	memset(e, 0, sizeof(*e));
	local_key_to_txt(e->key_txt, key);
	e->code = r.code;
	e->added = r.added;
	memcpy(e->author, r.author, r.author_len);
	memcpy(e->reason, r.reason, r.reason_len);
	return 0;
}

/* ---- counters */

#define FORMAT_VERSION 1
#define META_KEY "counters"
#define META_WORDS (sizeof(struct local_meta) / sizeof(uint32_t))

int
local_meta_read(struct store_txn *t, struct local_meta *m)
{
	uint32_t word[META_WORDS];
	struct store_bytes b;
	int rv;

	rv = store_get(t, LOCAL_TABLE_META, META_KEY, strlen(META_KEY), &b);
	if (rv != 0)
		return rv;
	if (b.len != sizeof(word))
		return -EBADMSG;
	for (size_t i = 0; i < META_WORDS; i++)
		word[i] = get_le32((const uint8_t *)b.data + 4 * i);
	memcpy(m, word, sizeof(*m));
	return m->version == FORMAT_VERSION ? 0 : -EBADMSG;
}

int
local_meta_write(struct store_txn *t, struct local_meta *m)
{
	uint32_t word[META_WORDS], now = (uint32_t)time(NULL);
	uint8_t buf[sizeof(word)];

	m->version = FORMAT_VERSION;
	m->serial++;
	if (m->serial < now)
		m->serial = now;
	memcpy(word, m, sizeof(word));
	for (size_t i = 0; i < META_WORDS; i++)
		put_le32(buf + 4 * i, word[i]);
	return store_put(t, LOCAL_TABLE_META, META_KEY, strlen(META_KEY), buf,
	    sizeof(buf));
}

uint32_t *
local_meta_count(struct local_meta *m, const struct local_key *key)
{
	if (local_key_is_name(key))
		return &m->names;
	return (key->bytes[0] == LOCAL_KEY_IP4 ? m->ip4 : m->ip6) +
	    local_key_prefix_len(key);
}

void
local_meta_lengths(struct local_lengths *out, const struct local_meta *m,
    enum local_key_tag tag)
{
	const uint32_t *count = tag == LOCAL_KEY_IP4 ? m->ip4 : m->ip6;

	out->n = 0;
	for (unsigned len = local_key_bits(tag); len > 0; len--)
		if (count[len] > 0)
			out->len[out->n++] = (uint8_t)len;
}
