/*
 * What is wrong with one tag seldom spoils a record: receivers pass the tag
 * over, and the admin does not get what he asked for. That is noted, not
 * refused.
 */
#include "tools/mxcheck/dmarc.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/why.h"

struct reader {
	struct dmarc *out;
	bool bad_policy; /* p, sp or np has a value that does not exist */
};

static const char *const policies[] = {"", "none", "quarantine", "reject"};

const char *
dmarc_policy_txt(enum dmarc_policy policy)
{
	return policies[policy];
}

/* The first oddity is the one that is told. */
static void
odd(struct reader *r, const struct text *tag, const struct text *value)
{
	char name[TEXT_SHOWN_LEN], said[TEXT_SHOWN_LEN];

	if (r->out->odd[0] == '\0')
		snprintf(r->out->odd, sizeof(r->out->odd), "%s=%s has no "
		    "meaning", text_shown(tag, name), text_shown(value, said));
}

static enum dmarc_policy
policy(struct reader *r, const struct text *tag, const struct text *value)
{
	for (unsigned i = DMARC_NONE; i <= DMARC_REJECT; i++)
		if (text_is_nocase(value, policies[i]))
			return (enum dmarc_policy)i;
	odd(r, tag, value);
	r->bad_policy = true;
	return DMARC_UNSET;
}

/* One letter of those that are allowed; '\0' and a note otherwise. */
static char
letter(struct reader *r, const struct text *tag, const struct text *value,
    const char *allowed)
{
	char c = value->len == 1 ? (char)(value->s[0] | 0x20) : '\0';

	if (c != '\0' && strchr(allowed, c) != NULL)
		return c;
	odd(r, tag, value);
	return '\0';
}

/* Each of a list; "!10m" behind a URI has no meaning any more. */
static bool
are_uris(struct reader *r, const struct text *tag, const struct text *value)
{
	struct text list = *value, uri;
	bool any = false, more;

	do {
		more = text_cut(&list, ',', &uri);
		if (text_is_report_uri(&uri))
			any = true;
		else
			odd(r, tag, &uri);
	} while (more);
	return any;
}

static void
failure_options(struct reader *r, const struct text *tag,
    const struct text *value)
{
	struct text list = *value, option;
	bool more;

	do {
		more = text_cut(&list, ':', &option);
		if (option.len != 1 ||
		    memchr("01dDsS", option.s[0], 6) == NULL)
			odd(r, tag, &option);
	} while (more);
}

/* Unknown tags are passed over by rule, so they are not odd. */
static void
take(struct reader *r, const struct text *tag, const struct text *value)
{
	struct dmarc *out = r->out;
	char c;

	if (text_is_nocase(tag, "p")) {
		out->p = policy(r, tag, value);
	} else if (text_is_nocase(tag, "sp")) {
		out->sp = policy(r, tag, value);
	} else if (text_is_nocase(tag, "np")) {
		out->np = policy(r, tag, value);
	} else if (text_is_nocase(tag, "adkim") ||
	    text_is_nocase(tag, "aspf")) {
		(void)letter(r, tag, value, "rs");
	} else if (text_is_nocase(tag, "t")) {
		out->is_testing = letter(r, tag, value, "yn") == 'y';
	} else if (text_is_nocase(tag, "psd")) {
		c = letter(r, tag, value, "ynu");
		out->psd = c != '\0' ? c : 'u';
	} else if (text_is_nocase(tag, "fo")) {
		failure_options(r, tag, value);
	} else if (text_is_nocase(tag, "rua")) {
		out->has_rua = are_uris(r, tag, value);
	} else if (text_is_nocase(tag, "ruf")) {
		(void)are_uris(r, tag, value);
	} else if (text_is_nocase(tag, "pct") || text_is_nocase(tag, "rf") ||
	    text_is_nocase(tag, "ri")) {
		out->is_old = true;
	}
}

/* "v = DMARC1" is the first; its value is as it stands, RFC 7405. */
static bool
has_version(struct text *t)
{
	struct text value, tag;

	(void)text_cut(t, ';', &value);
	return text_cut(&value, '=', &tag) && text_is_nocase(&tag, "v") &&
	    (text_trim(&value), text_is(&value, "DMARC1"));
}

int
dmarc_read(struct dmarc *out, const char *txt, size_t len,
    char why[TEXT_WHY_MAX])
{
	struct text t = {txt, len}, tag, value;
	struct reader r = {.out = out};
	char what[TEXT_WHY_MAX];
	int rc;

	*out = (struct dmarc){.psd = 'u'};
	if (!has_version(&t))
		return -ENOENT;
	while ((rc = text_next_tag(&t, &tag, &value, what)) != 0) {
		if (rc == 1)
			take(&r, &tag, &value);
		else if (out->odd[0] == '\0')
			snprintf(out->odd, sizeof(out->odd), "%s", what);
	}
	if (out->p != DMARC_UNSET && !r.bad_policy)
		return 0;
	if (!out->has_rua)
		return why_fail(why, TEXT_WHY_MAX, -EINVAL, r.bad_policy ?
		    "%s" : "there is no p", out->odd);
	out->p = DMARC_NONE;
	out->sp = out->np = DMARC_UNSET;
	return 0;
}
