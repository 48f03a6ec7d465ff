/*
 * counters.c: what is counted where, and what is left of it when a process is
 * dead.
 */
#include "tests/unit/unit.h"

#include <sys/wait.h>

#include "resolverd/counters.h"

/* In a process of its own, as a worker counts. */
static pid_t
count_in_child(unsigned slot, unsigned questions, unsigned connections)
{
	pid_t pid = fork();

	ck_assert_int_ne(pid, -1);
	if (pid == 0) {
		counters_take(slot);
		counter_add(COUNTER_QUERIES, questions);
		counter_set(COUNTER_TCP_CONNECTIONS, connections);
		_exit(0);
	}
	counters_assign(slot, pid);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	return pid;
}

START_TEST(test_counting_without_shared_memory)
{
	counter_inc(COUNTER_QUERIES);
	ck_assert_uint_eq(counters_mine->value[COUNTER_QUERIES], 1);
	ck_assert_uint_eq(counters_sum(COUNTER_QUERIES), 0);
}
END_TEST

START_TEST(test_processes_are_summed)
{
	unsigned one, two;

	ck_assert_int_eq(counters_init(), 0);
	one = counters_find_free();
	count_in_child(one, 5, 2);
	two = counters_find_free();
	ck_assert_uint_ne(one, two);
	count_in_child(two, 7, 3);
	ck_assert_uint_eq(counters_sum(COUNTER_QUERIES), 12);
	ck_assert_uint_eq(counters_sum(COUNTER_TCP_CONNECTIONS), 5);
}
END_TEST

START_TEST(test_a_dead_process_leaves_counts_but_no_gauges)
{
	unsigned slot;
	pid_t pid;

	ck_assert_int_eq(counters_init(), 0);
	slot = counters_find_free();
	pid = count_in_child(slot, 5, 2);
	counters_release(pid);
	ck_assert_uint_eq(counters_sum(COUNTER_QUERIES), 5);
	ck_assert_uint_eq(counters_sum(COUNTER_TCP_CONNECTIONS), 0);
	ck_assert_uint_eq(counters_find_free(), slot);
	count_in_child(slot, 1, 0);
	ck_assert_uint_eq(counters_sum(COUNTER_QUERIES), 6);
}
END_TEST

START_TEST(test_slots_do_not_share_cache_lines)
{
	ck_assert_uint_eq(sizeof(struct counters) % 64, 0);
}
END_TEST

START_TEST(test_rows_are_named_once)
{
	for (unsigned i = 0; i < COUNTERS_N; i++) {
		ck_assert_ptr_nonnull(counter_rows[i].text);
		ck_assert_uint_gt(strlen(counter_rows[i].meaning), 0);
		ck_assert_uint_eq(strspn(counter_rows[i].text,
				      "abcdefghijklmnopqrstuvwxyz0123456789-"),
		    strlen(counter_rows[i].text));
		for (unsigned j = 0; j < i; j++)
			ck_assert_str_ne(
			    counter_rows[i].text, counter_rows[j].text);
	}
}
END_TEST

UNIT_MAIN("counters", UNIT_ONCE(test_counting_without_shared_memory),
    UNIT_ONCE(test_processes_are_summed),
    UNIT_ONCE(test_a_dead_process_leaves_counts_but_no_gauges),
    UNIT_ONCE(test_slots_do_not_share_cache_lines),
    UNIT_ONCE(test_rows_are_named_once))
