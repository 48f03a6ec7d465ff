/*
 * generic: `name [ttl] [IN] A|TXT|MX data`, one RR a line; `@` is the apex.
 * There are no wildcards, and `$` means nothing in a text.
 */
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
read_a(const char *s, uint8_t *rdata)
{
	uint32_t ip;
	unsigned bits;

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
read_mx(const char *s, uint8_t *rdata)
{
	uint32_t preference;
	unsigned len;

	s = text_u32(s, &preference);
	if (s == NULL || preference > 0xffff)
		return 0;
	put_be16(rdata, preference);
	s = text_name(s, rdata + 2, &len);
	return s != NULL && *s == '\0' ? 2 + len : 0;
}

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
	if (*ttl == 0)
		*ttl = ds->pool.ttl;
	return s;
}

static size_t
read_rdata(struct dataset *ds, const char *s, uint16_t *type, uint8_t *rdata)
{
	const char *rest;

	if ((rest = text_word(s, "in")) != NULL)
		s = rest;
	if ((rest = text_word(s, "a")) != NULL) {
		*type = DNS_TYPE_A;
		return read_a(rest, rdata);
	}
	if ((rest = text_word(s, "txt")) != NULL) {
		*type = DNS_TYPE_TXT;
		return read_txt(ds, rest, rdata);
	}
	if ((rest = text_word(s, "mx")) != NULL) {
		*type = DNS_TYPE_MX;
		return read_mx(rest, rdata);
	}
	return 0;
}

static int
line(struct dataset *ds, char *s)
{
	uint8_t name[DNAME_MAX], rdata[2 + DNAME_MAX + 1];
	uint8_t rr[VALUE_RR_HEADER + sizeof(rdata)];
	uint32_t ttl, value;
	uint16_t type;
	unsigned len;
	size_t rdata_len = 0;
	const char *p;
	int rc;

	p = read_owner(s, name, &len);
	if (p != NULL)
		p = read_ttl(ds, p, &ttl);
	if (p != NULL)
		rdata_len = read_rdata(ds, p, &type, rdata);
	if (rdata_len == 0)
		return dataset_bad_line(ds, "not an entry; write: name [ttl] A "
		    "address, name [ttl] TXT text, or name [ttl] MX "
		    "preference host");
	rc = pool_rrs(&ds->pool, rr,
	    value_put(rr, type, ttl, rdata, rdata_len, false), &value);
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
finish(struct dataset *ds, struct intern *values, struct arrays *arrays)
{
	return name_build_finish(&ds->build.name, &ds->pool, values, arrays);
}

const struct dataset_type ds_generic = {
    .name = "generic",
    .begin = begin,
    .line = line,
    .finish = finish,
    .end = end,
};
