/*
 * What has to be there before the workers start, and after they ended.
 */
#ifndef RESOLVERD_PREPARE_H
#define RESOLVERD_PREPARE_H

#include "lib/conf.h"
#include "resolverd/worker.h"

/* Where there is a why: 0 is returned, or -errno with a sentence in it. */
#define PREPARE_WHY_MAX 1024

/* conf_read(), and a look at what only zones/ knows: the types of datasets. */
int prepare_read(struct conf **out, const char *path, conf_report_fn *report,
    void *arg) __attribute__((warn_unused_result));

/* Who the workers run as: conf->user when we are root, else whoever we are. */
int prepare_identity(struct identity *out, const struct conf *conf, char *why)
    __attribute__((warn_unused_result));

/* Raises the limit of descriptors, which the workers inherit. */
void prepare_limits(const struct conf *conf);

/*
 * At start: makes state-dir and, for the workers, cache/ and anchor/ below it;
 * sees whether the cache that is there may be used.
 */
int prepare_start(const struct conf *conf, const struct identity *who,
    char *why) __attribute__((warn_unused_result));

/*
 * For a configuration, the first and each new one: sees whether libunbound
 * takes its settings, then makes what is missing of zones/ and local/, which
 * stay ours.
 */
int prepare_conf(const struct conf *conf, const struct identity *who, char *why)
    __attribute__((warn_unused_result));

/*
 * Where TLS is served: are there other files of its certificate and key than
 * those that were read? To be asked once a second; until they are read, true.
 */
bool prepare_is_outdated(const struct conf *conf);

/* Reads them; on failure those of before hold, and these are not read again. */
int prepare_tls(const struct conf *conf, char *why)
    __attribute__((warn_unused_result));

/* After the workers ended well: the cache can be trusted at the next start. */
void prepare_end(const struct conf *conf, const struct identity *who);

#endif
