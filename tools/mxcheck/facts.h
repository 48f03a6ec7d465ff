/*
 * The facts of one run of mxcheck(8): what DNS said and what the mail servers
 * did, and nothing that was concluded from it. How a run flows:
 *
 *	main.c	  options.c, later mxconf.c -> struct settings
 *	  |
 *	gather.c  resolve*.c -> dns.c -> dnsmsg.c	   (the questions)
 *	  |	  prober.c, access.c -> probe*.c -> dial.c, tls.c, and
 *	  |		  reply.c, imap.c, pop.c	   (the sessions)
 *	  |	  fetch.c -> sts.c		   (the policies of MTA-STS)
 *	  v
 *	FACTS	  plain data, here; record.c writes and reads them
 *	  |	  as JSON lines, so that --replay judges a recorded run
 *	  v
 *	check.c	  check_c.c, check_d.c, ...: a table of rows for each group;
 *	  |	  pure functions of facts and settings (fault.c: what dies
 *	  |	  together)
 *	  v
 *	judge.c	  outcome.c (one probe), model.c (senders as data), walk.c (one
 *	  |	  sender, one domain), verdict.c (scenarios and the sentence)
 *	  v
 *	events.c  what changed since the last run: alert.c over state.c
 *	report_*.c  struct report -> table, json, changes, nagios, prom, zone
 *	hook.c	  a program of the admin's for each event
 *	state*.c  LMDB through lib/store.h; history.c: between it and the facts
 *
 * Only what stands above FACTS touches the network, only history.c and events.c
 * what earlier runs left: all between is a function of its arguments.
 *
 * Text from the network is escaped when it becomes a fact (facts_text()), so
 * nothing behind has to. All memory belongs to the struct facts and goes with
 * it; pointers between facts are borrowed from there.
 */
#ifndef TOOLS_MXCHECK_FACTS_H
#define TOOLS_MXCHECK_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "tools/mxcheck/sts.h"

#define FACTS_TEXT_MAX 400  /* bytes that are kept of a reply, unescaped */
#define FACTS_ADDRS_MAX 32  /* of a host and a family; more are not dialled */
#define FACTS_EHLO_MAX 64   /* keywords of a reply to EHLO */
#define FACTS_CERTS_MAX 10  /* of a chain as it was shown */
#define FACTS_TLSA_MAX 32   /* records of a host; more are not looked at */
#define FACTS_SERVERS_MAX 16 /* name servers of a zone; likewise */
#define FACTS_TOLD_MAX 64    /* of their addresses that are asked themselves */

/* ---- DNS */

/* The four answers are never merged: senders bounce, queue or go on. */
enum facts_dns {
	FACTS_NOT_ASKED,
	FACTS_EXISTS,
	FACTS_NODATA,
	FACTS_NXDOMAIN,
	FACTS_FAILED, /* no answer, SERVFAIL, bogus, a loop of aliases */
};

struct facts_lookup {
	enum facts_dns dns;
	const char *why;   /* FACTS_FAILED: "SERVFAIL", "no answer", ... */
	uint32_t ttl;	   /* s; the least along the aliases */
	bool ad;	   /* the resolver says that it has validated it */
	bool bogus;	   /* FACTS_FAILED, but there is an answer under CD */
	bool cut;	   /* truncated over UDP, and no answer over TCP */
	unsigned n_aliases; /* CNAMEs followed */
	const char *alias; /* where they led to; NULL without */
};

struct facts_names { /* names of a lookup: PTR, NS; or texts */
	const char **name;
	size_t n;
};

struct facts_txt { /* the TXT RRs of a name, the strings of each joined */
	struct facts_lookup lookup;
	struct facts_names texts;
};

struct facts_tlsa { /* RFC 6698 2.1 */
	uint8_t usage, selector, matching;
	const char *data; /* hex */
};

/* ---- a session with a mail server */

enum facts_stage {
	FACTS_CONNECT,
	FACTS_GREETING,
	FACTS_EHLO,
	FACTS_HELO, /* only after a refused EHLO */
	FACTS_STARTTLS,
	FACTS_TLS,
	FACTS_EHLO_TLS,
	FACTS_MAIL,  /* the first MAIL FROM:<> */
	FACTS_RELAY, /* RCPT for the foreign recipient */
	FACTS_QUIT,
	FACTS_STAGES,
};

enum facts_end {
	FACTS_END_NONE,	       /* not reached, or not wanted */
	FACTS_END_DONE,	       /* connected, replied or shaken hands */
	FACTS_END_TIMEOUT,
	FACTS_END_REFUSED,     /* connect: RST */
	FACTS_END_UNREACHABLE, /* connect: no route, prohibited */
	FACTS_END_RESET,
	FACTS_END_CLOSED,
	FACTS_END_PROTO,       /* over a cap, or not the protocol */
	FACTS_END_STOPPED,     /* the run was over first */
};

/* Faults in the form of a reply, RFC 5321 4.2, 4.5.3.1.5 */
#define FACTS_REPLY_CODES_DIFFER 0x01 /* inside of one reply */
#define FACTS_REPLY_LONG_LINE 0x02    /* over 512 octets */
#define FACTS_REPLY_BARE_LF 0x04
#define FACTS_REPLY_CUT 0x08 /* there was more than is kept */

/* The codes of IMAP and POP3, which have none: OK, +OK; NO, BAD, BYE, -ERR. */
#define FACTS_REPLY_OK 200
#define FACTS_REPLY_NO 500

struct facts_reply {
	uint16_t code;	  /* 0: none */
	uint8_t faults;	  /* FACTS_REPLY_* */
	const char *text; /* escaped, lines joined by " / "; NULL: no code */
};

struct facts_step {
	enum facts_end end;
	uint32_t ms; /* from the start of the stage to its end */
	struct facts_reply reply;
};

struct facts_ehlo {
	const char *name; /* the first word; "" if none */
	const char **keyword; /* the lines behind the first, as sent */
	size_t n;
};

enum facts_yes { FACTS_UNKNOWN, FACTS_NO, FACTS_YES };

struct facts_cert {
	const char *subject, *issuer, *serial;
	int64_t not_before, not_after; /* s since 1970 */
	const char *key;	       /* "RSA", "EC", "ED25519" */
	unsigned key_bits;
	const char *signature;	/* "sha256WithRSAEncryption" */
	bool weak_signature;	/* MD5 or SHA-1, and not self-signed */
	const char *spki, *der; /* SHA-256, hex */
};

struct facts_tls {
	const char *proto, *cipher;
	const char *why;  /* of a handshake that failed; NULL */
	bool old_proto;	  /* it failed since the server is older than 1.2 */
	bool injected;	  /* clear text stood behind the 220, CVE-2011-0411 */
	int verify;	  /* X509_V_*: the chain, dates left out */
	const char *verify_txt;
	enum facts_yes name; /* a dNSName of the leaf matches the host */
	bool cn_matches;     /* the CN would, but that is no match any more */
	uint32_t tlsa_matches; /* a bit for each of the host's TLSA records */
	struct facts_cert *certs; /* as shown, the leaf first */
	size_t n_certs;
};

struct facts_domain;

/* What the server said to the recipients of one domain; each has its own
 * transaction. */
struct facts_rcpt {
	const struct facts_domain *domain;
	struct facts_step postmaster, unknown;
};

struct facts_probe {
	struct facts_step step[FACTS_STAGES];
	struct facts_ehlo ehlo, ehlo_tls;
	bool clear; /* STARTTLS was left out after a failed handshake */
	struct facts_tls tls;
	struct facts_rcpt *rcpts;
	size_t n_rcpts;
};

/* ---- what there is */

struct facts_dnsbl_answer {
	struct facts_lookup lookup;
	struct facts_names codes; /* the A records, as text */
};

struct facts_dnsbl { /* a list of addresses, RFC 5782 */
	const char *zone;
	/* its test points, IPv4 and IPv6: must be, must not be listed */
	struct facts_dnsbl_answer listed[2], clean[2];
};

struct facts_addr {
	struct addr addr;
	char txt[ADDR_TXT_MAX];
	struct facts_lookup ptr;
	struct facts_names ptrs;
	bool confirmed;	 /* one of them has this address */
	bool unchecked;	 /* of one of them the address could not be had */
	struct facts_endpoint *dialled; /* whose session it is; NULL: none */
	uint32_t asn; /* who announces it; 0: not known */
	struct facts_dnsbl_answer *listings; /* of each of facts->dnsbls, in
					      * their order; NULL: none */
};

/* What earlier runs saw (history.c); all 0 without a state. */
struct facts_past {
	int64_t first_usable, last_usable; /* s since 1970; 0: never */
	int64_t not_after; /* of the leaf they saw */
	int64_t next_probe; /* not before: it said that we are too many */
	unsigned n_tls;	   /* runs in which TLS worked */
	const char *spki;  /* SHA-256 of the leaf's key, hex; NULL */
};

struct facts_endpoint {
	size_t index; /* its place in facts->endpoints */
	struct facts_host *host;
	struct facts_addr *addr;
	const char *untried; /* why nothing was dialled; NULL if it was */
	bool held; /* untried: it limits us, as an earlier run was told */
	/* The endpoint on the same address whose session this one shares; the
	 * name in the certificate is judged for each. NULL: its own session. */
	const struct facts_endpoint *shared;
	struct facts_probe probe;  /* the last one */
	struct facts_probe *first; /* the one that it was to confirm; NULL */
	struct facts_tls *other; /* with the other kind of key; NULL: not asked
				  * for. Without certs: there is none */
	struct facts_lookup greeting_name; /* of the greeting's first word */
	struct facts_past past;
};

struct facts_server { /* of names, or for users; whoever has it */
	const char *name;
	struct facts_lookup a, aaaa;
	struct facts_addr **addrs; /* IPv4 first, then by address */
	size_t n_addrs;
};

/* What an address of a name server said when it was asked itself. */
struct facts_told {
	const char *type; /* "MX", "A", "AAAA" */
	const struct facts_server *server;
	const struct facts_addr *addr;
	enum facts_dns dns; /* FACTS_NOT_ASKED: see why */
	const char *why;    /* it was not asked, or did not answer */
	bool aa;	    /* it has the zone; if not, it is lame */
	const char *data;   /* the RRset as a sorted text */
};

struct facts_tellings {
	struct facts_told *told; /* by server, then address */
	size_t n;
};

struct facts_zone { /* what is delegated to its name servers as one */
	const char *name;
	struct facts_lookup ns;
	struct facts_server **servers; /* by name */
	size_t n_servers;
};

struct facts_host { /* by name, whatever domains have it */
	const char *name;
	struct facts_lookup a, aaaa;
	struct facts_lookup tlsa; /* of _25._tcp */
	struct facts_tlsa *tlsas;
	size_t n_tlsas;
	struct facts_endpoint **endpoints; /* IPv4 first, then by address */
	size_t n_endpoints;
	struct facts_zone *zone; /* that the name is in; NULL: not known */
	struct facts_tellings told; /* A and AAAA, by --authoritative */
};

/* ---- services for users (--access), RFC 6186 3, RFC 8314 5.1 */

enum facts_service { /* in the order of their names in DNS */
	FACTS_SUBMISSIONS,
	FACTS_SUBMISSION,
	FACTS_IMAPS,
	FACTS_IMAP,
	FACTS_POP3S,
	FACTS_POP3,
	FACTS_SERVICES,
};

struct facts_srv {
	uint16_t pref, weight, port;
	const char *target; /* as in the RR; ".": the service is not offered */
	struct facts_server *server; /* NULL: the target is no host name */
};

struct facts_offer { /* what a domain says of a service */
	struct facts_lookup lookup;
	struct facts_srv *srvs; /* by priority, then target and port */
	size_t n_srvs;
};

/* A place where a service is to be had, and the session with it: of probe only
 * the stages without mail, ehlo for the capabilities, tls. */
struct facts_access {
	enum facts_service service;
	struct facts_server *server;
	struct facts_addr *addr;
	uint16_t port;
	struct facts_names domains;  /* that send their users there */
	struct facts_names good_for; /* those that the certificate names */
	const char *untried; /* why nothing was dialled; NULL if it was */
	bool preauth; /* IMAP: the greeting takes anybody for logged in */
	struct facts_probe probe;
};

/* The policy of MTA-STS (RFC 8461 3.2, 3.3). */
struct facts_fetch {
	struct facts_names addrs; /* of mta-sts.DOMAIN */
	bool is_had;		  /* it came, and by the rules */
	const char *why; /* it did not; NULL if nothing was fetched */
	uint32_t ms, size;
	const char *digest; /* SHA-256 of the body, hex */
	const char *wrong;  /* the body is no policy: why; NULL */
	enum sts_mode mode;
	uint32_t max_age;
	struct facts_names patterns; /* of MX hosts */
};

/* What the last run that had the policy saw; all 0 without a state. */
struct facts_sts_past {
	const char *id, *digest;
	enum sts_mode mode;
	uint32_t max_age;
	int64_t fetched; /* s since 1970; 0: never */
};

/* What is asked about mail that says it is from the domain (--outbound). */
struct facts_dkim {
	const char *selector; /* as configured */
	struct facts_txt key; /* of SELECTOR._domainkey.DOMAIN */
};

struct facts_dmarc { /* a step of the walk up the tree, RFC 9989 4.10 */
	const char *name; /* whose _dmarc */
	struct facts_txt txt;
};

struct facts_outbound {
	struct facts_dmarc *dmarcs; /* the domain itself first, then parents */
	size_t n_dmarcs;
	struct facts_dkim *dkims;
	size_t n_dkims;
	struct facts_txt bimi; /* of default._bimi */
	struct facts_addr **senders; /* configured ones, then those of its MX */
	size_t n_senders;
};

struct facts_mx {
	uint16_t pref;
	const char *target;	 /* as in the RR; "." is the null MX */
	struct facts_host *host; /* NULL: the target is no host name */
};

struct facts_domain {
	const char *name; /* A-labels, lower case, no final dot */
	size_t index;	  /* its place in facts->domains */
	struct facts_lookup mx;
	bool implicit; /* no MX: the domain's own addresses, RFC 5321 5.1 */
	struct facts_zone *zone; /* that the name is in; NULL: not known */
	struct facts_tellings told; /* MX, by --authoritative */
	struct facts_mx *mxs; /* by preference, then target */
	size_t n_mxs;
	struct facts_txt sts, tlsrpt; /* of _mta-sts and _smtp._tls */
	struct facts_fetch fetch;
	struct facts_sts_past sts_past;
	struct facts_outbound outbound;
	struct facts_offer offers[FACTS_SERVICES];
};

/* Where the mail about a change goes: the MX set of that domain. */
struct facts_alerts {
	const char *domain; /* NULL: by another way, or not known */
	struct facts_lookup mx;
	struct facts_names targets; /* sorted; the domain if it has no MX */
};

struct facts {
	struct arena *arena; /* private */
	void *names[6]; /* private: what there is once, by name */
	int64_t at; /* s since 1970: when the run began */
	uint32_t took_ms;
	const char *helo;
	bool no_route4, no_route6; /* nothing of that family can be dialled */
	enum facts_yes helo_is_us; /* it has the address we dial from */
	bool stopped;		   /* the deadline of the run came first */
	struct facts_alerts alerts;
	struct facts_domain **domains;
	size_t n_domains;
	struct facts_host **hosts;
	size_t n_hosts;
	struct facts_addr **addrs;
	size_t n_addrs;
	struct facts_endpoint **endpoints;
	size_t n_endpoints;
	struct facts_zone **zones;
	size_t n_zones;
	struct facts_server **servers;
	size_t n_servers;
	struct facts_access **accesses;
	size_t n_accesses;
	struct facts_dnsbl *dnsbls; /* as configured */
	size_t n_dnsbls;
};

struct facts *facts_new(void);
void facts_free(struct facts *facts); /* NULL is fine */

/* Memory that lives as long as the facts; zeroed. Never fails (xalloc.h). */
void *facts_alloc(struct facts *facts, size_t count, size_t size);

/*
 * A copy of len bytes from outside: what is not 0x20-0x7e becomes \xNN, and a
 * backslash \x5c. At most FACTS_TEXT_MAX bytes are taken.
 */
const char *facts_text(struct facts *facts, const void *bytes, size_t len);
/* The same of all the bytes. */
const char *facts_text_whole(struct facts *facts, const void *bytes,
    size_t len);
const char *facts_str(struct facts *facts, const char *s); /* a plain copy */

/* Each finds the one that is there, or adds it. Names in lower case. */
struct facts_domain *facts_domain(struct facts *facts, const char *name);
struct facts_host *facts_host(struct facts *facts, const char *name);
struct facts_addr *facts_addr(struct facts *facts, const struct addr *addr);
struct facts_zone *facts_zone(struct facts *facts, const char *name);
struct facts_server *facts_server(struct facts *facts, const char *name);

/* Adds one; the order of a host's endpoints is kept. */
struct facts_endpoint *facts_endpoint(struct facts *facts,
    struct facts_host *host, const struct addr *addr);

/* Finds the one that is there, or adds it. */
struct facts_access *facts_access(struct facts *facts,
    enum facts_service service, struct facts_server *server,
    const struct addr *addr, uint16_t port);
/* Where this record leads to, at one of its server's addresses; NULL: none. */
const struct facts_access *facts_access_of(const struct facts *facts,
    enum facts_service service, const struct facts_srv *srv,
    const struct facts_addr *addr);

/* Each adds one; the order is kept, and nothing stands twice. */
void facts_zone_add(struct facts *facts, struct facts_zone *zone,
    struct facts_server *server);
void facts_server_add(struct facts *facts, struct facts_server *server,
    const struct addr *addr);

void facts_name_add(struct facts *facts, struct facts_names *names,
    const char *name);

/* All but the domains into an order that does not depend on whose answer came
 * first. Pointers stay. */
void facts_sort(struct facts *facts);

void facts_sort_names(struct facts_names *names);

/* The MX RRs into their order. */
void facts_sort_mxs(struct facts_domain *domain);

/* "connect", "greeting", ...: as in --limit, the outputs and the record. */
const char *facts_stage_txt(enum facts_stage stage);
const char *facts_end_txt(enum facts_end end);
const char *facts_dns_txt(enum facts_dns dns);
const char *facts_service_txt(enum facts_service service); /* "imaps" */

bool facts_service_is_tls(enum facts_service service); /* from the start */

/* Did a step wait in vain, the parting aside? */
bool facts_timed_out(const struct facts_probe *probe);

/* The sole MX is "." (RFC 7505 3), or it stands beside others. */
bool facts_is_null_mx(const struct facts_domain *domain);
bool facts_has_null_mx(const struct facts_domain *domain);
/* The target of the MX at this place stands before it already. */
bool facts_mx_is_repeated(const struct facts_domain *domain, size_t at);

/* NULL if the session did not come to this domain. */
const struct facts_rcpt *facts_rcpt(const struct facts_probe *probe,
    const struct facts_domain *domain);

/* The keyword's line, e.g. "SIZE 10240000"; NULL if it is not there. The list
 * is the one that counts: that under TLS if there was one. */
const char *facts_keyword(const struct facts_probe *probe,
    const char *keyword);
const char *facts_ehlo_keyword(const struct facts_ehlo *ehlo,
    const char *keyword);

#endif
