/*
 * domains: a name on a line, with `#` or `;` before a comment. With the option
 * `below`, names below the listed ones are listed, too.
 */
#include "zones/ds_types.h"
#include "zones/list.h"

static int
line(struct dataset *ds, char *s)
{
	const char *comment;
	uint32_t value;
	int rc;

	if (s[0] == ':')
		return dataset_default(ds, s);
	comment = list_cut_comment(s);
	rc = list_value(ds, comment, &value);
	return rc == 0 ? list_name(ds, s, value) : rc;
}

const struct dataset_type ds_domains = {
    .name = "domains",
    .has_expiry = true,
    .begin = list_begin,
    .option = list_option,
    .line = line,
    .finish = list_finish,
    .end = list_end,
};
