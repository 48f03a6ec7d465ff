/*
 * MTA-STS (RFC 8461) and TLSRPT (RFC 8460) as text: the TXT records, and the
 * body of a policy. Untrusted bytes in, plain values out; nothing is fetched.
 */
#ifndef TOOLS_MXCHECK_STS_H
#define TOOLS_MXCHECK_STS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STS_BODY_MAX 65536 /* bytes of a policy, RFC 8461 3.3 names 64 KiB */
#define STS_ID_LEN 33	   /* 32 characters, NUL */
#define STS_MX_MAX 64	   /* patterns; a policy with more is refused */
#define STS_PATTERN_LEN 256
#define STS_AGE_MAX 31557600u /* s: a year, RFC 8461 3.2 */
#define STS_WHY_MAX 128

/*
 * One TXT RR at _mta-sts, its strings joined (RFC 8461 3.1). Returns 0 with the
 * id; -ENOENT if it is about something else: then it is not counted; -EINVAL
 * with why if it says v=STSv1 and is wrong behind that.
 */
int sts_record_read(char id[STS_ID_LEN], const char *txt, size_t len,
    char why[STS_WHY_MAX]);

/* The same for one at _smtp._tls (RFC 8460 3). */
int tlsrpt_record_read(const char *txt, size_t len, char why[STS_WHY_MAX]);

enum sts_mode { STS_MODE_NONE, STS_MODE_TESTING, STS_MODE_ENFORCE };

struct sts_policy {
	enum sts_mode mode;
	uint32_t max_age; /* s */
	size_t n_mxs;
	char mx[STS_MX_MAX][STS_PATTERN_LEN]; /* lower case, no final dot */
};

/*
 * The body of a policy (RFC 8461 3.2): lines that end in LF or CRLF, unknown
 * keys skipped, of a repeated key other than mx the first one counts. Returns
 * 0, or -EINVAL with why: senders then act as if there were no policy.
 */
int sts_policy_read(struct sts_policy *policy, const char *body, size_t len,
    char why[STS_WHY_MAX]);

/* "*." stands for exactly one label (RFC 8461 4.1). host: lower case, without
 * a final dot. */
bool sts_pattern_covers(const char *pattern, const char *host);
bool sts_policy_covers(const struct sts_policy *policy, const char *host);

const char *sts_mode_txt(enum sts_mode mode);

#endif
