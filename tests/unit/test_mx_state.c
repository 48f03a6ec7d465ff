/* tools/mxcheck/state*.c: what one run leaves is what the next one finds, and
 * what is damaged ends no run. */
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>

#include "tests/unit/unit.h"
#include "tools/mxcheck/state.h"

static const int64_t NOW = 1700000000;
static char why[STATE_WHY_MAX];

static struct state *
must_open(int64_t now, struct state_opening *opening)
{
	struct state *st;

	ck_assert_msg(state_open(&st, unit_path("state"), now, opening, why) ==
	    0, "%s", why);
	return st;
}

static void
must_save(struct state *st)
{
	ck_assert_msg(state_save(st, why) == 0, "%s", why);
	state_close(st);
}

static const struct state_finding finding = {
    "example.com", "C01", "mx1.example.com 192.0.2.1"};

static void
put_alert(struct state *st, const struct state_finding *f, int64_t at)
{
	struct alert alert = {0};

	alert_take(&alert, SEV_CRIT, at);
	state_put_alert(st, f, &alert);
}

START_TEST(all_tables)
{
	const struct state_sts sts = {.id = "20260101", .body = {1, [31] = 2},
	    .mode = 2, .max_age = 604800, .fetched = NOW};
	const struct state_endpoint ep = {.first_usable = NOW - 5,
	    .last_usable = NOW - 1, .seen = NOW, .next_probe = NOW + 600,
	    .not_after = NOW + 86400, .n_tls = 7, .has_key = true,
	    .spki = {3, [31] = 4}};
	struct state_opening opening;
	struct state *st = must_open(NOW, &opening);
	struct state_sts sts2;
	struct state_endpoint ep2;
	struct alert alert;

	ck_assert(opening.is_new && !opening.was_lost);
	ck_assert(!state_get_alert(st, &finding, &alert));
	put_alert(st, &finding, NOW);
	state_put_sts(st, "example.com", &sts);
	state_put_endpoint(st, "mx1.example.com", "192.0.2.1", &ep);
	must_save(st);

	st = must_open(NOW + 60, &opening);
	ck_assert(!opening.is_new && !opening.was_lost);
	ck_assert_int_eq(opening.last_run, NOW);
	ck_assert(state_get_alert(st, &finding, &alert));
	ck_assert_uint_eq(alert.hard, SEV_CRIT);
	ck_assert_int_eq(alert.since, NOW);
	ck_assert(state_get_sts(st, "example.com", &sts2));
	ck_assert_str_eq(sts2.id, sts.id);
	ck_assert_int_eq(memcmp(sts2.body, sts.body, STATE_DIGEST_LEN), 0);
	ck_assert(sts2.mode == 2 && sts2.max_age == 604800 &&
	    sts2.fetched == NOW);
	ck_assert(state_get_endpoint(st, "mx1.example.com", "192.0.2.1", &ep2));
	ck_assert(ep2.first_usable == NOW - 5 && ep2.last_usable == NOW - 1 &&
	    ep2.seen == NOW && ep2.next_probe == NOW + 600 &&
	    ep2.not_after == NOW + 86400 && ep2.n_tls == 7 && ep2.has_key);
	ck_assert_int_eq(memcmp(ep2.spki, ep.spki, STATE_DIGEST_LEN), 0);
	ck_assert(!state_get_endpoint(st, "mx1.example.com", "192.0.2.2",
	    &ep2));
	state_close(st);
}
END_TEST

static void
count(void *arg, const struct state_finding *f, const struct alert *alert)
{
	char *to = arg;

	ck_assert_uint_eq(alert->hard, SEV_CRIT);
	sprintf(to + strlen(to), "%s,%s,%s\n", f->domain, f->id, f->subject);
}

START_TEST(walk_and_forget)
{
	static const struct state_finding all[] = {
	    {"b.example", "D11", "b.example"},
	    {"a.example", "T07", "mx.example 192.0.2.1"},
	    {"", "C00", "run"},
	};
	struct state_opening opening;
	struct state *st = must_open(NOW, &opening);
	char list[512] = "";

	for (size_t i = 0; i < 3; i++)
		put_alert(st, &all[i], NOW);
	must_save(st);
	st = must_open(NOW, &opening);
	state_each_alert(st, "a.example", count, list);
	ck_assert_str_eq(list, "a.example,T07,mx.example 192.0.2.1\n");
	list[0] = '\0';
	state_each_alert(st, "", count, list);
	ck_assert_str_eq(list, ",C00,run\n");
	list[0] = '\0';
	state_each_alert(st, NULL, count, list);
	ck_assert_str_eq(list, ",C00,run\na.example,T07,mx.example 192.0.2.1\n"
	    "b.example,D11,b.example\n");
	ck_assert_uint_eq(state_forget(st, "mx.example"), 1);
	ck_assert_uint_eq(state_forget(st, "example"), 0);
	must_save(st);
	st = must_open(NOW, &opening);
	list[0] = '\0';
	state_each_alert(st, NULL, count, list);
	ck_assert_str_eq(list, ",C00,run\nb.example,D11,b.example\n");
	state_close(st);
}
END_TEST

/* A run that does not come to its end changes nothing. */
START_TEST(without_save)
{
	struct state_opening opening;
	struct state *st = must_open(NOW, &opening);
	struct alert alert;

	put_alert(st, &finding, NOW);
	state_close(st);
	st = must_open(NOW, &opening);
	ck_assert(opening.is_new && !opening.was_lost);
	ck_assert(!state_get_alert(st, &finding, &alert));
	state_close(st);
}
END_TEST

START_TEST(old_ones_go)
{
	const struct state_finding other = {"old.example", "C01", "x"};
	struct state_opening opening;
	struct state *st = must_open(NOW, &opening);
	struct alert alert;

	put_alert(st, &finding, NOW);
	put_alert(st, &other, NOW - STATE_FORGET_S - 1);
	must_save(st);
	st = must_open(NOW, &opening);
	ck_assert(state_get_alert(st, &finding, &alert));
	ck_assert(!state_get_alert(st, &other, &alert));
	state_close(st);
}
END_TEST

START_TEST(one_run_at_a_time)
{
	struct state_opening opening, other;
	struct state *st = must_open(NOW, &opening), *second;

	ck_assert_int_eq(state_open(&second, unit_path("state"), NOW, &other,
	    why), -EAGAIN);
	ck_assert_ptr_null(second);
	ck_assert_int_gt(other.held_since, 0);
	ck_assert_ptr_nonnull(strstr(why, "another run"));
	state_close(st);
	state_close(must_open(NOW, &opening));
}
END_TEST

enum damage { CUT, NOISE, ZEROS, HEAD };

START_TEST(damaged)
{
	struct state_opening opening;
	struct state *st = must_open(NOW, &opening);
	char path[512];
	struct stat sb;
	struct alert alert;
	int fd;

	for (unsigned i = 0; i < 500; i++) {
		char subject[32];
		struct state_finding f = {"example.com", "C01", subject};

		sprintf(subject, "mx%u", i);
		put_alert(st, &f, NOW);
	}
	must_save(st);
	snprintf(path, sizeof(path), "%s/state.mdb", unit_path("state"));
	fd = open(path, O_RDWR);
	ck_assert_int_ge(fd, 0);
	if (_i == CUT)
		ck_assert_int_eq(ftruncate(fd, 5000), 0);
	for (off_t at = _i == HEAD ? 0 : 8192;
	    _i != CUT && at < (_i == HEAD ? 8192 : 65536); at += 16) {
		char bytes[16];

		memset(bytes, _i == ZEROS ? 0 : 0xa5 ^ (int)at, sizeof(bytes));
		ck_assert_int_eq(pwrite(fd, bytes, 16, at), 16);
	}
	close(fd);
	st = must_open(NOW, &opening);
	ck_assert(opening.was_lost && !opening.is_new);
	ck_assert(!state_get_alert(st, &finding, &alert));
	put_alert(st, &finding, NOW);
	must_save(st);
	strcat(path, ".bad");
	ck_assert_int_eq(stat(path, &sb), 0);
	st = must_open(NOW, &opening);
	ck_assert(state_get_alert(st, &finding, &alert));
	state_close(st);
}
END_TEST

/* kill -9 anywhere: what the last whole run left, or what this one did. */
START_TEST(killed)
{
	struct state_opening opening;
	struct state_finding f = {"example.com", "C01", "x"};
	struct alert alert;
	struct state *st;
	int64_t before = 0;

	for (unsigned n = 0; n < 30; n++) {
		pid_t pid = fork();

		if (pid == 0) {
			for (int64_t at = NOW + n * 10000;; at++) {
				st = must_open(at, &opening);
				put_alert(st, &f, at);
				must_save(st);
			}
		}
		usleep(1000 + 700 * n);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		st = must_open(NOW, &opening);
		ck_assert(!opening.was_lost);
		if (state_get_alert(st, &f, &alert)) {
			ck_assert_int_ge(alert.seen, before);
			before = alert.seen;
		} else {
			ck_assert(opening.is_new && before == 0);
		}
		state_close(st);
	}
}
END_TEST

/* An acknowledgement is no run: the next one sees the time of the last. */
START_TEST(amend_is_no_run)
{
	struct state_opening opening;
	struct state *st = must_open(NOW, &opening);
	struct state_finding old = finding;
	struct alert alert;

	old.subject = "mx2.example.com 192.0.2.2";
	put_alert(st, &old, NOW);
	must_save(st);
	st = must_open(NOW + STATE_FORGET_S + 1, &opening);
	put_alert(st, &finding, NOW);
	ck_assert_int_eq(state_amend(st, why), 0);
	state_close(st);

	st = must_open(NOW + 1, &opening);
	ck_assert_int_eq(opening.last_run, NOW);
	ck_assert(state_get_alert(st, &finding, &alert));
	ck_assert(state_get_alert(st, &old, &alert));
	state_close(st);
}
END_TEST

UNIT_MAIN("mx_state", UNIT_ONCE(all_tables), UNIT_ONCE(amend_is_no_run),
    UNIT_ONCE(walk_and_forget), UNIT_ONCE(without_save), UNIT_ONCE(old_ones_go),
    UNIT_ONCE(one_run_at_a_time), {damaged, HEAD + 1}, UNIT_ONCE(killed))
