/*
 * The configuration, read through libConfuse: the only file that includes it.
 *
 * One row of options[] makes an option: what the parser takes, the default, the
 * range, the words of the error messages; the tests hold the man page and the
 * sample file to the same rows. Each value is judged in set_NAME() as soon as
 * libConfuse has read it, so that its line is known and all errors of a file
 * come out in one run; defaults go through the same functions.
 *
 * conf_text.c has seen the text before. Left to others: the types of datasets
 * (zones/), whether files and the user exist, whether an address can be bound.
 *
 * Limits: libConfuse ends at the first unknown name or error of syntax, and
 * hands its callbacks no argument of ours, thus the static variable `reading`.
 */
#include "lib/conf.h"

#include <confuse.h>
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/conf_text.h"
#include "lib/xalloc.h"

#define DNS_PORT 53
#define NEAR_MAX 2	/* changed letters to a name we may have been meant */
#define NAME_LEN_MAX 32 /* of options and sections */
#define USER_LEN_MAX 32 /* as useradd(8) has it */
#define REPORT_LEN 512

struct reader;
struct row;
typedef void set_fn(struct reader *r, const struct row *row, const char *value);

struct row {
	struct conf_option opt;
	set_fn *set;
};

static set_fn set_listen, set_allow_query, set_state_dir, set_workers, set_user,
    set_cache_size, set_max_negative_ttl, set_forward, set_validate,
    set_datasets;

static const struct row rows[] = {
	{ { "", "listen", CONF_LIST, "127.0.0.1@53, ::1@53", 1, 64,
	    "address@port", "where to answer, by UDP and TCP" },
	    set_listen },
	{ { "", "allow-query", CONF_LIST, "127.0.0.0/8, ::1", 1, 1024,
	    "prefix", "whose queries are answered; others get REFUSED" },
	    set_allow_query },
	{ { "", "state-dir", CONF_TEXT, LOCALSTATEDIR "/lib/resolverd", 0, 0,
	    "path", "where zones, local lists and the answer cache are kept" },
	    set_state_dir },
	{ { "", "workers", CONF_NUMBER, "0", 0, 64,
	    "processes", "how many processes answer; 0 is one per core" },
	    set_workers },
	{ { "", "user", CONF_TEXT, "resolverd", 0, 0,
	    "name", "whom the daemon becomes once its sockets are open" },
	    set_user },
	{ { "cache", "size", CONF_SIZE, "256M", 1ull << 20, 1ull << 40,
	    "bytes", "how large the answer cache may grow" },
	    set_cache_size },
	{ { "cache", "max-negative-ttl", CONF_NUMBER, "3600", 1, 86400,
	    "seconds", "how long a negative answer is kept at most" },
	    set_max_negative_ttl },
	{ { "upstream", "forward", CONF_LIST, "", 1, 16,
	    "address@port", "resolvers to ask; without any, full recursion" },
	    set_forward },
	{ { "upstream", "validate", CONF_SWITCH, "yes", 0, 0,
	    "yes or no", "whether answers are validated by DNSSEC" },
	    set_validate },
	{ { "zone", "datasets", CONF_LIST, "", 1, 256,
	    "type:file,...", "what the list zone is built from" },
	    set_datasets },
};
#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

static void begin_once(struct reader *r, const char *title);
static void begin_zone(struct reader *r, const char *title);
static void begin_local(struct reader *r, const char *title);

static const struct section {
	const char *name;
	bool titled;
	void (*begin)(struct reader *r, const char *title);
} sections[] = {
	{ "cache", false, begin_once },
	{ "upstream", false, begin_once },
	{ "zone", true, begin_zone },
	{ "local", true, begin_local },
};
#define N_SECTIONS (sizeof(sections) / sizeof(sections[0]))

struct reader {
	struct conf *conf;
	conf_report_fn *report;
	void *arg;
	char *folder; /* of the file, "/" at the end; "" for the current one */
	unsigned line;	   /* of the value or section; 0 for a default */
	unsigned n_errors;
	bool cut; /* conf_text_check() cut the text */
	size_t section;		     /* the one that began last */
	unsigned begun[N_SECTIONS];  /* line; 0 if it has not */
	unsigned given[N_ROWS];	     /* line, in this section; 0 if not */
};

static struct reader *reading;

/*
 * Errors
 */

static void __attribute__((format(printf, 2, 3)))
complain(struct reader *r, const char *fmt, ...)
{
	char text[REPORT_LEN];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	r->n_errors++;
	r->report(r->arg, r->conf->path, r->line, text);
}

static const char *
label(const struct row *row)
{
	static char buf[2 * NAME_LEN_MAX];

	snprintf(buf, sizeof(buf), "%s%s%s", row->opt.section,
	    row->opt.section[0] ? " " : "", row->opt.name);
	return buf;
}

/* About a value: what the option is, the value, what is wrong with it. */
static void __attribute__((format(printf, 4, 5)))
complain_of(struct reader *r, const struct row *row, const char *value,
    const char *fmt, ...)
{
	char why[REPORT_LEN];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	complain(r, "%s: \"%.100s\" %s", label(row), value, why);
}

/*
 * The nearest right spelling
 */

/* Letters to add, drop or change to make b from a, whatever their case. */
static unsigned
distance(const char *a, const char *b)
{
	unsigned row[NAME_LEN_MAX + 1];
	size_t a_len = strlen(a), b_len = strlen(b);
	unsigned diagonal, above, best;

	if (a_len > NAME_LEN_MAX || b_len > NAME_LEN_MAX)
		return UINT_MAX;
	for (size_t j = 0; j <= b_len; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= a_len; i++) {
		diagonal = row[0];
		row[0] = (unsigned)i;
		for (size_t j = 1; j <= b_len; j++) {
			above = row[j];
			best = diagonal +
			    (strncasecmp(&a[i - 1], &b[j - 1], 1) != 0);
			if (above + 1 < best)
				best = above + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
			diagonal = above;
		}
	}
	return row[b_len];
}

static void
keep_nearer(const char *name, const char *candidate, const char **near,
    unsigned *least)
{
	unsigned d = distance(name, candidate);

	if (d < *least && d < strlen(candidate)) {
		*least = d;
		*near = candidate;
	}
}

static void
complain_unknown(struct reader *r, const char *section, const char *name)
{
	const char *near = NULL;
	unsigned least = NEAR_MAX + 1;

	for (size_t i = 0; i < N_ROWS; i++) {
		if (strcmp(rows[i].opt.section, section) == 0)
			keep_nearer(name, rows[i].opt.name, &near, &least);
	}
	for (size_t i = 0; i < N_SECTIONS && section[0] == '\0'; i++)
		keep_nearer(name, sections[i].name, &near, &least);
	if (near) {
		complain(r, "there is no \"%.64s\" here; did you mean \"%s\"?",
		    name, near);
		return;
	}
	for (size_t i = 0; i < N_ROWS; i++) {
		if (strcmp(rows[i].opt.name, name) != 0)
			continue;
		if (rows[i].opt.section[0])
			complain(r, "\"%s\" is not known here; it belongs "
			    "inside of %s { }", name, rows[i].opt.section);
		else
			complain(r, "\"%s\" is not known here; it belongs "
			    "outside of all sections", name);
		return;
	}
	complain(r, "there is no \"%.64s\" here; resolverd.conf(5) lists the "
	    "names", name);
}

/*
 * Values: each set_NAME() takes one value, or one item of a list
 */

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

/* 0 if the value is refused, which has been reported then. */
static bool
read_number(struct reader *r, const struct row *row, const char *value,
    uint64_t *out)
{
	bool size = row->opt.type == CONF_SIZE;
	unsigned shift = size ? 20 : 0;

	if (parse_number(out, value, size) && *out >= row->opt.least &&
	    *out <= row->opt.most)
		return true;
	complain_of(r, row, value, "is refused; write %s from %llu%s to %llu%s",
	    size ? "bytes with an optional K, M or G behind," : "a number",
	    (unsigned long long)(row->opt.least >> shift), size ? "M" : "",
	    (unsigned long long)(row->opt.most >> shift), size ? "M" : "");
	return false;
}

static char *
complete_path(const struct reader *r, const char *path)
{
	return xasprintf("%s%s", path[0] == '/' ? "" : r->folder, path);
}

static void
add_endpoint(struct reader *r, const struct row *row, const char *value,
    struct conf_endpoint **list, size_t *n)
{
	struct conf_endpoint ep = {0};
	const char *at = strrchr(value, '@');
	uint64_t port;

	if (at && (!parse_number(&port, at + 1, false) || port < 1 ||
	    port > UINT16_MAX)) {
		complain_of(r, row, value, "has no port from 1 to 65535 "
		    "behind the @");
		return;
	}
	if (addr_parse_at_port(&ep.sa, &ep.len, value, DNS_PORT) != 0) {
		complain_of(r, row, value, "is no address; write it as "
		    "127.0.0.1@53 or ::1@53");
		return;
	}
	sockaddr_to_txt(ep.txt, (const struct sockaddr *)&ep.sa);
	for (size_t i = 0; i < *n; i++) {
		if (strcmp((*list)[i].txt, ep.txt) == 0) {
			complain_of(r, row, value, "is there twice; remove "
			    "one");
			return;
		}
	}
	*list = xreallocarray(*list, *n + 1, sizeof(**list));
	(*list)[(*n)++] = ep;
}

static void
set_listen(struct reader *r, const struct row *row, const char *value)
{
	add_endpoint(r, row, value, &r->conf->listen, &r->conf->n_listen);
}

static void
set_forward(struct reader *r, const struct row *row, const char *value)
{
	add_endpoint(r, row, value, &r->conf->upstream.forward,
	    &r->conf->upstream.n_forward);
}

static void
set_allow_query(struct reader *r, const struct row *row, const char *value)
{
	struct conf *c = r->conf;
	struct prefix prefix;
	int rc;

	rc = prefix_parse(&prefix, value);
	if (rc == -ERANGE) {
		complain_of(r, row, value, "has bits set behind its length; "
		    "clear them, or write a longer prefix");
		return;
	}
	if (rc != 0) {
		complain_of(r, row, value, "is no prefix; write it as "
		    "192.0.2.0/24, 2001:db8::/32 or one address");
		return;
	}
	c->allow_query = xreallocarray(c->allow_query, c->n_allow_query + 1,
	    sizeof(*c->allow_query));
	c->allow_query[c->n_allow_query++] = prefix;
}

static void
set_state_dir(struct reader *r, const struct row *row, const char *value)
{
	if (value[0] == '\0') {
		complain_of(r, row, value, "is empty; name a folder");
		return;
	}
	free(r->conf->state_dir);
	r->conf->state_dir = complete_path(r, value);
}

static unsigned
cores(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) == -1)
		return 1;
	return (unsigned)CPU_COUNT(&set);
}

static void
set_workers(struct reader *r, const struct row *row, const char *value)
{
	uint64_t n;

	if (!read_number(r, row, value, &n))
		return;
	if (n == 0)
		n = cores() < row->opt.most ? cores() : row->opt.most;
	r->conf->workers = (unsigned)n;
}

static void
set_user(struct reader *r, const struct row *row, const char *value)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";

	if (value[0] == '\0' || value[0] == '-' ||
	    strlen(value) > USER_LEN_MAX ||
	    value[strspn(value, good)] != '\0') {
		complain_of(r, row, value, "is no user's name");
		return;
	}
	free(r->conf->user);
	r->conf->user = xstrdup(value);
}

static void
set_cache_size(struct reader *r, const struct row *row, const char *value)
{
	uint64_t n;

	if (read_number(r, row, value, &n))
		r->conf->cache.size = n;
}

static void
set_max_negative_ttl(struct reader *r, const struct row *row, const char *value)
{
	uint64_t n;

	if (read_number(r, row, value, &n))
		r->conf->cache.max_negative_ttl = (uint32_t)n;
}

static void
set_validate(struct reader *r, const struct row *row, const char *value)
{
	r->conf->upstream.validate = strcmp(value, "yes") == 0;
	if (!r->conf->upstream.validate && strcmp(value, "no") != 0)
		complain_of(r, row, value, "is neither yes nor no");
}

/* Splits "file,file" off; false if a name is empty. */
static bool
add_files(const struct reader *r, struct conf_dataset *d, const char *files)
{
	const char *comma;
	char *name;

	for (;; files = comma + 1) {
		comma = strchrnul(files, ',');
		if (comma == files)
			return false;
		name = strndup(files, (size_t)(comma - files));
		d->files = xreallocarray(d->files, d->n_files + 1,
		    sizeof(*d->files));
		d->files[d->n_files++] = complete_path(r, name);
		free(name);
		if (*comma == '\0')
			return true;
	}
}

static void
set_datasets(struct reader *r, const struct row *row, const char *value)
{
	struct conf_zone *z = &r->conf->zones[r->conf->n_zones - 1];
	const char *colon = strchr(value, ':');
	struct conf_dataset *d;

	z->datasets = xreallocarray(z->datasets, z->n_datasets + 1,
	    sizeof(*z->datasets));
	d = &z->datasets[z->n_datasets++];
	memset(d, 0, sizeof(*d));
	if (!colon || colon == value) {
		complain_of(r, row, value, "has no type in front; write it as "
		    "ip4set:/path/to/file");
		return;
	}
	d->type = xasprintf("%.*s", (int)(colon - value), value);
	if (!add_files(r, d, colon + 1))
		complain_of(r, row, value, "has an empty file name; write it "
		    "as %s:/path/to/file,/path/to/another", d->type);
}

/*
 * Sections
 */

static void
begin_once(struct reader *r, const char *title)
{
	(void)title;
	if (r->begun[r->section])
		complain(r, "%s: a second one; the first is in line %u: make "
		    "them one", sections[r->section].name,
		    r->begun[r->section]);
}

/* The line of an earlier zone or local section of that name; 0 if none. */
static unsigned
line_of_name(const struct conf *c, const char *name)
{
	for (size_t i = 0; i < c->n_zones; i++) {
		if (strcmp(c->zones[i].name, name) == 0)
			return c->zones[i].line;
	}
	for (size_t i = 0; i < c->n_locals; i++) {
		if (strcmp(c->locals[i].name, name) == 0)
			return c->locals[i].line;
	}
	return 0;
}

/*
 * Fills name (owned by the caller) and apex from a section's title. A name is
 * a folder's, too, thus the narrow choice of characters.
 */
static void
take_name(struct reader *r, const char *title, char **name, uint8_t *apex)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyz0123456789-_.";
	const char *what = sections[r->section].name;
	size_t len = strlen(title);
	unsigned line;
	char *s;

	*name = s = xstrdup(title);
	if (len > 0 && s[len - 1] == '.')
		s[--len] = '\0';
	for (size_t i = 0; i < len; i++) {
		if (s[i] >= 'A' && s[i] <= 'Z')
			s[i] += 'a' - 'A';
	}
	if (s[strspn(s, good)] != '\0' || dname_from_txt(apex, s, len) < 0) {
		complain(r, "%s \"%.100s\": no domain name; write labels of "
		    "1 to 63 letters, digits, - and _, parted by dots", what,
		    title);
		return;
	}
	line = line_of_name(r->conf, s);
	if (line)
		complain(r, "%s \"%s\": the name is taken in line %u; remove "
		    "one of the two", what, title, line);
}

static void
begin_zone(struct reader *r, const char *title)
{
	struct conf_zone z = { .line = r->line };
	struct conf *c = r->conf;

	take_name(r, title, &z.name, z.apex);
	c->zones = xreallocarray(c->zones, c->n_zones + 1, sizeof(z));
	c->zones[c->n_zones++] = z;
}

static void
begin_local(struct reader *r, const char *title)
{
	struct conf_local l = { .line = r->line };
	struct conf *c = r->conf;

	take_name(r, title, &l.name, l.apex);
	c->locals = xreallocarray(c->locals, c->n_locals + 1, sizeof(l));
	c->locals[c->n_locals++] = l;
}

/*
 * What libConfuse calls
 */

static const char *
section_of(const cfg_t *cfg)
{
	return cfg->title || strcmp(cfg->name, "root") != 0 ? cfg->name : "";
}

static int
on_value(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
	struct reader *r = reading;
	const char *section = section_of(cfg);
	size_t i = 0;

	*(const char **)result = value;
	while (strcmp(rows[i].opt.name, opt->name) != 0 ||
	    strcmp(rows[i].opt.section, section) != 0)
		i++;
	r->line = (unsigned)cfg->line;
	if (opt->nvalues > rows[i].opt.most && opt->nvalues > 1) {
		if (opt->nvalues == rows[i].opt.most + 1)
			complain(r, "%s: more than %llu values; remove some",
			    label(&rows[i]),
			    (unsigned long long)rows[i].opt.most);
		return 0;
	}
	if (opt->nvalues == 1 && r->given[i]) { /* libConfuse would forget */
		complain(r, "%s: given a second time; the first is in line "
		    "%u: remove one", label(&rows[i]), r->given[i]);
		return 0;
	}
	if (opt->nvalues == 1)
		r->given[i] = r->line;
	rows[i].set(r, &rows[i], value);
	return 0;
}

/*
 * Each section holds an option that nobody can write, whose default is parsed
 * when the section begins: libConfuse's only word of a section with nothing in
 * it, and of the line where it starts. A failure would be fatal there.
 */
static char begin_name[] = " begin";
static char begin_value[] = "{begin}";

static int
on_begin(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
	struct reader *r = reading;
	size_t i = 0;

	(void)opt;
	*(const char **)result = value;
	while (strcmp(sections[i].name, cfg->name) != 0)
		i++;
	r->line = (unsigned)cfg->line;
	r->section = i;
	if (sections[i].titled) {
		for (size_t j = 0; j < N_ROWS; j++) {
			if (strcmp(rows[j].opt.section, cfg->name) == 0)
				r->given[j] = 0;
		}
	}
	sections[i].begin(r, cfg->title);
	r->begun[i] = r->line;
	return 0;
}

/* libConfuse's own errors, with what to do. */
static void __attribute__((format(printf, 2, 0)))
on_error(cfg_t *cfg, const char *fmt, va_list ap)
{
	static const struct {
		const char *start, *hint;
	} hints[] = {
		{ "missing equal sign", "; write NAME = VALUE" },
		{ "missing title", "; write its name in front of the {" },
		{ "missing opening brace", "; write { behind it" },
		{ "unexpected token", "; write NAME = VALUE, and "
		    "NAME = { VALUE, VALUE } for a list" },
	};
	struct reader *r = reading;
	char text[REPORT_LEN];
	const char *hint = "";

	r->line = (unsigned)cfg->line;
	if (strncmp(fmt, "no such option", strlen("no such option")) == 0) {
		complain_unknown(r, section_of(cfg), va_arg(ap, const char *));
		return;
	}
	if (r->cut && strncmp(fmt, "premature end", strlen("premature end")) ==
	    0)
		return; /* no fault of the file: we made that end */
	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
		if (strncmp(fmt, hints[i].start, strlen(hints[i].start)) == 0)
			hint = hints[i].hint;
	}
	vsnprintf(text, sizeof(text) / 2, fmt, ap);
	complain(r, "%s%s", text, hint);
}

/*
 * The parser's arrays, made of the tables
 */

static size_t
make_options(cfg_opt_t *out, const char *section)
{
	size_t n = 0;

	for (size_t i = 0; i < N_ROWS; i++) {
		if (strcmp(rows[i].opt.section, section) != 0)
			continue;
		out[n++] = (cfg_opt_t){
			.name = rows[i].opt.name,
			.type = CFGT_STR,
			.flags = CFGF_NODEFAULT |
			    (rows[i].opt.type == CONF_LIST ? CFGF_LIST : 0),
			.parsecb = on_value,
		};
	}
	return n;
}

/* libConfuse copies what it is given. */
static cfg_t *
make_parser(void)
{
	cfg_opt_t in[N_SECTIONS][N_ROWS + 2] = {0};
	cfg_opt_t root[N_ROWS + N_SECTIONS + 1] = {0};
	size_t n = make_options(root, "");

	for (size_t i = 0; i < N_SECTIONS; i++) {
		in[i][make_options(in[i], sections[i].name)] = (cfg_opt_t){
			.name = begin_name,
			.type = CFGT_STR,
			.flags = CFGF_LIST,
			.def = { .parsed = begin_value },
			.parsecb = on_begin,
		};
		/* CFGF_MULTI: else it would begin before it is written */
		root[n++] = (cfg_opt_t){
			.name = sections[i].name,
			.type = CFGT_SEC,
			.flags = CFGF_MULTI |
			    (sections[i].titled ? CFGF_TITLE : 0),
			.subopts = in[i],
		};
	}
	return cfg_init(root, CFGF_NONE);
}

/*
 * Reading
 */

static void
set_defaults(struct reader *r)
{
	const char *p, *end;
	char *value;

	r->line = 0;
	for (size_t i = 0; i < N_ROWS; i++) {
		if (r->given[i])
			continue;
		for (p = rows[i].opt.def; *p; p = end + strspn(end, ", ")) {
			end = strchrnul(p, ',');
			value = xasprintf("%.*s", (int)(end - p), p);
			rows[i].set(r, &rows[i], value);
			free(value);
		}
	}
}

/* What can only be seen when everything is there. */
static void
check_whole(struct reader *r)
{
	struct conf *c = r->conf;

	for (size_t i = 0; i < c->n_zones; i++) {
		r->line = c->zones[i].line;
		if (c->zones[i].n_datasets == 0)
			complain(r, "zone \"%s\": nothing to build it from; "
			    "add datasets = { \"type:file\" }",
			    c->zones[i].name);
	}
	r->line = 0;
	for (size_t i = 0; i < N_ROWS; i++) {
		if (rows[i].set == set_forward)
			r->line = r->given[i];
	}
	for (size_t i = 0; i < c->upstream.n_forward; i++) {
		for (size_t j = 0; j < c->n_listen; j++) {
			if (strcmp(c->upstream.forward[i].txt,
			    c->listen[j].txt) == 0)
				complain(r, "upstream forward: \"%s\" is where "
				    "we listen; name another resolver",
				    c->listen[j].txt);
		}
	}
}

/* The folder of path, "/" at the end; "" where that is no folder. */
static char *
folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *given, *real, *folder;

	given = slash ? xasprintf("%.*s/", (int)(slash - path), path) :
	    xstrdup("./");
	real = realpath(given, NULL);
	folder = real ? xasprintf("%s%s", real, real[1] ? "/" : "") :
	    xstrdup("");
	free(real);
	free(given);
	return folder;
}

int
conf_parse(struct conf **out, char *text, size_t len, const char *path,
    conf_report_fn *report, void *arg)
{
	struct reader r = { .report = report, .arg = arg };
	char why[CONF_TEXT_WHY_LEN];
	unsigned cut_line;
	cfg_t *cfg;
	bool whole;

	*out = NULL;
	r.conf = xcalloc(1, sizeof(*r.conf));
	r.conf->path = xstrdup(path);
	r.folder = folder_of(path);
	r.cut = conf_text_check(text, len, &cut_line, why) != 0;

	reading = &r;
	cfg = make_parser();
	if (!cfg) {
		complain(&r, "out of memory");
		goto out;
	}
	cfg_set_error_function(cfg, on_error);
	whole = cfg_parse_buf(cfg, text) == CFG_SUCCESS && !r.cut;
	cfg_free(cfg);
	if (r.cut) {
		r.line = cut_line;
		complain(&r, "%s", why);
	}
	if (whole) {
		set_defaults(&r);
		check_whole(&r);
	} else if (r.n_errors == 0) {
		complain(&r, "the text cannot be parsed");
	}
	if (r.n_errors == 0) {
		*out = r.conf;
		r.conf = NULL;
	}
out:
	reading = NULL;
	free(r.folder);
	conf_free(r.conf);
	return *out ? 0 : -EINVAL;
}

int
conf_read(struct conf **out, const char *path, conf_report_fn *report,
    void *arg)
{
	char why[REPORT_LEN];
	char *text;
	size_t len;
	int rc;

	*out = NULL;
	rc = conf_text_read(&text, &len, path);
	if (rc != 0) {
		if (rc == -EFBIG)
			snprintf(why, sizeof(why), "longer than %d bytes; is "
			    "this the configuration?", CONF_TEXT_MAX);
		else if (rc == -EINVAL)
			snprintf(why, sizeof(why), "not a regular file");
		else
			snprintf(why, sizeof(why), "cannot be read: %s",
			    strerror(-rc));
		report(arg, path, 0, why);
		return rc;
	}
	rc = conf_parse(out, text, len, path, report, arg);
	free(text);
	return rc;
}

static void
free_zone(struct conf_zone *z)
{
	for (size_t i = 0; i < z->n_datasets; i++) {
		struct conf_dataset *d = &z->datasets[i];

		for (size_t j = 0; j < d->n_files; j++)
			free(d->files[j]);
		free(d->files);
		free(d->type);
	}
	free(z->datasets);
	free(z->name);
}

void
conf_free(struct conf *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->n_zones; i++)
		free_zone(&c->zones[i]);
	for (size_t i = 0; i < c->n_locals; i++)
		free(c->locals[i].name);
	free(c->zones);
	free(c->locals);
	free(c->upstream.forward);
	free(c->user);
	free(c->state_dir);
	free(c->allow_query);
	free(c->listen);
	free(c->path);
	free(c);
}

/*
 * Looking up
 */

/* Names in struct conf are lower case and have no final dot. */
static bool
is_name(const char *name, const char *asked)
{
	size_t len = strlen(name);

	return strncasecmp(name, asked, len) == 0 &&
	    (asked[len] == '\0' || strcmp(&asked[len], ".") == 0);
}

const struct conf_zone *
conf_zone_find(const struct conf *c, const char *name)
{
	for (size_t i = 0; i < c->n_zones; i++) {
		if (is_name(c->zones[i].name, name))
			return &c->zones[i];
	}
	return NULL;
}

const struct conf_local *
conf_local_find(const struct conf *c, const char *name)
{
	for (size_t i = 0; i < c->n_locals; i++) {
		if (is_name(c->locals[i].name, name))
			return &c->locals[i];
	}
	return NULL;
}

const struct conf_option *
conf_option(size_t i)
{
	return i < N_ROWS ? &rows[i].opt : NULL;
}

const char *
conf_type_txt(enum conf_type type)
{
	static const char *const names[] = {
		[CONF_TEXT] = "text",
		[CONF_NUMBER] = "number",
		[CONF_SIZE] = "size",
		[CONF_SWITCH] = "switch",
		[CONF_LIST] = "list",
	};

	return names[type];
}
