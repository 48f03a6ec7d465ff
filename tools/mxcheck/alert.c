/*
 * One step: what the severity is now taken for, then whether it flaps, then
 * whether that is worth a word.
 */
#include "tools/mxcheck/alert.h"

#include <string.h>

#include "lib/bytes.h"

static bool
is_alarm(enum severity s)
{
	return s == SEV_WARN || s == SEV_CRIT;
}

static bool
is_known(enum severity s)
{
	return s <= SEV_CRIT;
}

/* ---- hard */

static void
set_hard(struct alert *a, enum severity hard, int64_t at)
{
	if (a->hard != hard)
		a->since = at;
	a->hard = hard;
	a->streak = 0;
}

/* Of a streak: the least of what is worse, the worst of what is better. */
static enum severity
nearer(const struct alert *a, enum severity now)
{
	if (a->streak_is_worse)
		return now < a->streak_severity ? now : a->streak_severity;
	return now > a->streak_severity ? now : a->streak_severity;
}

static void
judge(struct alert *a, enum severity now, bool sure,
    const struct alert_rules *rules, int64_t at)
{
	bool worse = now > a->hard;

	if (now == a->hard) {
		a->streak = 0;
		return;
	}
	if (a->streak == 0 || a->streak_is_worse != worse) {
		a->streak = 0;
		a->streak_is_worse = worse;
		a->streak_severity = now;
	}
	a->streak_severity = nearer(a, now);
	if (a->streak < UINT8_MAX)
		a->streak++;
	if (worse && sure)
		set_hard(a, now, at);
	else if (a->streak >= (worse ? rules->confirm : rules->recover))
		set_hard(a, a->streak_severity, at);
	if (a->hard != now && a->streak == 0) {
		/* this run speaks for yet another one */
		a->streak = 1;
		a->streak_is_worse = now > a->hard;
		a->streak_severity = now;
	}
}

/* ---- flapping: nagios weighs the newest change 1.2, the oldest 0.8 */

unsigned
alert_change_percent(const struct alert *a)
{
	unsigned sum = 0;

	for (unsigned i = 0; i < ALERT_CHANGES; i++)
		if (a->changes >> i & 1)
			sum += 1200 - 400 * i / (ALERT_CHANGES - 1);
	return sum / (10 * ALERT_CHANGES);
}

static enum alert_event
flap(struct alert *a, enum severity now, const struct alert_rules *rules)
{
	bool changed = is_alarm(now) != is_alarm(a->soft);
	unsigned percent;

	a->changes = (a->changes << 1 | changed) & ((1u << ALERT_CHANGES) - 1);
	percent = alert_change_percent(a);
	if (!a->flapping && rules->flap_high > 0 &&
	    percent >= rules->flap_high) {
		a->flapping = true;
		return ALERT_FLAPPING;
	}
	if (a->flapping && percent <= rules->flap_low) {
		a->flapping = false;
		return ALERT_SETTLED;
	}
	return ALERT_NONE;
}

/* ---- words */

static enum alert_event
unknown(struct alert *a, const struct alert_rules *rules, int64_t at)
{
	if (a->unknown_since == 0)
		a->unknown_since = at;
	if (a->unknown_runs < UINT8_MAX)
		a->unknown_runs++;
	if (a->unknown_told)
		return ALERT_NONE;
	if (rules->unknown > 0 ? a->unknown_runs < rules->unknown :
	    at - a->unknown_since < ALERT_UNKNOWN_S)
		return ALERT_NONE;
	a->unknown_told = true;
	return ALERT_UNKNOWN;
}

static bool
is_acked(const struct alert *a, int64_t at)
{
	return at < a->ack_until && a->hard <= a->acked;
}

/* What is told of a change, if anything is. */
static enum alert_event
word(struct alert *a, enum severity was, enum alert_event flapping, int64_t at)
{
	if (flapping == ALERT_NONE && a->flapping)
		return ALERT_NONE;
	if (is_alarm(was) && !is_alarm(a->hard)) {
		a->ack_until = 0;
		return flapping != ALERT_NONE ? flapping : ALERT_RECOVERED;
	}
	if (is_acked(a, at))
		return ALERT_NONE;
	if (flapping != ALERT_NONE)
		return flapping;
	return a->hard > was && is_alarm(a->hard) ? ALERT_RAISED : ALERT_NONE;
}

enum alert_event
alert_step(struct alert *a, enum severity now, bool sure,
    const struct alert_rules *rules, int64_t at, enum severity *was)
{
	enum alert_event event;

	*was = a->hard;
	a->seen = at;
	if (now == SEV_SKIPPED)
		return ALERT_NONE;
	if (!is_known(now)) {
		event = unknown(a, rules, at);
	} else {
		a->unknown_since = 0;
		a->unknown_runs = 0;
		a->unknown_told = false;
		judge(a, now, sure, rules, at);
		event = flap(a, now, rules);
		a->soft = now;
		event = word(a, *was, event, at);
	}
	if (event != ALERT_NONE)
		a->told = at;
	return event;
}

void
alert_take(struct alert *a, enum severity now, int64_t at)
{
	a->seen = at;
	if (!is_known(now))
		return;
	a->soft = now;
	set_hard(a, now, at);
}

void
alert_ack(struct alert *a, int64_t until)
{
	a->ack_until = until;
	a->acked = a->soft > a->hard && a->soft <= SEV_CRIT ? a->soft :
	    a->hard;
}

/* ---- as it is kept */

#define VERSION 1
enum { WORSE = 1, FLAPPING = 2, UNKNOWN_TOLD = 4 };

void
alert_write(uint8_t out[ALERT_LEN], const struct alert *a)
{
	memset(out, 0, ALERT_LEN);
	out[0] = VERSION;
	out[1] = (uint8_t)a->soft;
	out[2] = (uint8_t)a->hard;
	out[3] = (uint8_t)a->streak_severity;
	out[4] = a->streak;
	out[5] = (uint8_t)((a->streak_is_worse ? WORSE : 0) |
	    (a->flapping ? FLAPPING : 0) |
	    (a->unknown_told ? UNKNOWN_TOLD : 0));
	out[6] = (uint8_t)a->acked;
	out[7] = a->unknown_runs;
	put_le32(out + 8, a->changes);
	put_le64(out + 16, (uint64_t)a->since);
	put_le64(out + 24, (uint64_t)a->unknown_since);
	put_le64(out + 32, (uint64_t)a->told);
	put_le64(out + 40, (uint64_t)a->ack_until);
	put_le64(out + 48, (uint64_t)a->seen);
}

bool
alert_read(struct alert *a, const void *data, size_t len)
{
	const uint8_t *p = data;

	memset(a, 0, sizeof(*a));
	if (len != ALERT_LEN || p[0] != VERSION || p[1] > SEV_CRIT ||
	    p[2] > SEV_CRIT || p[3] > SEV_CRIT || p[6] > SEV_CRIT ||
	    get_le32(p + 8) >> ALERT_CHANGES != 0)
		return false;
	a->soft = p[1];
	a->hard = p[2];
	a->streak_severity = p[3];
	a->streak = p[4];
	a->streak_is_worse = p[5] & WORSE;
	a->flapping = p[5] & FLAPPING;
	a->unknown_told = p[5] & UNKNOWN_TOLD;
	a->acked = p[6];
	a->unknown_runs = p[7];
	a->changes = get_le32(p + 8);
	a->since = (int64_t)get_le64(p + 16);
	a->unknown_since = (int64_t)get_le64(p + 24);
	a->told = (int64_t)get_le64(p + 32);
	a->ack_until = (int64_t)get_le64(p + 40);
	a->seen = (int64_t)get_le64(p + 48);
	return true;
}

const char *
alert_event_txt(enum alert_event event)
{
	static const char *const txt[] = {"none", "raised", "recovered",
	    "flapping", "settled", "unknown"};

	return txt[event];
}
