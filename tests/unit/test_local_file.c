/*
 * The local store: several processes, users, and damage.
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "lib/store.h"
#include "tests/unit/locals.h"

/* ---- several processes */

/* A reader: answers each line of labels with one line, at the next lookup. */
static void
reader(const char *state, int from, int to)
{
	struct local *l = open_local(state, false);
	char labels[64], answer[ANSWER_MAX];
	ssize_t n;

	while ((n = read(from, labels, sizeof(labels) - 1)) > 0) {
		labels[n] = '\0';
		n = snprintf(answer, sizeof(answer), "%s", ask(l, labels));
		if (write(to, answer, (size_t)n) != n)
			_exit(1);
	}
	local_close(l);
	_exit(0);
}

static const char *
ask_reader(int to, int from, const char *labels)
{
	static char answer[ANSWER_MAX];
	ssize_t n = write(to, labels, strlen(labels));

	n = read(from, answer, sizeof(answer) - 1);
	ck_assert_int_gt(n, 0);
	answer[n] = '\0';
	return answer;
}

START_TEST(test_change_is_live)
{
	int to[2], from[2], status;
	struct local *l;
	pid_t pid;

	ck_assert_int_eq(pipe(to) | pipe(from), 0);
	pid = fork(); /* before anything of LMDB is open */
	if (pid == 0) {
		close(to[1]);
		close(from[0]);
		reader("live", to[0], from[1]);
	}
	ck_assert_int_gt(pid, 0);
	close(to[0]);
	close(from[1]);
	ck_assert_str_eq(ask_reader(to[1], from[0], "1.2.0.192"), "NXDOMAIN");
	l = open_local("live", true);
	for (unsigned i = 0; i < 20; i++) {
		add(l, "192.0.2.1", i % 2 == 0 ? "even" : "odd");
		ck_assert_str_eq(ask_reader(to[1], from[0], "1.2.0.192"),
		    i % 2 == 0 ? "A 127.0.0.2 TXT even"
			       : "A 127.0.0.2 TXT odd");
		add(l, "192.0.2.0/24", "wide"); /* a new length */
		ck_assert_str_eq(ask_reader(to[1], from[0], "9.2.0.192"),
		    "A 127.0.0.2 TXT wide");
		del(l, "192.0.2.0/24");
		del(l, "192.0.2.1");
		ck_assert_str_eq(ask_reader(to[1], from[0], "1.2.0.192"),
		    "NXDOMAIN");
	}
	local_close(l);
	close(to[1]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

/* What was handed out stays as it is until the pause. */
START_TEST(test_view_holds)
{
	struct local *l = open_local("view", true);
	int status;
	pid_t pid;

	add(l, "192.0.2.1", "before");
	local_close(l);
	l = open_local("view", false);
	ck_assert_str_eq(look(l, "1.2.0.192"), "A 127.0.0.2 TXT before");
	pid = fork();
	if (pid == 0) { /* never touches what the parent opened */
		struct local *mine = open_local("view", true);

		add(mine, "192.0.2.1", "after");
		add(mine, "192.0.2.2", "new");
		local_close(mine);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_str_eq(look(l, "1.2.0.192"), "A 127.0.0.2 TXT before");
	ck_assert_str_eq(look(l, "2.2.0.192"), "NXDOMAIN");
	local_pause(l);
	ck_assert_str_eq(look(l, "1.2.0.192"), "A 127.0.0.2 TXT after");
	ck_assert_str_eq(look(l, "2.2.0.192"), "A 127.0.0.2 TXT new");
	local_close(l);
}
END_TEST

/* Reading makes the store where it is missing: the daemon may come first. */
START_TEST(test_reader_comes_first)
{
	struct local *r = open_local("first", false);

	ck_assert_str_eq(ask(r, "1.2.0.192"), "NXDOMAIN");
	ck_assert_uint_eq(list(r).n, 0);
	local_close(r);
}
END_TEST

static uint32_t
mode_of(const char *name, gid_t gid)
{
	struct stat st;

	ck_assert_int_eq(stat(unit_path(name), &st), 0);
	ck_assert_uint_eq(st.st_gid, gid);
	return st.st_mode & 07777;
}

/* The daemon's user reads, and cannot write. */
START_TEST(test_other_user)
{
	const struct passwd *pw = getpwnam("nobody");
	char why[LOCAL_WHY_MAX] = "";
	struct local *l;
	int status;
	pid_t pid;

	if (getuid() != 0 || pw == NULL)
		return; /* only root can become somebody else */
	umask(077);
	ck_assert_int_eq(local_open(&l, unit_path("user"), ZONE, true,
			     pw->pw_gid, why), 0);
	add(l, "192.0.2.1", "seen");
	local_close(l);
	ck_assert_uint_eq(mode_of("user/local", pw->pw_gid), 0750);
	ck_assert_uint_eq(
	    mode_of("user/local/" ZONE ".mdb", pw->pw_gid), 0640);
	ck_assert_uint_eq(
	    mode_of("user/local/" ZONE ".mdb-lock", pw->pw_gid), 0660);
	chmod(unit_path(".."), 0755);
	chmod(unit_path("."), 0755);
	chmod(unit_path("user"), 0755);
	pid = fork();
	if (pid == 0) {
		if (setgroups(0, NULL) != 0 || setgid(pw->pw_gid) != 0 ||
		    setuid(pw->pw_uid) != 0)
			_exit(2);
		l = open_local("user", false);
		ck_assert_str_eq(ask(l, "1.2.0.192"),
		    "A 127.0.0.2 TXT seen");
		local_close(l);
		_exit(local_open(&l, unit_path("user"), ZONE, true, NO_GROUP,
			  why) == -EACCES ? 0 : 3);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

/* ---- damage */

static void
put_raw(const char *state, const char *table, const void *key, size_t key_len,
    const void *data, size_t len)
{
	const char *const tables[] = {table, NULL};
	const struct store_opts opts = {
	    .mode = STORE_LIVE_WRITE,
	    .size_max = (size_t)256 << 20,
	    .tables = tables,
	};
	char path[600], why[STORE_WHY_MAX];
	struct store_txn *t;
	struct store *s;

	snprintf(path, sizeof(path), "%s/local/%s.mdb", unit_path(state), ZONE);
	ck_assert_int_eq(store_open(&s, path, &opts, why), 0);
	ck_assert_int_eq(store_write_begin(s, &t), 0);
	ck_assert_int_eq(store_put(t, 0, key, key_len, data, len), 0);
	ck_assert_int_eq(store_write_commit(t), 0);
	store_close(s);
}

static const struct {
	const char *data;
	size_t len;
} damaged[] = {
    {"", 0},
    {"\2\0\0\177\0\0\0\0\0\0\0\0\0", 13},
    {"\2\0\0\177\0\0\0\0\0\0\0\0\1\0", 14},
    {"\2\0\0\177\0\0\0\0\0\0\0\0\377\377", 14},
    {"\2\0\0\177\0\0\0\0\0\0\0\0\0\377abc", 17},
};

START_TEST(test_damaged_record)
{
	static const uint8_t key[] = {4, 192, 0, 2, 1, 32};
	uint8_t dname[DNAME_MAX], off[DNAME_LABELS_MAX];
	uint64_t hash[DNAME_LABELS_MAX];
	struct zone_hits hits = {.n = 0};
	struct zone_key q;
	struct local *l;
	char state[32];

	snprintf(state, sizeof(state), "damaged%d", _i);
	l = open_local(state, true);
	add(l, "192.0.2.2", "good");
	local_close(l);
	put_raw(state, "entry", key, sizeof(key), damaged[_i].data,
	    damaged[_i].len);
	l = open_local(state, true);
	ck_assert_int_gt(dname_from_txt(dname, "1.2.0.192." ZONE, 28), 0);
	zone_key_init(&q, dname, ZONE_LABELS, off, hash);
	ck_assert_int_eq(local_lookup(l, &q, &hits), -EBADMSG);
	ck_assert_uint_eq(hits.n, 0);
	local_pause(l);
	ck_assert_str_eq(ask(l, "2.2.0.192"), "A 127.0.0.2 TXT good");
	del(l, "192.0.2.1"); /* the way out */
	ck_assert_uint_eq(list(l).n, 1);
	local_close(l);
}
END_TEST

START_TEST(test_other_version)
{
	char why[LOCAL_WHY_MAX] = "";
	struct local *l = open_local("version", true);
	uint8_t meta[4 * (3 + 33 + 129)] = {2};

	local_close(l);
	put_raw("version", "meta", "counters", 8, meta, sizeof(meta));
	ck_assert_int_eq(local_open(&l, unit_path("version"), ZONE, false,
			     NO_GROUP, why), -EBADMSG);
	ck_assert_msg(strstr(why, "version") != NULL, "%s", why);
	ck_assert_int_eq(local_open(&l, unit_path("version"), ZONE, true,
			     NO_GROUP, why), -EBADMSG);
}
END_TEST

/* No file but what it says, and a folder that cannot be made. */
START_TEST(test_open_fails)
{
	char why[LOCAL_WHY_MAX] = "";
	struct local *l;
	FILE *f = fopen(unit_path("file"), "w");

	ck_assert_ptr_nonnull(f);
	fclose(f);
	ck_assert_int_eq(local_open(&l, unit_path("file"), ZONE, true,
			     NO_GROUP, why), -ENOTDIR);
	ck_assert_msg(strstr(why, "file/local") != NULL, "%s", why);
	ck_assert_ptr_null(l);
	ck_assert_int_eq(local_open(&l, unit_path("x"), "../../etc/x", true,
			     NO_GROUP, why), -EINVAL);
	ck_assert_int_eq(local_open(&l, unit_path("x"), "a/b", true, NO_GROUP,
			     why), -EINVAL);
}
END_TEST

UNIT_MAIN("local_file", UNIT_ONCE(test_change_is_live),
    UNIT_ONCE(test_view_holds), UNIT_ONCE(test_reader_comes_first),
    UNIT_ONCE(test_other_user), UNIT_EACH(test_damaged_record, damaged),
    UNIT_ONCE(test_other_version), UNIT_ONCE(test_open_fails))
