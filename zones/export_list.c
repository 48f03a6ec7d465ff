/*
 * Exports as plain lists, for programs that ask no DNS: plain, postfix-cidr,
 * nftables.
 */
#include "zones/export_format.h"

#include <ctype.h>
#include <string.h>

#include "lib/dns.h"

/* ---- plain: what resolverd-dataset(5) calls plain and domains */

static void
plain_prefix(struct export *x, const struct prefix *p,
    const struct export_values *v)
{
	char txt[ADDR_TXT_MAX];

	(void)v;
	fprintf(x->out, "%s\n", export_prefix_txt(txt, p));
}

static void
plain_name(struct export *x, const struct export_name *n)
{
	char txt[DNAME_TXT_MAX];
	bool it = n->says_it && n->it.n > 0;
	bool below = n->says_below && n->below.n > 0;

	if ((n->says_it && !it && n->above.n > 0) ||
	    (n->says_below && !below && n->above.n > 0))
		x->left_out++; /* an exclusion */
	if (n->len == 0 ? it || below : false)
		x->left_out++; /* the zone itself */
	else if (it || below)
		fprintf(x->out, "%s%s\n", it && below ? "." : it ? "" : "*.",
		    export_name_txt(txt, n->labels, n->len));
}

const struct export_format export_plain = {
    .name = "plain",
    .put_prefix = plain_prefix,
    .put_name = plain_name,
};

/* ---- postfix-cidr: cidr_table(5), for check_client_access */

/* The text of the first value that has one; else what the list is. */
static void
put_reason(struct export *x, const struct export_values *v, const char *key_txt)
{
	struct value_walk at;
	struct value_rr rr;
	char txt[256];

	for (unsigned i = 0; i < v->n; i++) {
		for (at.p = NULL;
		     export_next_rr(x, v->of[i].value, &at, &rr);) {
			if (rr.type != DNS_TYPE_TXT)
				continue;
			export_txt(txt, &rr, key_txt);
			for (char *p = txt; *p != '\0'; p++)
				fputc(isprint((unsigned char)*p) ? *p : '?',
				    x->out);
			return;
		}
	}
	fprintf(x->out, "listed in %s", x->apex_txt);
}

static void
postfix_prefix(struct export *x, const struct prefix *p,
    const struct export_values *v)
{
	char txt[ADDR_TXT_MAX];

	export_prefix_txt(txt, p);
	fprintf(x->out, "%s\tREJECT ", txt);
	put_reason(x, v, txt);
	fputc('\n', x->out);
}

static void
leave_name_out(struct export *x, const struct export_name *n)
{
	x->left_out += (n->says_it && n->it.n > 0) ||
	    (n->says_below && n->below.n > 0);
}

const struct export_format export_postfix_cidr = {
    .name = "postfix-cidr",
    .put_prefix = postfix_prefix,
    .put_name = leave_name_out,
};

/* ---- nftables: two sets, made if need be, emptied and filled in one go */

#define PER_COMMAND 1000

/* A set's name: letters, digits and `_`. */
static void
put_set(struct export *x, unsigned family)
{
	for (const char *p = x->apex_txt; *p != '\0'; p++)
		fputc(isalnum((unsigned char)*p) ? *p : '_', x->out);
	fprintf(x->out, "_%u", family);
}

static void
nftables_begin(struct export *x)
{
	fputs("#!/usr/sbin/nft -f\nadd table inet resolverd\n", x->out);
	for (unsigned family = 4; family <= 6; family += 2) {
		fputs("add set inet resolverd ", x->out);
		put_set(x, family);
		fprintf(x->out, " { type ipv%u_addr; flags interval; }\n",
		    family);
		fputs("flush set inet resolverd ", x->out);
		put_set(x, family);
		fputc('\n', x->out);
	}
}

static void
nftables_end(struct export *x)
{
	if (x->nftables.n > 0)
		fputs(" }\n", x->out);
	x->nftables.n = 0;
}

static void
nftables_prefix(struct export *x, const struct prefix *p,
    const struct export_values *v)
{
	unsigned family = p->addr.family == AF_INET ? 4 : 6;
	char txt[ADDR_TXT_MAX];

	(void)v;
	if (x->nftables.family != family || x->nftables.n == PER_COMMAND)
		nftables_end(x);
	x->nftables.family = family;
	if (x->nftables.n++ == 0) {
		fputs("add element inet resolverd ", x->out);
		put_set(x, family);
		fputs(" { ", x->out);
	} else {
		fputs(", ", x->out);
	}
	fputs(export_prefix_txt(txt, p), x->out);
}

const struct export_format export_nftables = {
    .name = "nftables",
    .begin = nftables_begin,
    .subzone = nftables_begin,
    .put_prefix = nftables_prefix,
    .put_name = leave_name_out,
    .end = nftables_end,
};
