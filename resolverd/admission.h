/*
 * What a client may get: by its address, its cookie, and how much it asks.
 */
#ifndef RESOLVERD_ADMISSION_H
#define RESOLVERD_ADMISSION_H

#include <sys/socket.h>

#include "lib/conf.h"
#include "resolverd/client.h"
#include "resolverd/query.h"

/* Fills in addr and acl from where the client asks. */
void admission_of_address(struct client *client, const struct conf *conf,
    const struct sockaddr *sa);

/*
 * Judges a query that was parsed with this verdict, by cookie and rate: returns
 * the same verdict or a worse one, with q's error set. Sees to the options that
 * go back.
 */
enum query_verdict admission_of_query(struct query *q,
    enum query_verdict verdict, const struct client *client,
    const struct conf *conf);

#endif
