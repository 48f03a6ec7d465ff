/*
 * The dataset types; each is a file. Later ones (ip4tset, ip6tset, combined,
 * acl) become further rows of the table in dataset.c.
 */
#ifndef ZONES_DS_TYPES_H
#define ZONES_DS_TYPES_H

#include "zones/dataset.h"

extern const struct dataset_type ds_ip4set;
extern const struct dataset_type ds_ip4trie;
extern const struct dataset_type ds_ip6trie;
extern const struct dataset_type ds_dnset;
extern const struct dataset_type ds_generic;

/* foreign lists (zones/list.h) */
extern const struct dataset_type ds_plain;
extern const struct dataset_type ds_domains;
extern const struct dataset_type ds_hosts;
extern const struct dataset_type ds_csv;
extern const struct dataset_type ds_drop_json;
extern const struct dataset_type ds_bind;
extern const struct dataset_type ds_rpz;

#endif
