/*
 * Only the form is read: neither logo nor certificate is fetched.
 */
#include "tools/mxcheck/bimi.h"

#include <errno.h>
#include <string.h>

#include "lib/why.h"

#define HTTPS "https://"

static bool
is_https(const struct text *uri)
{
	return uri->len > strlen(HTTPS) &&
	    memcmp(uri->s, HTTPS, strlen(HTTPS)) == 0;
}

int
bimi_read(const char *txt, size_t len, bool *has_evidence,
    char why[TEXT_WHY_MAX])
{
	struct text t = {txt, len}, tag, value, logo = {NULL, 0};
	char name[TEXT_SHOWN_LEN], buf[TEXT_SHOWN_LEN];
	int rc;

	*has_evidence = false;
	if (text_next_tag(&t, &tag, &value, why) != 1 ||
	    !text_is(&tag, "v") || !text_is(&value, "BIMI1"))
		return -ENOENT;
	while ((rc = text_next_tag(&t, &tag, &value, why)) == 1) {
		if (!text_is(&tag, "l") && !text_is(&tag, "a"))
			continue;
		if (value.len > 0 && !is_https(&value))
			return why_fail(why, TEXT_WHY_MAX, -EINVAL,
			    "%s=%s is not https:", text_shown(&tag, name),
			    text_shown(&value, buf));
		if (text_is(&tag, "l"))
			logo = value;
		else
			*has_evidence = value.len > 0;
	}
	if (rc != 0)
		return rc;
	return logo.s != NULL ? 0 : why_fail(why, TEXT_WHY_MAX, -EINVAL,
	    "there is no l");
}
