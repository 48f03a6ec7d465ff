/*
 * plain: an address, a prefix or a range on a line, of either family, with `#`
 * or `;` before a comment: Spamhaus DROP, FireHOL and many others. The option
 * `text` makes the comment the text of the entry.
 */
#include "zones/ds_types.h"
#include "zones/list.h"

static int
line(struct dataset *ds, char *s)
{
	const char *comment;
	uint32_t value;
	int rc;

	if (s[0] == ':' && s[1] != ':')
		return dataset_default(ds, s);
	comment = list_cut_comment(s);
	rc = list_value(ds, comment, &value);
	return rc == 0 ? list_addresses(ds, s, value) : rc;
}

const struct dataset_type ds_plain = {
    .name = "plain",
    .has_expiry = true,
    .begin = list_begin,
    .option = list_option,
    .line = line,
    .finish = list_finish,
    .end = list_end,
};
