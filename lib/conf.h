/*
 * The configuration that the daemon and the tools share (resolverd.conf(5)).
 *
 * One row of a table in conf.c per option: name, type, default, least, most,
 * unit, and what it is; the man page and the sample are checked against it.
 */
#ifndef LIB_CONF_H
#define LIB_CONF_H

#include <sys/socket.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/conf_gate.h"
#include "lib/conf_route.h"
#include "lib/dname.h"
#include "lib/prefix_table.h"

#define CONF_DEFAULT_PATH SYSCONFDIR "/resolverd/resolverd.conf"

struct conf_dataset {
	char *type;    /* "ip4set", ...: known to zones/, checked there */
	char **files;  /* a relative name is completed by path's folder */
	size_t n_files;
};

/* Where the zone's files named @feed/NAME come from, see zones/feed.h. */
struct conf_feed {
	char *source;	     /* see lib/feed_source.h; NULL: there is no feed */
	char *password_file; /* or NULL */
	uint32_t every_s;
	uint32_t time_limit_s;
	uint64_t bandwidth; /* bytes per second; 0 for no limit */
	char *dir;	    /* STATE/feeds/ZONE */
	char **files;	    /* each NAME once, without @feed/ */
	size_t n_files;
	unsigned line; /* where its section starts; 0: there is none */
};

#define CONF_FEED_CURRENT "current" /* in dir: the last that came whole */

/* How data is read, other than usual. All but exact is for rbldnsd-compat, no
 * options. */
struct conf_reading {
	bool exact; /* IPv6 entries of foreign lists are not made a /64 */
	uint32_t ttl;	       /* where the data has none; 0: rbldnsd's */
	uint32_t ttl_min, ttl_max; /* of those in the data; 0: no limit */
	bool host_bits;	       /* may be set in a prefix: they are cleared */
};

struct conf_zone {
	char *name;		  /* text, lower case, no final dot */
	uint8_t apex[DNAME_MAX];  /* the same, wire form, lower case */
	struct conf_dataset *datasets;
	size_t n_datasets;
	struct conf_feed feed;
	struct conf_gate gate;
	struct conf_age age;
	struct conf_reading reading;
	unsigned keep; /* generations; 0: PUBLISH_KEEP */
	bool provenance; /* whether files and lines are kept, for `why` */
	const struct conf_keys *protect; /* the conf's, borrowed; may be NULL */
	unsigned line;		  /* where its section starts */
};

struct conf_local {
	char *name;
	uint8_t apex[DNAME_MAX];
	unsigned line;
};

/* Within what bounds TTLs are kept, in seconds; min is never above max. */
struct conf_ttls {
	uint32_t min, max;			 /* of answers with data */
	uint32_t min_negative, max_negative; /* of NXDOMAIN and NODATA */
};

/* What becomes of a client's query; in none of the lists, it is refused. */
enum conf_acl { CONF_ACL_REFUSE, CONF_ACL_ALLOW, CONF_ACL_DROP };

/* DNS cookies, RFC 7873: required for a whole answer by UDP. */
enum conf_cookies { CONF_COOKIES_NO, CONF_COOKIES_YES, CONF_COOKIES_REQUIRED };

/* What is not validated for a while, RFC 7646. */
struct conf_negative_anchor {
	uint8_t name[DNAME_MAX]; /* lower case; and what is below it */
	int64_t until_s;         /* since the epoch: the first second without */
	unsigned line;
};

/* Everything is owned by the struct; conf_free() lets it go. */
struct conf {
	char *path; /* of the file it was read from */
	struct conf_endpoint *listen; /* those for TLS, too */
	size_t n_listen;
	char *tls_certificate, *tls_key; /* or NULL: no endpoint is for TLS */
	char *identity, *version; /* what we say of us; NULL: nothing */
	struct prefix_table query_acl; /* of enum conf_acl */
	struct {
		enum conf_cookies cookies;
		char *cookie_secret_file; /* NULL: secrets are made up */
		unsigned rate_limit, network_rate_limit; /* a second; 0: any */
		unsigned slip;
		struct prefix_table no_rate_limit; /* of anything */
		unsigned tcp_connections; /* of all workers */
		unsigned tcp_connections_per_client;
		uint32_t tcp_idle_s;
	} clients;
	char *hosts_file; /* completed; NULL: none */
	char *state_dir; /* completed like a dataset's file */
	char *control_socket; /* completed by state_dir */
	unsigned workers; /* never 0: one per core is already worked out */
	char *user;
	struct {
		uint64_t size; /* bytes */
		struct conf_ttls ttls;
		uint32_t max_stale_s; /* 0: what has expired is not answered */
	} cache;
	struct {
		struct conf_endpoint *forward;
		size_t n_forward; /* 0: full recursion */
		bool validate;
		char *trust_anchor; /* file with the root's; completed */
		struct conf_negative_anchor *negative;
		size_t n_negative;
		uint32_t deadline_s; /* for an answer */
		uint32_t list_deadline_s; /* for one of a list outside */
		unsigned max_in_flight; /* questions, of a worker */
	} upstream;
	struct conf_route *routes; /* no two of one name */
	size_t n_routes;
	struct conf_keys protect; /* what no zone may list */
	struct conf_zone *zones;
	size_t n_zones;
	struct conf_local *locals;
	size_t n_locals;
};

/* Called for each error; line 0 if it belongs to no line. */
typedef void conf_report_fn(void *arg, const char *path, unsigned line,
    const char *text);

/*
 * Reads path. Every error is reported, in the order of the file, up to the
 * first one of syntax. Returns 0, or -EINVAL with *out NULL if there was any
 * error; -errno (reported, too) if the file cannot be read. Not reentrant:
 * libConfuse keeps its state in globals.
 */
int conf_read(struct conf **out, const char *path, conf_report_fn *report,
    void *arg) __attribute__((warn_unused_result));

/*
 * The same from len bytes of text, which are changed; text[len] must be '\0'.
 * path only gives the name for reports and the folder for relative names.
 */
int conf_parse(struct conf **out, char *text, size_t len, const char *path,
    conf_report_fn *report, void *arg) __attribute__((warn_unused_result));
void conf_free(struct conf *c); /* NULL is fine */

enum conf_type {
	CONF_TEXT,
	CONF_NUMBER,
	CONF_SIZE,
	CONF_DURATION, /* seconds; with s, m, h or d behind the number */
	CONF_SWITCH,
	CONF_LIST
};

/* One option, as the table in conf.c has it; all strings are literals. */
struct conf_option {
	const char *section; /* "" outside of all sections */
	const char *name;
	enum conf_type type;
	const char *def;      /* list items parted by ", "; "" for none */
	uint64_t least, most; /* of a number; of a list its items; or 0, 0 */
	const char *unit;     /* of the number, or the form of the text */
	const char *meaning;
};

/* The options in the table's order; NULL past the last. */
const struct conf_option *conf_option(size_t i);
const char *conf_type_txt(enum conf_type type);

/* "30m": seconds in the largest unit that divides them; returns out. */
#define CONF_DURATION_LEN 24
char *conf_duration_txt(char *out, uint64_t seconds);

/* The zone or local section whose name equals the text; NULL if none. */
const struct conf_zone *conf_zone_find(const struct conf *c, const char *name);
const struct conf_local *conf_local_find(const struct conf *c,
    const char *name);

/* How long an answer from outside may take at most, whoever is asked. */
uint32_t conf_longest_deadline_s(const struct conf *c);

#endif
