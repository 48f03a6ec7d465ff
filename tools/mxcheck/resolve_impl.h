/*
 * For resolve.c and resolve_*.c: questions as tasks of one resolve.
 */
#ifndef TOOLS_MXCHECK_RESOLVE_IMPL_H
#define TOOLS_MXCHECK_RESOLVE_IMPL_H

#include <sys/queue.h>

#include "tools/mxcheck/resolve.h"

LIST_HEAD(tasks, task);

struct resolve {
	struct dns *dns;
	struct facts *facts;
	const struct settings *settings;
	void (*done)(void *arg);
	void *arg;
	size_t n_tasks;
	struct tasks tasks;
	struct addr us[2];
	size_t n_us;
};

/* What to do with the answer; it is borrowed for the call. */
typedef void resolve_fn(struct resolve *r, void *of,
    const struct dns_answer *answer);

/* Asks, and hands the answer to fn. What is no name is not asked. */
void resolve_ask(struct resolve *r, const char *name, uint16_t qtype,
    resolve_fn *fn, void *of);
/* PREFIX.NAME; not asked if that is too long for a name. */
void resolve_ask_below(struct resolve *r, const char *prefix, const char *name,
    uint16_t qtype, resolve_fn *fn, void *of);

/* The server of that name, whose addresses are asked for if it is new. */
struct facts_server *resolve_server(struct resolve *r, const char *name);

/* The same of a name server itself, see dns_ask_server(). */
void resolve_ask_server(struct resolve *r, const struct settings_dns *server,
    const char *name, uint16_t qtype, resolve_fn *fn, void *of);

/* What holds for every answer, with strings of the facts' own. */
void resolve_keep(struct resolve *r, struct facts_lookup *out,
    const struct dns_answer *answer);

/* A name of an answer as the facts' own text. */
const char *resolve_name(struct resolve *r, const uint8_t *dname);

/* The AS of an address that is new, if there is a zone that knows. */
void resolve_asn(struct resolve *r, struct facts_addr *addr);

/* What lists say of the senders of all domains. */
void resolve_dnsbls(struct resolve *r);

/* A resolve_fn: keeps the answer in the struct facts_txt that it is for. */
void resolve_on_txt(struct resolve *r, void *of,
    const struct dns_answer *answer);

#endif
