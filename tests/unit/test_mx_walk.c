/*
 * tools/mxcheck/walk.c against what the real senders did (Postfix 3.7.11, Exim
 * 4.96, OpenSMTPD 6.8.0p2): a broken host at MX 10, a healthy one at MX 20.
 */
#include <sys/socket.h>

#include "tests/unit/unit.h"
#include "tools/mxcheck/judge.h"

static void
add(struct walk_list *list, uint16_t pref, const char *host, uint8_t family,
    enum outcome outcome)
{
	list->hop[list->n++] = (struct walk_hop){
	    .pref = pref,
	    .host = host,
	    .family = family,
	    .outcome = outcome,
	    .tls = OUTCOME_TLS_OK,
	};
}

/* "mx2" flows there, "mx1 clear" in clear text; else DEFERRED or BOUNCED. */
static const char *
result(const struct walk_list *list, const char *model)
{
	static char txt[64];
	struct walk_how how = {.model = model_find(model)};
	struct walk_result r;

	ck_assert_ptr_nonnull(how.model);
	walk(&r, list, &how);
	if (r.end == WALK_FLOWS)
		snprintf(txt, sizeof(txt), "%s%s", r.host,
		    r.clear ? " clear" : "");
	else
		snprintf(txt, sizeof(txt), "%s", walk_end_txt(r.end));
	return txt;
}

static const struct {
	const char *what;
	unsigned addresses; /* of mx1, IPv4 */
	enum outcome outcome;
	enum outcome_tls tls;
	bool null_mx;
	const char *postfix, *exim, *opensmtpd, *strict;
} cases[] = {
    {"refused, 1 address", 1, OUTCOME_REFUSED, OUTCOME_TLS_NONE, false,
	"mx2", "mx2", "mx2", "mx2"},
    {"refused, 4 addresses", 4, OUTCOME_REFUSED, OUTCOME_TLS_NONE, false,
	"mx2", "mx2", "mx2", "DEFERRED"},
    {"refused, 5 addresses", 5, OUTCOME_REFUSED, OUTCOME_TLS_NONE, false,
	"DEFERRED", "mx2", "mx2", "DEFERRED"},
    {"SYN dropped", 1, OUTCOME_FILTERED, OUTCOME_TLS_NONE, false,
	"mx2", "mx2", "mx2", "mx2"},
    {"reset", 1, OUTCOME_DROP, OUTCOME_TLS_NONE, false,
	"mx2", "mx2", "mx2", "mx2"},
    {"421 greeting", 1, OUTCOME_GREET4, OUTCOME_TLS_NONE, false,
	"mx2", "mx2", "mx2", "DEFERRED"},
    {"554 greeting", 1, OUTCOME_GREET5, OUTCOME_TLS_NONE, false,
	"mx2", "mx2", "mx2", "DEFERRED"},
    {"421 at EHLO", 1, OUTCOME_EHLOFAIL, OUTCOME_TLS_NONE, false,
	"mx2", "mx2", "mx2", "mx2"},
    {"no greeting", 1, OUTCOME_MUTE, OUTCOME_TLS_NONE, false,
	"mx2", "mx2", "mx2", "mx2"},
    {"name NXDOMAIN", 0, OUTCOME_NO_ADDRESS, OUTCOME_TLS_NONE, false,
	"mx2", "mx2", "mx2", "mx2"},
    {"lookup SERVFAIL", 0, OUTCOME_NAME_FAILED, OUTCOME_TLS_NONE, false,
	"mx2", "mx2", "mx2", "mx2"},
    {"localhost", 0, OUTCOME_LOOP, OUTCOME_TLS_NONE, false,
	"BOUNCED", "mx2", "BOUNCED", "BOUNCED"},
    {"127.0.0.1", 1, OUTCOME_LOOP, OUTCOME_TLS_NONE, false,
	"BOUNCED", "mx2", "BOUNCED", "BOUNCED"},
    {"an address as target", 0, OUTCOME_NUMBER, OUTCOME_TLS_NONE, false,
	"mx2", "mx2", "mx2", "mx2"},
    {"MAIL 451", 1, OUTCOME_MAIL4, OUTCOME_TLS_OK, false,
	"mx2", "mx2", "DEFERRED", "DEFERRED"},
    {"RCPT 421", 1, OUTCOME_RCPT4, OUTCOME_TLS_OK, false,
	"mx2", "mx2", "DEFERRED", "DEFERRED"},
    {"RCPT 421 at two addresses: smtp_mx_session_limit", 2, OUTCOME_RCPT4,
	OUTCOME_TLS_OK, false, "DEFERRED", "mx2", "DEFERRED", "DEFERRED"},
    {"RCPT 5xx", 1, OUTCOME_RCPT5, OUTCOME_TLS_OK, false,
	"BOUNCED", "BOUNCED", "BOUNCED", "BOUNCED"},
    {"STARTTLS 454", 1, OUTCOME_OK, OUTCOME_TLS_NONE, false,
	"mx1", "mx1", "mx1", "mx1"},
    {"handshake fails", 1, OUTCOME_OK, OUTCOME_TLS_FAIL, false,
	"mx2", "mx1 clear", "mx1 clear", "DEFERRED"},
    {"STARTTLS, then silence", 1, OUTCOME_OK, OUTCOME_TLS_HANG, false,
	"mx2", "mx1 clear", "mx2", "DEFERRED"},
    {"bad certificate, CNAME target", 1, OUTCOME_OK, OUTCOME_TLS_OK, false,
	"mx1", "mx1", "mx1", "mx1"},
    {"null MX beside another", 1, OUTCOME_OK, OUTCOME_TLS_OK, true,
	"BOUNCED", "mx1", "mx1", "mx1"},
    {"greylisted: usable", 1, OUTCOME_GREY, OUTCOME_TLS_OK, false,
	"mx1", "mx1", "mx1", "mx1"},
};

START_TEST(test_first_host_broken)
{
	struct walk_list list = {.null_mx = cases[_i].null_mx};
	unsigned n = cases[_i].addresses;

	for (unsigned i = 0; i < (n > 0 ? n : 1); i++) {
		add(&list, 10, "mx1", n > 0 ? AF_INET : 0, cases[_i].outcome);
		list.hop[i].tls = cases[_i].tls;
	}
	add(&list, 20, "mx2", AF_INET, OUTCOME_OK);
	ck_assert_str_eq(result(&list, "postfix"), cases[_i].postfix);
	ck_assert_str_eq(result(&list, "exim"), cases[_i].exim);
	ck_assert_str_eq(result(&list, "opensmtpd"), cases[_i].opensmtpd);
	ck_assert_str_eq(result(&list, "strict"), cases[_i].strict);
}
END_TEST

START_TEST(test_no_host_has_an_address)
{
	struct walk_list list = {0};

	add(&list, 10, "mx1", 0, OUTCOME_NO_ADDRESS);
	add(&list, 20, "mx2", 0, OUTCOME_NO_ADDRESS);
	ck_assert_str_eq(result(&list, "postfix"), "BOUNCED");
	ck_assert_str_eq(result(&list, "exim"), "BOUNCED");
	ck_assert_str_eq(result(&list, "opensmtpd"), "DEFERRED");
	list.hop[1].outcome = OUTCOME_NAME_FAILED; /* it may come back */
	ck_assert_str_eq(result(&list, "postfix"), "DEFERRED");
}
END_TEST

/* RFC 5321 5.1: the sender's own host ends Postfix's list; Exim ignores it. */
START_TEST(test_loop_cuts_the_list)
{
	struct walk_list list = {0};
	struct walk_how how = {
	    .model = model_find("postfix"),
	    .order = WALK_BEST,
	};
	struct walk_result r;

	add(&list, 10, "mx1", AF_INET, OUTCOME_REFUSED);
	add(&list, 20, "localhost", 0, OUTCOME_LOOP);
	add(&list, 30, "mx3", AF_INET, OUTCOME_OK);
	ck_assert_str_eq(result(&list, "postfix"), "DEFERRED");
	ck_assert_str_eq(result(&list, "exim"), "mx3");
	ck_assert_str_eq(result(&list, "opensmtpd"), "BOUNCED");
	list.hop[0].outcome = OUTCOME_OK;
	ck_assert_str_eq(result(&list, "postfix"), "mx1");
	list.hop[1].pref = 10; /* as near as itself */
	walk(&r, &list, &how);
	ck_assert_int_eq(r.end, WALK_BOUNCED);
}
END_TEST

/* Postfix dials it, and we have not; to others it is no name at all. */
START_TEST(test_address_as_only_target)
{
	struct walk_list list = {0};

	add(&list, 10, "192.0.2.1", 0, OUTCOME_NUMBER);
	ck_assert_str_eq(result(&list, "postfix"), "DEFERRED");
	ck_assert_str_eq(result(&list, "exim"), "BOUNCED");
	ck_assert_str_eq(result(&list, "opensmtpd"), "DEFERRED");
}
END_TEST

/* smtp_balance_inet_protocols: a backup of the rarer family stays. */
START_TEST(test_families_share_the_limit)
{
	struct walk_list list = {0};

	for (unsigned i = 0; i < 6; i++)
		add(&list, 10, "mx1", AF_INET6, OUTCOME_REFUSED);
	add(&list, 20, "mx2", AF_INET, OUTCOME_OK);
	ck_assert_str_eq(result(&list, "postfix"), "mx2");
	list.hop[6].family = AF_INET6;
	ck_assert_str_eq(result(&list, "postfix"), "DEFERRED");
	ck_assert_str_eq(result(&list, "exim"), "mx2");
}
END_TEST

/* Hosts of one preference: the worst order meets the bad one first. */
START_TEST(test_order_within_a_level)
{
	struct walk_list list = {0};
	struct walk_how how = {.model = model_find("postfix")};
	struct walk_result r;

	add(&list, 10, "mx1", AF_INET, OUTCOME_OK);
	add(&list, 10, "mx2", AF_INET, OUTCOME_RCPT5);
	walk(&r, &list, &how);
	ck_assert_int_eq(r.end, WALK_BOUNCED);
	how.order = WALK_BEST;
	walk(&r, &list, &how);
	ck_assert_int_eq(r.end, WALK_FLOWS);
}
END_TEST

START_TEST(test_death_costs_time_if_it_is_silent)
{
	struct walk_list list = {0};
	bool dead[2] = {true, false};
	struct walk_how how = {.model = model_find("exim"), .dead = dead};
	struct walk_result r;

	add(&list, 10, "mx1", AF_INET, OUTCOME_OK);
	add(&list, 20, "mx2", AF_INET, OUTCOME_OK);
	walk(&r, &list, &how);
	ck_assert_str_eq(r.host, "mx2");
	ck_assert_uint_eq(r.delay_s, 0);
	how.death = WALK_DEAD_SILENT;
	walk(&r, &list, &how);
	ck_assert_str_eq(r.host, "mx2");
	ck_assert_uint_eq(r.delay_s, 300);
}
END_TEST

/* RFC 8461 5.1: a host that fails the policy is as if unreachable. */
START_TEST(test_policy_skips_a_host)
{
	struct walk_list list = {0};
	struct walk_how how = {
	    .model = model_find("postfix"),
	    .overlay = WALK_STS,
	};
	struct walk_result r;

	add(&list, 10, "mx1", AF_INET, OUTCOME_OK);
	list.hop[0].sts_fails = true;
	walk(&r, &list, &how);
	ck_assert_int_eq(r.end, WALK_DEFERRED);
	how.overlay = WALK_PLAIN;
	walk(&r, &list, &how);
	ck_assert_int_eq(r.end, WALK_FLOWS);
}
END_TEST

/* A hop that gets well never makes it worse: 20 000 lists at random, every
 * model, both orders. */
START_TEST(test_monotone)
{
	struct walk_list list = {0};
	struct walk_result before, after;
	const struct model *model = NULL;
	unsigned seed = 11;

	for (unsigned round = 0; round < 20000; round++) {
		struct walk_how how = {.order = round % 2};

		model = model_next(model);
		if (model == NULL)
			model = model_next(NULL);
		how.model = model;
		list.n = 1 + round % 8;
		for (size_t i = 0; i < list.n; i++) {
			seed = seed * 1103515245 + 12345;
			list.hop[i] = (struct walk_hop){
			    .host = "mx.test",
			    .pref = (uint16_t)(i / (1 + seed / 65536 % 3)),
			    .family = AF_INET,
			    .outcome = OUTCOME_REFUSED + seed / 8388608 %
				(OUTCOME_OK - OUTCOME_REFUSED + 1),
			};
			if (i > 0 && list.hop[i].pref < list.hop[i - 1].pref)
				list.hop[i].pref = list.hop[i - 1].pref;
		}
		walk(&before, &list, &how);
		list.hop[seed / 65536 % list.n].outcome = OUTCOME_OK;
		walk(&after, &list, &how);
		ck_assert_msg(after.end <= before.end, "%s, round %u: %s, "
		    "then %s", model->name, round, walk_end_txt(before.end),
		    walk_end_txt(after.end));
	}
}
END_TEST

UNIT_MAIN("walk", UNIT_EACH(test_first_host_broken, cases),
    UNIT_ONCE(test_no_host_has_an_address),
    UNIT_ONCE(test_loop_cuts_the_list),
    UNIT_ONCE(test_address_as_only_target),
    UNIT_ONCE(test_families_share_the_limit),
    UNIT_ONCE(test_order_within_a_level),
    UNIT_ONCE(test_death_costs_time_if_it_is_silent),
    UNIT_ONCE(test_policy_skips_a_host),
    UNIT_ONCE(test_monotone))
