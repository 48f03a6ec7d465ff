/*
 * The options of the daemon as a whole, and of its upstream.
 */
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "lib/conf_values.h"
#include "lib/xalloc.h"

#define USER_LEN_MAX 32 /* as useradd(8) has it */

/* One of listen and forward was added; either may come first. */
static void
check_loop(struct conf_reader *r, const struct conf_row *row, const char *value,
    const struct conf_endpoint *ep)
{
	const struct conf *c = r->conf;

	if (ep && conf_has_endpoint(c->listen, c->n_listen, ep->txt) &&
	    conf_has_endpoint(
		c->upstream.forward, c->upstream.n_forward, ep->txt))
		conf_complain_of(r, row, value,
		    "is both listened on and forwarded to; name another "
		    "resolver to ask");
}

void
conf_set_listen(struct conf_reader *r, const struct conf_row *row,
    const char *value)
{
	check_loop(r, row, value,
	    conf_add_endpoint(
		r, row, value, &r->conf->listen, &r->conf->n_listen));
}

void
conf_set_forward(
    struct conf_reader *r, const struct conf_row *row, const char *value)
{
	check_loop(r, row, value,
	    conf_add_server(r, row, value, &r->conf->upstream.forward,
		&r->conf->upstream.n_forward));
}

void
conf_set_state_dir(
    struct conf_reader *r, const struct conf_row *row, const char *value)
{
	if (value[0] == '\0') {
		conf_complain_of(r, row, value, "is empty; name a folder");
		return;
	}
	free(r->conf->state_dir);
	r->conf->state_dir = conf_complete_path(r, value);
}

/* Completed at the end of the file, when state-dir is known. */
void
conf_set_control_socket(
    struct conf_reader *r, const struct conf_row *row, const char *value)
{
	if (value[0] == '\0') {
		conf_complain_of(r, row, value, "is empty; name a socket");
		return;
	}
	free(r->conf->control_socket);
	r->conf->control_socket = xstrdup(value);
}

void
conf_settle_control_socket(struct conf *c)
{
	char *path;

	/* after an error there may be neither */
	if (c->control_socket == NULL || c->control_socket[0] == '/' ||
	    c->state_dir == NULL)
		return;
	path = xasprintf("%s/%s", c->state_dir, c->control_socket);
	free(c->control_socket);
	c->control_socket = path;
}

static unsigned
cores(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) == -1)
		return 1;
	return (unsigned)CPU_COUNT(&set);
}

void
conf_set_workers(
    struct conf_reader *r, const struct conf_row *row, const char *value)
{
	uint64_t n;

	if (!conf_read_number(r, row, value, &n))
		return;
	if (n == 0)
		n = cores() < row->opt.most ? cores() : row->opt.most;
	r->conf->workers = (unsigned)n;
}

void
conf_set_user(struct conf_reader *r, const struct conf_row *row,
    const char *value)
{
	static const char good[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";

	if (value[0] == '\0' || value[0] == '-' ||
	    strlen(value) > USER_LEN_MAX ||
	    value[strspn(value, good)] != '\0') {
		conf_complain_of(r, row, value, "is no user's name");
		return;
	}
	free(r->conf->user);
	r->conf->user = xstrdup(value);
}

void
conf_set_validate(
    struct conf_reader *r, const struct conf_row *row, const char *value)
{
	(void)conf_read_switch(r, row, value, &r->conf->upstream.validate);
}
