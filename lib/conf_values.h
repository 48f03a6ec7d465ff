/*
 * The options of the configuration and what takes their values; for conf.c and
 * its tests only. Users of the configuration include lib/conf.h.
 */
#ifndef LIB_CONF_VALUES_H
#define LIB_CONF_VALUES_H

#include "lib/conf.h"

#define CONF_ROWS 65
#define CONF_TLS_PORT 853 /* RFC 7858 3.1 */

/* What a value needs to know while the file is read. */
struct conf_reader {
	struct conf *conf; /* being filled */
	conf_report_fn *report;
	void *arg;
	char *folder;  /* of the file, "/" at the end; "" if there is none */
	unsigned line; /* of the value or section; 0 for a default */
	unsigned n_errors;
};

struct conf_row;

/* Takes one value, or one item of a list; reports what is wrong with it. */
typedef void conf_set_fn(
    struct conf_reader *r, const struct conf_row *row, const char *value);

struct conf_row {
	struct conf_option opt;
	conf_set_fn *set;
};

extern const struct conf_row conf_rows[];

/* Reports and counts an error in r->line. */
void conf_complain(struct conf_reader *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* About a value: what the option is, the value, what is wrong with it. */
void conf_complain_of(struct conf_reader *r, const struct conf_row *row,
    const char *value, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* False if the value is refused, which has been reported then. */
bool conf_read_number(struct conf_reader *r, const struct conf_row *row,
    const char *value, uint64_t *out);
bool conf_read_duration(struct conf_reader *r, const struct conf_row *row,
    const char *value, uint32_t *out);

bool conf_read_switch(struct conf_reader *r, const struct conf_row *row,
    const char *value, bool *out);

/*
 * Appends address@port to the list. Returns it (the list's), or NULL: it is
 * refused, which has been reported then. A server is one that we ask.
 */
const struct conf_endpoint *conf_add_endpoint(struct conf_reader *r,
    const struct conf_row *row, const char *value, struct conf_endpoint **list,
    size_t *n);
const struct conf_endpoint *conf_add_server(struct conf_reader *r,
    const struct conf_row *row, const char *value, struct conf_endpoint **list,
    size_t *n);
bool conf_has_endpoint(
    const struct conf_endpoint *list, size_t n, const char *txt);

/*
 * Makes *name (lower case, no final dot; owned by the caller) and apex from a
 * section's title; reports one that is no domain name, or is taken.
 */
void conf_take_name(struct conf_reader *r, const char *section,
    const char *title, char **name, uint8_t *apex);

/* ---- conf_anchor.c */

conf_set_fn conf_set_trust_anchor, conf_set_negative_anchor,
    conf_set_hosts_file;

/* ---- conf_daemon.c */

conf_set_fn conf_set_listen, conf_set_state_dir, conf_set_control_socket,
    conf_set_workers, conf_set_user, conf_set_forward, conf_set_validate;
/* Completes the path by state-dir, which is known now. */
void conf_settle_control_socket(struct conf *c);

/* ---- conf_zone.c */

conf_set_fn conf_set_datasets, conf_set_feed_source, conf_set_feed_every,
    conf_set_feed_password_file, conf_set_feed_bandwidth,
    conf_set_feed_time_limit;
/* When all values are there: makes paths of @feed/NAME, and checks. */
void conf_settle_zones(struct conf_reader *r);
void conf_free_zone(struct conf_zone *z); /* what it owns */

/* ---- conf_route.c */

conf_set_fn conf_set_route_forward, conf_set_route_stub,
    conf_set_route_recurse, conf_set_route_minimise, conf_set_route_validate,
    conf_set_route_deadline;
void conf_begin_route(struct conf_reader *r, const char *title);
void conf_free_route(struct conf_route *route);

/* When all sections are there: fills in what routes leave out, and checks. */
void conf_settle_routes(struct conf_reader *r);

/* ---- conf_cache.c */

conf_set_fn conf_set_cache_size, conf_set_min_ttl, conf_set_max_ttl,
    conf_set_min_negative_ttl, conf_set_max_negative_ttl, conf_set_max_stale,
    conf_set_deadline, conf_set_list_deadline, conf_set_max_in_flight;
/* Once all values are there; r->line is the section's. */
void conf_check_cache(struct conf_reader *r);

/* A path that is relative to the file's folder; the caller's to free. */
char *conf_complete_path(const struct conf_reader *r, const char *path);

/* ---- conf_clients.c */

conf_set_fn conf_set_allow_query, conf_set_refuse_query, conf_set_drop_query,
    conf_set_cookies, conf_set_cookie_secret_file, conf_set_tcp_connections,
    conf_set_tcp_connections_per_client, conf_set_tcp_idle,
    conf_set_listen_tls, conf_set_tls_certificate, conf_set_tls_key,
    conf_set_rate_limit, conf_set_network_rate_limit, conf_set_slip,
    conf_set_no_rate_limit, conf_set_identity, conf_set_version;
void conf_check_clients(struct conf_reader *r); /* all values are there */
void conf_clients_free(struct conf *c);

/* ---- conf_gate.c */

conf_set_fn conf_set_protect, conf_set_keep, conf_set_provenance,
    conf_set_exact, conf_set_min_entries,
    conf_set_max_shrink, conf_set_max_growth, conf_set_max_bad_lines,
    conf_set_widest_ip4, conf_set_widest_ip6, conf_set_test_points,
    conf_set_must_list, conf_set_must_not_list, conf_set_skip_rules,
    conf_set_max_age, conf_set_expire, conf_set_when_expired;
void conf_gate_free(struct conf_gate *gate);
void conf_protect_free(struct conf_keys *protect);

#endif
