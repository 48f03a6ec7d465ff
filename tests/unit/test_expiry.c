/*
 * Entries that expire while they are served: the answer is that of a generation
 * that is built at that moment, and so are the entries behind it. The clock of
 * zones/ is this file's.
 */
#include <time.h>

#include "tests/unit/zones.h"
#include "zones/diff.h"
#include "zones/export.h"
#include "zones/why.h"

static time_t moved; /* seconds from the real time on */

time_t
time(time_t *out)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	ts.tv_sec += moved;
	if (out != NULL)
		*out = ts.tv_sec;
	return ts.tv_sec;
}

/* "$EXPIRES stamp\n" that many seconds from the real time on */
static int
put_expires(char *out, time_t seconds)
{
	struct timespec ts;
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &ts);
	ts.tv_sec += seconds;
	gmtime_r(&ts.tv_sec, &tm);
	return (int)strftime(out, 64, "$EXPIRES %Y:%m:%d:%H:%M:%S\n", &tm);
}

/* ---- by hand: > ends after 1000 s, ) after 2000, 0 never */

#define IP6_1 "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2"

static const struct {
	const char *type, *text, *name, *at_0, *at_1500, *at_2500;
} cases[] = {
    {"ip4set", ">1.2.3.4 a\n@1.2.3.0/24 b\n", "4.3.2.1",
	"A 127.0.0.2 | TXT a", "A 127.0.0.2 | TXT b", "A 127.0.0.2 | TXT b"},
    {"ip4set", ">1.2.3.4 a\n)1.2.3.0/24 b\n@1.2.0.0/16 c\n", "4.3.2.1",
	"A 127.0.0.2 | TXT a", "A 127.0.0.2 | TXT b", "A 127.0.0.2 | TXT c"},
    {"ip4set", ">1.2.3.4 a\n)1.2.3.4 b\n@1.2.3.0/24 c\n", "4.3.2.1",
	"A 127.0.0.2 | TXT a | A 127.0.0.2 | TXT b", "A 127.0.0.2 | TXT b",
	"A 127.0.0.2 | TXT c"},
    {"ip4set", ">1.2.3.4 a\n@1.2.3.4 b\n1.2.3.0/24 c\n", "4.3.2.1",
	"A 127.0.0.2 | TXT a | A 127.0.0.2 | TXT b", "A 127.0.0.2 | TXT b",
	"A 127.0.0.2 | TXT b"},
    {"ip4set", ">1.2.3.4 a\n@!1.2.3.0/24\n1.2.0.0/16 c\n", "4.3.2.1",
	"A 127.0.0.2 | TXT a", "NXDOMAIN", "NXDOMAIN"},
    {"ip4set", ">1.2.3.4 a\n", "4.3.2.1", "A 127.0.0.2 | TXT a", "NXDOMAIN",
	"NXDOMAIN"},
    {"ip4trie", ">1.2.3.4 a\n)1.2.3.4 b\n@1.2.3.0/28 c\n", "4.3.2.1",
	"A 127.0.0.2 | TXT a", "A 127.0.0.2 | TXT b", "A 127.0.0.2 | TXT c"},
    {"ip4trie", ">1.2.3.4 a\n)!1.2.3.0/24\n1.2.0.0/16 c\n", "4.3.2.1",
	"A 127.0.0.2 | TXT a", "NXDOMAIN", "NXDOMAIN"},
    {"ip4tset", ">1.2.3.4\n:5:t\n@1.2.3.5\n", "4.3.2.1",
	"A 127.0.0.5 | TXT t", "NXDOMAIN", "NXDOMAIN"},
    {"ip4tset", ">1.2.3.4\n:5:t\n@1.2.3.5\n", "5.3.2.1",
	"A 127.0.0.5 | TXT t", "A 127.0.0.5 | TXT t", "A 127.0.0.5 | TXT t"},
    {"ip6tset", ")2001:db8:0:0\n:5:t\n", IP6_1, "A 127.0.0.5 | TXT t",
	"A 127.0.0.5 | TXT t", "NXDOMAIN"},
    {"ip6trie", ">2001:db8::1 a\n)2001:db8::/64 b\n@2001:db8::/32 c\n", IP6_1,
	"A 127.0.0.2 | TXT a", "A 127.0.0.2 | TXT b", "A 127.0.0.2 | TXT c"},
    {"ip6trie", ">2001:db8::1 a\n)2001:db8::1 b\n2001:db8:1::/48 x\n"
	"@2001:db8::/32 c\n", IP6_1,
	"A 127.0.0.2 | TXT a", "A 127.0.0.2 | TXT b", "A 127.0.0.2 | TXT c"},
    /* `$` is the entry's name, not that of the one that has expired */
    {"dnset", ">a.b.c $\n)*.b.c $\n@.c $\n", "a.b.c", "A 127.0.0.2 | TXT a.b.c",
	"A 127.0.0.2 | TXT b.c", "A 127.0.0.2 | TXT c"},
    {"dnset", ">a.c $\n@!*.c\n.c $\n", "a.c", "A 127.0.0.2 | TXT a.c",
	"NODATA", "NODATA"},
    {"domains(below)", ">a.c\n@c\n", "x.a.c", "A 127.0.0.2", "A 127.0.0.2",
	"A 127.0.0.2"},
    {"combined", ">$DATASET ip4set x\n1.2.3.4 a\n)1.2.3.4 b\n", "4.3.2.1.x",
	"A 127.0.0.2 | TXT a | A 127.0.0.2 | TXT b", "A 127.0.0.2 | TXT b",
	"NXDOMAIN"},
};

static void
make_text(char *p, const char *text)
{
	for (; *text != '\0'; text++)
		p += *text == '>' ? put_expires(p, 1000) :
		    *text == ')' ? put_expires(p, 2000) :
		    *text == '@' ? sprintf(p, "$EXPIRES 0\n") :
		    sprintf(p, "%c", *text);
}

START_TEST(test_cases)
{
	static const time_t times[] = {0, 1500, 2500};
	const char *want[] = {cases[_i].at_0, cases[_i].at_1500,
	    cases[_i].at_2500};
	char text[1024] = "";
	struct test_zone z;

	make_text(text, cases[_i].text);
	zones_init(&z, ZONES_APEX);
	zones_add(&z, cases[_i].type, text);
	ck_assert_msg(zones_build(&z) == 0, "%s", z.why);
	ck_assert_msg(z.result.bad_lines == 0, "%s", z.reports);
	for (size_t i = 0; i < UNIT_COUNT(times); i++) {
		moved = times[i];
		ck_assert_str_eq(zones_ask(&z, cases[_i].name), want[i]);
	}
	zones_free(&z);
}
END_TEST

/* ---- what expires with its file, or by a column */

static const struct {
	const char *type, *text, *name;
	time_t until; /* from now on, give or take 500; 0: never */
} others[] = {
    {"ip4set(expires-in=1h)", "1.2.3.4\n", "4.3.2.1", 3600},
    {"plain(text,expires-in=2d)", "1.2.3.4 # a\n", "4.3.2.1", 172800},
    {"rpz(expires-in=1h)", "a.test CNAME .\n", "a.test", 3600},
    {"bind(expires-in=1h)", "a A 1.2.3.4\n", "a", 3600},
    {"drop-json(expires-in=1h)", "{\"cidr\":\"1.2.3.4/32\"}\n", "4.3.2.1",
	3600},
    {"combined", "$DATASET plain(expires-in=1h):x @\n1.2.3.4\n", "4.3.2.1",
	3600},
    {"csv(ip,expires=until)", "ip,until\n1.2.3.4,%\n1.2.3.5,\n", "4.3.2.1",
	7200},
    {"csv(ip,expires=until)", "ip,until\n1.2.3.4,%\n1.2.3.5,\n", "5.3.2.1",
	0},
    {"csv(ip,why,expires=3,expires-in=1h)", "ip,why,-\n1.2.3.4,x,%\n",
	"4.3.2.1", 7200},
    {"csv(1,expires=2,expires-in=1h)", "1.2.3.4,\n", "4.3.2.1", 3600},
};

START_TEST(test_others)
{
	struct timespec ts;
	char text[512], *p = text, until[64];
	struct test_zone z;
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &ts);
	ts.tv_sec += 7200;
	gmtime_r(&ts.tv_sec, &tm);
	strftime(until, sizeof(until), "%Y-%m-%d %H:%M:%S UTC", &tm);
	for (const char *s = others[_i].text; *s != '\0'; s++)
		p += *s == '%' ? sprintf(p, "%s", until)
			       : sprintf(p, "%c", *s);
	zones_init(&z, ZONES_APEX);
	zones_add(&z, others[_i].type, text);
	ck_assert_msg(zones_build(&z) == 0, "%s", z.why);
	ck_assert_msg(z.result.bad_lines == 0, "%s", z.reports);
	ck_assert_ptr_nonnull(strstr(zones_ask(&z, others[_i].name), "A "));
	moved = others[_i].until > 0 ? others[_i].until - 500 : 1 << 28;
	ck_assert_ptr_nonnull(strstr(zones_ask(&z, others[_i].name), "A "));
	moved = others[_i].until + 500;
	if (others[_i].until > 0)
		ck_assert_ptr_null(strstr(zones_ask(&z, others[_i].name),
		    "A "));
	zones_free(&z);
}
END_TEST

/* A client, too. */
START_TEST(test_acl)
{
	struct addr client = {.family = AF_INET, .bytes = {10, 0, 0, 1}};
	struct acl_verdict v = {.client = &client};
	char text[512];
	struct test_zone z;

	make_text(text, ":refuse\n10/8\n>10.0.0.1 :pass\n)10.0.0.1 :ignore\n");
	zones_init(&z, ZONES_APEX);
	zones_add(&z, "acl", text);
	zones_add(&z, "ip4set", "1.2.3.4\n");
	ck_assert_msg(zones_build(&z) == 0, "%s", z.why);
	generation_acl(z.gen, &v);
	ck_assert_int_eq(v.action, ACL_PASS);
	moved = 1500;
	generation_acl(z.gen, &v);
	ck_assert_int_eq(v.action, ACL_IGNORE);
	moved = 2500;
	v.action = ACL_PASS;
	generation_acl(z.gen, &v);
	ck_assert_int_eq(v.action, ACL_REFUSE);
	zones_free(&z);
}
END_TEST

/* ---- at random, beside what is built then */

#define ENTRIES 300
#define QUESTIONS 400

static const char *const random_types[] = {"ip4set", "ip4trie", "ip6trie",
    "dnset", "plain"};

static int
put_key(char *out, unsigned type)
{
	static const unsigned lengths4[] = {32, 32, 30, 28, 24, 20, 16, 12, 8};
	static const unsigned lengths6[] = {128, 128, 120, 64, 60, 48, 32};
	unsigned bits = lengths4[rand() % UNIT_COUNT(lengths4)];
	uint32_t ip = 10u << 24 | (unsigned)(rand() & 0x30303);

	switch (type) {
	case 2:
		bits = lengths6[rand() % UNIT_COUNT(lengths6)];
		if (bits < 128) /* ends in zeros from 32 bits on */
			return sprintf(out, "2001:db8::/%u", bits);
		return sprintf(out, "2001:db8::%x", rand() % 3);
	case 3:
		out += sprintf(out, "%s", (const char *[]){"", ".", "*."}[
		    rand() % 3]);
		return (int)strlen(strcpy(out, (const char *[]){"a", "b.a",
		    "c.b.a", "d.c.b.a", "c.a", "x"}[rand() % 6]));
	default:
		ip &= bits < 32 ? ~(UINT32_MAX >> bits) : UINT32_MAX;
		return sprintf(out, "%u.%u.%u.%u/%u", ip >> 24,
		    ip >> 16 & 255, ip >> 8 & 255, ip & 255, bits);
	}
}

static char *
random_text(unsigned type)
{
	char *text = malloc(ENTRIES * 160), *p = text, key[64];

	for (unsigned i = 0; i < ENTRIES; i++) {
		if (rand() % 3 == 0)
			p += rand() % 3 == 0 ? sprintf(p, "$EXPIRES 0\n") :
			    put_expires(p, 500 + 1000 * (rand() % 4));
		(void)put_key(key, type);
		if (type != 4 && rand() % 8 == 0)
			p += sprintf(p, "!%s\n", key);
		else
			p += sprintf(p, "%s %sv%d\n", key,
			    type == 4 ? "# " : "", rand() % 5);
	}
	return text;
}

static void
random_question(char *out, unsigned type)
{
	int n = rand() % 4;

	if (type == 2)
		sprintf(out, "%d.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0"
		    ".8.b.d.0.1.0.0.2", n);
	else if (type == 3)
		strcpy(out, (const char *[]){"a", "b.a", "c.b.a", "d.c.b.a",
		    "e.d.c.b.a", "c.a", "x.c.a", "x", "y.x"}[rand() % 9]);
	else
		sprintf(out, "%d.%d.%d.10", rand() % 5, n, rand() % 4);
}

/* Which of the entries count: sorted, since datasets are asked in order. */
struct counting {
	char text[8192];
	size_t len;
};

static void
on_entry(void *arg, const struct why_entry *e)
{
	struct counting *c = arg;

	if ((e->role == WHY_LISTS || e->role == WHY_EXCLUDES) &&
	    c->len + 128 < sizeof(c->text))
		c->len += (size_t)snprintf(c->text + c->len, 128, "%d %.80s %u"
		    "\n", e->role, e->key, e->line);
}

static void
ask_why(const struct test_zone *z, const char *rel, struct counting *c)
{
	uint8_t dname[DNAME_MAX], off[DNAME_LABELS_MAX];
	uint64_t hash[DNAME_LABELS_MAX];
	struct zone_key key;
	char name[512];

	snprintf(name, sizeof(name), "%s.%s", rel, z->conf.name);
	ck_assert_int_gt(dname_from_txt(dname, name, strlen(name)), 0);
	zone_key_init(&key, dname, dname_labels(z->conf.apex), off, hash);
	c->len = 0;
	c->text[0] = '\0';
	ck_assert_int_eq(why_generation(z->gen, &key, on_entry, c), 0);
}

/* Are all parts of one (which end in a separator, or with it) in the other? */
static bool
has_all(const char *all, const char *parts, const char *separator)
{
	char part[256];
	size_t n;

	for (; *parts != '\0'; parts += n) {
		n = strstr(parts, separator) != NULL ?
		    (size_t)(strstr(parts, separator) - parts) : strlen(parts);
		snprintf(part, sizeof(part), "%.*s", (int)n, parts);
		if (strstr(all, part) == NULL)
			return false;
		n += parts[n] != '\0' ? strlen(separator) : 0;
	}
	return true;
}

/* The same records; a name that was listed may exist until a build: NODATA is
 * as good as NXDOMAIN. */
static bool
is_same(const char *a, const char *b)
{
	return (has_all(a, b, " | ") && has_all(b, a, " | ")) ||
	    (a[0] == 'N' && b[0] == 'N');
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The lines of a text in their order, each once. */
static void
sort_lines(char *text)
{
	char *copy = strdup(text), *rest = NULL, **lines, *out = text;
	size_t n = 0;

	lines = malloc((strlen(text) + 1) * sizeof(*lines));
	for (char *s = strtok_r(copy, "\n", &rest); s != NULL;
	    s = strtok_r(NULL, "\n", &rest))
		lines[n++] = s;
	qsort(lines, n, sizeof(*lines), by_text);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || strcmp(lines[i], lines[i - 1]) != 0)
			out += sprintf(out, "%s\n", lines[i]);
	free(lines);
	free(copy);
}

static void
no_difference(void *arg, const struct diff_change *c)
{
	(void)arg;
	ck_abort_msg("%s: %s, %s", c->key, c->before, c->after);
}

static char *
export(const struct generation *gen, const uint8_t *apex)
{
	uint64_t left_out;
	char *out = NULL;
	size_t len;
	FILE *f = open_memstream(&out, &len);

	ck_assert_int_eq(export_write(gen, apex, "bind", NULL, f, &left_out),
	    0);
	fclose(f);
	sort_lines(out);
	return out;
}

START_TEST(test_random)
{
	unsigned type = (unsigned)_i % UNIT_COUNT(random_types);
	char *text, question[128], old[16384], *a, *b;
	struct counting why[2];
	struct generation *first;
	struct test_zone z;

	srand((unsigned)_i);
	text = random_text(type);
	zones_init(&z, ZONES_APEX);
	z.conf.provenance = true;
	z.conf.keep = 10;
	zones_add(&z, type == 4 ? "plain(text)" : random_types[type], text);
	ck_assert_msg(zones_build(&z) == 0, "%s", z.why);
	first = z.gen;
	for (moved = 1; moved < 5000; moved += 1000) {
		z.gen = NULL;
		ck_assert_msg(zones_build(&z) == 0, "%s", z.why);
		for (unsigned i = 0; i < QUESTIONS; i++) {
			struct generation *now = z.gen;

			random_question(question, type);
			z.gen = first;
			strcpy(old, zones_ask(&z, question));
			ask_why(&z, question, &why[0]);
			z.gen = now;
			ck_assert_msg(is_same(old, zones_ask(&z, question)),
			    "%s at %ld: %s, built then: %s", question,
			    (long)moved, old, zones_ask(&z, question));
			ask_why(&z, question, &why[1]);
			/* of several that count together, some may be over */
			ck_assert_msg(type == 0 || type == 3 ?
			    has_all(why[0].text, why[1].text, "\n") :
			    strcmp(why[0].text, why[1].text) == 0,
			    "%s at %ld: why %s, built then: %s", question,
			    (long)moved, why[0].text, why[1].text);
		}
		ck_assert_int_eq(diff_generations(first, z.gen, no_difference,
		    NULL), 0);
		a = export(first, z.conf.apex);
		b = export(z.gen, z.conf.apex);
		ck_assert_msg(strcmp(a, b) == 0, "%zu and %zu bytes",
		    strlen(a), strlen(b));
		free(a);
		free(b);
		generation_close(z.gen);
	}
	z.gen = first;
	zones_free(&z);
	free(text);
}
END_TEST

UNIT_MAIN("expiry", UNIT_EACH(test_cases, cases),
    UNIT_EACH(test_others, others), UNIT_ONCE(test_acl),
    UNIT_TIMES(test_random, 50))
