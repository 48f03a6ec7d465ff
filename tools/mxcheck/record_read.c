/*
 * A record from anywhere, line by line: checked whole, and kept as facts.
 */
#include "tools/mxcheck/record.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/dname.h"
#include "tools/mxcheck/record_impl.h"

/* The text of a member that has to be there; NULL after visit_spoil(). */
static const char *
wanted(struct visit *r, const char *member)
{
	json_t *j = json_object_get(r->object, member);

	if (visit_is_plain(j))
		return json_string_value(j);
	visit_spoil(r, member);
	return NULL;
}

static bool
is_name(const char *text)
{
	uint8_t dname[DNAME_MAX];

	return dname_from_txt(dname, text, strlen(text)) > 0;
}

static void
read_names(struct visit *r, const char *member,
    void (*add)(struct facts *facts, const char *name))
{
	json_t *list, *j;
	size_t n = visit_list(r, member, 0, SIZE_MAX, &list);

	for (size_t i = 0; i < n && r->bad == NULL; i++) {
		j = json_array_get(list, i);
		if (visit_is_plain(j) && is_name(json_string_value(j)))
			add(r->facts, json_string_value(j));
		else
			visit_spoil(r, member);
	}
}

static void
add_domain(struct facts *facts, const char *name)
{
	(void)facts_domain(facts, name);
}

static void
add_host(struct facts *facts, const char *name)
{
	(void)facts_host(facts, name);
}

static void
add_zone(struct facts *facts, const char *name)
{
	(void)facts_zone(facts, name);
}

static void
add_server(struct facts *facts, const char *name)
{
	(void)facts_server(facts, name);
}

static void
read_addresses(struct visit *r)
{
	json_t *list, *j;
	struct addr addr;
	size_t n = visit_list(r, "addresses", 0, SIZE_MAX, &list);

	for (size_t i = 0; i < n && r->bad == NULL; i++) {
		j = json_array_get(list, i);
		if (visit_is_plain(j) &&
		    addr_parse(&addr, json_string_value(j)) == 0)
			(void)facts_addr(r->facts, &addr);
		else
			visit_spoil(r, "addresses");
	}
}

static void
read_endpoints(struct visit *r)
{
	json_t *list, *host, *txt;
	struct addr addr;
	size_t n = visit_list(r, "endpoints", 0, SIZE_MAX, &list);

	for (size_t i = 0; i < n && r->bad == NULL; i++) {
		host = json_array_get(json_array_get(list, i), 0);
		txt = json_array_get(json_array_get(list, i), 1);
		if (visit_is_plain(host) && is_name(json_string_value(host)) &&
		    visit_is_plain(txt) &&
		    addr_parse(&addr, json_string_value(txt)) == 0)
			(void)facts_endpoint(r->facts, facts_host(r->facts,
			    json_string_value(host)), &addr);
		else
			visit_spoil(r, "endpoints");
	}
}

static void
read_run(struct visit *r)
{
	record_visit_run(r, r->facts);
	read_names(r, "domains", add_domain);
	read_names(r, "hosts", add_host);
	read_addresses(r);
	read_names(r, "zones", add_zone);
	read_names(r, "servers", add_server);
	read_endpoints(r);
}

static void
read_domain(struct visit *r)
{
	const char *name = wanted(r, "name");

	if (name != NULL && is_name(name))
		record_visit_domain(r, facts_domain(r->facts, name));
	else
		visit_spoil(r, "name");
}

static void
read_host(struct visit *r)
{
	const char *name = wanted(r, "name");

	if (name != NULL && is_name(name))
		record_visit_host(r, facts_host(r->facts, name));
	else
		visit_spoil(r, "name");
}

static void
read_zone(struct visit *r)
{
	const char *name = wanted(r, "name");

	if (name != NULL && is_name(name))
		record_visit_zone(r, facts_zone(r->facts, name));
	else
		visit_spoil(r, "name");
}

static void
read_server(struct visit *r)
{
	const char *name = wanted(r, "name");

	if (name != NULL && is_name(name))
		record_visit_server(r, facts_server(r->facts, name));
	else
		visit_spoil(r, "name");
}

static void
read_address(struct visit *r)
{
	const char *txt = wanted(r, "addr");
	struct addr addr;

	if (txt != NULL && addr_parse(&addr, txt) == 0)
		record_visit_address(r, facts_addr(r->facts, &addr));
	else
		visit_spoil(r, "addr");
}

static void
read_endpoint(struct visit *r)
{
	const char *host = wanted(r, "host"), *txt = wanted(r, "addr");
	struct addr addr;

	if (host != NULL && txt != NULL && is_name(host) &&
	    addr_parse(&addr, txt) == 0)
		record_visit_endpoint(r, facts_endpoint(r->facts,
		    facts_host(r->facts, host), &addr));
	else
		visit_spoil(r, "host");
}

static void
read_access(struct visit *r)
{
	const char *host = wanted(r, "host"), *txt = wanted(r, "addr");
	enum facts_service service = record_visit_service(r, 0);
	uint16_t port = (uint16_t)visit_number(r, "port", 0, 1, UINT16_MAX);
	struct addr addr;

	if (r->bad == NULL && is_name(host) && addr_parse(&addr, txt) == 0)
		record_visit_access(r, facts_access(r->facts, service,
		    facts_server(r->facts, host), &addr, port));
	else
		visit_spoil(r, "host");
}

static const struct {
	const char *type;
	void (*read)(struct visit *r);
} types[] = {
    {"run", read_run},
    {"domain", read_domain},
    {"host", read_host},
    {"address", read_address},
    {"zone", read_zone},
    {"server", read_server},
    {"endpoint", read_endpoint},
    {"access", read_access},
};

static int __attribute__((format(printf, 3, 4)))
wrong(char *why, unsigned line, const char *fmt, ...)
{
	int n = snprintf(why, RECORD_WHY_MAX, "line %u: ", line);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why + n, RECORD_WHY_MAX - (size_t)n, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

static int
read_object(struct facts *facts, json_t *object, unsigned line, char *why)
{
	struct visit r = {.object = object, .facts = facts, .reads = true};
	const char *type = wanted(&r, "type");

	if (type == NULL || json_integer_value(json_object_get(object, "v")) !=
	    RECORD_VERSION)
		return wrong(why, line, "is no record of mxcheck, or one of "
		    "another version");
	if (line == 1 && strcmp(type, "run") != 0)
		return wrong(why, line, "a record begins with a run");
	if (line > 1 && strcmp(type, "run") == 0)
		return wrong(why, line, "a second run; give one at a time");
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(types[i].type, type) == 0)
			types[i].read(&r);
	if (r.bad != NULL)
		return wrong(why, line, "%s: cannot be read", r.bad);
	return 0;
}

static int
read_line(struct facts *facts, const char *text, size_t len, unsigned line,
    char *why)
{
	json_error_t error;
	json_t *object;
	int rc;

	if (len > RECORD_LINE_MAX)
		return wrong(why, line, "longer than %d bytes",
		    RECORD_LINE_MAX);
	object = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	if (object == NULL)
		return wrong(why, line, "is no JSON, at byte %d",
		    error.position);
	rc = json_is_object(object) ? read_object(facts, object, line, why) :
	    wrong(why, line, "is no object");
	json_decref(object);
	return rc;
}

/* A session is shared with the endpoint that has one, in one hop. */
static int
check_shared(const struct facts *facts, char *why)
{
	for (size_t i = 0; i < facts->n_endpoints; i++) {
		const struct facts_endpoint *ep = facts->endpoints[i];

		if (ep->shared != NULL && ep->shared->shared != NULL)
			return wrong(why, 1, "endpoint %zu shares one that "
			    "shares another", i + 1);
	}
	return 0;
}

int
record_read(struct facts *facts, FILE *from, char why[RECORD_WHY_MAX])
{
	size_t size = 0;
	unsigned line = 0;
	char *text = NULL;
	ssize_t len;
	int rc = 0;

	while (rc == 0 && (len = getline(&text, &size, from)) > 0)
		rc = read_line(facts, text, (size_t)len, ++line, why);
	free(text);
	if (rc == 0 && line == 0)
		rc = wrong(why, 1, "the record is empty");
	return rc == 0 ? check_shared(facts, why) : rc;
}
