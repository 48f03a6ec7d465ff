/*
 * csv: one column of a file of comma-separated values (RFC 4180, without line
 * breaks in a value), of addresses or names. `csv(ip)` takes the column that is
 * named so in the first line; `csv(2)` the second one of a file without names.
 * `csv(ip,reason)` takes the text from another column, and
 * `csv(ip,expires=until)` when the entry expires.
 */
#include <stdio.h>

#include "zones/ds_types.h"
#include "zones/generation.h"
#include "zones/list.h"
#include "zones/text.h"

/* Takes a value off *s, which moves behind the comma, or becomes NULL behind
 * the last. NULL if quotes do not fit. */
static char *
next_value(char **s)
{
	char *value = *s + strspn(*s, " \t"), *p = value, *to = value;

	if (*p != '"') {
		p = strchr(value, ',');
		*s = p != NULL ? p + 1 : NULL;
		if (p != NULL)
			*p = '\0';
		return list_trim(value);
	}
	for (p++; *p != '"' || *++p == '"'; p++) {
		if (*p == '\0')
			return NULL;
		*to++ = *p;
	}
	p += strspn(p, " \t");
	if (*p != ',' && *p != '\0')
		return NULL;
	*s = *p == ',' ? p + 1 : NULL;
	*to = '\0';
	return value;
}

static int
option(struct dataset *ds, const char *word)
{
	static const char expires[] = "expires=";
	struct list_column *c = ds->list.columns;
	uint32_t n;

	if (strcmp(word, "below") == 0 || strcmp(word, "exact") == 0)
		return list_option(ds, word);
	if (strncmp(word, expires, strlen(expires)) == 0) {
		c += LIST_EXPIRY;
		word += strlen(expires);
	} else if (c[LIST_KEY].name != NULL) {
		c += LIST_TEXT;
		ds->list.text = true;
	}
	if (c->name != NULL || *word == '\0')
		return -EINVAL;
	c->name = strdup(word);
	if (c->name == NULL)
		return -ENOMEM;
	if (text_u32(word, &n) != NULL && n > 0)
		c->number = c->fixed = n;
	return 0;
}

static void
start(struct dataset *ds)
{
	for (int i = 0; i < LIST_COLUMNS; i++)
		ds->list.columns[i].number = ds->list.columns[i].fixed;
}

static int
read_names(struct dataset *ds, char *s)
{
	struct list_column *c;
	unsigned n = 1;
	char *name;

	for (; s != NULL; n++) {
		name = next_value(&s);
		if (name == NULL)
			break;
		for (c = ds->list.columns; c < ds->list.columns + LIST_COLUMNS;
		     c++)
			if (c->name != NULL && c->number == 0 &&
			    strcasecmp(c->name, name) == 0)
				c->number = n;
	}
	for (c = ds->list.columns; c < ds->list.columns + LIST_COLUMNS; c++) {
		if (c->name != NULL && c->number == 0) {
			ds->list.is_lost = true;
			return dataset_bad_line(ds, "no column is named %s; "
			    "write another name, or a number, as csv(2)",
			    c->name);
		}
	}
	return 0;
}

static bool
wants_names(const struct dataset *ds)
{
	for (int i = 0; i < LIST_COLUMNS; i++)
		if (ds->list.columns[i].name != NULL &&
		    ds->list.columns[i].number == 0)
			return true;
	return false;
}

/* An entry with a time of its own; without one, it has that of the file. */
static int
put_entry(struct dataset *ds, char *key, const char *text, const char *until)
{
	uint32_t before = ds->expiry, value;
	int64_t expires = before;
	int rc = 0;

	if (*until != '\0' && (text_time(until, &expires) == NULL ||
	    expires < 0 || expires > UINT32_MAX))
		return dataset_bad_line(ds, "not a time in column %s; write "
		    "2027-01-31, 2027-01-31 12:00:00 or seconds since 1970, "
		    "in UTC", ds->list.columns[LIST_EXPIRY].name);
	ds->expiry = (uint32_t)expires;
	if (!dataset_is_over(ds)) {
		rc = list_value(ds, text, &value);
		if (rc == 0)
			rc = list_key(ds, key, value);
	}
	ds->expiry = before;
	return rc;
}

static int
line(struct dataset *ds, char *s)
{
	const struct list_column *c = ds->list.columns;
	const char *text = "", *until = "";
	char *v, *key = NULL;

	if (ds->list.is_lost)
		return 0;
	if (c[LIST_KEY].name == NULL) {
		ds->list.is_lost = true;
		return dataset_bad_line(ds, "no column is chosen; write "
		    "csv(ip): where the column is named ip, or csv(2):");
	}
	if (wants_names(ds))
		return read_names(ds, s);
	for (unsigned n = 1; s != NULL; n++) {
		v = next_value(&s);
		if (v == NULL)
			return dataset_bad_line(ds, "a quote is not closed, or "
			    "something stands behind it");
		if (n == c[LIST_KEY].number)
			key = v;
		if (n == c[LIST_TEXT].number)
			text = v;
		if (n == c[LIST_EXPIRY].number)
			until = v;
	}
	if (key == NULL || *key == '\0')
		return dataset_bad_line(ds, "nothing in column %s",
		    c[LIST_KEY].name);
	return put_entry(ds, key, text, until);
}

static int
done(struct dataset *ds, char *why)
{
	if (!ds->list.is_lost)
		return 0;
	snprintf(why, GENERATION_WHY_MAX, "%s: it has no such column",
	    ds->file);
	return -EINVAL;
}

static void
end(struct dataset *ds)
{
	for (int i = 0; i < LIST_COLUMNS; i++)
		free(ds->list.columns[i].name);
	list_end(ds);
}

const struct dataset_type ds_csv = {
    .name = "csv",
    .has_expiry = true,
    .begin = list_begin,
    .option = option,
    .start = start,
    .line = line,
    .done = done,
    .finish = list_finish,
    .end = end,
};
