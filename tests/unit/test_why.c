/* zones/why.c and zones/prov.c: the entries behind an answer. */
#include "tests/unit/zones.h"
#include "zones/why.h"

#define MANY 1000

/* ---- by hand */

struct said {
	char text[4096];
	size_t len;
};

static const char *
base_name(const struct prov_text *file)
{
	static char name[256];
	const char *slash = memrchr(file->text, '/', file->len);
	size_t skip = slash != NULL ? (size_t)(slash + 1 - file->text) : 0;

	snprintf(name, sizeof(name), "%.*s", (int)(file->len - skip),
	    file->text + skip);
	return name;
}

/* "role key type file:line\n" */
static void
on_entry(void *arg, const struct why_entry *e)
{
	static const char *const roles[] = {[WHY_LISTS] = "lists",
	    [WHY_EXCLUDES] = "excludes", [WHY_COVERED] = "covered",
	    [WHY_EXPIRED] = "expired"};
	struct said *said = arg;

	said->len += (size_t)snprintf(said->text + said->len,
	    sizeof(said->text) - said->len, "%s %s", roles[e->role], e->key);
	if (e->type.len > 0)
		said->len += (size_t)snprintf(said->text + said->len,
		    sizeof(said->text) - said->len, " %.*s %s:%u",
		    (int)e->type.len, e->type.text, base_name(&e->file),
		    e->line);
	said->len += (size_t)snprintf(said->text + said->len,
	    sizeof(said->text) - said->len, "\n");
}

static void
ask_why(const struct test_zone *z, const char *rel, why_fn *fn, void *arg)
{
	uint8_t dname[DNAME_MAX], off[DNAME_LABELS_MAX];
	uint64_t hash[DNAME_LABELS_MAX];
	struct zone_key key;
	char name[2048];
	int len;

	snprintf(name, sizeof(name), "%s.%s", rel, z->conf.name);
	len = dname_from_txt(dname, name, strlen(name));
	ck_assert_int_gt(len, 0);
	dname_lower(dname, (size_t)len);
	zone_key_init(&key, dname, dname_labels(z->conf.apex), off, hash);
	ck_assert_int_eq(why_generation(z->gen, &key, fn, arg), 0);
}

static const struct {
	const char *type, *text, *more, *question, *want;
} cases[] = {
    {"ip4set", "10.0.0.1\n\n10/8\n10.0/16\n", NULL, "1.0.0.10",
	"covered 10.0.0.0/8 ip4set ip4set0:3\n"
	"covered 10.0.0.0/16 ip4set ip4set0:4\n"
	"lists 10.0.0.1 ip4set ip4set0:1\n"},
    {"ip4set", "10.0.0.1 a\n10.0.0.1 b\n10.0.0.0-9 c\n", NULL, "1.0.0.10",
	"lists 10.0.0.0-10.0.0.9 ip4set ip4set0:3\n"
	"lists 10.0.0.1 ip4set ip4set0:1\nlists 10.0.0.1 ip4set ip4set0:2\n"},
    {"ip4set", "10/8\n!10.0.0.1\n", NULL, "1.0.0.10",
	"covered 10.0.0.0/8 ip4set ip4set0:1\n"
	"excludes !10.0.0.1 ip4set ip4set0:2\n"},
    {"ip4set", "!10/8\n10.0.0.1\n", NULL, "1.0.0.10",
	"covered !10.0.0.0/8 ip4set ip4set0:1\n"
	"lists 10.0.0.1 ip4set ip4set0:2\n"},
    {"ip4set", "10.0.0.1\n", "\n\n10.0.0.1\n", "1.0.0.10",
	"lists 10.0.0.1 ip4set ip4set0:1\n"
	"lists 10.0.0.1 ip4set ip4set1-1:3\n"},
    {"ip4set", "10.0.0.1\n", NULL, "2.0.0.10", ""},
    {"ip4tset", "10.0.0.1\n10.0.0.1\n", NULL, "1.0.0.10",
	"lists 10.0.0.1 ip4tset ip4tset0:1\n"
	"lists 10.0.0.1 ip4tset ip4tset0:2\n"},
    {"ip4trie", "10/8\n10.0.0.0/25\n10.0.0.0/25 b\n", NULL, "1.0.0.10",
	"covered 10.0.0.0/8 ip4trie ip4trie0:1\n"
	"lists 10.0.0.0/25 ip4trie ip4trie0:2\n"
	"covered 10.0.0.0/25 ip4trie ip4trie0:3\n"},
    {"plain", "10.0.0.1-10.0.0.6\n", NULL, "2.0.0.10",
	"lists 10.0.0.2/31 plain plain0:1\n"},
    {"dnset", ".a.b\n*.b\n!x.a.b\n*.b two\n", NULL, "x.a.b",
	"excludes !x.a.b dnset dnset0:3\ncovered .a.b dnset dnset0:1\n"
	"covered *.b dnset dnset0:2\ncovered *.b dnset dnset0:4\n"},
    {"dnset", ".a.b\n*.b\n*.b two\n", NULL, "y.b",
	"lists *.b dnset dnset0:2\nlists *.b dnset dnset0:3\n"},
    {"dnset", "a\n*.a\n!a\na z\n", NULL, "a",
	"covered a dnset dnset0:1\nexcludes !a dnset dnset0:3\n"
	"covered a dnset dnset0:4\n"},
    {"generic", "www A 10.0.0.1\nwww TXT x\n", NULL, "www",
	"lists www generic generic0:1\nlists www generic generic0:2\n"},
    {"domains(below)", "a.b # no\n", NULL, "x.a.b",
	"lists .a.b domains(below) domains(below)0:1\n"},
    /* a name that exists hides the wildcard above it, RFC 4592 2.2.1 */
    {"bind", "*.a A 10.0.0.1\nx.y.a A 10.0.0.2\n", NULL, "z.y.a",
	"excludes !*.y.a\ncovered *.a bind bind0:1\n"},
};

START_TEST(test_cases)
{
	struct said said = {.len = 0};
	struct test_zone z;

	zones_init(&z, ZONES_APEX);
	z.conf.provenance = true;
	zones_add(&z, cases[_i].type, cases[_i].text);
	if (cases[_i].more != NULL)
		zones_add_file(&z, cases[_i].more);
	ck_assert_int_eq(zones_build(&z), 0);
	ask_why(&z, cases[_i].question, on_entry, &said);
	ck_assert_str_eq(said.text, cases[_i].want);
	zones_free(&z);
}
END_TEST

START_TEST(test_ip6)
{
	struct said said = {.len = 0};
	struct test_zone z;

	zones_init(&z, ZONES_APEX);
	z.conf.provenance = true;
	zones_add(&z, "ip6trie", "2001:db8::/32\n2001:db8::1\n!2001:db8::/64\n"
	    "2001:db8::/32 two\n2001:db9::/32\n");
	ck_assert_int_eq(zones_build(&z), 0);
	ask_why(&z, "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0."
	    "1.0.0.2", on_entry, &said);
	ck_assert_str_eq(said.text, "lists 2001:db8::1 ip6trie ip6trie0:2\n"
	    "covered !2001:db8::/64 ip6trie ip6trie0:3\n"
	    "covered 2001:db8::/32 ip6trie ip6trie0:1\n"
	    "covered 2001:db8::/32 ip6trie ip6trie0:4\n");
	zones_free(&z);
}
END_TEST

/* What was not kept is not made up. */
START_TEST(test_without)
{
	struct said said = {.len = 0};
	struct test_zone z;

	zones_init(&z, ZONES_APEX);
	zones_add(&z, "ip4set", "10/8\n");
	zones_add(&z, "dnset", "*.a\n!b.a\n");
	ck_assert_int_eq(zones_build(&z), 0);
	ask_why(&z, "1.0.0.10", on_entry, &said);
	ask_why(&z, "x.a", on_entry, &said);
	ask_why(&z, "b.a", on_entry, &said);
	ask_why(&z, "c", on_entry, &said);
	ck_assert_str_eq(said.text, "lists 10.0.0.1\nlists *.a\n"
	    "excludes !b.a\n");
	zones_free(&z);
}
END_TEST

/* ---- at random: each line has a text of its own, which is answered where the
 * entry is said to list */

static unsigned
random_below(unsigned n)
{
	return (unsigned)random() % n;
}

static void
random_ip4(char *out)
{
	sprintf(out, "10.%u.%u.%u", random_below(2), random_below(2),
	    random_below(4));
}

static void
put_ip4set(char *line)
{
	char a[32];

	random_ip4(a);
	switch (random_below(4)) {
	case 0:
		sprintf(line, "10.%u.%u.%u-%u", random_below(2),
		    random_below(2), random_below(3), 3 + random_below(253));
		break;
	case 1:
		sprintf(line, "10.%u.0.%u-10.%u.%u.%u", random_below(1),
		    random_below(4), 1, random_below(3), random_below(256));
		break;
	case 2:
		a[5 + 2 * random_below(2) - 1] = '\0'; /* 10.0 or 10.0.1 */
		strcpy(line, a);
		break;
	default:
		strcpy(line, a);
	}
}

static void
put_ip4trie(char *line)
{
	uint32_t ip = 10u << 24 | random_below(2) << 16 | random_below(2) << 8 |
	    random_below(4);
	unsigned bits = 6 + random_below(27);

	ip &= UINT32_MAX << (32 - bits);
	sprintf(line, "%u.%u.%u.%u/%u", ip >> 24, ip >> 16 & 255, ip >> 8 & 255,
	    ip & 255, bits);
}

static void
put_name(char *line)
{
	static const char *const starts[] = {"", "", ".", "*."};
	unsigned n = 1 + random_below(3);

	line += sprintf(line, "%s", starts[random_below(4)]);
	while (n-- > 0)
		line += sprintf(line, "%c%s", 'a' + (int)random_below(3),
		    n > 0 ? "." : "");
}

static void
ask_ip4(char *out)
{
	sprintf(out, "%u.%u.%u.10", random_below(5), random_below(3),
	    random_below(2));
}

static void
ask_name(char *out)
{
	unsigned n = 1 + random_below(4);

	while (n-- > 0)
		out += sprintf(out, "%c%s", 'a' + (int)random_below(3),
		    n > 0 ? "." : "");
}

static const struct {
	const char *type;
	void (*put)(char *line);
	void (*ask)(char *out);
} kinds[] = {
    {"ip4set", put_ip4set, ask_ip4},
    {"ip4trie", put_ip4trie, ask_ip4},
    {"dnset", put_name, ask_name},
};

struct seen {
	const char *answer;
	unsigned lists, excludes, all;
};

static void
on_random(void *arg, const struct why_entry *e)
{
	struct seen *seen = arg;
	char text[32], answer[70000];

	seen->all++;
	seen->lists += e->role == WHY_LISTS;
	seen->excludes += e->role == WHY_EXCLUDES;
	ck_assert_uint_ne(e->line, 0);
	ck_assert_int_eq(e->role == WHY_EXCLUDES && e->key[0] != '!', 0);
	snprintf(text, sizeof(text), "TXT L%u |", e->line);
	snprintf(answer, sizeof(answer), "%s |", seen->answer);
	ck_assert_msg((strstr(answer, text) != NULL) == (e->role == WHY_LISTS),
	    "%s of %s: %s", text, e->key, answer);
}

static unsigned
count(const char *s, const char *word)
{
	unsigned n = 0;

	while ((s = strstr(s, word)) != NULL) {
		s += strlen(word);
		n++;
	}
	return n;
}

START_TEST(test_random)
{
	static char text[20000];
	char line[256], question[64], *p;
	struct test_zone z;

	srandom(7 + (unsigned)_i / 10);
	p = text;
	for (unsigned i = 1; i <= 1 + random_below(40); i++) {
		kinds[_i % 3].put(line);
		if (random_below(4) == 0)
			p += sprintf(p, "!%s\n", line);
		else
			p += sprintf(p, "%s L%u\n", line, i);
	}
	zones_init(&z, ZONES_APEX);
	z.conf.provenance = true;
	zones_add(&z, kinds[_i % 3].type, text);
	ck_assert_int_eq(zones_build(&z), 0);
	for (unsigned i = 0; i < MANY; i++) {
		struct seen seen = {0};

		kinds[_i % 3].ask(question);
		seen.answer = zones_ask(&z, question);
		ask_why(&z, question, on_random, &seen);
		ck_assert_msg(seen.lists == count(seen.answer, "TXT"),
		    "%s: %s\n%s", question, seen.answer, text);
		ck_assert_msg(seen.all == 0 || seen.lists > 0 ||
		    seen.excludes > 0, "%s: %s\n%s", question, seen.answer,
		    text);
	}
	zones_free(&z);
}
END_TEST

/* More than a block, ranges among single addresses, a key that has a range from
 * far before it. */
START_TEST(test_blocks)
{
	static char text[200000];
	struct said said = {.len = 0};
	struct test_zone z;
	char *p = text;

	p += sprintf(p, "10.0.0.0/8 wide\n");
	for (unsigned i = 0; i < 2000; i++)
		p += sprintf(p, "10.%u.%u.7\n", i * 7919 % 2000 / 250,
		    i * 7919 % 250);
	zones_init(&z, ZONES_APEX);
	z.conf.provenance = true;
	zones_add(&z, "ip4set", text);
	ck_assert_int_eq(zones_build(&z), 0);
	for (unsigned i = 0; i < 2000; i += 37) {
		char question[64], want[256];

		said.len = 0;
		sprintf(question, "7.%u.%u.10", i * 7919 % 250,
		    i * 7919 % 2000 / 250);
		sprintf(want, "covered 10.0.0.0/8 ip4set ip4set0:1\n"
		    "lists 10.%u.%u.7 ip4set ip4set0:%u\n",
		    i * 7919 % 2000 / 250, i * 7919 % 250, i + 2);
		ask_why(&z, question, on_entry, &said);
		ck_assert_str_eq(said.text, want);
	}
	zones_free(&z);
}
END_TEST

UNIT_MAIN("why", UNIT_EACH(test_cases, cases), UNIT_ONCE(test_ip6),
    UNIT_ONCE(test_without), UNIT_TIMES(test_random, 300),
    UNIT_ONCE(test_blocks))
