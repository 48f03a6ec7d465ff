/*
 * For record*.c: the visitors of what a record has a line for.
 */
#ifndef TOOLS_MXCHECK_RECORD_IMPL_H
#define TOOLS_MXCHECK_RECORD_IMPL_H

#include "tools/mxcheck/visit.h"

#define LIST_MAX 4096 /* of anything in one object, when it is read */

/* Parts that several have. */
void record_visit_lookup(struct visit *r, const char *member,
    struct facts_lookup *l);
void record_visit_names(struct visit *r, const char *member,
    struct facts_names *names);
void record_visit_txt(struct visit *r, const char *member,
    struct facts_txt *txt);
void record_visit_probe(struct visit *r, const char *member,
    struct facts_probe *p);
void record_visit_offers(struct visit *r,
    struct facts_offer offers[FACTS_SERVICES]);
void record_visit_listings(struct visit *r, struct facts_addr *addr);
void record_visit_dnsbls(struct visit *r, struct facts *facts);
void record_visit_outbound(struct visit *r, struct facts_outbound *out);

void record_visit_run(struct visit *r, struct facts *f);
void record_visit_domain(struct visit *r, struct facts_domain *d);
void record_visit_host(struct visit *r, struct facts_host *h);
void record_visit_address(struct visit *r, struct facts_addr *a);
void record_visit_zone(struct visit *r, struct facts_zone *zone);
void record_visit_alerts(struct visit *r, struct facts_alerts *alerts);
void record_visit_server(struct visit *r, struct facts_server *server);
void record_visit_endpoint(struct visit *r, struct facts_endpoint *ep);
void record_visit_access(struct visit *r, struct facts_access *access);

/* The service of an access, by its name. */
enum facts_service record_visit_service(struct visit *r,
    enum facts_service service);

/* Of what has a zone: the name of that, as the member "zone". */
void record_visit_in_zone(struct visit *r, struct facts_zone **zone);
void record_visit_told(struct visit *r, struct facts_tellings *all);
const char *record_dns_txt(unsigned i);

#endif
