/*
 * drop-json: Spamhaus DROP as JSON, an object on a line:
 *
 *	{"cidr":"192.0.2.0/24","sblid":"SBL1","rir":"arin"}
 *	{"type":"metadata","timestamp":1,"size":2,"records":1,...}
 *
 * Read by hand: the objects are flat and each is a line, which is the smaller
 * half of a JSON library's work. What is nested is refused. The metadata says
 * how many entries there are: a file that was cut does not pass.
 */
#include <stdio.h>

#include "zones/ds_types.h"
#include "zones/generation.h"
#include "zones/list.h"

struct drop_line {
	char *cidr, *sblid, *type; /* NULL where it has none */
	char *records;
};

/* ---- flat JSON objects */

static char *
skip_space(char *s)
{
	return s + strspn(s, " \t");
}

static int
hex4(const char *s)
{
	int v = 0;

	for (int i = 0; i < 4; i++) {
		const char *digits = "0123456789abcdef", *d;

		if (s[i] == '\0' || (d = strchr(digits, s[i] | 0x20)) == NULL)
			return -1;
		v = v << 4 | (int)(d - digits);
	}
	return v;
}

/* The character of an escape at *s, which moves to its last one; -1: none.
 * What is not ASCII becomes `?`. */
static int
unescape(char **s)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at;
	int c;

	if (**s == 'u') {
		c = hex4(*s + 1);
		if (c < 0)
			return -1;
		*s += 4;
		return c > 0 && c < 0x80 ? c : '?';
	}
	at = **s != '\0' ? strchr(from, **s) : NULL;
	return at != NULL ? to[at - from] : -1;
}

/* A string at s, decoded in place. Returns what stands behind it, or NULL. */
static char *
read_string(char *s, char **out)
{
	char *to = s + 1;
	int c;

	if (*s != '"')
		return NULL;
	*out = to;
	for (s++; *s != '"'; s++) {
		c = (unsigned char)*s;
		if (c < 0x20)
			return NULL;
		if (c == '\\') {
			s++;
			c = unescape(&s);
			if (c < 0)
				return NULL;
		}
		*to++ = (char)c;
	}
	*to = '\0';
	return s + 1;
}

/* A string, a number or a word. Returns what stands behind it, which is not cut
 * off, or NULL. */
static char *
read_scalar(char *s, char **out)
{
	size_t n;

	if (*s == '"')
		return read_string(s, out);
	n = strspn(s, "+-.0123456789abcdefghijklmnopqrstuvwxyzE");
	*out = s;
	return n > 0 ? s + n : NULL;
}

static void
take(struct drop_line *l, const char *name, char *value)
{
	if (strcmp(name, "cidr") == 0)
		l->cidr = value;
	else if (strcmp(name, "sblid") == 0)
		l->sblid = value;
	else if (strcmp(name, "type") == 0)
		l->type = value;
	else if (strcmp(name, "records") == 0)
		l->records = value;
}

static bool
read_object(char *s, struct drop_line *l)
{
	char *name, *value, *end, c;

	if (*s != '{')
		return false;
	do {
		s = read_string(skip_space(s + 1), &name);
		if (s == NULL || *(s = skip_space(s)) != ':')
			return false;
		s = read_scalar(skip_space(s + 1), &value);
		if (s == NULL)
			return false;
		end = s;
		s = skip_space(s);
		c = *s;
		*end = '\0';
		take(l, name, value);
	} while (c == ',');
	return c == '}' && s[1] == '\0';
}

/* ---- lines */

static int
line(struct dataset *ds, char *s)
{
	struct drop_line l = {0};
	uint32_t value;
	int rc;

	if (!read_object(s, &l))
		return dataset_bad_line(ds, "not a flat JSON object; write "
		    "{\"cidr\":\"192.0.2.0/24\"}");
	if (l.cidr == NULL && l.type != NULL &&
	    strcmp(l.type, "metadata") == 0) {
		if (l.records != NULL)
			ds->list.records = strtoull(l.records, NULL, 10);
		ds->list.has_records = l.records != NULL;
		return 0;
	}
	if (l.cidr == NULL)
		return dataset_bad_line(ds, "no \"cidr\" in it");
	ds->list.read++;
	rc = list_value(ds, l.sblid != NULL ? l.sblid : "", &value);
	return rc == 0 ? list_addresses(ds, l.cidr, value) : rc;
}

static void
start(struct dataset *ds)
{
	ds->list.has_records = false;
	ds->list.read = 0;
}

static int
done(struct dataset *ds, char *why)
{
	if (!ds->list.has_records || ds->list.records == ds->list.read)
		return 0;
	snprintf(why, GENERATION_WHY_MAX, "%s: it should have %llu entries, "
	    "there are %llu; get it again", ds->file,
	    (unsigned long long)ds->list.records,
	    (unsigned long long)ds->list.read);
	return -EINVAL;
}

const struct dataset_type ds_drop_json = {
    .name = "drop-json",
    .has_expiry = true,
    .begin = list_begin,
    .option = list_option,
    .start = start,
    .line = line,
    .done = done,
    .finish = list_finish,
    .end = list_end,
};
