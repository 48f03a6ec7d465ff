/*
 * What a machine answers by itself besides list zones: the names of a hosts
 * file, localhost, and the zones of private use that nobody outside knows.
 */
#ifndef RESOLVERD_LOCALDATA_H
#define RESOLVERD_LOCALDATA_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/conf.h"
#include "resolverd/query.h"

#define LOCALDATA_WHY_MAX 256

struct localdata;

/*
 * Reads what conf asks for; conf is borrowed. Each line of the hosts file that
 * is left out is reported, where report is not NULL. Returns 0, or -errno with
 * why.
 */
int localdata_open(struct localdata **out, const struct conf *conf,
    conf_report_fn *report, void *arg, char *why)
    __attribute__((warn_unused_result));
void localdata_close(struct localdata *ld); /* NULL is fine */

/*
 * Answers q if its name is one of ours, and no route takes it away; returns
 * whether it did. No allocation, no system call.
 */
bool localdata_answer(const struct localdata *ld, struct query *q);

/*
 * The names of the zones that are answered here unless a route says otherwise,
 * so that libunbound is told not to; NULL past the last. localhost is not among
 * them.
 */
const char *localdata_zone(size_t i);

#endif
