/*
 * The local store: changes, what is refused, and those that are cut short.
 */
#include <sys/resource.h>
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "lib/store.h"
#include "tests/unit/locals.h"
#include "zones/local_record.h"

/* ---- changes */

START_TEST(test_change)
{
	struct local *l = open_local("change", true);
	struct local_entry e = {.code = 0x7f000002, .added = 5}, was;
	enum local_change change;
	char why[LOCAL_WHY_MAX];

	strcpy(e.key_txt, "*.Example.COM.");
	strcpy(e.author, "one");
	strcpy(e.reason, "first");
	ck_assert_int_eq(local_add(l, &e, &was, &change, why), 0);
	ck_assert_int_eq(change, LOCAL_ADDED);
	ck_assert_str_eq(e.key_txt, "*.example.com");

	e.added = 6;
	ck_assert_int_eq(local_add(l, &e, &was, &change, why), 0);
	ck_assert_int_eq(change, LOCAL_SAME);
	ck_assert_uint_eq(was.added, 5);

	e.code = 0x7f000003;
	strcpy(e.author, "two");
	ck_assert_int_eq(local_add(l, &e, &was, &change, why), 0);
	ck_assert_int_eq(change, LOCAL_CHANGED);
	ck_assert_uint_eq(was.code, 0x7f000002);
	ck_assert_str_eq(was.reason, "first");
	ck_assert_str_eq(was.author, "one");
	ck_assert_str_eq(ask(l, "a.example.com"), "A 127.0.0.3 TXT first");

	ck_assert_int_eq(local_add(l, &e, &was, &change, why), 0);
	ck_assert_uint_eq(was.added, 6);
	ck_assert_str_eq(was.author, "two");

	memset(&was, 0, sizeof(was));
	strcpy(was.key_txt, "*.EXAMPLE.com");
	ck_assert_int_eq(local_del(l, &was, why), 0);
	ck_assert_uint_eq(was.code, 0x7f000003);
	ck_assert_str_eq(was.reason, "first");
	ck_assert_str_eq(ask(l, "a.example.com"), "NXDOMAIN");
	ck_assert_uint_eq(list(l).n, 0);
	local_close(l);
}
END_TEST

static const struct {
	uint32_t code;
	const char *key, *reason, *author;
	const char *why;
} refused[] = {
    {0x7f000001, "192.0.2.1", "", "x", "code"},
    {0x7e000002, "192.0.2.1", "", "x", "code"},
    {0x80000000, "192.0.2.1", "", "x", "code"},
    {0, "192.0.2.1", "", "x", "code"},
    {0x7f000002, "192.0.2.1/8", "", "x", "192.0.0.0/8"},
    {0x7f000002, "192.0.2.1", "a\nb", "x", "line break"},
    {0x7f000002, "192.0.2.1", "a\x1b[2J", "x", "control"},
    {0x7f000002, "192.0.2.1", "\x7f", "x", "control"},
    {0x7f000002, "192.0.2.1", "", "x\ny", "author"},
};

START_TEST(test_refused)
{
	struct local *l = open_local("refused", true);
	struct local_entry e = {.code = refused[_i].code}, was;
	enum local_change change;
	char why[LOCAL_WHY_MAX] = "";

	strcpy(e.key_txt, refused[_i].key);
	strcpy(e.reason, refused[_i].reason);
	strcpy(e.author, refused[_i].author);
	ck_assert_int_eq(local_add(l, &e, &was, &change, why), -EINVAL);
	ck_assert_msg(strstr(why, refused[_i].why) != NULL, "%s", why);
	ck_assert_uint_eq(list(l).n, 0);
	local_close(l);
}
END_TEST

START_TEST(test_longest)
{
	struct local *l = open_local("longest", true);
	struct local_entry e = {.code = 0x7fffffff}, was;
	enum local_change change;
	char why[LOCAL_WHY_MAX], want[ANSWER_MAX];

	strcpy(e.key_txt, "192.0.2.1");
	memset(e.reason, 'r', LOCAL_REASON_MAX);
	memset(e.author, 'a', LOCAL_AUTHOR_MAX);
	ck_assert_int_eq(local_add(l, &e, &was, &change, why), 0);
	snprintf(want, sizeof(want), "A 127.255.255.255 TXT %s", e.reason);
	ck_assert_str_eq(ask(l, "1.2.0.192"), want);
	e.reason[0] = '$'; /* becomes longer than a TXT RR may be */
	ck_assert_int_eq(local_add(l, &e, &was, &change, why), 0);
	ck_assert_int_eq(change, LOCAL_CHANGED);
	ck_assert_uint_eq(strlen(was.reason), LOCAL_REASON_MAX);
	ck_assert_uint_eq(strlen(was.author), LOCAL_AUTHOR_MAX);
	snprintf(want, sizeof(want), "A 127.255.255.255 TXT 192.0.2.1%.245s",
	    e.reason + 1);
	ck_assert_str_eq(ask(l, "1.2.0.192"), want);
	local_close(l);
}
END_TEST

/* What blctl says when an entry to delete is not there. */
static const struct {
	const char *listed[3];
	const char *del;
	const char *why;
} hint_cases[] = {
    {{NULL}, "192.0.2.7", "192.0.2.7 is not an entry"},
    {{"198.51.100.0/24"}, "192.0.2.7", "192.0.2.7 is not an entry"},
    {{"192.0.0.0/16", "192.0.2.0/24"}, "192.0.2.7",
	"192.0.2.7 is not an entry; 192.0.2.0/24 is, and covers it"},
    {{"192.0.2.7", "192.0.2.8"}, "192.0.2.0/24",
	"192.0.2.0/24 is not an entry; 192.0.2.7 is"},
    {{"192.0.2.0/25"}, "192.0.2.0/24",
	"192.0.2.0/24 is not an entry; 192.0.2.0/25 is"},
    {{"2001:db8::/32"}, "2001:db8::1",
	"2001:db8::1 is not an entry; 2001:db8::/32 is, and covers it"},
    {{"2001:db8::1"}, "32.1.0.0/16", "32.1.0.0/16 is not an entry"},
    {{".example.com"}, "example.com",
	"example.com is not an entry; .example.com is, and covers it"},
    {{"example.com"}, ".example.com",
	".example.com is not an entry; example.com is"},
    {{"*.example.com"}, "example.com",
	"example.com is not an entry; *.example.com is"},
    {{"*.com", ".b.com"}, "a.b.com",
	"a.b.com is not an entry; .b.com is, and covers it"},
    {{"*.com"}, "com", "com is not an entry; *.com is"},
    {{"a.example.com"}, "example.com",
	"example.com is not an entry; a.example.com is"},
    {{"example.com"}, "a.example.com", "a.example.com is not an entry"},
    {{"example.net"}, "example.com", "example.com is not an entry"},
};

START_TEST(test_del_hint)
{
	char state[32], why[LOCAL_WHY_MAX] = "";
	struct local *l;

	snprintf(state, sizeof(state), "hint%d", _i);
	l = open_local(state, true);
	for (unsigned i = 0; hint_cases[_i].listed[i] != NULL; i++)
		add(l, hint_cases[_i].listed[i], "");
	ck_assert_int_eq(try_del(l, hint_cases[_i].del, why), -ENOENT);
	ck_assert_str_eq(why, hint_cases[_i].why);
	local_close(l);
}
END_TEST

/* The counters are what a lookup goes by: they follow every change. */
static struct local_meta
read_meta(const char *state)
{
	static const char *const tables[] = LOCAL_TABLES;
	const struct store_opts opts = {
	    .mode = STORE_LIVE_READ,
	    .size_max = (size_t)256 << 20,
	    .tables = tables,
	};
	char path[600], why[STORE_WHY_MAX];
	struct local_meta m;
	struct store_txn *t;
	struct store *s;

	snprintf(path, sizeof(path), "%s/local/%s.mdb", unit_path(state), ZONE);
	ck_assert_int_eq(store_open(&s, path, &opts, why), 0);
	ck_assert_int_eq(store_read_begin(s, &t), 0);
	ck_assert_int_eq(local_meta_read(t, &m), 0);
	store_read_end(t);
	store_close(s);
	return m;
}

START_TEST(test_counters)
{
	struct local *l = open_many(false);
	struct local_meta m;

	add(l, "192.0.2.8", "");
	add(l, "192.0.2.8", "changed");
	local_close(l);
	m = read_meta("many");
	ck_assert_uint_eq(m.ip4[32], 3);
	ck_assert_uint_eq(m.ip4[24], 1);
	ck_assert_uint_eq(m.ip4[8], 1);
	ck_assert_uint_eq(m.ip6[128], 1);
	ck_assert_uint_eq(m.ip6[32], 1);
	ck_assert_uint_eq(m.names, 11);

	l = open_local("many", true);
	del(l, "192.0.2.8");
	del(l, "192.0.2.7");
	del(l, "10.0.0.0/8");
	del(l, "2001:db8::1");
	del(l, "localhost");
	local_close(l);
	m = read_meta("many");
	ck_assert_uint_eq(m.ip4[32], 1);
	ck_assert_uint_eq(m.ip4[24], 1);
	ck_assert_uint_eq(m.ip4[8], 0);
	ck_assert_uint_eq(m.ip6[128], 0);
	ck_assert_uint_eq(m.ip6[32], 1);
	ck_assert_uint_eq(m.names, 10);
}
END_TEST

START_TEST(test_list_order)
{
	struct local *l = open_many(true);

	ck_assert_str_eq(list(l).keys,
	    "10.0.0.0/8 192.0.2.0/24 192.0.2.7 192.0.2.128/25 198.51.0.1 "
	    "2001:db8::/32 2001:db8::1 2001:db8:8000::/33 a000::/4 "
	    "*.below.com .both.com *.x.both.com y.both.com a.b.c.deep.com "
	    "example.com *.mixed.com mixed.com *.f localhost *.com.net ");
	local_close(l);
}
END_TEST

/* ---- changes that are cut short */

static const char *
key_of(unsigned i)
{
	static char key[32];

	snprintf(key, sizeof(key), "10.%u.%u.%u", i >> 16 & 255, i >> 8 & 255,
	    i & 255);
	return key;
}

static int
add_numbered(struct local *l, unsigned i)
{
	char reason[64];

	snprintf(reason, sizeof(reason), "reason of %s", key_of(i));
	return try_add(l, key_of(i), reason);
}

/* Adds entries from the number on, and says each one that is done. */
static void
adder(const char *state, unsigned i, int to)
{
	struct local *l = open_local(state, true);

	for (;; i++)
		if (add_numbered(l, i) != 0 ||
		    write(to, &i, sizeof(i)) != sizeof(i))
			_exit(1);
}

/* Kills an adder some time after its first entry; returns the next number. */
static unsigned
kill_adder(const char *state, unsigned first, unsigned delay_us)
{
	unsigned i, next = first;
	int fd[2], status;
	pid_t pid;

	ck_assert_int_eq(pipe(fd), 0);
	pid = fork();
	if (pid == 0)
		adder(state, first, fd[1]);
	ck_assert_int_gt(pid, 0);
	close(fd[1]);
	if (delay_us % 4 != 0 && read(fd[0], &i, sizeof(i)) == sizeof(i))
		next = i + 1;
	usleep(delay_us);
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(WTERMSIG(status), SIGKILL);
	while (read(fd[0], &i, sizeof(i)) == sizeof(i))
		next = i + 1;
	close(fd[0]);
	return next;
}

START_TEST(test_kill)
{
	unsigned next = 1;

	for (unsigned run = 0; run < 100; run++) {
		struct listing all;
		struct local *l;

		next = kill_adder("kill", next, run * 37 % 3001);
		l = open_local("kill", false);
		all = list(l);
		ck_assert_uint_eq(all.broken, 0);
		/* all that were done, and perhaps the one that was not said */
		ck_assert_uint_ge(all.n, next - 1);
		ck_assert_uint_le(all.n, next);
		next = all.n + 1;
		if (next > 1) {
			char want[64];

			snprintf(want, sizeof(want),
			    "A 127.0.0.2 TXT reason of %s", key_of(1));
			ck_assert_str_eq(ask(l, "1.0.0.10"), want);
		}
		local_close(l);
	}
	ck_assert_uint_gt(next, 100); /* it was in the midst of something */
}
END_TEST

/* A file that may not grow, as on a full disk: whole entries or none. */
START_TEST(test_no_room)
{
	struct rlimit small = {256 * 1024, RLIM_INFINITY}, old;
	struct local *l = open_local("room", true);
	struct listing all;
	unsigned i, more;
	int rc = 0;

	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &old), 0);
	small.rlim_max = old.rlim_max;
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	for (i = 1; i < 20000 && rc == 0; i++)
		rc = add_numbered(l, i);
	ck_assert_int_lt(rc, 0);
	i -= 2; /* so many were added */
	ck_assert_uint_gt(i, 10);
	all = list(l);
	ck_assert_uint_eq(all.n, i);
	ck_assert_uint_eq(all.broken, 0);
	ck_assert_str_eq(ask(l, "1.0.0.10"),
	    "A 127.0.0.2 TXT reason of 10.0.0.1");

	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &old), 0);
	for (more = 0; more < 100; more++)
		ck_assert_int_eq(add_numbered(l, i + 1 + more), 0);
	all = list(l);
	ck_assert_uint_eq(all.n, i + more);
	ck_assert_uint_eq(all.broken, 0);
	local_close(l);
}
END_TEST

UNIT_MAIN("local_change", UNIT_ONCE(test_change),
    UNIT_EACH(test_refused, refused), UNIT_ONCE(test_longest),
    UNIT_EACH(test_del_hint, hint_cases), UNIT_ONCE(test_counters),
    UNIT_ONCE(test_list_order), UNIT_ONCE(test_kill), UNIT_ONCE(test_no_room))
