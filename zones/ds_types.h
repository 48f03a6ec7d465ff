/*
 * The dataset types; each is a file, and a row of the table in dataset.c.
 */
#ifndef ZONES_DS_TYPES_H
#define ZONES_DS_TYPES_H

#include "zones/dataset.h"

extern const struct dataset_type ds_ip4set;
extern const struct dataset_type ds_ip4trie;
extern const struct dataset_type ds_ip4tset;
extern const struct dataset_type ds_ip6trie;
extern const struct dataset_type ds_ip6tset;
extern const struct dataset_type ds_dnset;
extern const struct dataset_type ds_generic;
extern const struct dataset_type ds_acl;
extern const struct dataset_type ds_combined;

/* foreign lists (zones/list.h) */
extern const struct dataset_type ds_plain;
extern const struct dataset_type ds_domains;
extern const struct dataset_type ds_hosts;
extern const struct dataset_type ds_csv;
extern const struct dataset_type ds_drop_json;
extern const struct dataset_type ds_bind;
extern const struct dataset_type ds_rpz;

/* Lines that are an address each: of ip4set and ip4tset. */
int ds_ip4set_addresses(struct dataset *ds, const uint32_t *ips, size_t n);

#endif
