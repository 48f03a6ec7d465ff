/*
 * lib/store.c where several processes have a file open. LMDB allows a process
 * to open a file once, so the other side is a process of its own, the peer. It
 * takes one step at a time, and is started before anything is opened.
 */
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "tests/unit/stores.h"

/* ---- the peer */

struct peer {
	pid_t pid;
	int fd[2]; /* ours: steps out, answers in */
};

typedef void peer_fn(int step);

static struct peer
peer_start(peer_fn *fn)
{
	struct peer p;
	int to[2], from[2];
	char step;

	ck_assert_int_eq(pipe(to), 0);
	ck_assert_int_eq(pipe(from), 0);
	p.pid = fork();
	ck_assert_int_ge(p.pid, 0);
	if (p.pid == 0) {
		close(to[1]);
		close(from[0]);
		while (read(to[0], &step, 1) == 1) {
			fn(step);
			if (write(from[1], "", 1) != 1)
				break;
		}
		_exit(0);
	}
	close(to[0]);
	close(from[1]);
	p.fd[0] = from[0];
	p.fd[1] = to[1];
	return p;
}

/* Returns false if the peer ended instead of answering. */
static bool
peer_step(struct peer *p, char step)
{
	char c;

	return write(p->fd[1], &step, 1) == 1 && read(p->fd[0], &c, 1) == 1;
}

static void
peer_end(struct peer *p, int want_signal)
{
	int status;

	close(p->fd[1]);
	close(p->fd[0]);
	ck_assert_int_eq(waitpid(p->pid, &status, 0), p->pid);
	if (want_signal != 0)
		ck_assert_int_eq(WTERMSIG(status), want_signal);
	else
		ck_assert_int_eq(status, 0);
}

/* ---- two processes */

static void
put_step(int step)
{
	struct store *s = open_mode(unit_path("x"), STORE_LIVE_WRITE);
	struct store_txn *t = write_ok(s);
	char data[2] = {(char)step, '\0'};

	put(t, 0, "key", data);
	put(t, 1, data, "");
	ck_assert_int_eq(store_write_commit(t), 0);
	store_close(s);
}

START_TEST(readers_see_commits_when_they_resume)
{
	struct peer p = peer_start(put_step);
	struct store *s;
	struct store_txn *t;

	ck_assert(peer_step(&p, 'b'));
	s = open_mode(unit_path("x"), STORE_LIVE_READ);
	t = read_ok(s);
	assert_entry(t, 0, "key", "b");
	assert_seek(t, 1, "a", "b");
	ck_assert(peer_step(&p, 'a'));
	assert_entry(t, 0, "key", "b"); /* the view stays */
	assert_seek(t, 1, "a", "b");
	store_read_pause(t);
	store_read_pause(t); /* once more is fine */
	ck_assert_int_eq(store_read_resume(t), 0);
	assert_entry(t, 0, "key", "a");
	assert_seek(t, 1, "a", "a"); /* with the cursor of the old view */
	ck_assert(peer_step(&p, 'c'));
	ck_assert_int_eq(store_read_resume(t), 0); /* without a pause */
	assert_entry(t, 0, "key", "c");
	store_read_end(t);
	store_close(s);
	peer_end(&p, 0);
}
END_TEST

static void
make_tables_in_turn(int step)
{
	static const char *const one[] = {"first", NULL};
	struct store *s = open_ok(unit_path("x"), &(struct store_opts){
	    .mode = STORE_LIVE_WRITE, .size_max = MIB,
	    .tables = step == 1 ? one : two_tables});

	put_alone(s, step == 3 ? 1 : 0, "key", "data");
	store_close(s);
}

START_TEST(tables_made_later_are_found)
{
	struct peer p = peer_start(make_tables_in_turn);
	struct store *s;
	struct store_txn *t, *held;

	ck_assert(peer_step(&p, 1));
	s = open_mode(unit_path("x"), STORE_LIVE_READ);
	t = read_ok(s);
	held = read_ok(s);
	assert_entry(t, 0, "key", "data");
	assert_entry(t, 1, "key", NULL);
	ck_assert(peer_step(&p, 2)); /* makes the table, puts nothing in it */
	store_read_pause(t);
	ck_assert_int_eq(store_read_resume(t), 0);
	assert_entry(t, 1, "key", NULL);
	assert_entry(held, 1, "key", NULL); /* not in this view */
	assert_seek(held, 1, "key", NULL);
	ck_assert(peer_step(&p, 3));
	ck_assert_int_eq(store_read_resume(t), 0);
	assert_entry(t, 1, "key", "data");
	assert_entry(held, 1, "key", NULL);
	ck_assert_int_eq(store_read_resume(held), 0);
	assert_entry(held, 1, "key", "data");
	store_read_end(held);
	store_read_end(t);
	t = read_ok(s);
	assert_entry(t, 1, "key", "data");
	store_read_end(t);
	store_close(s);
	peer_end(&p, 0);
}
END_TEST

static void
grow(int step)
{
	struct store *s = open_ok(unit_path("x"), &(struct store_opts){
	    .mode = STORE_LIVE_WRITE, .size_max = (size_t)step * 2 * MIB,
	    .tables = two_tables});
	struct store_txn *t = write_ok(s);
	void *room;
	char key[2] = {(char)step, '\0'};

	ck_assert_int_eq(store_reserve(t, 0, key, 1, (size_t)(step - 1) * MIB,
	    &room), 0);
	memset(room, step, (size_t)(step - 1) * MIB);
	ck_assert_int_eq(store_write_commit(t), 0);
	store_close(s);
}

START_TEST(readers_follow_a_file_that_grows)
{
	struct peer p = peer_start(grow);
	struct store *s;
	struct store_txn *t, *held;
	struct store_bytes got;

	ck_assert(peer_step(&p, 2));
	s = open_ok(unit_path("x"), &(struct store_opts){
	    .mode = STORE_LIVE_READ, .tables = two_tables});
	t = read_ok(s);
	held = read_ok(s);
	ck_assert(peer_step(&p, 20));
	store_read_pause(t);
	ck_assert_int_eq(store_read_resume(t), -EBUSY);
	ck_assert_int_eq(store_get(held, 0, "\2", 1, &got), 0);
	ck_assert_int_eq(((const char *)got.data)[got.len - 1], 2);
	store_read_end(held);
	ck_assert_int_eq(store_read_resume(t), 0);
	ck_assert_int_eq(store_get(t, 0, "\24", 1, &got), 0);
	ck_assert_uint_eq(got.len, 19 * MIB);
	ck_assert_int_eq(((const char *)got.data)[got.len - 1], 20);
	store_read_end(t);
	ck_assert(peer_step(&p, 60));
	t = read_ok(s);
	ck_assert_int_eq(store_get(t, 0, "\74", 1, &got), 0);
	ck_assert_uint_eq(got.len, 59 * MIB);
	store_read_end(t);
	store_close(s);
	peer_end(&p, 0);
}
END_TEST

static void
die_while_writing(int step)
{
	struct store *s = open_mode(unit_path("x"), STORE_LIVE_WRITE);
	struct store_txn *t = write_ok(s);

	(void)step;
	put(t, 0, "half", "1");
	raise(SIGKILL);
	store_write_abort(t);
	store_close(s);
}

START_TEST(dead_writer_holds_nobody_up)
{
	struct peer p = peer_start(die_while_writing);
	struct store *s = open_mode(unit_path("x"), STORE_LIVE_WRITE);
	struct store_txn *t;

	put_alone(s, 0, "before", "1");
	ck_assert(!peer_step(&p, 1));
	peer_end(&p, SIGKILL);
	put_alone(s, 0, "after", "1");
	t = read_ok(s);
	assert_entry(t, 0, "before", "1");
	assert_entry(t, 0, "half", NULL);
	assert_entry(t, 0, "after", "1");
	store_read_end(t);
	store_close(s);
}
END_TEST

static void
hold_open(int step)
{
	(void)step;
	open_mode(unit_path("x"), STORE_LIVE_WRITE);
}

static void
die_while_reading(int step)
{
	struct store *s = open_mode(unit_path("x"), STORE_LIVE_READ);
	struct store_txn *t = read_ok(s);

	(void)step;
	raise(SIGKILL);
	store_read_end(t);
	store_close(s);
}

/*
 * Pages that a reader may see are not used again. The table of readers is made
 * anew when nobody has the file open; so one more process does.
 */
START_TEST(dead_readers_hold_no_room)
{
	struct peer p = peer_start(die_while_reading);
	struct peer holder = peer_start(hold_open);
	struct store *s;
	struct store_txn *t;
	void *room;
	int i, rc = 0;

	ck_assert(peer_step(&holder, 1));
	ck_assert(!peer_step(&p, 1));
	peer_end(&p, SIGKILL);
	s = open_mode(unit_path("x"), STORE_LIVE_WRITE);
	for (i = 0; rc == 0 && i < 50; i++) {
		t = write_ok(s);
		rc = store_reserve(t, 0, "a", 1, MIB / 8, &room);
		if (rc == 0) {
			memset(room, i, MIB / 8);
			rc = store_write_commit(t);
		} else {
			store_write_abort(t);
		}
	}
	ck_assert_int_eq(rc, 0);
	store_close(s);
	peer_end(&holder, 0);
}
END_TEST

START_TEST(nosync_file_is_synced_on_demand)
{
	struct store *s = open_mode(unit_path("x"), STORE_LIVE_NOSYNC);

	put_alone(s, 0, "a", "1");
	ck_assert_int_eq(store_sync(s), 0);
	store_close(s);
}
END_TEST

UNIT_MAIN("store_peers", UNIT_ONCE(readers_see_commits_when_they_resume),
    UNIT_ONCE(tables_made_later_are_found),
    UNIT_ONCE(readers_follow_a_file_that_grows),
    UNIT_ONCE(dead_writer_holds_nobody_up),
    UNIT_ONCE(dead_readers_hold_no_room),
    UNIT_ONCE(nosync_file_is_synced_on_demand))
