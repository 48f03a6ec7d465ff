/*
 * The list of findings, and the order of severities.
 */
#include "tools/mxcheck/finding.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/xalloc.h"
#include "tools/mxcheck/check.h"

const char *
severity_txt(enum severity severity)
{
	static const char *const txt[] = {
	    [SEV_OK] = "OK",
	    [SEV_INFO] = "INFO",
	    [SEV_WARN] = "WARN",
	    [SEV_CRIT] = "CRIT",
	    [SEV_UNKNOWN] = "UNKNOWN",
	    [SEV_SKIPPED] = "SKIPPED",
	};

	return txt[severity];
}

static unsigned
rank(enum severity severity)
{
	static const unsigned char ranks[] = {
	    [SEV_SKIPPED] = 0,
	    [SEV_OK] = 0,
	    [SEV_INFO] = 1,
	    [SEV_WARN] = 2,
	    [SEV_UNKNOWN] = 3,
	    [SEV_CRIT] = 4,
	};

	return ranks[severity];
}

enum severity
severity_worse(enum severity a, enum severity b)
{
	return rank(b) > rank(a) ? b : a;
}

int
severity_exit(enum severity severity)
{
	static const int exits[] = {0, 0, 1, 3, 2};

	return exits[rank(severity)];
}

void
findings_init(struct findings *findings, struct facts *facts)
{
	*findings = (struct findings){.facts = facts};
	findings->first = xcalloc(facts->n_domains, sizeof(size_t));
}

void
findings_clear(struct findings *findings)
{
	free(findings->list);
	free(findings->first);
	*findings = (struct findings){0};
}

/*
 * The one with the same key, if a check has come to the same subject before: a
 * domain that is its own MX host, an SRV that is there twice. All of an id come
 * one after another, and endpoints once.
 */
static struct finding *
find_same(struct findings *findings, const struct finding *finding)
{
	for (size_t i = findings->n; i > 0 && finding->endpoint == NULL; i--) {
		struct finding *f = &findings->list[i - 1];

		if (f->domain != finding->domain ||
		    strcmp(f->check->id, finding->check->id) != 0)
			return NULL;
		if (strcmp(f->subject, finding->subject) == 0)
			return f;
	}
	return NULL;
}

void
findings_add(struct findings *findings, const struct finding *finding)
{
	struct finding *f = find_same(findings, finding);

	if (f != NULL) {
		if (severity_worse(f->severity, finding->severity) ==
		    f->severity)
			return;
		*f = *finding;
		f->subject = facts_str(findings->facts, finding->subject);
		f->text = facts_str(findings->facts, finding->text);
		return;
	}
	if (findings->n == findings->cap) {
		findings->cap = findings->cap > 0 ? 2 * findings->cap : 64;
		findings->list = xreallocarray(findings->list, findings->cap,
		    sizeof(*findings->list));
	}
	f = &findings->list[findings->n++];
	*f = *finding;
	f->subject = facts_str(findings->facts, finding->subject);
	f->text = facts_str(findings->facts, finding->text);
}

void
findings_begin(struct findings *findings, const struct facts_domain *domain)
{
	findings->first[domain->index] = findings->n;
}

const struct finding *
findings_of(const struct findings *findings, const struct facts_domain *domain,
    size_t *n)
{
	size_t first = domain != NULL ? findings->first[domain->index] : 0;
	size_t next = domain != NULL ? domain->index + 1 : 0;
	size_t end = next < findings->facts->n_domains ?
	    findings->first[next] : findings->n;

	*n = end - first;
	return findings->list != NULL ? findings->list + first : NULL;
}

/* The same target may stand twice in an MX set; checks see it once. */
static bool
is_same_mx(const struct facts_mx *a, const struct facts_mx *b)
{
	return a == b || (a != NULL && b != NULL &&
	    strcasecmp(a->target, b->target) == 0);
}

const struct finding *
findings_get(const struct findings *findings, const char *id,
    const struct facts_domain *domain, const struct facts_mx *mx,
    const struct facts_endpoint *endpoint)
{
	size_t n;
	const struct finding *f = findings_of(findings, domain, &n);

	for (; n > 0; n--, f++)
		if (strcmp(f->check->id, id) == 0 && is_same_mx(f->mx, mx) &&
		    f->endpoint == endpoint)
			return f;
	return NULL;
}
