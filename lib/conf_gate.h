/*
 * What a new generation of a list zone must meet before it is served
 * (zones/gate.h), and how long it may be: part of struct conf_zone.
 */
#ifndef LIB_CONF_GATE_H
#define LIB_CONF_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/dname.h"

/* Something that a list may or may not hold: a prefix, an address or a name. */
struct conf_key {
	char *txt; /* as it was written */
	bool is_name;
	struct prefix prefix;
	uint8_t name[DNAME_MAX]; /* lower case */
};

struct conf_keys {
	struct conf_key *list;
	size_t n;
};

/* Zeroed, it judges nothing that has a limit. Everything is owned. */
struct conf_gate {
	uint64_t min_entries;
	uint32_t max_shrink, max_growth; /* percent; 0: not judged */
	uint32_t max_bad_lines;		 /* percent; 0: not judged */
	uint8_t widest_ip4, widest_ip6;	 /* prefix length; 0: not judged */
	bool all_test_points;
	struct conf_keys must_list, must_not_list;
	char **skip; /* names of rules, known to zones/, checked there */
	size_t n_skip;
};

enum conf_expired { CONF_EXPIRED_SERVE, CONF_EXPIRED_EMPTY,
	CONF_EXPIRED_SERVFAIL };

struct conf_age {
	uint32_t max_age_s; /* 0: none */
	uint32_t expire_s;  /* 0: never */
	enum conf_expired when_expired;
};

#endif
