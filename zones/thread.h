/*
 * A second thread, for the builder. It gets no signals: those are for whoever
 * expects them.
 */
#ifndef ZONES_THREAD_H
#define ZONES_THREAD_H

#include <pthread.h>
#include <stdbool.h>

/* False if there is none to be had: the caller does the work itself. */
bool thread_begin(pthread_t *thread, void *(*run)(void *arg), void *arg)
    __attribute__((warn_unused_result));

#endif
