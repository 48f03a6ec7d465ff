/*
 * Values as written, and their way into RRs.
 *
 * A raw value is one of: 'a', the address and the text; 'r' and ready RRs; 'e',
 * the time and the id of a value that expires; 'u' and the ids of other values;
 * 'o', the id of a value that expires, that of the one behind it, and how many
 * that makes.
 * Templates follow rbldnsd's rules: the text of an entry is cut at 255 bytes
 * before `$` is put in, and what comes out at 254.
 */
#include "zones/pool.h"

#include "lib/dns.h"
#include "zones/value.h"

int
pool_a_txt(struct pool *p, uint32_t a, const char *text, size_t len,
    uint32_t *id)
{
	uint8_t raw[5 + POOL_TEXT_MAX];

	if (len > POOL_TEXT_MAX)
		len = POOL_TEXT_MAX;
	raw[0] = 'a';
	put_be32(raw + 1, a);
	memcpy(raw + 5, text, len);
	return intern_add(&p->raw, raw, 5 + len, id);
}

const char *
pool_get_a_txt(const struct pool *p, uint32_t id, uint32_t *a, size_t *len)
{
	const uint8_t *raw = intern_get(&p->raw, id, len);

	*a = get_be32(raw + 1);
	*len -= 5;
	return (const char *)raw + 5;
}

static int
add_tagged(struct pool *p, char tag, const void *data, size_t len, uint32_t *id)
{
	struct buf raw = {0};
	int rc = buf_put(&raw, &tag, 1);

	if (rc == 0)
		rc = buf_put(&raw, data, len);
	if (rc == 0)
		rc = intern_add(&p->raw, raw.data, raw.len, id);
	buf_free(&raw);
	return rc;
}

int
pool_rrs(struct pool *p, const void *rrs, size_t len, uint32_t *id)
{
	return add_tagged(p, 'r', rrs, len, id);
}

int
pool_expiring(struct pool *p, uint32_t value, uint32_t expires, uint32_t *id)
{
	uint32_t pair[2] = {expires, value};

	p->has_expiring = true;
	return add_tagged(p, 'e', pair, sizeof(pair), id);
}

static int
by_number(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

int
pool_union(struct pool *p, uint32_t *ids, size_t n, uint32_t *id)
{
	size_t i, kept = 0;

	qsort(ids, n, sizeof(*ids), by_number);
	for (i = 0; i < n && kept < POOL_UNION_MAX; i++)
		if (kept == 0 || ids[i] != ids[kept - 1])
			ids[kept++] = ids[i];
	if (kept == 1) {
		*id = ids[0];
		return 0;
	}
	return add_tagged(p, 'u', ids, kept * sizeof(*ids), id);
}

/* ---- what hides what */

static uint32_t
get_u32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* How many alternatives a value has, beside the first. */
static uint32_t
further(const struct pool *p, uint32_t id)
{
	size_t len;
	const uint8_t *raw = intern_get(&p->raw, id, &len);

	return raw[0] == 'o' ? get_u32(raw + 9) : 0;
}

/* Will nothing be left of it one day? */
static bool
is_mortal(const struct pool *p, uint32_t id)
{
	size_t len;
	const uint8_t *raw = intern_get(&p->raw, id, &len);

	if (raw[0] == 'o')
		return is_mortal(p, get_u32(raw + 5));
	for (size_t i = 1; raw[0] == 'u' && i < len; i += sizeof(uint32_t))
		if (!is_mortal(p, get_u32(raw + i)))
			return false;
	return raw[0] == 'u' || raw[0] == 'e';
}

int
pool_put_over(struct pool *p, uint32_t above, uint32_t below, uint32_t *id)
{
	uint32_t triple[3] = {above, below,
	    further(p, above) + further(p, below) + 1};

	*id = above;
	if (!is_mortal(p, above) || triple[2] >= POOL_OVER_MAX)
		return 0;
	return add_tagged(p, 'o', triple, sizeof(triple), id);
}

/* ---- templates */

struct template {
	uint8_t bytes[VALUE_TXT_MAX];
	size_t len;
	bool has_key; /* a byte 0 stands for the listed key */
};

static void
template_add(struct template *t, const void *p, size_t n)
{
	if (n > sizeof(t->bytes) - t->len)
		n = sizeof(t->bytes) - t->len;
	memcpy(t->bytes + t->len, p, n);
	t->len += n;
}

static void
template_add_key(struct template *t)
{
	if (t->len < sizeof(t->bytes)) {
		t->bytes[t->len++] = 0;
		t->has_key = true;
	}
}

/* What stands behind a `$` at *s, which moves behind it. own: what `$=` is;
 * NULL for the key. */
static void
substitute(const struct pool *p, struct template *t, const char **s,
    const char *own)
{
	const char *var;
	char c = **s;

	if (c == '$') {
		template_add(t, "$", 1);
	} else if (c >= '0' && c <= '9') {
		var = p->subst[c - '0'];
		if (var != NULL)
			template_add(t, var, strlen(var));
		else
			template_add(t, *s - 1, 2);
	} else if (c == '=') {
		if (own != NULL)
			template_add(t, own, strlen(own));
		else
			template_add_key(t);
	} else {
		template_add_key(t);
		return;
	}
	(*s)++;
}

static void
make_template(const struct pool *p, struct template *t, const char *text)
{
	const char *own = text, *s = text, *mark;

	t->len = 0;
	t->has_key = false;
	if (*s == '=') {
		own = ++s;
	} else if (p->subst[POOL_BASE] != NULL) {
		own = *text != '\0' ? text : NULL;
		s = p->subst[POOL_BASE];
	}
	while (t->len < sizeof(t->bytes)) {
		mark = strchr(s, '$');
		template_add(t, s, mark != NULL ? (size_t)(mark - s)
						: strlen(s));
		if (mark == NULL)
			break;
		s = mark + 1;
		substitute(p, t, &s, own);
	}
}

/* ---- RRs */

static int
append_rr(const struct pool *p, struct buf *rrs, uint16_t type,
    const void *data, size_t len, bool is_template)
{
	uint8_t rr[VALUE_RR_HEADER + 256];

	return buf_put(rrs, rr,
	    value_put(rr, type, p->ttl, data, len, is_template));
}

static int
append_txt(const struct pool *p, struct buf *rrs, const char *text)
{
	struct template t;
	uint8_t rdata[1 + VALUE_TXT_MAX];

	make_template(p, &t, text);
	if (t.len == 0)
		return 0;
	if (t.has_key)
		return append_rr(p, rrs, DNS_TYPE_TXT, t.bytes, t.len, true);
	rdata[0] = t.len;
	memcpy(rdata + 1, t.bytes, t.len);
	return append_rr(p, rrs, DNS_TYPE_TXT, rdata, 1 + t.len, false);
}

static int
append_a_txt(const struct pool *p, struct buf *rrs, const uint8_t *raw,
    size_t len)
{
	char text[POOL_TEXT_MAX + 1];
	int rc;

	memcpy(text, raw + 4, len - 4);
	text[len - 4] = '\0';
	rc = append_rr(p, rrs, DNS_TYPE_A, raw, 4, false);
	return rc == 0 ? append_txt(p, rrs, text) : rc;
}

static int
append_expiry(struct buf *rrs, uint32_t expires)
{
	uint8_t note[VALUE_RR_HEADER + VALUE_EXPIRY_LEN];

	return buf_put(rrs, note, value_put_expiry(note, expires));
}

static int
append_value(const struct pool *p, struct buf *rrs, uint32_t id);

/* What stands behind it, of a union, does not expire unless it says so. */
static int
append_expiring(const struct pool *p, struct buf *rrs, const uint8_t *raw)
{
	uint32_t pair[2];
	int rc;

	memcpy(pair, raw, sizeof(pair));
	rc = append_expiry(rrs, pair[0]);
	if (rc == 0)
		rc = append_value(p, rrs, pair[1]);
	return rc == 0 ? append_expiry(rrs, 0) : rc;
}

/* Does a part of a union? */
static bool
any_expires(const struct pool *p, const uint8_t *raw, size_t len)
{
	uint32_t part;
	size_t unused;

	for (size_t i = 1; i < len; i += sizeof(part)) {
		memcpy(&part, raw + i, sizeof(part));
		if (*intern_get(&p->raw, part, &unused) == 'e')
			return true;
	}
	return false;
}

static int
append_value(const struct pool *p, struct buf *rrs, uint32_t id)
{
	size_t len, i;
	const uint8_t *raw = intern_get(&p->raw, id, &len);
	uint32_t part;
	int rc = 0;

	if (id == p->shared && id != p->shared_as)
		return append_value(p, rrs, p->shared_as);
	switch (raw[0]) {
	case 'a':
		return append_a_txt(p, rrs, raw + 1, len - 1);
	case 'r':
		return buf_put(rrs, raw + 1, len - 1);
	case 'e':
		return append_expiring(p, rrs, raw + 1);
	default: /* a union; its parts are none */
		if (any_expires(p, raw, len))
			rc = append_expiry(rrs, 0); /* notes stand first */
		for (i = 1; i < len && rc == 0; i += sizeof(part)) {
			memcpy(&part, raw + i, sizeof(part));
			rc = append_value(p, rrs, part);
		}
		return rc;
	}
}

/* ---- RRsets */

/* The smallest TTL that RRs of this type have. */
static uint32_t
min_ttl(const struct buf *rrs, uint16_t type)
{
	const uint8_t *p = rrs->data;
	struct value_rr rr;
	uint32_t ttl = UINT32_MAX;

	while (value_next(&p, rrs->data + rrs->len, &rr))
		if (rr.type == type && rr.ttl < ttl)
			ttl = rr.ttl;
	return ttl;
}

/* Does one of the RRs in rrs equal that which stands in rr..end? */
static bool
has_rr(const struct buf *rrs, const uint8_t *rr, const uint8_t *end)
{
	const uint8_t *p = rrs->data, *before = p;
	struct value_rr unused;

	for (; value_next(&p, rrs->data + rrs->len, &unused); before = p)
		if (p - before == end - rr && memcmp(before, rr, end - rr) == 0)
			return true;
	return false;
}

/* All RRs of a type get the same TTL (RFC 2181 5.2); equal ones stand once, but
 * where some expire: the daemon leaves out what is the same then. */
static int
settle_rrsets(struct buf *rrs)
{
	struct buf settled = {0};
	uint8_t *rr = rrs->data;
	const uint8_t *p = rr;
	bool expires = false;
	struct value_rr v;
	int rc;

	rc = buf_room(&settled, rrs->len);
	while (rc == 0 && value_next_any(&p, rrs->data + rrs->len, &v)) {
		expires |= v.type == VALUE_NOTE;
		if (v.type != VALUE_NOTE)
			put_le32(rr + 4, min_ttl(rrs, v.type));
		if (expires || !has_rr(&settled, rr, p))
			rc = buf_put(&settled, rr, p - rr);
		rr += p - rr;
	}
	buf_free(rrs);
	*rrs = settled;
	return rc;
}

/* The alternatives of a value, one behind the other; others have one. */
static int
append_settled(const struct pool *p, struct buf *rrs, uint32_t id)
{
	size_t len;
	const uint8_t *raw = intern_get(&p->raw, id, &len);
	uint8_t note[VALUE_RR_HEADER];
	struct buf one = {0};
	int rc;

	if (raw[0] == 'o') {
		rc = append_settled(p, rrs, get_u32(raw + 1));
		if (rc == 0)
			rc = buf_put(rrs, note, value_put_parting(note));
		return rc == 0 ? append_settled(p, rrs, get_u32(raw + 5)) : rc;
	}
	rc = append_value(p, &one, id);
	if (rc == 0)
		rc = settle_rrsets(&one);
	if (rc == 0)
		rc = buf_put(rrs, one.data, one.len);
	buf_free(&one);
	return rc;
}

/* The numbers in the generation's table are found when they are first asked
 * for: unions of unions may be in the pool that nothing is listed with. */
int
pool_final(struct pool *p, struct intern *values, uint32_t id, uint32_t *out)
{
	struct buf rrs = {0};
	size_t want = ((size_t)p->raw.count + 1) * sizeof(*out);
	int rc;

	*out = 0;
	if (id == 0)
		return 0;
	if (p->final.len < want) {
		rc = buf_room(&p->final, want - p->final.len);
		if (rc != 0)
			return rc;
		memset(p->final.data + p->final.len, 0, want - p->final.len);
		p->final.len = want;
	}
	memcpy(out, p->final.data + id * sizeof(*out), sizeof(*out));
	if (*out != 0)
		return 0;
	rc = append_settled(p, &rrs, id);
	if (rc == 0)
		rc = intern_add(values, rrs.data, rrs.len, out);
	if (rc == 0)
		memcpy(p->final.data + id * sizeof(*out), out, sizeof(*out));
	buf_free(&rrs);
	return rc;
}

void
pool_free(struct pool *p)
{
	for (size_t i = 0; i < sizeof(p->subst) / sizeof(p->subst[0]); i++)
		free(p->subst[i]);
	intern_free(&p->raw);
	buf_free(&p->final);
	*p = (struct pool){0};
}
