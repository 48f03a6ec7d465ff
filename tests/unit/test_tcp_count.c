/* resolverd/tcp_count.c: one process plays several, then real ones race. */
#include <sys/mman.h>
#include <sys/wait.h>

#include <signal.h>

#include "resolverd/tcp_count.h"
#include "tests/unit/unit.h"

static struct addr
addr_of(const char *txt)
{
	struct addr a;

	ck_assert_int_eq(addr_parse(&a, txt), 0);
	return a;
}

static void
enter(unsigned slot, const char *txt, unsigned all, unsigned of_client)
{
	const struct addr a = addr_of(txt);
	struct tcp_counts n;

	tcp_count_take(slot);
	n = tcp_count_enter(&a);
	ck_assert_uint_eq(n.all, all);
	ck_assert_uint_eq(n.of_client, of_client);
}

static void
leave(unsigned slot, const char *txt)
{
	const struct addr a = addr_of(txt);

	tcp_count_take(slot);
	tcp_count_leave(&a);
}

START_TEST(over_processes)
{
	ck_assert_int_eq(tcp_count_init(), 0);
	enter(0, "192.0.2.1", 1, 1);
	enter(1, "192.0.2.1", 2, 2);
	enter(255, "192.0.2.1", 3, 3);
	enter(1, "192.0.2.2", 4, 1);
	leave(1, "192.0.2.1");
	enter(0, "192.0.2.1", 4, 3);
	leave(0, "192.0.2.1");
	leave(0, "192.0.2.1");
	leave(255, "192.0.2.1");
	leave(1, "192.0.2.2");
	enter(7, "192.0.2.1", 1, 1);
}
END_TEST

START_TEST(clients)
{
	ck_assert_int_eq(tcp_count_init(), 0);
	enter(0, "2001:db8::1", 1, 1);
	enter(0, "2001:db8::ffff:ffff:ffff:ffff", 2, 2); /* of one /64 */
	enter(0, "2001:db8:0:1::1", 3, 1);
	enter(0, "32.1.13.184", 4, 1); /* the same bytes */
}
END_TEST

/* A process that is killed gives back what it had, others keep theirs. */
START_TEST(released)
{
	ck_assert_int_eq(tcp_count_init(), 0);
	for (unsigned i = 1; i <= 100; i++)
		enter(3, "192.0.2.1", i, i);
	enter(4, "192.0.2.1", 101, 101);
	enter(3, "192.0.2.9", 102, 1);
	tcp_count_release(3);
	tcp_count_release(5);
	enter(5, "192.0.2.1", 2, 2);
	enter(5, "192.0.2.9", 3, 1);
}
END_TEST

/* The last slot is shared by all that find none free (counters.h). */
START_TEST(shared_slot)
{
	ck_assert_int_eq(tcp_count_init(), 0);
	enter(255, "192.0.2.1", 1, 1);
	enter(255, "192.0.2.1", 2, 2);
	tcp_count_release(255); /* one of them is dead, the other goes on */
	leave(255, "192.0.2.1");
	leave(255, "192.0.2.1");
	enter(0, "192.0.2.1", 1, 1);
	enter(0, "192.0.2.1", 2, 2);
}
END_TEST

/* No client pushes another out, and all that enter can leave. */
START_TEST(many)
{
	struct addr a = addr_of("10.0.0.0");
	struct tcp_counts n;
	unsigned uncounted = 0;

	ck_assert_int_eq(tcp_count_init(), 0);
	tcp_count_take(1);
	for (unsigned i = 0; i < 60000; i++) {
		a.bytes[2] = (uint8_t)(i >> 8);
		a.bytes[3] = (uint8_t)i;
		n = tcp_count_enter(&a);
		ck_assert_uint_eq(n.all, i + 1);
		ck_assert_uint_le(n.of_client, 1);
		uncounted += n.of_client == 0;
	}
	ck_assert_uint_le(uncounted, 60);
	for (unsigned i = 0; i < 60000; i++) {
		a.bytes[2] = (uint8_t)(i >> 8);
		a.bytes[3] = (uint8_t)i;
		tcp_count_leave(&a);
	}
	enter(1, "10.0.0.0", 1, 1);
}
END_TEST

#define LIMIT 5
#define RACERS 4

/* Enters up to the limit and leaves, till it is killed. */
static void
race(unsigned slot, unsigned *most)
{
	const struct addr a = addr_of("192.0.2.1");
	unsigned in = 0;

	tcp_count_take(slot);
	for (;;) {
		struct tcp_counts n = tcp_count_enter(&a);

		if (n.of_client > LIMIT || n.all > LIMIT) {
			tcp_count_leave(&a);
			for (; in > 0; in--) {
				__atomic_sub_fetch(most, 1, __ATOMIC_SEQ_CST);
				tcp_count_leave(&a);
			}
			continue;
		}
		in++;
		if (__atomic_add_fetch(most, 1, __ATOMIC_SEQ_CST) > LIMIT)
			_exit(1);
	}
}

/* Real processes never take more than there is, and die anywhere. */
START_TEST(races)
{
	unsigned *most = mmap(NULL, sizeof(*most), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pids[RACERS];
	int status;

	ck_assert_ptr_ne(most, MAP_FAILED);
	ck_assert_int_eq(tcp_count_init(), 0);
	for (unsigned i = 0; i < RACERS; i++) {
		pids[i] = fork();
		ck_assert_int_ne(pids[i], -1);
		if (pids[i] == 0)
			race(i, most);
	}
	usleep(300000);
	for (unsigned i = 0; i < RACERS; i++)
		kill(pids[i], SIGKILL);
	for (unsigned i = 0; i < RACERS; i++) {
		ck_assert_int_eq(waitpid(pids[i], &status, 0), pids[i]);
		ck_assert(WIFSIGNALED(status));
		tcp_count_release(i);
	}
	enter(0, "192.0.2.1", 1, 1);
}
END_TEST

START_TEST(wishes)
{
	ck_assert_int_eq(tcp_count_init(), 0);
	ck_assert(!tcp_count_is_wanted());
	tcp_count_want();
	tcp_count_want();
	ck_assert(tcp_count_is_wanted());
	ck_assert(!tcp_count_is_wanted());
}
END_TEST

UNIT_MAIN("tcp_count", UNIT_ONCE(over_processes), UNIT_ONCE(clients),
    UNIT_ONCE(released), UNIT_ONCE(shared_slot), UNIT_ONCE(many),
    UNIT_ONCE(races), UNIT_ONCE(wishes))
