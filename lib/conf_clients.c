/*
 * The options about clients: who may ask and how much, cookies, TCP, TLS.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/conf_values.h"
#include "lib/xalloc.h"

#define TOLD_MAX 255 /* RFC 1035 3.3 */

static bool
read_prefix(struct conf_reader *r, const struct conf_row *row,
    const char *value, struct prefix *out)
{
	int rc = prefix_parse(out, value);

	if (rc == -ERANGE)
		conf_complain_of(r, row, value,
		    "has bits set behind its length; clear them, or write a "
		    "longer prefix");
	else if (rc != 0)
		conf_complain_of(r, row, value,
		    "is no prefix; write it as 192.0.2.0/24, 2001:db8::/32 or "
		    "one address");
	return rc == 0;
}

static void
add_to_acl(struct conf_reader *r, const struct conf_row *row,
    const char *value, enum conf_acl action)
{
	static const char *const lists[] = {
	    [CONF_ACL_REFUSE] = "refuse-query",
	    [CONF_ACL_ALLOW] = "allow-query",
	    [CONF_ACL_DROP] = "drop-query",
	};
	struct prefix prefix;
	uint8_t there;

	if (!read_prefix(r, row, value, &prefix))
		return;
	if (prefix_table_add(&r->conf->query_acl, &prefix, action, &there) !=
		0 &&
	    there != action)
		conf_complain_of(r, row, value, "is in %s, too; remove one",
		    lists[there]);
}

void
conf_set_allow_query(
    struct conf_reader *r, const struct conf_row *row, const char *value)
{
	add_to_acl(r, row, value, CONF_ACL_ALLOW);
}

void
conf_set_refuse_query(
    struct conf_reader *r, const struct conf_row *row, const char *value)
{
	add_to_acl(r, row, value, CONF_ACL_REFUSE);
}

void
conf_set_drop_query(
    struct conf_reader *r, const struct conf_row *row, const char *value)
{
	add_to_acl(r, row, value, CONF_ACL_DROP);
}

void
conf_set_cookies(
    struct conf_reader *r, const struct conf_row *row, const char *value)
{
	static const char *const words[] = {
	    [CONF_COOKIES_NO] = "no",
	    [CONF_COOKIES_YES] = "yes",
	    [CONF_COOKIES_REQUIRED] = "required",
	};

	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(value, words[i]) == 0) {
			r->conf->clients.cookies = i;
			return;
		}
	}
	conf_complain_of(r, row, value,
	    "is refused; write yes, no or required");
}

static void
set_file(struct conf_reader *r, const struct conf_row *row, const char *value,
    char **out)
{
	if (value[0] == '\0') {
		conf_complain_of(r, row, value, "is empty; name a file");
		return;
	}
	free(*out);
	*out = conf_complete_path(r, value);
}

void
conf_set_cookie_secret_file(
    struct conf_reader *r, const struct conf_row *row, const char *value)
{
	set_file(r, row, value, &r->conf->clients.cookie_secret_file);
}

static void
set_number(struct conf_reader *r, const struct conf_row *row,
    const char *value, unsigned *out)
{
	uint64_t n;

	if (conf_read_number(r, row, value, &n))
		*out = (unsigned)n;
}

void
conf_set_rate_limit(
    struct conf_reader *r, const struct conf_row *row, const char *value)
{
	set_number(r, row, value, &r->conf->clients.rate_limit);
}

void
conf_set_network_rate_limit(
    struct conf_reader *r, const struct conf_row *row, const char *value)
{
	set_number(r, row, value, &r->conf->clients.network_rate_limit);
}

void
conf_set_slip(
    struct conf_reader *r, const struct conf_row *row, const char *value)
{
	set_number(r, row, value, &r->conf->clients.slip);
}

void
conf_set_no_rate_limit(
    struct conf_reader *r, const struct conf_row *row, const char *value)
{
	struct prefix prefix;
	uint8_t there;

	/* twice is as good as once */
	if (read_prefix(r, row, value, &prefix) &&
	    prefix_table_add(
		&r->conf->clients.no_rate_limit, &prefix, true, &there) != 0)
		return;
}

void
conf_set_tcp_connections(
    struct conf_reader *r, const struct conf_row *row, const char *value)
{
	set_number(r, row, value, &r->conf->clients.tcp_connections);
}

void
conf_set_tcp_connections_per_client(
    struct conf_reader *r, const struct conf_row *row, const char *value)
{
	set_number(r, row, value,
	    &r->conf->clients.tcp_connections_per_client);
}

void
conf_set_tcp_idle(
    struct conf_reader *r, const struct conf_row *row, const char *value)
{
	(void)conf_read_duration(r, row, value, &r->conf->clients.tcp_idle_s);
}

void
conf_set_listen_tls(
    struct conf_reader *r, const struct conf_row *row, const char *value)
{
	struct conf *c = r->conf;
	char *with_port = strchr(value, '@') ?
	    xstrdup(value) : xasprintf("%s@%d", value, CONF_TLS_PORT);

	if (conf_add_endpoint(r, row, with_port, &c->listen, &c->n_listen))
		c->listen[c->n_listen - 1].tls = true;
	free(with_port);
}

void
conf_set_tls_certificate(
    struct conf_reader *r, const struct conf_row *row, const char *value)
{
	set_file(r, row, value, &r->conf->tls_certificate);
}

void
conf_set_tls_key(
    struct conf_reader *r, const struct conf_row *row, const char *value)
{
	set_file(r, row, value, &r->conf->tls_key);
}

/* A character-string of the DNS, and something to see. */
static void
set_told(struct conf_reader *r, const struct conf_row *row, const char *value,
    char **out)
{
	size_t len = strlen(value);

	if (len == 0 || len > TOLD_MAX) {
		conf_complain_of(r, row, value,
		    "is refused; write 1 to %d bytes, or nothing of it",
		    TOLD_MAX);
		return;
	}
	free(*out);
	*out = xstrdup(value);
}

void
conf_set_identity(
    struct conf_reader *r, const struct conf_row *row, const char *value)
{
	set_told(r, row, value, &r->conf->identity);
}

void
conf_set_version(
    struct conf_reader *r, const struct conf_row *row, const char *value)
{
	set_told(r, row, value, &r->conf->version);
}

void
conf_check_clients(struct conf_reader *r)
{
	const struct conf *c = r->conf;
	bool tls = false;

	for (size_t i = 0; i < c->n_listen; i++)
		tls |= c->listen[i].tls;
	r->line = 0;
	if (tls && (!c->tls_certificate || !c->tls_key))
		conf_complain(r,
		    "listen-tls: no certificate; add tls-certificate and "
		    "tls-key");
	prefix_table_sort(&r->conf->query_acl);
	prefix_table_sort(&r->conf->clients.no_rate_limit);
}

void
conf_clients_free(struct conf *c)
{
	prefix_table_clear(&c->query_acl);
	prefix_table_clear(&c->clients.no_rate_limit);
	free(c->clients.cookie_secret_file);
	free(c->tls_certificate);
	free(c->tls_key);
	free(c->identity);
	free(c->version);
}
