/*
 * The senders. Measured on Debian 12 with a broken host at MX 10 and a healthy
 * one at MX 20 (Postfix 3.7.11, Exim 4.96, OpenSMTPD 6.8.0p2): what did the
 * sender do in its first pass? "strict" is no program but the least that
 * RFC 5321 5.1 asks of one: two addresses, and 4xx queues.
 *
 * Exim goes on after a 5xx greeting, but returns the mail if the last server of
 * the list gives one. Postfix dials an address that stands as an MX target;
 * we do not, so there it is a host that is down. To others it is a name without
 * address.
 *
 * LOOP, the sender's own host: Postfix cuts its list there, and returns mail if
 * nothing is before it; Exim, as it is shipped, ignores 127.0.0.0/8. OpenSMTPD
 * hands the mail to itself, which loses it as well as a bounce.
 *
 * Not measured, taken from the neighbouring cell: PROTO as a 4xx greeting,
 * MAIL5 as RCPT5. GREY and the two outcomes that only tell of us (LIMITED,
 * UNWELCOME) count as delivered: nothing speaks against it.
 */
#include "tools/mxcheck/model.h"

#include <string.h>

#define COMMON                                                                 \
	[OUTCOME_UNTRIED] = MODEL_DELIVER, [OUTCOME_LIMITED] = MODEL_DELIVER,  \
	[OUTCOME_UNWELCOME] = MODEL_DELIVER, [OUTCOME_REFUSED] = MODEL_NEXT,   \
	[OUTCOME_FILTERED] = MODEL_NEXT, [OUTCOME_MUTE] = MODEL_NEXT,          \
	[OUTCOME_DROP] = MODEL_NEXT, [OUTCOME_EHLOFAIL] = MODEL_NEXT,          \
	[OUTCOME_MAIL5] = MODEL_BOUNCE, [OUTCOME_RCPT5] = MODEL_BOUNCE,        \
	[OUTCOME_GREY] = MODEL_DELIVER, [OUTCOME_OK] = MODEL_DELIVER,          \
	[OUTCOME_NO_ADDRESS] = MODEL_NEXT, [OUTCOME_NAME_FAILED] = MODEL_NEXT, \
	[OUTCOME_NUMBER] = MODEL_NEXT
#define GREETINGS(action)                                                      \
	[OUTCOME_GREET4] = (action), [OUTCOME_GREET5] = (action),              \
	[OUTCOME_PROTO] = (action)
#define LATER(action) [OUTCOME_MAIL4] = (action), [OUTCOME_RCPT4] = (action)

static const struct model models[] = {
    {
	.name = "postfix",
	.title = "Postfix",
	.addr_limit = 5, /* smtp_mx_address_limit */
	.balances = true,
	.session_limit = 2, /* smtp_mx_session_limit */
	.action = {COMMON, GREETINGS(MODEL_NEXT), LATER(MODEL_NEXT),
	    [OUTCOME_LOOP] = MODEL_BOUNCE},
	.loop_cuts = true, /* smtp_truncate_self() */
	.dials_numbers = true,
	.tls_fail = MODEL_NEXT,
	.tls_hang = MODEL_NEXT,
	.all_nameless = MODEL_BOUNCE,
	.null_beside = MODEL_BOUNCE,
	.connect_s = 30,
	.greeting_s = 300,
	.tls_s = 300,
    },
    {
	.name = "exim",
	.title = "Exim",
	.addr_limit = 5, /* hosts_max_try */
	.one_per_level = true,
	.action = {COMMON, GREETINGS(MODEL_NEXT), LATER(MODEL_NEXT),
	    [OUTCOME_LOOP] = MODEL_NEXT}, /* ignore_target_hosts */
	.last_greet5_bounces = true,
	.tls_fail = MODEL_CLEAR,
	.tls_hang = MODEL_CLEAR,
	.all_nameless = MODEL_BOUNCE,
	.null_beside = MODEL_NEXT,
	.connect_s = 300,
	.greeting_s = 300,
	.tls_s = 300,
    },
    {
	.name = "opensmtpd",
	.title = "OpenSMTPD",
	.action = {COMMON, GREETINGS(MODEL_NEXT), LATER(MODEL_DEFER),
	    [OUTCOME_LOOP] = MODEL_BOUNCE},
	.tls_fail = MODEL_CLEAR,
	.tls_hang = MODEL_NEXT,
	.all_nameless = MODEL_DEFER,
	.null_beside = MODEL_NEXT,
	.connect_s = 130, /* the kernel's */
	.greeting_s = 300,
	.tls_s = 300,
    },
    {
	.name = "strict",
	.title = "strict",
	.addr_limit = 2,
	.per_family = true, /* it may have one family only */
	.session_limit = 1,
	.action = {COMMON, GREETINGS(MODEL_DEFER), LATER(MODEL_DEFER),
	    [OUTCOME_LOOP] = MODEL_BOUNCE},
	.tls_fail = MODEL_NEXT,
	.tls_hang = MODEL_NEXT,
	.all_nameless = MODEL_BOUNCE,
	.null_beside = MODEL_NEXT,
	.connect_s = 300,
	.greeting_s = 300,
	.tls_s = 300,
    },
};
#define N_MODELS (sizeof(models) / sizeof(models[0]))

const struct model *
model_next(const struct model *model)
{
	if (model == NULL)
		return models;
	return model + 1 < models + N_MODELS ? model + 1 : NULL;
}

const struct model *
model_find(const char *name)
{
	const struct model *model = NULL;

	while ((model = model_next(model)) != NULL)
		if (strcmp(model->name, name) == 0)
			return model;
	return NULL;
}

void
model_keep(const struct model *model, unsigned n4, unsigned n6,
    unsigned keep[2])
{
	unsigned limit = model->addr_limit;

	keep[0] = n4;
	keep[1] = n6;
	if (n4 + n6 <= limit)
		return;
	if (n4 == 0 || n6 == 0)
		keep[n4 == 0] = limit;
	else if (n6 <= limit / 2)
		keep[0] = limit - n6;
	else if (n4 <= limit / 2)
		keep[1] = limit - n4;
	else
		keep[0] = limit - (keep[1] = limit / 2);
}
