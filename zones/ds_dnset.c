/*
 * dnset: names below the apex, each with a value: `x` is that name, `*.x` all
 * below it, `.x` both; and exclusions.
 */
#include "zones/ds_types.h"
#include "zones/text.h"

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

static int
line(struct dataset *ds, char *s)
{
	bool is_exclusion = *s == '!';
	const char *key = is_exclusion ? text_skip_space(s + 1) : s, *after;
	unsigned flags = NAME_EXACT, len;
	uint8_t name[DNAME_MAX];
	uint32_t value = 0;
	int rc;

	if (*s == ':')
		return dataset_default(ds, s);
	if (key[0] == '.') {
		flags = NAME_EXACT | NAME_WILD;
		key++;
	} else if (key[0] == '*' && key[1] == '.') {
		flags = NAME_WILD;
		key += 2;
	}
	after = text_name(key, name, &len);
	if (after == NULL || len == 1)
		return dataset_bad_line(ds, "not a domain name; write "
		    "example.com, *.example.com or .example.com");
	dname_lower(name, len);
	if (!is_exclusion) {
		rc = dataset_value(ds, after, &value);
		if (rc <= 0)
			return rc;
	}
	rc = name_build_add(&ds->build.name, name, len - 1, flags, value);
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

const struct dataset_type ds_dnset = {
    .name = "dnset",
    .has_expiry = true,
    .begin = begin,
    .line = line,
    .finish = finish,
    .end = end,
};
