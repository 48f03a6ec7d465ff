/*
 * Each takes the lock that a run takes, so neither sees half of the other.
 */
#include "tools/mxcheck/state_command.h"

#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "tools/mxcheck/options.h"
#include "tools/mxcheck/record.h"
#include "tools/mxcheck/resolve.h"
#include "tools/mxcheck/state.h"
#include "tools/tool.h"

#define EXIT_WRONG 3
#define DAY 86400

struct command {
	struct state *state;
	const char *dir, *forget, *id, *subject;
	char mute[STATE_NAME_MAX]; /* a domain or host, in lower case */
	bool dump, is_ack, is_mute, off;
	int64_t now, until;
	unsigned n; /* alerts that were taken note of */
};

static const struct option options[] = {
    {"state", required_argument, NULL, 's'},
    {"dump", no_argument, NULL, 'd'},
    {"forget", required_argument, NULL, 'f'},
    {"until", required_argument, NULL, 'u'},
    {"off", no_argument, NULL, 'o'},
    {NULL, 0, NULL, 0},
};

static int
usage(void)
{
	fputs("usage: mxcheck ack [--state DIR] [--until +DAYS] ID SUBJECT\n"
	    "       mxcheck mute [--state DIR] [--until +DAYS | --off] NAME\n"
	    "       mxcheck state [--state DIR] --dump\n"
	    "       mxcheck state [--state DIR] --forget NAME\n", stderr);
	return EXIT_WRONG;
}

static void
dump(void *arg, const struct state_finding *f, const struct alert *alert)
{
	json_t *object = json_object();

	(void)arg;
	json_object_set_new(object, "v", json_integer(RECORD_VERSION));
	json_object_set_new(object, "type", json_string("alert"));
	json_object_set_new(object, "domain", json_string(f->domain));
	json_object_set_new(object, "id", json_string(f->id));
	json_object_set_new(object, "subject", json_string(f->subject));
	json_object_set_new(object, "severity",
	    json_string(severity_txt(alert->hard)));
	json_object_set_new(object, "since", json_integer(alert->since));
	json_object_set_new(object, "flapping", json_boolean(alert->flapping));
	json_object_set_new(object, "ack_until",
	    json_integer(alert->ack_until));
	record_put(stdout, object);
}

static void
acknowledge(void *arg, const struct state_finding *f,
    const struct alert *alert)
{
	struct command *c = arg;
	struct alert changed = *alert;

	if (strcasecmp(f->id, c->id) != 0 || strcmp(f->subject, c->subject) !=
	    0)
		return;
	alert_ack(&changed, c->until);
	state_put_alert(c->state, f, &changed);
	c->n++;
}

static int
run(struct command *c)
{
	if (c->dump) {
		state_each_alert(c->state, NULL, dump, c);
		return 0;
	}
	if (c->is_mute) {
		state_put_mute(c->state, c->mute, c->off ? 0 : c->until);
		return 0;
	}
	if (c->is_ack)
		state_each_alert(c->state, NULL, acknowledge, c);
	else
		c->n = state_forget(c->state, c->forget);
	if (c->n > 0)
		return 0;
	tool_error(c->is_ack ? "%s %s: no run has seen that; mxcheck state "
	    "--dump lists what there is" : "%s%s: nothing is known of it",
	    c->is_ack ? c->id : "", c->is_ack ? c->subject : c->forget);
	return EXIT_WRONG;
}

static bool
read_until(struct command *c, const char *text)
{
	char *end;
	long days = strtol(text, &end, 10);

	c->until = c->now + days * DAY;
	if (*text == '+' && *end == '\0' && days > 0 && days <= 3650)
		return true;
	tool_error("--until %s: give days from now, such as +7", text);
	return false;
}

static bool
read_name(struct command *c, const char *text)
{
	if (!resolve_is_host_name(text, true)) {
		tool_error("mute %s: give a domain or host", text);
		return false;
	}
	for (size_t i = 0; text[i] != '\0'; i++)
		c->mute[i] = (char)tolower((unsigned char)text[i]);
	return true;
}

static bool
read_options(struct command *c, int argc, char **argv)
{
	int o;

	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1)
		switch (o) {
		case 's':
			c->dir = optarg;
			break;
		case 'd':
			c->dump = true;
			break;
		case 'f':
			c->forget = optarg;
			break;
		case 'u':
			if (!read_until(c, optarg))
				return false;
			break;
		case 'o':
			c->off = true;
			break;
		default:
			return false;
		}
	if (c->is_mute)
		return !c->dump && c->forget == NULL && argc - optind == 1 &&
		    read_name(c, argv[optind]);
	if (c->off)
		return false;
	if (c->is_ack && !c->dump && c->forget == NULL && argc - optind == 2) {
		c->id = argv[optind];
		c->subject = argv[optind + 1];
		return true;
	}
	return !c->is_ack && c->dump != (c->forget != NULL) && argc == optind;
}

bool
state_command_is(int argc, char **argv)
{
	return argc > 1 && (strcmp(argv[1], "ack") == 0 ||
	    strcmp(argv[1], "mute") == 0 || strcmp(argv[1], "state") == 0);
}

int
state_command(int argc, char **argv)
{
	struct command c = {.dir = OPTIONS_STATE_DIR, .now = time(NULL)};
	struct state_opening opening;
	char why[STATE_WHY_MAX];
	int status;

	c.is_ack = strcmp(argv[1], "ack") == 0;
	c.is_mute = strcmp(argv[1], "mute") == 0;
	c.until = c.now + DAY;
	if (!read_options(&c, argc - 1, argv + 1))
		return usage();
	if (state_open(&c.state, c.dir, c.now, &opening, why) != 0) {
		tool_error("%s", why);
		return EXIT_WRONG;
	}
	status = run(&c);
	if (status == 0 && !c.dump && state_amend(c.state, why) != 0) {
		tool_error("%s", why);
		status = EXIT_WRONG;
	}
	state_close(c.state);
	return status;
}
