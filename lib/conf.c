/*
 * The configuration, read through libConfuse: the only file that includes it.
 *
 * conf_text.c holds the text to what libConfuse and we read alike, libConfuse
 * takes it apart, and conf_values.c judges each value as soon as it is read, so
 * that its line is known and all errors of a file come out in one run. Defaults
 * go the same way as values. Here are the sections, unknown and repeated names,
 * and what can only be seen when everything is there.
 *
 * Limits: libConfuse ends at the first unknown name or error of syntax, and
 * hands its callbacks no argument of ours, thus the static variable `parsing`.
 */
#include "lib/conf.h"

#include <confuse.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/conf_text.h"
#include "lib/conf_values.h"
#include "lib/spell.h"
#include "lib/xalloc.h"

#define REPORT_LEN 512

static void begin_zone(struct conf_reader *r, const char *title);
static void begin_local(struct conf_reader *r, const char *title);
static void begin_feed(struct conf_reader *r, const char *title);

/*
 * One with begin may be there many times, and makes a struct each time; its
 * options take their defaults then. Others are there once, in the root.
 */
static const struct section {
	const char *name;
	const char *within; /* the section that it stands in */
	bool titled;
	void (*begin)(struct conf_reader *r, const char *title);
} sections[] = {
    {"clients", "", false, NULL},
    {"cache", "", false, NULL},
    {"upstream", "", false, NULL},
    {"zone", "", true, begin_zone},
    {"local", "", true, begin_local},
    {"route", "", true, conf_begin_route},
    {"feed", "zone", false, begin_feed},
};
#define N_SECTIONS (sizeof(sections) / sizeof(sections[0]))

struct parse {
	struct conf_reader r;
	bool cut;                   /* by conf_text_check() */
	unsigned begun[N_SECTIONS]; /* line of the last one; 0 if none */
	unsigned given[CONF_ROWS];  /* line, in this section; 0 if not */
};

static struct parse *parsing;

/*
 * Unknown names
 */

/* Where a name that is unknown here would be right; NULL if nowhere. */
static const struct conf_option *
known_elsewhere(const char *name)
{
	for (size_t i = 0; i < CONF_ROWS; i++) {
		if (strcmp(conf_rows[i].opt.name, name) == 0)
			return &conf_rows[i].opt;
	}
	return NULL;
}

static void
complain_unknown(struct conf_reader *r, const char *section, const char *name)
{
	struct spell spell = {.name = name};
	const struct conf_option *other;

	for (size_t i = 0; i < CONF_ROWS; i++) {
		if (strcmp(conf_rows[i].opt.section, section) == 0)
			spell_offer(&spell, conf_rows[i].opt.name);
	}
	for (size_t i = 0; i < N_SECTIONS; i++) {
		if (strcmp(sections[i].within, section) == 0)
			spell_offer(&spell, sections[i].name);
	}
	other = known_elsewhere(name);
	if (spell.near)
		conf_complain(r, "there is no \"%.64s\"; did you mean \"%s\"?",
		    name, spell.near);
	else if (!other)
		conf_complain(
		    r, "there is no \"%.64s\"; see resolverd.conf(5)", name);
	else if (other->section[0])
		conf_complain(
		    r, "\"%s\" belongs inside of %s { }", name, other->section);
	else
		conf_complain(
		    r, "\"%s\" belongs outside of all sections", name);
}

/*
 * Sections with a name
 */

/* The line of an earlier section of that name; 0 if none. */
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
	for (size_t i = 0; i < c->n_routes; i++) {
		if (strcmp(c->routes[i].name, name) == 0)
			return c->routes[i].line;
	}
	return 0;
}

/* A name is a folder's, too, thus the narrow choice of characters. */
void
conf_take_name(struct conf_reader *r, const char *section, const char *title,
    char **name, uint8_t *apex)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyz0123456789-_.";
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
	if (strcmp(title, ".") == 0 && strcmp(section, "zone") == 0) {
		apex[0] = 0; /* no list, but the acl for all of them */
		strcpy(s, ".");
	} else if (s[strspn(s, good)] != '\0' ||
	    dname_from_txt(apex, s, len) < 0) {
		conf_complain(r,
		    "%s \"%.100s\": no domain name; parts are of a-z, 0-9, - "
		    "and _",
		    section, title);
		return;
	}
	line = line_of_name(r->conf, s);
	if (line)
		conf_complain(r, "%s \"%s\": name taken in line %u; remove one",
		    section, title, line);
}

static void
begin_zone(struct conf_reader *r, const char *title)
{
	struct conf_zone z = {.line = r->line};
	struct conf *c = r->conf;

	conf_take_name(r, "zone", title, &z.name, z.apex);
	c->zones = xreallocarray(c->zones, c->n_zones + 1, sizeof(z));
	c->zones[c->n_zones++] = z;
}

static void
begin_local(struct conf_reader *r, const char *title)
{
	struct conf_local l = {.line = r->line};
	struct conf *c = r->conf;

	conf_take_name(r, "local", title, &l.name, l.apex);
	c->locals = xreallocarray(c->locals, c->n_locals + 1, sizeof(l));
	c->locals[c->n_locals++] = l;
}

static void
begin_feed(struct conf_reader *r, const char *title)
{
	struct conf_zone *z = &r->conf->zones[r->conf->n_zones - 1];

	(void)title;
	if (z->feed.line)
		conf_complain(r,
		    "feed: a second section, first in line %u; join them",
		    z->feed.line);
	z->feed.line = r->line;
}

/*
 * Defaults
 */

static void
set_default(struct conf_reader *r, const struct conf_row *row)
{
	const char *item, *end;
	char *value;

	for (item = row->opt.def; *item; item = end + strspn(end, ", ")) {
		end = strchrnul(item, ',');
		value = xasprintf("%.*s", (int)(end - item), item);
		row->set(r, row, value);
		free(value);
	}
}

static bool
is_repeated(const char *section)
{
	for (size_t i = 0; i < N_SECTIONS; i++) {
		if (strcmp(sections[i].name, section) == 0)
			return sections[i].begin != NULL;
	}
	return false;
}

/* What is not given; of sections that may repeat, on_begin() sees to it. */
static void
set_defaults(struct parse *p)
{
	p->r.line = 0;
	for (size_t i = 0; i < CONF_ROWS; i++) {
		if (!p->given[i] && !is_repeated(conf_rows[i].opt.section))
			set_default(&p->r, &conf_rows[i]);
	}
}

/*
 * What libConfuse calls
 */

static const char *
section_of(const cfg_t *cfg)
{
	return strcmp(cfg->name, "root") == 0 ? "" : cfg->name;
}

static int
on_value(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
	struct conf_reader *r = &parsing->r;
	const struct conf_row *row = conf_rows;
	unsigned *given;

	*(const char **)result = value;
	while (strcmp(row->opt.name, opt->name) != 0 ||
	    strcmp(row->opt.section, section_of(cfg)) != 0)
		row++; /* it is there: make_options() has it from here */
	given = &parsing->given[row - conf_rows];
	r->line = (unsigned)cfg->line;
	/* libConfuse starts anew at each =; one value is in *opt already */
	if (opt->nvalues == 1 && *given) {
		conf_complain(r,
		    "%s: given twice, first in line %u; remove one",
		    row->opt.name, *given);
		return 0;
	}
	if (opt->nvalues == 1)
		*given = r->line;
	if (row->opt.type == CONF_LIST && opt->nvalues > row->opt.most) {
		conf_complain(r, "%s: more than %llu values; remove some",
		    row->opt.name, (unsigned long long)row->opt.most);
		return -1; /* the end: not to count on for ever */
	}
	row->set(r, row, value);
	return 0;
}

/*
 * Each section holds an option that nobody can write, whose default is parsed
 * when the section begins: libConfuse's only word of a section with nothing in
 * it, and of the line where it starts. It must not fail: libConfuse would end
 * the process.
 */
static char begin_name[] = " begin";
static char begin_value[] = "{begin}";

static int
on_begin(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
	struct conf_reader *r = &parsing->r;
	size_t i = 0;

	(void)opt;
	*(const char **)result = value;
	while (strcmp(sections[i].name, cfg->name) != 0)
		i++;
	r->line = (unsigned)cfg->line;
	for (size_t j = 0; j < CONF_ROWS; j++) {
		if (strcmp(conf_rows[j].opt.section, cfg->name) == 0)
			parsing->given[j] = 0;
	}
	if (sections[i].begin) {
		sections[i].begin(r, cfg->title);
		for (size_t j = 0; j < CONF_ROWS; j++) {
			if (strcmp(conf_rows[j].opt.section, cfg->name) == 0)
				set_default(r, &conf_rows[j]);
		}
	} else if (parsing->begun[i])
		conf_complain(r,
		    "%s: a second section, first in line %u; join them",
		    cfg->name, parsing->begun[i]);
	parsing->begun[i] = r->line;
	return 0;
}

static bool
starts(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

/* libConfuse's own errors, with what to do. */
static void __attribute__((format(printf, 2, 0)))
on_error(cfg_t *cfg, const char *fmt, va_list ap)
{
	static const struct {
		const char *start, *hint;
	} hints[] = {
	    {"missing equal sign", "; write NAME = VALUE"},
	    {"missing title", "; write its name in front of the {"},
	    {"missing opening brace", "; write { behind it"},
	    {"unexpected token",
		"; write NAME = VALUE or NAME = { VALUE, VALUE }"},
	};
	struct conf_reader *r = &parsing->r;
	char text[REPORT_LEN];
	const char *hint = "";

	r->line = (unsigned)cfg->line;
	if (starts(fmt, "no such option")) {
		complain_unknown(r, section_of(cfg), va_arg(ap, const char *));
		return;
	}
	if (parsing->cut && starts(fmt, "premature end"))
		return; /* no fault of the file: we made that end */
	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
		if (starts(fmt, hints[i].start))
			hint = hints[i].hint;
	}
	vsnprintf(text, sizeof(text) / 2, fmt, ap);
	conf_complain(r, "%s%s", text, hint);
}

/*
 * The parser's arrays, made of the tables
 */

static size_t
make_options(cfg_opt_t *out, const char *section)
{
	size_t n = 0;

	for (size_t i = 0; i < CONF_ROWS; i++) {
		if (strcmp(conf_rows[i].opt.section, section) != 0)
			continue;
		out[n++] = (cfg_opt_t){
		    .name = conf_rows[i].opt.name,
		    .type = CFGT_STR,
		    .flags = CFGF_NODEFAULT |
			(conf_rows[i].opt.type == CONF_LIST ? CFGF_LIST : 0),
		    .parsecb = on_value,
		};
	}
	return n;
}

static cfg_opt_t
make_section(size_t i, cfg_opt_t *in)
{
	/* CFGF_MULTI: else it would begin before it is written */
	return (cfg_opt_t){
	    .name = sections[i].name,
	    .type = CFGT_SEC,
	    .flags = CFGF_MULTI | (sections[i].titled ? CFGF_TITLE : 0),
	    .subopts = in,
	};
}

/* libConfuse copies what it is given. */
static cfg_t *
make_parser(void)
{
	cfg_opt_t in[N_SECTIONS][CONF_ROWS + N_SECTIONS + 2] = {0};
	cfg_opt_t root[CONF_ROWS + N_SECTIONS + 1] = {0};
	size_t n, n_root = make_options(root, "");

	/* backwards: what stands in another stands behind it in the table */
	for (size_t i = N_SECTIONS; i-- > 0;) {
		n = make_options(in[i], sections[i].name);
		in[i][n++] = (cfg_opt_t){
		    .name = begin_name,
		    .type = CFGT_STR,
		    .flags = CFGF_LIST,
		    .def = {.parsed = begin_value},
		    .parsecb = on_begin,
		};
		for (size_t j = i + 1; j < N_SECTIONS; j++) {
			if (strcmp(sections[j].within, sections[i].name) == 0)
				in[i][n++] = make_section(j, in[j]);
		}
		if (sections[i].within[0] == '\0')
			root[n_root++] = make_section(i, in[i]);
	}
	return cfg_init(root, CFGF_NONE);
}

/*
 * Reading
 */

/* The folder of path, "/" at the end; "" where that is no folder. */
static char *
folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *given, *real, *folder;

	given = slash ? xasprintf("%.*s/", (int)(slash - path), path)
		      : xstrdup("./");
	real = realpath(given, NULL);
	folder =
	    real ? xasprintf("%s%s", real, real[1] ? "/" : "") : xstrdup("");
	free(real);
	free(given);
	return folder;
}

/* Runs libConfuse over the text. Returns whether it reached the end. */
static bool
run(struct parse *p, const char *text)
{
	cfg_t *cfg;
	bool whole;

	parsing = p;
	cfg = make_parser();
	if (cfg)
		cfg_set_error_function(cfg, on_error);
	whole = cfg && cfg_parse_buf(cfg, text) == CFG_SUCCESS;
	if (cfg)
		cfg_free(cfg);
	parsing = NULL;
	if (!whole && !p->cut && p->r.n_errors == 0)
		conf_complain(&p->r, "libConfuse failed without a word");
	return whole;
}

/* 0 where there is none. */
static unsigned
line_of_section(const struct parse *p, const char *name)
{
	size_t i = 0;

	while (strcmp(sections[i].name, name) != 0)
		i++;
	return p->begun[i];
}

int
conf_parse(struct conf **out, char *text, size_t len, const char *path,
    conf_report_fn *report, void *arg)
{
	struct parse p = {.r = {.report = report, .arg = arg}};
	char why[CONF_TEXT_WHY_LEN];
	unsigned cut_line;
	bool whole;

	p.r.conf = xcalloc(1, sizeof(*p.r.conf));
	p.r.conf->path = xstrdup(path);
	p.r.folder = folder_of(path);

	p.cut = conf_text_check(text, len, &cut_line, why) != 0;
	whole = run(&p, text);
	if (p.cut) {
		p.r.line = cut_line;
		conf_complain(&p.r, "%s", why);
	} else if (whole) {
		set_defaults(&p);
		conf_settle_control_socket(p.r.conf);
		conf_settle_zones(&p.r);
		conf_settle_routes(&p.r);
		p.r.line = line_of_section(&p, "cache");
		conf_check_cache(&p.r);
		conf_check_clients(&p.r);
	}
	free(p.r.folder);
	if (p.r.n_errors > 0) {
		conf_free(p.r.conf);
		p.r.conf = NULL;
	}
	*out = p.r.conf;
	return *out ? 0 : -EINVAL;
}

int
conf_read(
    struct conf **out, const char *path, conf_report_fn *report, void *arg)
{
	char why[REPORT_LEN];
	char *text;
	size_t len;
	int rc;

	*out = NULL;
	rc = conf_text_read(&text, &len, path);
	if (rc != 0) {
		if (rc == -EFBIG)
			snprintf(why, sizeof(why),
			    "longer than %d bytes; is this the configuration?",
			    CONF_TEXT_MAX);
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

void
conf_free(struct conf *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->n_zones; i++)
		conf_free_zone(&c->zones[i]);
	for (size_t i = 0; i < c->n_locals; i++)
		free(c->locals[i].name);
	for (size_t i = 0; i < c->n_routes; i++)
		conf_free_route(&c->routes[i]);
	free(c->routes);
	conf_protect_free(&c->protect);
	free(c->zones);
	free(c->locals);
	free(c->upstream.forward);
	free(c->upstream.trust_anchor);
	free(c->upstream.negative);
	free(c->user);
	free(c->state_dir);
	free(c->hosts_file);
	free(c->control_socket);
	conf_clients_free(c);
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

uint32_t
conf_longest_deadline_s(const struct conf *c)
{
	uint32_t s = c->upstream.deadline_s;

	if (c->upstream.list_deadline_s > s)
		s = c->upstream.list_deadline_s;
	for (size_t i = 0; i < c->n_routes; i++) {
		if (c->routes[i].deadline_s > s)
			s = c->routes[i].deadline_s;
	}
	return s;
}

const struct conf_option *
conf_option(size_t i)
{
	return i < CONF_ROWS ? &conf_rows[i].opt : NULL;
}

const char *
conf_type_txt(enum conf_type type)
{
	static const char *const names[] = {
	    [CONF_TEXT] = "text",
	    [CONF_NUMBER] = "number",
	    [CONF_SIZE] = "size",
	    [CONF_DURATION] = "duration",
	    [CONF_SWITCH] = "switch",
	    [CONF_LIST] = "list",
	};

	return names[type];
}

char *
conf_duration_txt(char *out, uint64_t seconds)
{
	static const struct {
		uint64_t s;
		char suffix;
	} units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
	size_t i = 0;

	while (seconds == 0 ? units[i].s > 1 : seconds % units[i].s != 0)
		i++;
	snprintf(out, CONF_DURATION_LEN, "%llu%c",
	    (unsigned long long)(seconds / units[i].s), units[i].suffix);
	return out;
}
