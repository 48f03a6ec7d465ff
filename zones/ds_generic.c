/*
 * generic: `name [ttl] [IN] type data`, one RR a line; `@` is the apex, names
 * in the data are absolute. There are no wildcards and no delegations, and `$`
 * means nothing in a text. rbldnsd knows A, TXT and MX.
 */
#include <arpa/inet.h>
#include <stdio.h>

#include "zones/ds_types.h"

#include "lib/dns.h"
#include "zones/text.h"
#include "zones/value.h"

static void
begin(struct dataset *ds)
{
	name_build_init(&ds->build.name, ds->apex);
}

static void
end(struct dataset *ds)
{
	name_build_free(&ds->build.name);
}

/* The length of the RDATA, 0 if s does not begin with it. What stands behind
 * the address is passed over, as in rbldnsd. */
static size_t
read_a(struct dataset *ds, const char *s, uint8_t *rdata)
{
	uint32_t ip;
	unsigned bits;

	(void)ds;
	if (text_ip4_aton(s, &ip, &bits) == NULL)
		return 0;
	put_be32(rdata, ip);
	return 4;
}

static size_t
read_txt(struct dataset *ds, const char *s, uint8_t *rdata)
{
	size_t len = strlen(s);

	if (len >= 2 && s[0] == '"' && s[len - 1] == '"') {
		s++;
		len -= 2;
	}
	if (len > 255) {
		dataset_note(ds, "the text is cut at 255 bytes; make it "
		    "shorter");
		len = 255;
	}
	rdata[0] = len;
	memcpy(rdata + 1, s, len);
	return 1 + len;
}

static size_t
read_aaaa(struct dataset *ds, const char *s, uint8_t *rdata)
{
	char word[INET6_ADDRSTRLEN];
	size_t len = strcspn(s, " \t");

	(void)ds;
	if (len >= sizeof(word))
		return 0;
	snprintf(word, sizeof(word), "%.*s", (int)len, s);
	s = text_skip_space(s + len);
	if (*s != '\0' && !text_is_comment(*s))
		return 0;
	return inet_pton(AF_INET6, word, rdata) == 1 ? 16 : 0;
}

/* n numbers of 16 bits, and a host name. */
static size_t
read_numbers_and_name(const char *s, unsigned n, uint8_t *rdata)
{
	uint32_t number;
	unsigned len;

	for (unsigned i = 0; i < n; i++) {
		s = text_u32(s, &number);
		if (s == NULL || number > 0xffff)
			return 0;
		put_be16(rdata + i * 2, number);
	}
	s = text_name(s, rdata + n * 2, &len);
	return s != NULL && *s == '\0' ? n * 2 + len : 0;
}

static size_t
read_host(struct dataset *ds, const char *s, uint8_t *rdata)
{
	(void)ds;
	return read_numbers_and_name(s, 0, rdata);
}

static size_t
read_mx(struct dataset *ds, const char *s, uint8_t *rdata)
{
	(void)ds;
	return read_numbers_and_name(s, 1, rdata);
}

static size_t
read_srv(struct dataset *ds, const char *s, uint8_t *rdata)
{
	(void)ds;
	return read_numbers_and_name(s, 3, rdata); /* priority weight port */
}

static const struct record_type {
	const char *word;
	uint16_t type;
	bool at_apex; /* may the zone itself have one? */
	size_t (*read)(struct dataset *ds, const char *s, uint8_t *rdata);
	const char *form;
} record_types[] = {
    {"a", DNS_TYPE_A, true, read_a, "A address"},
    {"txt", DNS_TYPE_TXT, true, read_txt, "TXT text"},
    {"mx", DNS_TYPE_MX, true, read_mx, "MX preference host"},
    {"aaaa", DNS_TYPE_AAAA, true, read_aaaa, "AAAA address"},
    {"cname", DNS_TYPE_CNAME, false, read_host, "CNAME name"},
    {"ns", DNS_TYPE_NS, false, read_host, "NS host"},
    {"ptr", DNS_TYPE_PTR, true, read_host, "PTR name"},
    {"srv", DNS_TYPE_SRV, true, read_srv, "SRV priority weight port host"},
};

/* The name below the apex; *len without a root byte. */
static const char *
read_owner(const char *s, uint8_t *name, unsigned *len)
{
	*len = 0;
	if (s[0] == '@' && text_is_space(s[1]))
		return text_skip_space(s + 2);
	s = text_name(s, name, len);
	if (s == NULL || *len == 1)
		return NULL;
	dname_lower(name, *len);
	(*len)--;
	return s;
}

static const char *
read_ttl(const struct dataset *ds, const char *s, uint32_t *ttl)
{
	*ttl = ds->pool.ttl;
	if (!text_is_digit(*s))
		return s;
	s = text_seconds(s, ttl);
	*ttl = dataset_ttl(ds, *ttl, ds->pool.ttl);
	return s;
}

/* Which type s says; *data is what stands behind it. */
static const struct record_type *
read_type(const char *s, const char **data)
{
	const char *rest = text_word(s, "in");

	if (rest != NULL)
		s = rest;
	for (size_t i = 0; i < sizeof(record_types) / sizeof(*record_types);
	     i++)
		if ((*data = text_word(s, record_types[i].word)) != NULL)
			return &record_types[i];
	return NULL;
}

static int
add(struct dataset *ds, const uint8_t *name, unsigned len, const void *rr,
    size_t rr_len)
{
	uint32_t value;
	int rc;

	rc = pool_rrs(&ds->pool, rr, rr_len, &value);
	if (rc == 0)
		rc = dataset_expiring(ds, &value);
	if (rc == 0)
		rc = name_build_add(&ds->build.name, name, len, NAME_EXACT,
		    value);
	if (rc == -ENAMETOOLONG)
		return dataset_bad_line(ds, "the name is too long to be asked "
		    "for below the zone");
	ds->entries++;
	return rc;
}

static int
line(struct dataset *ds, char *s)
{
	uint8_t name[DNAME_MAX], rdata[6 + DNAME_MAX + 1];
	uint8_t rr[VALUE_RR_HEADER + sizeof(rdata)];
	const struct record_type *type = NULL;
	const char *p, *data;
	size_t rdata_len;
	unsigned len;
	uint32_t ttl;

	p = read_owner(s, name, &len);
	if (p != NULL)
		p = read_ttl(ds, p, &ttl);
	if (p != NULL)
		type = read_type(p, &data);
	if (type == NULL)
		return dataset_bad_line(ds, "not an entry; write: name [ttl] "
		    "type data, as www 1h A 192.0.2.1; types are A, AAAA, "
		    "CNAME, MX, NS, PTR, SRV, TXT");
	if (len == 0 && !type->at_apex)
		return dataset_bad_line(ds, "the zone itself has an SOA and "
		    "NS: no CNAME can stand beside them, and NS are set by "
		    "$NS");
	rdata_len = type->read(ds, data, rdata);
	if (rdata_len == 0)
		return dataset_bad_line(ds, "not an entry; write: name [ttl] "
		    "%s", type->form);
	return add(ds, name, len, rr, value_put(rr, type->type, ttl, rdata,
	    rdata_len, false));
}

static int
finish(struct dataset *ds, struct intern *values, struct arrays *arrays)
{
	return name_build_finish(&ds->build.name, &ds->pool, values, arrays);
}

const struct dataset_type ds_generic = {
    .name = "generic",
    .has_expiry = true,
    .role = INDEX_RECORDS,
    .begin = begin,
    .line = line,
    .finish = finish,
    .end = end,
};
