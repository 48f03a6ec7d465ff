/*
 * Lines that begin with `$`: what holds for a dataset as a whole. The first
 * $SOA, $NS and $0-$9, $= of a dataset count, the last $TTL does.
 */
#include <stdio.h>
#include <time.h>

#include "lib/bytes.h"
#include "zones/dataset.h"
#include "zones/generation.h"
#include "zones/text.h"

static const char *
read_ttl(const struct dataset *ds, const char *s, uint32_t otherwise,
    uint32_t *ttl)
{
	s = text_seconds(s, ttl);
	if (s != NULL)
		*ttl = dataset_ttl(ds, *ttl, otherwise);
	return s;
}

/* ttl origin person serial refresh retry expire minimum */
static const char *
read_soa(const struct dataset *ds, const char *s, uint32_t *ttl, uint8_t *rdata,
    size_t *rdata_len)
{
	unsigned len;
	uint32_t v;

	*rdata_len = 0;
	s = read_ttl(ds, s, ds->pool.ttl, ttl);
	for (int i = 0; i < 2 && s != NULL; i++) {
		s = text_name(s, rdata + *rdata_len, &len);
		*rdata_len += s != NULL ? len : 0;
	}
	for (int i = 0; i < 5 && s != NULL; i++) {
		s = i == 0 ? text_u32(s, &v) : text_seconds(s, &v);
		if (s != NULL)
			put_be32(rdata + *rdata_len, v);
		*rdata_len += 4;
	}
	return s;
}

static int
special_soa(struct dataset *ds, const char *s)
{
	uint8_t rdata[2 * DNAME_MAX + 20];
	size_t len;
	uint32_t ttl;

	if (ds->soa.is_set)
		return 0;
	s = read_soa(ds, s, &ttl, rdata, &len);
	if (s == NULL || *s != '\0')
		return dataset_bad_line(ds, "not an SOA: write $SOA ttl origin "
		    "person serial refresh retry expire minimum");
	ds->soa.is_set = true;
	ds->soa.ttl = ttl;
	return buf_put(&ds->soa.rdata, rdata, len);
}

/* Is the name in the list already? */
static bool
has_name(const struct buf *names, const uint8_t *name)
{
	for (size_t at = 0; at < names->len;
	    at += dname_len(names->data + at))
		if (dname_equal(names->data + at, name))
			return true;
	return false;
}

static const char *
read_ns(const char *s, struct buf *names, int *rc)
{
	uint8_t name[DNAME_MAX];
	unsigned len, n = 0;

	do {
		if (*s == '-') { /* commented out */
			while (*s != '\0' && !text_is_space(*s))
				s++;
			s = text_skip_space(s);
			continue;
		}
		s = text_name(s, name, &len);
		if (s == NULL)
			return NULL;
		if (n == 32 || has_name(names, name)) /* rbldnsd's limit */
			continue;
		n++;
		*rc = buf_put(names, name, len);
		if (*rc != 0)
			return s;
	} while (*s != '\0');
	return s;
}

static int
special_ns(struct dataset *ds, const char *s)
{
	struct buf names = {0};
	uint32_t ttl;
	int rc = 0;

	if (ds->ns.is_set)
		return 0;
	s = read_ttl(ds, s, ds->pool.ttl, &ttl);
	if (s != NULL)
		s = read_ns(s, &names, &rc);
	if (rc != 0 || s == NULL) {
		buf_free(&names);
		return rc != 0 ? rc : dataset_bad_line(ds,
		    "no name servers: write $NS ttl name name...");
	}
	ds->ns.names = names;
	ds->ns.ttl = ttl;
	ds->ns.is_set = names.len > 0;
	return 0;
}

static int
special_ttl(struct dataset *ds, const char *s)
{
	uint32_t ttl;

	s = read_ttl(ds, s, 0, &ttl);
	if (s == NULL || *s != '\0')
		return dataset_bad_line(ds, "not a time: write $TTL seconds, "
		    "or with a unit, as 2h");
	ds->pool.ttl = ttl;
	return 0;
}

/* A number of addresses, or /length. */
static int
special_maxrange4(struct dataset *ds, const char *s)
{
	bool is_length = *s == '/';
	uint64_t max;
	uint32_t v;

	s = text_u32(s + is_length, &v);
	if (s == NULL || *s != '\0' || (is_length ? v > 32 : v == 0))
		return dataset_bad_line(ds, "not a size: write $MAXRANGE4 256, "
		    "or $MAXRANGE4 /24");
	max = is_length ? 1ull << (32 - v) : v;
	if (ds->range4_max != 0 && ds->range4_max < max)
		return dataset_bad_line(ds, "$MAXRANGE4 can only become "
		    "smaller; it stays %llu",
		    (unsigned long long)ds->range4_max);
	ds->range4_max = max;
	return 0;
}

/* /length: numbers of IPv6 addresses say little. */
static int
special_maxrange6(struct dataset *ds, const char *s)
{
	uint32_t bits;

	s = *s == '/' ? text_u32(s + 1, &bits) : NULL;
	if (s == NULL || *s != '\0' || bits == 0 || bits > 128)
		return dataset_bad_line(ds, "not a length: write $MAXRANGE6 "
		    "/48");
	if (bits < ds->range6_bits)
		return dataset_bad_line(ds, "$MAXRANGE6 can only become "
		    "smaller; it stays /%u", ds->range6_bits);
	ds->range6_bits = bits;
	return 0;
}

/* stamp [expires], where expires may be +seconds from the stamp. */
static const char *
read_stamps(const char *s, int64_t *stamp, int64_t *expires)
{
	uint32_t after;

	*expires = 0;
	s = text_timestamp(s, stamp);
	if (s == NULL || *s == '\0')
		return s;
	if (*s != '+')
		return text_timestamp(s, expires);
	s = text_seconds(s + 1, &after);
	if (*stamp == 0 || s == NULL || after == 0)
		return NULL;
	*expires = *stamp + after;
	return s;
}

/*
 * Whether data from the future, or that has expired, may be served is for the
 * gate to say; a check counts it as a bad line.
 */
static int
special_timestamp(struct dataset *ds, const char *s)
{
	int64_t stamp, expires, now = time(NULL);

	s = read_stamps(s, &stamp, &expires);
	if (s == NULL || *s != '\0')
		return dataset_bad_line(ds, "not a time: write $TIMESTAMP "
		    "yyyy:mm:dd:hh:mi:ss, and behind it when the data expires, "
		    "or +time after that");
	if (expires != 0 && (ds->expires == 0 || ds->expires > expires))
		ds->expires = expires;
	if (ds->stamp < stamp)
		ds->stamp = stamp;
	if (ds->wants_build)
		return 0;
	if (stamp > now)
		return dataset_bad_line(ds, "the data is from the future, by "
		    "%lld seconds; is the clock right?",
		    (long long)(stamp - now));
	if (expires != 0 && expires <= now)
		return dataset_bad_line(ds, "the data expired %lld seconds "
		    "ago; get newer data", (long long)(now - expires));
	return 0;
}

/* Of the entries that follow in the file; 0 or -: they do not expire. */
static int
special_expires(struct dataset *ds, const char *s)
{
	int64_t expires;

	if (!ds->type->has_expiry)
		return dataset_bad_line(ds, "entries of this type of dataset "
		    "do not expire one by one; see $TIMESTAMP");
	s = text_timestamp(s, &expires);
	if (s == NULL || *s != '\0' || expires < 0 || expires > UINT32_MAX)
		return dataset_bad_line(ds, "not a time: write $EXPIRES "
		    "yyyy:mm:dd:hh:mi:ss, or $EXPIRES 0 for never");
	ds->expiry = (uint32_t)expires;
	return 0;
}

/* $0 to $9, $= */
static int
special_variable(struct dataset *ds, const char *s)
{
	unsigned n = *s == '=' ? POOL_BASE : (unsigned)(*s - '0');

	if (ds->pool.subst[n] != NULL)
		return 0;
	s = text_skip_space(s + 1);
	if (*s == '\0')
		return dataset_bad_line(ds, "$%c is given no text",
		    n == POOL_BASE ? '=' : '0' + (int)n);
	ds->pool.subst[n] = strdup(s);
	return ds->pool.subst[n] != NULL ? 0 : -ENOMEM;
}

int
special_line(struct dataset *ds, char *s, char *why)
{
	const char *rest;
	int rc;

	if (ds->type->special != NULL) {
		rc = ds->type->special(ds, s, why);
		if (rc != 0)
			return rc < 0 ? rc : 0;
	}
	if (ds->type->role == INDEX_ACL && (text_word(s, "soa") != NULL ||
	    text_word(s, "ns") != NULL || text_word(s, "nameserver") != NULL))
		return dataset_bad_line(ds, "an acl has no $SOA and no $NS; "
		    "write them into another dataset");
	if ((rest = text_word(s, "soa")) != NULL)
		return special_soa(ds, rest);
	if ((rest = text_word(s, "ns")) != NULL ||
	    (rest = text_word(s, "nameserver")) != NULL)
		return special_ns(ds, rest);
	if ((rest = text_word(s, "ttl")) != NULL)
		return special_ttl(ds, rest);
	if ((rest = text_word(s, "maxrange4")) != NULL)
		return special_maxrange4(ds, rest);
	if ((rest = text_word(s, "maxrange6")) != NULL)
		return special_maxrange6(ds, rest);
	if ((rest = text_word(s, "timestamp")) != NULL)
		return special_timestamp(ds, rest);
	if ((rest = text_word(s, "expires")) != NULL)
		return special_expires(ds, rest);
	if ((text_is_digit(*s) || *s == '=') && text_is_space(s[1]))
		return special_variable(ds, s);
	return dataset_bad_line(ds, "unknown $ line; known are $SOA $NS $TTL "
	    "$TIMESTAMP $EXPIRES $MAXRANGE4 $MAXRANGE6 $0-$9 $=");
}
