/*
 * Names and addresses as hosts(5) has them: "192.0.2.1 mail.example mail".
 */
#ifndef RESOLVERD_HOSTS_H
#define RESOLVERD_HOSTS_H

#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/dname.h"

#define HOSTS_WHY_MAX 160
#define HOSTS_TEXT_MAX (16 * 1024 * 1024) /* bytes of a file */

/* A name with addresses; or a reverse one, which leads to a name. */
struct host {
	uint8_t *name; /* wire form, lower case; owned by the table */
	size_t name_len;
	uint64_t hash; /* dname_hash() */
	struct addr *addrs; /* each once */
	size_t n_addrs;
	const struct host *target; /* of a reverse name; else NULL */
};

struct hosts;

struct hosts *hosts_new(void); /* NULL: out of memory */
void hosts_free(struct hosts *hs); /* NULL is fine */

/* About a line that is left out. */
typedef void hosts_report_fn(void *arg, unsigned line, const char *text);

/*
 * Adds what len bytes of text have (untrusted; text[len] must be '\0'). The
 * first name of an address is what its reverse name leads to. Lines that are
 * faulty are reported and left out. Returns 0 or -ENOMEM.
 */
int hosts_parse(struct hosts *hs, const char *text, size_t len,
    hosts_report_fn *report, void *arg) __attribute__((warn_unused_result));

/* name: lower case; hash: dname_hash() of it. NULL: not there. */
const struct host *hosts_find(const struct hosts *hs, const uint8_t *name,
    size_t name_len, uint64_t hash);

#endif
