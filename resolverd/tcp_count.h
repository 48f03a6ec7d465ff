/*
 * How many connections each client address has.
 */
#ifndef RESOLVERD_TCP_COUNT_H
#define RESOLVERD_TCP_COUNT_H

#include "lib/addr.h"

struct tcp_count;

struct tcp_count *tcp_count_new(void); /* NULL: memory is out */
void tcp_count_free(struct tcp_count *t);

unsigned tcp_count_of(const struct tcp_count *t, const struct addr *a);

/* One more; returns 0 or -ENOMEM. One less, which was entered. */
int tcp_count_enter(struct tcp_count *t, const struct addr *a)
    __attribute__((warn_unused_result));
void tcp_count_leave(struct tcp_count *t, const struct addr *a);

#endif
