/*
 * Server cookies: version, reserved, time stamp, SipHash-2-4 (RFC 9018 4). They
 * hold no state; what a process needs is the secrets, which it inherits.
 *
 * Secrets that are made up are derived from one, for each day of the time stamp
 * another, so all processes change them together and none has to be told.
 */
#include "resolverd/cookie.h"

#include <sys/random.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/bytes.h"
#include "lib/siphash.h"

#define CLIENT_LEN 8
#define STAMP_POS 12 /* behind the client's half, version, reserved */
#define HASH_POS 16
#define VERSION 1

/* RFC 9018 4.3, seconds */
#define AGE_MAX 3600
#define AGE_RENEWED 1800
#define AHEAD_MAX 300

#define SECRETS_MAX 3
#define PERIOD_S 86400 /* of a secret that was made up */

struct secrets {
	unsigned n; /* 0: derived from key[0] */
	uint8_t key[SECRETS_MAX][SIPHASH_KEY_LEN];
};

static struct secrets secrets;

static bool
read_secret(uint8_t key[SIPHASH_KEY_LEN], const char *line)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	size_t n;

	for (n = 0; n < 2 * (size_t)SIPHASH_KEY_LEN; n++) {
		const char *d = line[n] ? strchr(digits, line[n]) : NULL;

		if (d == NULL)
			return false;
		key[n / 2] = (uint8_t)(key[n / 2] << 4 | ((d - digits) & 15));
	}
	return line[n + strspn(line + n, " \t\r\n")] == '\0';
}

static int
read_file(struct secrets *out, const char *file, char *why)
{
	char line[128];
	unsigned n = 0;
	int rv = 0;
	FILE *f = fopen(file, "re");

	if (f == NULL) {
		rv = -errno;
		snprintf(why, COOKIE_WHY_MAX, "%s: %s", file, strerror(errno));
		return rv;
	}
	out->n = 0;
	while (rv == 0 && fgets(line, sizeof(line), f) != NULL) {
		n++;
		if (line[0] == '#' || line[0] == '\n')
			continue;
		if (out->n < SECRETS_MAX &&
		    read_secret(out->key[out->n], line)) {
			out->n++;
			continue;
		}
		snprintf(why, COOKIE_WHY_MAX,
		    "%s:%u: write 32 hexadecimal digits on a line, on %d "
		    "lines at most",
		    file, n, SECRETS_MAX);
		rv = -EINVAL;
	}
	if (rv == 0 && (ferror(f) || out->n == 0)) {
		snprintf(why, COOKIE_WHY_MAX, "%s: no secret in it", file);
		rv = -EINVAL;
	}
	explicit_bzero(line, sizeof(line));
	fclose(f);
	return rv;
}

int
cookie_init(const char *file, char *why)
{
	struct secrets fresh = {0};
	int rv;

	if (file != NULL) {
		rv = read_file(&fresh, file, why);
		if (rv != 0)
			return rv;
	} else if (getrandom(fresh.key[0], SIPHASH_KEY_LEN, 0) !=
	    SIPHASH_KEY_LEN) {
		snprintf(why, COOKIE_WHY_MAX, "no random bytes: %s",
		    strerror(errno));
		return -EIO;
	}
	secrets = fresh;
	return 0;
}

/* The key of the day that the time stamp lies in. */
static const uint8_t *
derived_key(uint32_t stamp)
{
	static uint8_t key[SIPHASH_KEY_LEN], of[SIPHASH_KEY_LEN];
	static uint32_t period = UINT32_MAX; /* what key is for */
	uint8_t in[5];

	if (period == stamp / PERIOD_S &&
	    memcmp(of, secrets.key[0], sizeof(of)) == 0)
		return key;
	period = stamp / PERIOD_S;
	memcpy(of, secrets.key[0], sizeof(of));
	put_be32(in, period);
	in[4] = 0;
	put_le64(key, siphash24(of, in, sizeof(in)));
	in[4] = 1;
	put_le64(key + 8, siphash24(of, in, sizeof(in)));
	return key;
}

/* RFC 9018 4.4: over client cookie, version to time stamp, and address. */
static uint64_t
hash(const uint8_t *key, const uint8_t *cookie, const struct addr *client)
{
	uint8_t in[HASH_POS + sizeof(client->bytes)];
	size_t addr_len = client->family == AF_INET ? 4 : 16;

	memcpy(in, cookie, HASH_POS);
	memcpy(in + HASH_POS, client->bytes, addr_len);
	return siphash24(key, in, HASH_POS + addr_len);
}

static bool
has_good_hash(
    const uint8_t *cookie, const struct addr *client, uint32_t stamp)
{
	uint64_t got = get_le64(cookie + HASH_POS);

	if (secrets.n == 0)
		return hash(derived_key(stamp), cookie, client) == got;
	for (unsigned i = 0; i < secrets.n; i++) {
		if (hash(secrets.key[i], cookie, client) == got)
			return true;
	}
	return false;
}

static void
make(uint8_t out[EDNS_COOKIE_LEN], const struct addr *client, uint32_t now)
{
	const uint8_t *key = secrets.n == 0 ? derived_key(now) : secrets.key[0];

	memset(out + CLIENT_LEN, 0, EDNS_COOKIE_LEN - CLIENT_LEN);
	out[CLIENT_LEN] = VERSION;
	put_be32(out + STAMP_POS, now);
	put_le64(out + HASH_POS, hash(key, out, client));
}

enum cookie_state
cookie_check(const uint8_t *cookie, size_t len, const struct addr *client,
    uint32_t now, uint8_t out[EDNS_COOKIE_LEN])
{
	uint8_t sent[EDNS_COOKIE_LEN];
	uint32_t stamp;
	int32_t age;

	if (len == 0)
		return COOKIE_NONE;
	/* out may be where it came from */
	memcpy(sent, cookie, len < sizeof(sent) ? len : sizeof(sent));
	memcpy(out, sent, CLIENT_LEN);
	if (len != EDNS_COOKIE_LEN || sent[CLIENT_LEN] != VERSION) {
		make(out, client, now);
		return len == CLIENT_LEN ? COOKIE_NEW : COOKIE_BAD;
	}
	/* RFC 9018 4.3: serial number arithmetic (RFC 1982) */
	stamp = get_be32(sent + STAMP_POS);
	age = (int32_t)(now - stamp);
	if (age > AGE_MAX || age < -AHEAD_MAX ||
	    !has_good_hash(sent, client, stamp)) {
		make(out, client, now);
		return COOKIE_BAD;
	}
	if (age > AGE_RENEWED)
		make(out, client, now);
	else
		memcpy(out, sent, sizeof(sent));
	return COOKIE_GOOD;
}
