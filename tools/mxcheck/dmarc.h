/*
 * DMARC records as text (RFC 9989 4.7, which obsoletes RFC 7489): untrusted
 * bytes in, plain values out.
 */
#ifndef TOOLS_MXCHECK_DMARC_H
#define TOOLS_MXCHECK_DMARC_H

#include <stdbool.h>
#include <stddef.h>

#include "tools/mxcheck/text.h"

/* In the order of what is asked of receivers. */
enum dmarc_policy { DMARC_UNSET, DMARC_NONE, DMARC_QUARANTINE, DMARC_REJECT };

struct dmarc {
	enum dmarc_policy p, sp, np; /* p is set; the others may not be */
	bool has_rua;	 /* somebody gets reports */
	bool is_testing; /* t=y: one step less than what p says */
	char psd;	 /* 'y', 'n' or 'u', the default */
	bool is_old;	 /* has pct, rf or ri, which RFC 9989 has removed */
	char odd[TEXT_WHY_MAX]; /* a tag that receivers pass over: why; "" */
};

/*
 * One TXT RR at _dmarc, its strings joined. Returns 0; -ENOENT if it is about
 * something else; -EINVAL with why if receivers apply no DMARC by it: no valid
 * p, and nobody to report to either (RFC 9989 4.10.1).
 */
int dmarc_read(struct dmarc *out, const char *txt, size_t len,
    char why[TEXT_WHY_MAX]);

const char *dmarc_policy_txt(enum dmarc_policy policy);

#endif
