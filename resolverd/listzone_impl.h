/*
 * What a list zone is made of; for resolverd/listzone*.c alone.
 */
#ifndef RESOLVERD_LISTZONE_IMPL_H
#define RESOLVERD_LISTZONE_IMPL_H

#include <sys/stat.h>

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "resolverd/apex.h"
#include "resolverd/listzone.h"
#include "zones/age.h"

struct listzone {
	struct listzone *next;	/* in the same slot of the table */
	const char *name;	/* borrowed from the configuration */
	const uint8_t *apex;	/* likewise */
	size_t apex_len;
	unsigned apex_labels;
	uint64_t hash;
	const struct listzone *acl; /* the zone of the acl for all; or NULL */

	/* one of the two */
	struct generation *gen; /* NULL: none that could be opened yet */
	struct local *local;

	const struct conf_age *limits; /* of a generation; borrowed */
	enum age age;
	struct apex_rrs rrs; /* of either */

	size_t number; /* of the section in the configuration */
	bool is_local;
	bool adds_ns; /* to positive answers */
	bool unreadable; /* said so already */
	bool again;	 /* what was seen could not be opened, but may be yet */
	char path[PATH_MAX]; /* of `current` */
	struct stat seen;    /* of the file that gen is, or that failed */
};

struct listzones {
	struct conf const *conf;
	struct listzone *zones;
	size_t n_zones;
	struct listzone *acl; /* the zone "."; or NULL */
	unsigned labels_min, labels_max; /* of the apexes */
	size_t mask;
	struct listzone **slots;
};

#endif
