/*
 * resolverd/reach.c: what other processes and made-up zones do to it. What a
 * client sees of dead zones is in tests/func/deadlist.py and
 * test_upstream_wait.c.
 */
#include <string.h>

#include "lib/log.h"
#include "resolverd/reach.h"
#include "tests/unit/caches.h"
#include "tests/unit/clock.h"

#define DEADLINE_S 2
#define BACK_OFF_MIN_S 2 /* the first one, of resolverd/cache.c */

static uint8_t zone[DNAME_MAX];

static void
zone_is(unsigned i)
{
	char txt[64];

	snprintf(txt, sizeof(txt), "list-%u.example", i);
	ck_assert_int_gt(dname_from_txt(zone, txt, strlen(txt)), 0);
}

static void
is_silent(struct reach_table *t, uint64_t asked_ms)
{
	struct question q;

	reach_silent(t, zone, question(&q, 1), asked_ms, DEADLINE_S);
}

/* As a batch of one: the cache's time stands still while a view is held. */
static enum reach
reach(struct reach_table *t, struct cache *c)
{
	struct question q;
	enum reach r = reach_of(t, zone, question(&q, 1));

	cache_pause(c);
	return r;
}

/*
 * A question was under way for long, in whose time the zone answered another;
 * it becomes the probe of a zone that another process held for dead. It ends
 * as every probe does: the next one can be sent.
 */
START_TEST(probe_of_old_question)
{
	struct reach_table *ours, *theirs;
	struct cache *c;
	uint64_t asked_ms = reach_now_ms();

	folder_make();
	move_clock(0, 0);
	zone_is(1);
	c = open_sized(MIB);
	ours = reach_new(c);
	theirs = reach_new(c);
	ck_assert(ours != NULL && theirs != NULL);
	reach_answered(ours, zone);
	is_silent(theirs, asked_ms);
	ck_assert_int_eq(reach(ours, c), REACH_DEAD);
	move_clock(BACK_OFF_MIN_S, 0);
	ck_assert_int_eq(reach(ours, c), REACH_PROBE);
	reach_probes(ours, zone, true);
	ck_assert_int_eq(reach(ours, c), REACH_DEAD);
	is_silent(ours, asked_ms);
	ck_assert_int_eq(reach(ours, c), REACH_PROBE);
	reach_free(ours);
	reach_free(theirs);
	cache_close(c);
}
END_TEST

/* A probe that is under way when another process finds the zone back. */
START_TEST(probe_is_forgotten)
{
	struct reach_table *ours, *theirs;
	struct cache *c;

	folder_make();
	move_clock(0, 0);
	zone_is(1);
	c = open_sized(MIB);
	ours = reach_new(c);
	theirs = reach_new(c);
	ck_assert(ours != NULL && theirs != NULL);
	is_silent(theirs, reach_now_ms());
	move_clock(BACK_OFF_MIN_S, 0);
	ck_assert_int_eq(reach(ours, c), REACH_PROBE);
	reach_probes(ours, zone, true);
	reach_answered(theirs, zone);
	ck_assert_int_eq(reach(ours, c), REACH_ASK);
	is_silent(theirs, reach_now_ms() + 1);
	move_clock(2 * BACK_OFF_MIN_S, 0);
	ck_assert_int_eq(reach(ours, c), REACH_PROBE);
	reach_free(ours);
	reach_free(theirs);
	cache_close(c);
}
END_TEST

static unsigned
lines_of(const char *path)
{
	FILE *f = fopen(path, "r");
	unsigned n = 0;
	int ch;

	ck_assert_ptr_nonnull(f);
	while ((ch = getc(f)) != EOF)
		n += ch == '\n';
	fclose(f);
	return n;
}

/* Whoever makes up zones fills neither the table nor the log. */
START_TEST(made_up_zones)
{
	struct reach_table *t;
	struct cache *c;
	const char *path = unit_path("stderr");

	folder_make();
	c = open_sized(MIB);
	t = reach_new(c);
	ck_assert_ptr_nonnull(t);
	ck_assert_ptr_nonnull(freopen(path, "w", stderr));
	log_init("test", true, false);
	for (unsigned i = 0; i < 1000; i++) {
		zone_is(i);
		is_silent(t, reach_now_ms());
		ck_assert_int_eq(reach(t, c), REACH_DEAD);
		if (i % 2 == 0)
			reach_answered(t, zone);
	}
	fflush(stderr);
	ck_assert_uint_ge(lines_of(path), 1);
	ck_assert_uint_le(lines_of(path), 50);
	reach_free(t);
	cache_close(c);
}
END_TEST

UNIT_MAIN("reach", UNIT_ONCE(probe_of_old_question),
    UNIT_ONCE(probe_is_forgotten), UNIT_ONCE(made_up_zones))
