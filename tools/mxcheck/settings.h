/*
 * What the admin wants: from the command line (options.c) and from a
 * configuration file (mxconf.c). Nothing here comes from the network.
 */
#ifndef TOOLS_MXCHECK_SETTINGS_H
#define TOOLS_MXCHECK_SETTINGS_H

#include <sys/socket.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/mxcheck/facts.h"
#include "tools/mxcheck/finding.h"

struct model;

#define SETTINGS_SERVERS_MAX 3
#define SETTINGS_LIST_MAX 64

struct settings_list { /* of words, as given */
	const char *word[SETTINGS_LIST_MAX];
	size_t n;
};

struct settings_domain {
	const char *name;
	enum facts_yes mail; /* FACTS_NO: it is to have none */
	bool nofailover_ok;
	struct settings_list expect_mx; /* "10 mx1.example.com" or a name */
	struct settings_list outbound;	/* addresses that send its mail */
	struct settings_list dkim;	/* selectors that it signs with */
	struct settings_list severity;	/* "B01=CRIT" */
};

enum settings_role { ROLE_NONE, ROLE_PRIMARY, ROLE_BACKUP, ROLE_NOLISTING };

struct settings_host {
	const char *name;
	enum settings_role role;
	bool expect_down;
	bool internal; /* private addresses are fine, and are dialled */
	bool trusted;  /* it relays for us: R01 says nothing */
	const char *site;
	uint32_t asn; /* that announces it; 0: by its addresses */
	struct settings_list severity; /* "C01=WARN" */
};

struct settings_dns {
	struct sockaddr_storage addr;
	socklen_t addr_len;
};

enum settings_rcpt { RCPT_NONE, RCPT_BASIC };

struct settings {
	/* names and network */
	struct settings_dns servers[SETTINGS_SERVERS_MAX];
	size_t n_servers;
	bool file_servers; /* of the configuration: an option replaces them */
	const char *helo;
	bool has_source4, has_source6;
	struct addr source4, source6;
	bool only4, only6;
	uint16_t port;
	const char *ca_file; /* NULL: the system's */
	uint16_t sts_port;
	uint32_t sts_limit_ms; /* of the fetch of a policy */
	bool authoritative; /* ask every name server itself, D09 */
	const char *asn_file;	  /* prefixes and their AS; NULL */
	const char *asn_zones[2]; /* TXT by reversed address: IPv4, IPv6 */
	/* how much */
	unsigned jobs, deadline_s, recheck_s; /* recheck 0: none */
	bool patient;
	uint32_t limit_ms[FACTS_STAGES]; /* each stage of a session */
	uint32_t slow_ms[FACTS_STAGES];	 /* more is a warning; 0: never */
	uint32_t session_ms;
	enum settings_rcpt rcpt;
	bool relay;
	const char *relay_target;
	unsigned rcpt_domains; /* per session */
	bool internal;	       /* for every host */
	struct settings_list dnsbls; /* zones of lists of addresses */
	bool outbound;	       /* what receivers ask of our mail: group O */
	bool access;	       /* services for users, too: group A */
	/* judging */
	int64_t at_days; /* judge dates this much later */
	unsigned min_mx;
	enum facts_yes trusted_probe; /* R01; unknown: by the address */
	struct settings_list only, skip; /* check ids and groups */
	struct settings_list assume_down;
	const struct model *models[8];
	size_t n_models;
	struct settings_domain *domains;
	size_t n_domains;
	struct settings_host *hosts;
	size_t n_hosts;
	/* from run to run */
	const char *state_dir; /* NULL: none */
	bool no_state;
	unsigned confirm, recover;    /* runs */
	unsigned flap_high, flap_low; /* percent */
	/* the run */
	struct settings_list files;   /* of domains */
	struct settings_list outputs; /* "table", "json=FILE" */
	const char *alert_to;	      /* who reads what -q prints; NULL */
	const char *hook;	      /* a program for each change; NULL */
	bool hook_batch;	      /* once for all of them */
	bool dual_cert; /* a second session for the other certificate */
	const char *zone;	      /* a file of the hosts' health; NULL */
	unsigned zone_life_s;	      /* until it is not believed any more */
	const char *replay; /* a recorded run; NULL */
	int verbose;
	bool exit_zero; /* unless the run itself fails */
	bool quiet, dry_run, ascii;
};

/* The defaults; before anything else. */
void settings_init(struct settings *s);
void settings_clear(struct settings *s);

/* Adds a word; borrowed. False: the list is full. */
bool settings_add(struct settings_list *list, const char *word);

/* RFC 5321 4.5.3.2: minutes, where the defaults are seconds. */
void settings_patient(uint32_t limit_ms[FACTS_STAGES]);

/* What is said of a domain or host; a row of defaults if nothing is. */
const struct settings_domain *settings_domain(const struct settings *s,
    const char *name);
const struct settings_host *settings_host(const struct settings *s,
    const char *name);

/* What the admin says of a finding's severity, for its host or else its domain;
 * host may be NULL. As it is if nothing is said. */
enum severity settings_severity(const struct settings *s, const char *id,
    const char *domain, const char *host, enum severity severity);

/* --only and --skip: by id ("D03") or group ("D"). */
bool settings_wants(const struct settings *s, const char *id);

#endif
