/*
 * What options have in common: errors, numbers, durations, switches, paths and
 * endpoints.
 */
#include "lib/conf_values.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"

#define DNS_PORT 53
#define REPORT_LEN 512

void
conf_complain(struct conf_reader *r, const char *fmt, ...)
{
	char text[REPORT_LEN];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	r->n_errors++;
	r->report(r->arg, r->conf->path, r->line, text);
}

/* About a value: what the option is, the value, what is wrong with it. */
void
conf_complain_of(struct conf_reader *r, const struct conf_row *row,
    const char *value, const char *fmt, ...)
{
	char why[REPORT_LEN];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	conf_complain(r, "%s%s%s: \"%.100s\" %s", row->opt.section,
	    row->opt.section[0] ? " " : "", row->opt.name, value, why);
}

/* Digits only; with suffix, a K, M or G may follow. */
static bool
parse_number(uint64_t *out, const char *txt, bool suffix)
{
	static const char suffixes[] = "KMG";
	const char *s;
	uint64_t n = 0;
	unsigned shift;

	if (*txt < '0' || *txt > '9')
		return false;
	for (; *txt >= '0' && *txt <= '9'; txt++) {
		if (n > UINT64_MAX / 10 - 1)
			return false;
		n = n * 10 + (uint64_t)(*txt - '0');
	}
	if (suffix && *txt && (s = strchr(suffixes, *txt)) != NULL) {
		shift = 10 * (unsigned)(s - suffixes + 1);
		if (n > UINT64_MAX >> shift)
			return false;
		n <<= shift;
		txt++;
	}
	*out = n;
	return *txt == '\0';
}

/* False if the value is refused, which has been reported then. */
bool
conf_read_number(struct conf_reader *r, const struct conf_row *row,
    const char *value, uint64_t *out)
{
	unsigned long long least = row->opt.least, most = row->opt.most;
	bool size = row->opt.type == CONF_SIZE;

	if (parse_number(out, value, size) && *out >= least && *out <= most)
		return true;
	if (size)
		conf_complain_of(r, row, value,
		    "is refused; write a number with K, M or G behind, "
		    "from %lluM to %lluG",
		    least >> 20, most >> 30);
	else
		conf_complain_of(r, row, value,
		    "is refused; write a number from %llu to %llu", least,
		    most);
	return false;
}

/* A number with its unit behind it, made seconds. */
static bool
parse_duration(uint64_t *out, const char *txt)
{
	static const struct {
		char suffix;
		unsigned s;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
	size_t len = strlen(txt), i;
	char number[24];

	if (len < 2 || len > sizeof(number))
		return false;
	memcpy(number, txt, len - 1);
	number[len - 1] = '\0';
	for (i = 0; i < 4 && units[i].suffix != txt[len - 1]; i++)
		continue;
	if (i == 4 || !parse_number(out, number, false) ||
	    *out > UINT64_MAX / units[i].s)
		return false;
	*out *= units[i].s;
	return true;
}

/* False if the value is refused, which has been reported then. */
bool
conf_read_duration(struct conf_reader *r, const struct conf_row *row,
    const char *value, uint32_t *out)
{
	char least[CONF_DURATION_LEN], most[CONF_DURATION_LEN];
	uint64_t s;

	if (parse_duration(&s, value) && s >= row->opt.least &&
	    s <= row->opt.most) {
		*out = (uint32_t)s;
		return true;
	}
	conf_complain_of(r, row, value,
	    "is refused; write a number with s, m, h or d behind, from %s to "
	    "%s",
	    conf_duration_txt(least, row->opt.least),
	    conf_duration_txt(most, row->opt.most));
	return false;
}

bool
conf_read_switch(struct conf_reader *r, const struct conf_row *row,
    const char *value, bool *out)
{
	*out = strcmp(value, "yes") == 0;
	if (*out || strcmp(value, "no") == 0)
		return true;
	conf_complain_of(r, row, value, "is neither yes nor no");
	return false;
}

char *
conf_complete_path(const struct conf_reader *r, const char *path)
{
	return xasprintf("%s%s", path[0] == '/' ? "" : r->folder, path);
}

bool
conf_has_endpoint(const struct conf_endpoint *list, size_t n, const char *txt)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(list[i].txt, txt) == 0)
			return true;
	}
	return false;
}

/* Where the address ends and a port begins; NULL if none does. */
static const char *
at_port(const char *value, uint64_t *port)
{
	const char *at = strrchr(value, '@');

	if (at && !parse_number(port, at + 1, false))
		*port = 0;
	return at;
}

const struct conf_endpoint *
conf_add_endpoint(struct conf_reader *r, const struct conf_row *row,
    const char *value, struct conf_endpoint **list, size_t *n)
{
	struct conf_endpoint ep = {0};
	uint64_t port;

	if (at_port(value, &port) && (port < 1 || port > UINT16_MAX)) {
		conf_complain_of(
		    r, row, value, "has no port from 1 to 65535 behind the @");
		return NULL;
	}
	if (addr_parse_at_port(&ep.sa, &ep.len, value, DNS_PORT) != 0) {
		conf_complain_of(r, row, value,
		    "is no address; write it as 127.0.0.1@53 or ::1@53");
		return NULL;
	}
	sockaddr_to_txt(ep.txt, (const struct sockaddr *)&ep.sa);
	if (conf_has_endpoint(*list, *n, ep.txt)) {
		conf_complain_of(r, row, value, "is there twice; remove one");
		return NULL;
	}
	*list = xreallocarray(*list, *n + 1, sizeof(**list));
	(*list)[*n] = ep;
	return &(*list)[(*n)++];
}

const struct conf_endpoint *
conf_add_server(struct conf_reader *r, const struct conf_row *row,
    const char *value, struct conf_endpoint **list, size_t *n)
{
	uint64_t port;

	if (strchr(value, '#') ||
	    (at_port(value, &port) && port == CONF_TLS_PORT)) {
		conf_complain_of(r, row, value,
		    "is a server over TLS, which libunbound as Debian builds "
		    "it cannot ask; run a proxy for TLS, as stubby, on this "
		    "machine and name that");
		return NULL;
	}
	return conf_add_endpoint(r, row, value, list, n);
}
