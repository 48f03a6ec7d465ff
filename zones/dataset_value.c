/*
 * What an entry says of itself: `:A:TXT` as in rbldnsd, or a text. Feeds have
 * few values, and often, so those just read are remembered by their text.
 */
#include "zones/dataset.h"

#include "zones/text.h"

#define LOOPBACK 0x7f000000u /* 127.0.0.x is what :x means */

static int
a_txt(struct dataset *ds, uint32_t a, const char *text, uint32_t *value)
{
	size_t len = strlen(text);
	int rc;

	if (len > POOL_TEXT_MAX)
		dataset_note(ds, "the text is cut at %d bytes; make it shorter",
		    POOL_TEXT_MAX);
	rc = pool_a_txt(&ds->pool, a, text, len, value);
	return rc == 0 ? 1 : rc;
}

/* `:A` or `:A:TXT`; what is missing comes from base. */
static int
colon_value(struct dataset *ds, const char *s, uint32_t base, uint32_t *value)
{
	char inherited[POOL_TEXT_MAX + 1];
	const char *text;
	uint32_t a, unused;
	unsigned bits;
	size_t len;

	s = text_ip4_aton(s + 1, &a, &bits);
	if (s == NULL || a == 0)
		return dataset_bad_line(ds, "no address behind the colon; "
		    "write :127.0.0.2: or :2: and the text");
	if (bits == 8)
		a |= LOOPBACK;
	s = text_skip_space(s);
	if (*s == ':')
		return a_txt(ds, a, text_skip_space(s + 1), value);
	if (*s != '\0')
		return dataset_bad_line(ds, "something stands behind the "
		    "address; write a second colon before a text");
	text = pool_get_a_txt(&ds->pool, base, &unused, &len);
	memcpy(inherited, text, len);
	inherited[len] = '\0';
	return a_txt(ds, a, inherited, value);
}

static int
read_value(struct dataset *ds, const char *s, uint32_t *value)
{
	uint32_t a;
	size_t unused;

	if (*s == ':')
		return colon_value(ds, s, ds->default_value, value);
	(void)pool_get_a_txt(&ds->pool, ds->default_value, &a, &unused);
	return a_txt(ds, a, s, value);
}

/* Where a text that is not empty is remembered. */
static struct value_memo *
memo_for(struct dataset *ds, const char *s)
{
	unsigned h = (uint8_t)s[0] + 3u * (uint8_t)s[1];

	if (s[1] != '\0')
		h += 5u * (uint8_t)s[2];
	return &ds->memos[h % VALUE_MEMOS];
}

static int
find_value(struct dataset *ds, const char *s, uint32_t *value)
{
	struct value_memo *memo;
	int rc;

	s = text_skip_space(s);
	if (*s == '\0' || text_is_comment(*s)) {
		*value = ds->default_value;
		return 1;
	}
	memo = memo_for(ds, s);
	if (memo->value != 0 && memo->base == ds->default_value &&
	    strcmp(memo->text, s) == 0) {
		*value = memo->value;
		return 1;
	}
	rc = read_value(ds, s, value);
	if (rc == 1 && strlen(s) < sizeof(memo->text)) {
		strcpy(memo->text, s);
		memo->base = ds->default_value;
		memo->value = *value;
	}
	return rc;
}

int
dataset_expiring(struct dataset *ds, uint32_t *value)
{
	return ds->expiry == 0 ? 0 :
	    pool_expiring(&ds->pool, *value, ds->expiry, value);
}

int
dataset_value(struct dataset *ds, const char *s, uint32_t *value)
{
	int rc = find_value(ds, s, value);

	if (rc == 1 && dataset_expiring(ds, value) != 0)
		return -ENOMEM;
	return rc;
}

int
dataset_default(struct dataset *ds, char *s)
{
	int rc = colon_value(ds, s, ds->first_value, &ds->default_value);

	return rc < 0 ? rc : 0;
}

int
dataset_shared(struct dataset *ds, char *s)
{
	uint32_t value;
	int rc = colon_value(ds, s, ds->first_value, &value);

	if (rc <= 0)
		return rc;
	if (ds->shared_value == 0)
		ds->shared_value = value;
	else if (ds->shared_value != value)
		dataset_note(ds, "an %s has one value for all; the first "
		    "counts, not this one", ds->type->name);
	return 0;
}

void
dataset_share(struct dataset *ds)
{
	if (ds->shared_value == 0)
		return;
	ds->pool.shared = ds->first_value;
	ds->pool.shared_as = ds->shared_value;
}

void
dataset_no_value(struct dataset *ds, const char *s)
{
	s = text_skip_space(s);
	if (*s != '\0' && !text_is_comment(*s))
		dataset_note(ds, "an %s has one value for all; the one of this "
		    "entry is left out", ds->type->name);
}
