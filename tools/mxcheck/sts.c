/*
 * Both records are lists of key=value between semicolons, a policy is one of
 * key: value between line ends: one reader of tags serves the records.
 */
#include "tools/mxcheck/sts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/addr.h"
#include "lib/dname.h"
#include "lib/why.h"
#include "tools/mxcheck/text.h"

#define wrong(why, ...) why_fail(why, STS_WHY_MAX, -EINVAL, __VA_ARGS__)

/* ---- the records */

/* The version is the first field; a record without it is another's. */
static bool
has_version(struct text *t, const char *version)
{
	struct text first;

	(void)text_cut(t, ';', &first);
	return text_is(&first, version);
}

static bool
is_id(const struct text *value)
{
	for (size_t i = 0; i < value->len; i++)
		if (!text_is_alnum(value->s[i]))
			return false;
	return value->len > 0 && value->len < STS_ID_LEN;
}

int
sts_record_read(char id[STS_ID_LEN], const char *txt, size_t len,
    char why[STS_WHY_MAX])
{
	struct text t = {txt, len}, key, value;
	bool seen = false;
	int rc;

	id[0] = '\0';
	if (!has_version(&t, "v=STSv1"))
		return -ENOENT;
	while ((rc = text_next_tag(&t, &key, &value, why)) == 1) {
		if (!text_is(&key, "id") || seen)
			continue;
		if (!is_id(&value))
			return wrong(why,
			    "id is not 1 to 32 letters and digits");
		memcpy(id, value.s, value.len);
		id[value.len] = '\0';
		seen = true;
	}
	if (rc == 0 && !seen)
		return wrong(why, "there is no id");
	return rc;
}

int
tlsrpt_record_read(const char *txt, size_t len, char why[STS_WHY_MAX])
{
	struct text t = {txt, len}, key, value, uri;
	bool seen = false, more;
	char buf[TEXT_SHOWN_LEN];
	int rc;

	if (!has_version(&t, "v=TLSRPTv1"))
		return -ENOENT;
	while ((rc = text_next_tag(&t, &key, &value, why)) == 1) {
		if (!text_is(&key, "rua"))
			continue;
		seen = true;
		do {
			more = text_cut(&value, ',', &uri);
			if (!text_is_report_uri(&uri))
				return wrong(why, "rua: \"%s\" is neither "
				    "mailto: nor https:",
				    text_shown(&uri, buf));
		} while (more);
	}
	if (rc == 0 && !seen)
		return wrong(why, "there is no rua");
	return rc;
}

/* ---- the policy */

static const char *const modes[] = {"none", "testing", "enforce"};

const char *
sts_mode_txt(enum sts_mode mode)
{
	return modes[mode];
}

static int
set_mode(struct sts_policy *p, const struct text *value, char *why)
{
	char buf[TEXT_SHOWN_LEN];

	for (unsigned i = 0; i < 3; i++) {
		if (text_is(value, modes[i])) {
			p->mode = (enum sts_mode)i;
			return 0;
		}
	}
	return wrong(why, "mode: \"%s\" is not enforce, testing or none",
	    text_shown(value, buf));
}

static int
set_max_age(struct sts_policy *p, const struct text *value, char *why)
{
	uint32_t n = 0;
	char buf[TEXT_SHOWN_LEN];

	for (size_t i = 0; i < value->len; i++) {
		unsigned digit = (unsigned char)value->s[i] - (unsigned)'0';

		if (digit > 9 || n > STS_AGE_MAX)
			return wrong(why, "max_age: \"%s\" is not a number "
			    "from 0 to %u", text_shown(value, buf),
			    STS_AGE_MAX);
		n = n * 10 + digit;
	}
	if (value->len == 0 || n > STS_AGE_MAX)
		return wrong(why, "max_age: \"%s\" is not a number from 0 to "
		    "%u", text_shown(value, buf), STS_AGE_MAX);
	p->max_age = n;
	return 0;
}

/* A name of hosts, at most with "*." in front: no address, no other star. */
static bool
is_pattern(const char *pattern)
{
	const char *name = strncmp(pattern, "*.", 2) == 0 ? pattern + 2 :
	    pattern;
	uint8_t dname[DNAME_MAX];
	struct addr addr;

	if (addr_parse(&addr, name) == 0)
		return false;
	for (const char *c = name; *c != '\0'; c++)
		if (!text_is_alnum(*c) && strchr("-_.", *c) == NULL)
			return false;
	return dname_from_txt(dname, name, strlen(name)) > 1;
}

static int
add_mx(struct sts_policy *p, const struct text *value, char *why)
{
	struct text v = *value;
	char *pattern, buf[TEXT_SHOWN_LEN];

	if (p->n_mxs == STS_MX_MAX)
		return wrong(why, "more than %d mx", STS_MX_MAX);
	if (v.len > 1 && v.s[v.len - 1] == '.')
		v.len--;
	pattern = p->mx[p->n_mxs];
	if (v.len >= STS_PATTERN_LEN || memchr(v.s, '\0', v.len) != NULL)
		return wrong(why, "mx: \"%s\" is no name", text_shown(&v, buf));
	for (size_t i = 0; i < v.len; i++)
		pattern[i] = v.s[i] >= 'A' && v.s[i] <= 'Z' ?
		    (char)(v.s[i] - 'A' + 'a') : v.s[i];
	pattern[v.len] = '\0';
	if (!is_pattern(pattern))
		return wrong(why, "mx: \"%s\" is no name of a host, nor \"*.\" "
		    "and one", text_shown(&v, buf));
	p->n_mxs++;
	return 0;
}

enum { VERSION, MODE, MAX_AGE, N_ONCE }; /* keys that count once */

/* A key seen before is skipped, so it may be wrong. */
static int
take_once(struct sts_policy *p, bool seen[N_ONCE], unsigned which,
    const struct text *value, char *why)
{
	char buf[TEXT_SHOWN_LEN];

	if (seen[which])
		return 0;
	seen[which] = true;
	if (which == MODE)
		return set_mode(p, value, why);
	if (which == MAX_AGE)
		return set_max_age(p, value, why);
	if (!text_is(value, "STSv1"))
		return wrong(why, "version: \"%s\" is not STSv1",
		    text_shown(value, buf));
	return 0;
}

static int
take_line(struct sts_policy *p, bool seen[N_ONCE], struct text *line, char *why)
{
	static const char *const once[] = {"version", "mode", "max_age"};
	struct text key, value = *line;
	char buf[TEXT_SHOWN_LEN];

	if (!text_cut(&value, ':', &key) || !text_is_tag(&key))
		return wrong(why, "\"%s\" is no key: value",
		    text_shown(line, buf));
	text_trim(&value);
	if (text_is(&key, "mx"))
		return add_mx(p, &value, why);
	for (unsigned i = 0; i < N_ONCE; i++)
		if (text_is(&key, once[i]))
			return take_once(p, seen, i, &value, why);
	return 0;
}

int
sts_policy_read(struct sts_policy *policy, const char *body, size_t len,
    char why[STS_WHY_MAX])
{
	struct text t = {body, len}, line;
	bool seen[N_ONCE] = {false};

	memset(policy, 0, sizeof(*policy));
	if (len > STS_BODY_MAX)
		return wrong(why, "longer than %d bytes", STS_BODY_MAX);
	while (t.len > 0) {
		(void)text_cut(&t, '\n', &line);
		if (line.len > 0 && line.s[line.len - 1] == '\r')
			line.len--;
		text_trim(&line);
		if (line.len > 0 && take_line(policy, seen, &line, why) != 0)
			return -EINVAL;
	}
	if (!seen[VERSION] || !seen[MODE] || !seen[MAX_AGE])
		return wrong(why, "there is no %s", !seen[VERSION] ? "version" :
		    !seen[MODE] ? "mode" : "max_age");
	if (policy->mode != STS_MODE_NONE && policy->n_mxs == 0)
		return wrong(why, "there is no mx");
	return 0;
}

bool
sts_pattern_covers(const char *pattern, const char *host)
{
	if (strncmp(pattern, "*.", 2) == 0) {
		host = strchr(host, '.');
		pattern++; /* at the dot, as host is now */
	}
	return host != NULL && strcmp(pattern, host) == 0;
}

bool
sts_policy_covers(const struct sts_policy *policy, const char *host)
{
	for (size_t i = 0; i < policy->n_mxs; i++)
		if (sts_pattern_covers(policy->mx[i], host))
			return true;
	return false;
}
