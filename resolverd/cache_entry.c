/*
 * The form of an entry in the cache file, little-endian, no alignment:
 *
 *	 0  u64  checksum of all that follows
 *	 8  u64  when it was stored, seconds since the epoch
 *	16  u32  lifetime, seconds
 *	20  u16  QTYPE
 *	22  u8   flags: DO, CD, secure, needs its authority section; kind << 4
 *	23  u8   RCODE
 *	24  u16  ANCOUNT, NSCOUNT, ARCOUNT
 *	30  u16  number of TTLs
 *	32  u16  where in the body the authority section starts
 *	34  u16  where the additional section starts
 *	36  u16  length of the body
 *	38  u8   length of the QNAME
 *	39  u8   INFO-CODE of the extended error; 0: none
 *	40       QNAME (lower case), offsets of the TTLs (u16 each), body
 *
 * A later piece of a long one has the same times at 8 and 16, then its bytes.
 *
 * The checksum finds what a disk or a crash of the machine did, not malice: who
 * can write the file is trusted with the answers. Bounds are checked all the
 * same.
 */
#include "resolverd/cache_entry.h"

#include <string.h>

#include "lib/bytes.h"
#include "lib/dname.h"

enum {
	AT_CHECKSUM = 0,
	AT_STORED = 8,
	AT_LIFETIME = 16,
	AT_QTYPE = 20,
	AT_FLAGS = 22,
	AT_RCODE = 23,
	AT_ANCOUNT = 24,
	AT_NSCOUNT = 26,
	AT_ARCOUNT = 28,
	AT_N_TTLS = 30,
	AT_AUTHORITY = 32,
	AT_ADDITIONAL = 34,
	AT_BODY_LEN = 36,
	AT_QNAME_LEN = 38,
	AT_EDE = 39,
	HEAD_LEN = 40,
};

enum { FLAG_DO = 1, FLAG_CD = 2, FLAG_SECURE = 4, FLAG_NEEDS_AUTHORITY = 8 };
#define KIND_SHIFT 4

/* Workers read their clock once a batch, so another's may be a bit ahead. */
#define CLOCK_SLACK_S 2

/* Of len bytes, at least 16; the last step overlaps the one before. */
static uint64_t
checksum(const uint8_t *p, size_t len)
{
	uint64_t h = DNAME_HASH_ROOT ^ len;

	for (; len > 16; len -= 16, p += 16)
		h = dname_hash_mix(
		    get_le64(p) ^ h, get_le64(p + 8) ^ 0xe7037ed1a0b428dbull);
	p -= 16 - len;
	return dname_hash_mix(
	    get_le64(p) ^ h, get_le64(p + 8) ^ 0x8ebc6af09c88c6e3ull);
}

static uint8_t
flags_of(
    enum cache_kind kind, const struct cache_key *key, const struct answer *a)
{
	return (uint8_t)(kind << KIND_SHIFT |
	    (key->dnssec_ok ? FLAG_DO : 0) |
	    (key->checking_disabled ? FLAG_CD : 0) |
	    (a->secure ? FLAG_SECURE : 0) |
	    (a->needs_authority ? FLAG_NEEDS_AUTHORITY : 0));
}

static size_t
len_of(size_t qname_len, size_t n_ttls, size_t body_len)
{
	return HEAD_LEN + qname_len + 2 * n_ttls + body_len;
}

size_t
cache_entry_len(const struct cache_key *key, const struct answer *a)
{
	return len_of(key->qname_len, a->n_ttls, a->body_len);
}

void
cache_entry_seal(uint8_t *entry, size_t len)
{
	put_le64(entry + AT_CHECKSUM,
	    checksum(entry + AT_STORED, len - AT_STORED));
}

void
cache_entry_write(uint8_t *out, enum cache_kind kind,
    const struct cache_key *key, uint64_t now, const struct answer *a,
    uint32_t lifetime)
{
	size_t ttls_len = 2 * (size_t)a->n_ttls;
	size_t len = cache_entry_len(key, a);
	uint8_t *p = out + HEAD_LEN;

	put_le64(out + AT_STORED, now);
	put_le32(out + AT_LIFETIME, lifetime);
	put_le16(out + AT_QTYPE, key->qtype);
	out[AT_FLAGS] = flags_of(kind, key, a);
	out[AT_RCODE] = a->rcode;
	put_le16(out + AT_ANCOUNT, a->ancount);
	put_le16(out + AT_NSCOUNT, a->nscount);
	put_le16(out + AT_ARCOUNT, a->arcount);
	put_le16(out + AT_N_TTLS, a->n_ttls);
	put_le16(out + AT_AUTHORITY, a->authority_at);
	put_le16(out + AT_ADDITIONAL, a->additional_at);
	put_le16(out + AT_BODY_LEN, (uint16_t)a->body_len);
	out[AT_QNAME_LEN] = (uint8_t)key->qname_len;
	out[AT_EDE] = a->ede;
	memcpy(p, key->qname, key->qname_len);
	p += key->qname_len;
	if (ttls_len > 0)
		memcpy(p, a->ttl_off, ttls_len);
	p += ttls_len;
	if (a->body_len > 0)
		memcpy(p, a->body, a->body_len);
	cache_entry_seal(out, len);
}

size_t
cache_entry_whole_len(const void *data, size_t len)
{
	const uint8_t *p = data;
	size_t whole;

	if (len < HEAD_LEN)
		return 0;
	whole = len_of(p[AT_QNAME_LEN], get_le16(p + AT_N_TTLS),
	    get_le16(p + AT_BODY_LEN));
	return whole <= CACHE_ENTRY_MAX ? whole : 0;
}

bool
cache_entry_read(struct cache_entry *e, const void *data, size_t len)
{
	const uint8_t *p = data;
	struct answer *a = &e->answer;

	if (len < HEAD_LEN)
		return false;
	a->n_ttls = get_le16(p + AT_N_TTLS);
	a->body_len = get_le16(p + AT_BODY_LEN);
	e->qname_len = p[AT_QNAME_LEN];
	if (len != len_of(e->qname_len, a->n_ttls, a->body_len))
		return false;
	if (get_le64(p + AT_CHECKSUM) !=
	    checksum(p + AT_STORED, len - AT_STORED))
		return false;
	e->stored = get_le64(p + AT_STORED);
	e->lifetime = get_le32(p + AT_LIFETIME);
	e->qtype = get_le16(p + AT_QTYPE);
	e->kind = p[AT_FLAGS] >> KIND_SHIFT;
	e->dnssec_ok = (p[AT_FLAGS] & FLAG_DO) != 0;
	e->checking_disabled = (p[AT_FLAGS] & FLAG_CD) != 0;
	e->qname = p + HEAD_LEN;
	a->secure = (p[AT_FLAGS] & FLAG_SECURE) != 0;
	a->needs_authority = (p[AT_FLAGS] & FLAG_NEEDS_AUTHORITY) != 0;
	a->authority_at = get_le16(p + AT_AUTHORITY);
	a->additional_at = get_le16(p + AT_ADDITIONAL);
	a->rcode = p[AT_RCODE];
	a->ancount = get_le16(p + AT_ANCOUNT);
	a->nscount = get_le16(p + AT_NSCOUNT);
	a->arcount = get_le16(p + AT_ARCOUNT);
	a->ttl_off = e->qname + e->qname_len;
	a->body = a->ttl_off + 2 * (size_t)a->n_ttls;
	a->ede = p[AT_EDE];
	a->why = NULL;
	a->stale = a->due = false;
	return a->authority_at <= a->additional_at &&
	    a->additional_at <= a->body_len;
}

bool
cache_entry_is_for(const struct cache_entry *e, enum cache_kind kind,
    const struct cache_key *key)
{
	return e->kind == kind &&
	    (e->qtype == key->qtype || kind == CACHE_CUT) &&
	    e->dnssec_ok == key->dnssec_ok &&
	    e->checking_disabled == key->checking_disabled &&
	    e->qname_len == key->qname_len &&
	    memcmp(e->qname, key->qname, key->qname_len) == 0;
}

static enum cache_entry_state
judge(uint64_t stored, uint32_t lifetime, uint64_t now, uint32_t max_stale_s)
{
	if (lifetime > CACHE_LIFETIME_MAX || stored > now + CLOCK_SLACK_S)
		return CACHE_ENTRY_DEAD;
	if (stored + lifetime > now)
		return CACHE_ENTRY_LIVE;
	return stored + lifetime + max_stale_s > now ? CACHE_ENTRY_STALE
						     : CACHE_ENTRY_DEAD;
}

enum cache_entry_state
cache_entry_judge(
    const struct cache_entry *e, uint64_t now, uint32_t max_stale_s)
{
	return judge(e->stored, e->lifetime, now, max_stale_s);
}

enum cache_entry_state
cache_entry_state(
    const void *data, size_t len, uint64_t now, uint32_t max_stale_s)
{
	const uint8_t *p = data;

	if (len < CACHE_PIECE_HEAD)
		return CACHE_ENTRY_DEAD;
	return judge(get_le64(p + AT_STORED), get_le32(p + AT_LIFETIME), now,
	    max_stale_s);
}
