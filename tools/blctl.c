/*
 * blctl(8): the local blacklist. Parses the command line, opens the store and
 * prints what was done; what a key is and how it is kept is zones/local.c's.
 */
#include <errno.h>
#include <getopt.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "config.h"
#include "lib/addr.h"
#include "lib/bytes.h"
#include "lib/conf.h"
#include "tools/tool.h"
#include "zones/local.h"

#define CODE_DEFAULT 0x7f000002 /* 127.0.0.2, RFC 5782 2.1 */

struct request {
	const char *conf_path;
	const char *zone; /* NULL: the only one */
	const char *key;  /* NULL where the command takes none */
	uint32_t code;
	const char *reason;
	bool has_add_options;
};

struct command {
	const char *name;
	bool takes_key;
	bool writes;
	int (*run)(struct local *l, const char *zone,
	    const struct request *req);
};

static int
usage(FILE *to)
{
	fprintf(to,
	    "usage: blctl [-c FILE] [-z ZONE] add KEY [--code N] "
	    "[--reason TEXT]\n"
	    "       blctl [-c FILE] [-z ZONE] del KEY\n"
	    "       blctl [-c FILE] [-z ZONE] list\n"
	    "KEY: 192.0.2.1, 192.0.2.0/24, 2001:db8::/32, example.com (that "
	    "name),\n"
	    "     *.example.com (all below), .example.com (both)\n");
	return TOOL_USAGE;
}

/* ---- texts */

static char *
code_txt(char *out, uint32_t code)
{
	struct addr a = {.family = AF_INET};

	put_be32(a.bytes, code);
	return addr_to_txt(out, &a);
}

/* 127.0.0.2 "reason" */
static void
print_value(const struct local_entry *e)
{
	char txt[ADDR_TXT_MAX];

	printf("%s", code_txt(txt, e->code));
	if (e->reason[0] != '\0')
		printf(" \"%s\"", e->reason);
}

/* Whoever runs this, through sudo or not; only a label, nothing rests on it. */
static void
set_author(char *out)
{
	const char *name = getuid() == 0 ? getenv("SUDO_USER") : NULL;
	const struct passwd *pw;
	size_t i;

	if (name == NULL || *name == '\0')
		name = getlogin();
	if (name == NULL && (pw = getpwuid(getuid())) != NULL)
		name = pw->pw_name;
	if (name == NULL) {
		snprintf(out, LOCAL_AUTHOR_MAX + 1, "%u", (unsigned)getuid());
		return;
	}
	for (i = 0; i < LOCAL_AUTHOR_MAX && name[i] != '\0'; i++)
		out[i] = name[i] > 0x20 && name[i] < 0x7f ? name[i] : '?';
	out[i] = '\0';
}

/* ---- commands */

/* Copies the key; one that has no room is too long for any key. */
static int
set_key(struct local_entry *e, const char *key)
{
	if (strlen(key) >= sizeof(e->key_txt))
		return tool_error("the key is longer than any name");
	strcpy(e->key_txt, key);
	return 0;
}

static int
run_add(struct local *l, const char *zone, const struct request *req)
{
	struct local_entry entry = {.code = req->code}, was;
	enum local_change change;
	char why[LOCAL_WHY_MAX];

	if (set_key(&entry, req->key) != 0)
		return TOOL_FAILED;
	if (strlen(req->reason) > LOCAL_REASON_MAX)
		return tool_error("the reason has %zu bytes, %d is the most",
		    strlen(req->reason), LOCAL_REASON_MAX);
	strcpy(entry.reason, req->reason);
	entry.added = (uint64_t)time(NULL);
	set_author(entry.author);

	if (local_add(l, &entry, &was, &change, why) != 0)
		return tool_error("%s: %s", zone, why);
	if (change == LOCAL_ADDED)
		printf("added %s to %s: ", entry.key_txt, zone);
	else if (change == LOCAL_CHANGED)
		printf("changed %s in %s: ", entry.key_txt, zone);
	else
		printf("%s is in %s already: ", entry.key_txt, zone);
	print_value(&entry);
	if (change == LOCAL_CHANGED) {
		printf(" (was ");
		print_value(&was);
		printf(")");
	}
	printf("\n");
	return TOOL_DONE;
}

static int
run_del(struct local *l, const char *zone, const struct request *req)
{
	struct local_entry entry = {.code = 0};
	char why[LOCAL_WHY_MAX];

	if (set_key(&entry, req->key) != 0)
		return TOOL_FAILED;
	if (local_del(l, &entry, why) != 0)
		return tool_error("%s: %s", zone, why);
	printf("deleted %s from %s: ", entry.key_txt, zone);
	print_value(&entry);
	printf("\n");
	return TOOL_DONE;
}

struct widths {
	int key, code, author;
};

static int
max_len(int so_far, const char *txt)
{
	int len = (int)strlen(txt);

	return len > so_far ? len : so_far;
}

static void
measure_entry(void *arg, const struct local_entry *e)
{
	char code[ADDR_TXT_MAX];
	struct widths *w = arg;

	w->key = max_len(w->key, e->key_txt);
	w->code = max_len(w->code, code_txt(code, e->code));
	w->author = max_len(w->author, e->author);
}

static void
print_entry(void *arg, const struct local_entry *e)
{
	char code[ADDR_TXT_MAX], added[TOOL_TXT_MAX];
	const struct widths *w = arg;

	printf("%-*s  %-*s  %s  ", w->key, e->key_txt, w->code,
	    code_txt(code, e->code), tool_time_txt(added, e->added));
	if (e->reason[0] != '\0')
		printf("%-*s  %s\n", w->author, e->author, e->reason);
	else
		printf("%s\n", e->author);
}

static int
run_list(struct local *l, const char *zone, const struct request *req)
{
	struct widths w = {0};
	char why[LOCAL_WHY_MAX];

	(void)req;
	/* both passes see the same state: the view is not paused between */
	if (local_list(l, measure_entry, &w, why) != 0 ||
	    local_list(l, print_entry, &w, why) != 0)
		return tool_error("%s: %s", zone, why);
	return TOOL_DONE;
}

static const struct command commands[] = {
	{"add", true, true, run_add},
	{"del", true, true, run_del},
	{"list", false, false, run_list},
};
#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

/* ---- the way there */

static const struct conf_local *
choose_zone(const struct conf *conf, const char *name)
{
	const struct conf_local *found;

	if (conf->n_locals == 0) {
		tool_error("%s has no local section; add one: "
		    "local \"blacklist.internal\" { }", conf->path);
		return NULL;
	}
	if (name == NULL && conf->n_locals == 1)
		return &conf->locals[0];
	found = name != NULL ? conf_local_find(conf, name) : NULL;
	if (found != NULL)
		return found;
	if (name == NULL)
		tool_error("%s has several local sections; say which with -z:",
		    conf->path);
	else
		tool_error("%s has no local section \"%s\"; there is:",
		    conf->path, name);
	for (size_t i = 0; i < conf->n_locals; i++)
		fprintf(stderr, "  %s\n", conf->locals[i].name);
	return NULL;
}

/* The group as which the daemon reads; -1 with a warning if there is none. */
static gid_t
daemon_group(const struct conf *conf)
{
	const struct passwd *pw = getpwnam(conf->user);

	if (pw != NULL)
		return pw->pw_gid;
	tool_error("warning: the user \"%s\" of %s does not exist, so nobody "
	    "but you may be able to read the list; make the user, then run "
	    "this again", conf->user, conf->path);
	return (gid_t)-1;
}

static int
run(const struct command *cmd, const struct request *req)
{
	const struct conf_local *zone;
	char why[LOCAL_WHY_MAX];
	struct local *l = NULL;
	struct conf *conf;
	int rc = TOOL_FAILED, rv;

	conf = tool_conf(req->conf_path);
	if (conf == NULL)
		return TOOL_FAILED;
	zone = choose_zone(conf, req->zone);
	if (zone == NULL)
		goto out;
	rv = local_open(&l, conf->state_dir, zone->name, cmd->writes,
	    daemon_group(conf), why);
	if (rv != 0)
		tool_error("%s%s", why, rv == -EACCES || rv == -EPERM ?
		    "; run blctl as root" : "");
	else
		rc = cmd->run(l, zone->name, req);
out:
	local_close(l);
	conf_free(conf);
	return rc;
}

/* "3" is 127.0.0.3. */
static int
parse_code(uint32_t *out, const char *txt)
{
	struct addr a;
	char *end;
	long n;

	if (addr_parse(&a, txt) == 0 && a.family == AF_INET) {
		*out = addr_ip4(&a);
	} else {
		n = strtol(txt, &end, 10);
		if (*txt < '0' || *txt > '9' || *end != '\0' || n > 255)
			n = 0;
		*out = 0x7f000000 | (uint32_t)n;
	}
	if (*out >> 24 == 127 && *out >= CODE_DEFAULT)
		return 0;
	tool_error("--code %s: a code is 2-255 or 127.x.y.z", txt);
	return -EINVAL;
}

static int
parse_options(struct request *req, int argc, char **argv)
{
	static const struct option options[] = {
		{"config", required_argument, NULL, 'c'},
		{"zone", required_argument, NULL, 'z'},
		{"code", required_argument, NULL, 'n'},
		{"reason", required_argument, NULL, 'r'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'},
		{NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "c:z:hV", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			req->conf_path = optarg;
			break;
		case 'z':
			req->zone = optarg;
			break;
		case 'n':
			if (parse_code(&req->code, optarg) != 0)
				return TOOL_USAGE;
			req->has_add_options = true;
			break;
		case 'r':
			req->reason = optarg;
			req->has_add_options = true;
			break;
		case 'h':
			usage(stdout);
			exit(tool_finish(TOOL_DONE));
		case 'V':
			printf("blctl %s\n", PACKAGE_VERSION);
			exit(tool_finish(TOOL_DONE));
		default:
			return usage(stderr);
		}
	}
	return TOOL_DONE;
}

int
main(int argc, char **argv)
{
	struct request req = {
		.conf_path = CONF_DEFAULT_PATH,
		.code = CODE_DEFAULT,
		.reason = "",
	};
	const struct command *cmd = NULL;
	int rc;

	tool_init("blctl");
	rc = parse_options(&req, argc, argv);
	if (rc != TOOL_DONE)
		return rc;
	for (size_t i = 0; i < N_COMMANDS && optind < argc; i++)
		if (strcmp(argv[optind], commands[i].name) == 0)
			cmd = &commands[i];
	if (cmd == NULL || argc - optind != 1 + cmd->takes_key ||
	    (req.has_add_options && cmd->run != run_add))
		return usage(stderr);
	if (cmd->takes_key)
		req.key = argv[optind + 1];
	return tool_finish(run(cmd, &req));
}
