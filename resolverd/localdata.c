/*
 * localhost comes first, which is loopback whatever a hosts file says (RFC 6761
 * 6.3); then a name of that file; then the zones of private use, in which
 * nothing is, but for the addresses of loopback.
 *
 * A zone whose names are asked of somebody who may know them is not answered
 * here: by a route at its apex or below it; and private networks by any
 * forwarder or pinned server, which is the site's.
 */
#include "resolverd/localdata.h"

#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/bytes.h"
#include "lib/dns.h"
#include "resolverd/hosts.h"
#include "resolverd/route.h"

#define HOSTS_TTL 60     /* the file can change at any time */
#define ZONE_TTL 10800   /* RFC 6303 3 */
#define QNAME 0xc00c     /* pointer to the question */

/* Zones that are empty (RFC 6303 4). Private: a site may use them. */
static const struct {
	const char *name;
	bool is_private;
} zones[] = {
    {"invalid", false}, /* RFC 6761 6.4 */
    {"test", false},    /* RFC 6761 6.2 */
    {"onion", false},   /* RFC 7686 2 */
    {"home.arpa", true}, /* RFC 8375 */
    {"0.in-addr.arpa", false},
    {"127.in-addr.arpa", false},
    {"10.in-addr.arpa", true}, /* RFC 1918 */
    {"168.192.in-addr.arpa", true},
    {"254.169.in-addr.arpa", true}, /* link-local */
    {"2.0.192.in-addr.arpa", false}, /* documentation */
    {"100.51.198.in-addr.arpa", false},
    {"113.0.203.in-addr.arpa", false},
    {"255.255.255.255.in-addr.arpa", false},
#define Z "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
    {"0." Z "ip6.arpa", false},
    {"1." Z "ip6.arpa", false},
    {"d.f.ip6.arpa", true}, /* RFC 4193 */
    {"8.e.f.ip6.arpa", true}, /* link-local */
    {"9.e.f.ip6.arpa", true},
    {"a.e.f.ip6.arpa", true},
    {"b.e.f.ip6.arpa", true},
    {"8.b.d.0.1.0.0.2.ip6.arpa", false}, /* documentation */
    /* RFC 1918 once more, and RFC 7793: made from these numbers below */
};
#define N_FIXED (sizeof(zones) / sizeof(zones[0]))
#define N_172 16 /* 16.172.in-addr.arpa to 31. */
#define N_100 64 /* 64.100.in-addr.arpa to 127. */
#define N_ZONES (N_FIXED + N_172 + N_100)
#define SLOTS 512 /* a power of two, beyond 2 * N_ZONES */

struct zone {
	uint8_t apex[DNAME_MAX];
	uint64_t hash;
	unsigned labels;
	bool is_private;
};

struct localdata {
	const struct conf *conf; /* borrowed */
	struct routes *routes;
	struct hosts *hosts, *loopback;
	struct zone zones[N_ZONES];
	const struct zone *slots[SLOTS];
	uint64_t localhost; /* hashes of last labels */
};

/* ---- open */

const char *
localdata_zone(size_t i)
{
	static char name[32];

	if (i < N_FIXED)
		return zones[i].name;
	i -= N_FIXED;
	if (i < N_172)
		snprintf(name, sizeof(name), "%zu.172.in-addr.arpa", 16 + i);
	else if (i < N_172 + N_100)
		snprintf(name, sizeof(name), "%zu.100.in-addr.arpa",
		    64 + i - N_172);
	else
		return NULL;
	return name;
}

static void
make_zones(struct localdata *ld)
{
	const char *name;

	for (size_t i = 0; (name = localdata_zone(i)) != NULL; i++) {
		struct zone *z = &ld->zones[i];
		size_t slot;

		(void)dname_from_txt(z->apex, name, strlen(name));
		z->hash = dname_hash(z->apex);
		z->labels = dname_labels(z->apex);
		z->is_private = i >= N_FIXED || zones[i].is_private;
		slot = z->hash & (SLOTS - 1);
		while (ld->slots[slot] != NULL)
			slot = (slot + 1) & (SLOTS - 1);
		ld->slots[slot] = z;
	}
}

static int
read_hosts(char **text, size_t *len, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), rc = 0;
	struct stat st;
	ssize_t n = 1;

	*text = NULL;
	*len = 0;
	if (fd == -1)
		return -errno;
	if (fstat(fd, &st) == -1)
		rc = -errno;
	else if (!S_ISREG(st.st_mode))
		rc = S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	else if (st.st_size > HOSTS_TEXT_MAX)
		rc = -EFBIG;
	else if ((*text = malloc((size_t)st.st_size + 1)) == NULL)
		rc = -ENOMEM;
	while (rc == 0 && n > 0 && *len < (size_t)st.st_size) {
		n = read(fd, *text + *len, (size_t)st.st_size - *len);
		if (n == -1)
			rc = -errno;
		else
			*len += (size_t)n;
	}
	close(fd);
	if (rc == 0)
		(*text)[*len] = '\0';
	return rc;
}

struct report {
	conf_report_fn *fn;
	void *arg;
	const char *path;
};

static void
on_line(void *arg, unsigned line, const char *text)
{
	const struct report *r = arg;
	char whole[HOSTS_WHY_MAX + 32];

	if (r->fn == NULL)
		return;
	snprintf(whole, sizeof(whole), "%s: the line is left out", text);
	r->fn(r->arg, r->path, line, whole);
}

static int
parse_hosts(struct localdata *ld, struct report *report, char *why)
{
	size_t len;
	char *text;
	int rc = read_hosts(&text, &len, report->path);

	if (rc == 0)
		rc = hosts_parse(ld->hosts, text, len, on_line, report);
	if (rc != 0)
		snprintf(why, LOCALDATA_WHY_MAX, "hosts-file %s: %s",
		    report->path, strerror(-rc));
	free(text);
	return rc;
}

/* RFC 6761 6.3, RFC 6303 4.2 and 4.3 */
static int
parse_loopback(struct hosts *hs)
{
	static const char text[] = "127.0.0.1 localhost\n::1 localhost\n";
	struct report none = {0};

	return hosts_parse(hs, text, strlen(text), on_line, &none);
}

int
localdata_open(struct localdata **out, const struct conf *conf,
    conf_report_fn *report, void *arg, char *why)
{
	struct report r = {report, arg, conf->hosts_file};
	static const uint8_t localhost[] = "\11localhost";
	struct localdata *ld = calloc(1, sizeof(*ld));
	int rc = 0;

	*out = NULL;
	snprintf(why, LOCALDATA_WHY_MAX, "out of memory");
	if (ld == NULL)
		return -ENOMEM;
	ld->conf = conf;
	ld->routes = routes_new(conf);
	ld->hosts = hosts_new();
	ld->loopback = hosts_new();
	ld->localhost = dname_hash(localhost);
	make_zones(ld);
	if (ld->routes == NULL || ld->hosts == NULL || ld->loopback == NULL ||
	    parse_loopback(ld->loopback) != 0)
		rc = -ENOMEM;
	if (rc == 0 && conf->hosts_file != NULL)
		rc = parse_hosts(ld, &r, why);
	if (rc != 0) {
		localdata_close(ld);
		return rc;
	}
	*out = ld;
	return 0;
}

void
localdata_close(struct localdata *ld)
{
	if (ld == NULL)
		return;
	routes_free(ld->routes);
	hosts_free(ld->hosts);
	hosts_free(ld->loopback);
	free(ld);
}

/* ---- answering */

/* Room for the RDATA of an RR; NULL: there is none, and q is cut. */
static uint8_t *
put_rr(struct query *q, uint16_t owner, uint16_t type, uint32_t ttl, size_t len)
{
	uint8_t *p = q->reply + q->reply_len;

	if (query_room(q) < 12 + len) {
		query_set_truncated(q);
		return NULL;
	}
	put_be16(p, owner);
	put_be16(p + 2, type);
	put_be16(p + 4, DNS_CLASS_IN);
	put_be32(p + 6, ttl);
	put_be16(p + 10, (uint16_t)len);
	q->reply_len += 12 + len;
	return p + 12;
}

/* RFC 6303 3: names of the zone itself and nobody.invalid. */
static bool
put_soa(struct query *q, uint16_t apex, uint32_t ttl)
{
	static const uint8_t nobody[] = "\6nobody\7invalid";
	uint8_t *p = put_rr(
	    q, apex, DNS_TYPE_SOA, ttl, 2 + sizeof(nobody) + 5 * 4);

	if (p == NULL)
		return false;
	put_be16(p, apex);
	memcpy(p + 2, nobody, sizeof(nobody));
	p += 2 + sizeof(nobody);
	put_be32(p, 1);
	put_be32(p + 4, 3600);
	put_be32(p + 8, 1200);
	put_be32(p + 12, 604800);
	put_be32(p + 16, ttl);
	return true;
}

static void
put_negative(struct query *q, uint16_t rcode, uint16_t apex, uint32_t ttl)
{
	q->rcode = rcode;
	if (put_soa(q, apex, ttl))
		q->nscount++;
}

static bool
wants(const struct query *q, uint16_t type)
{
	return q->qtype == type || q->qtype == DNS_TYPE_ANY;
}

/* Returns false when there was no room. */
static bool
put_addresses(struct query *q, const struct host *h, uint32_t ttl)
{
	for (size_t i = 0; i < h->n_addrs; i++) {
		bool v4 = h->addrs[i].family == AF_INET;
		uint16_t type = v4 ? DNS_TYPE_A : DNS_TYPE_AAAA;
		size_t len = v4 ? 4 : 16;
		uint8_t *p;

		if (!wants(q, type))
			continue;
		p = put_rr(q, QNAME, type, ttl, len);
		if (p == NULL)
			return false;
		memcpy(p, h->addrs[i].bytes, len);
		q->ancount++;
	}
	return true;
}

static bool
put_target(struct query *q, const struct host *h, uint32_t ttl)
{
	uint8_t *p;

	if (h->target == NULL || !wants(q, DNS_TYPE_PTR))
		return true;
	p = put_rr(q, QNAME, DNS_TYPE_PTR, ttl, h->target->name_len);
	if (p == NULL)
		return false;
	memcpy(p, h->target->name, h->target->name_len);
	q->ancount++;
	return true;
}

static void
put_host(struct query *q, const struct host *h, uint16_t apex, uint32_t ttl)
{
	if (put_addresses(q, h, ttl) && put_target(q, h, ttl) &&
	    q->ancount == 0)
		put_negative(q, DNS_RCODE_NOERROR, apex, ttl);
}

/*
 * What the file has of a name is all of it as far as addresses go: no AAAA of
 * somebody else's beside its A. Other types are not its business.
 */
static bool
answer_host(const struct localdata *ld, struct query *q)
{
	const struct host *h =
	    hosts_find(ld->hosts, q->qname, q->qname_len, q->hash[0]);

	if (h == NULL)
		return false;
	if (h->n_addrs > 0 ? q->qtype != DNS_TYPE_A &&
		    q->qtype != DNS_TYPE_AAAA && q->qtype != DNS_TYPE_ANY :
		q->qtype != DNS_TYPE_PTR && q->qtype != DNS_TYPE_ANY)
		return false;
	put_host(q, h, QNAME, HOSTS_TTL);
	return true;
}

/* The suffix of so many labels as a compression pointer. */
static uint16_t
suffix(const struct query *q, unsigned labels)
{
	return (uint16_t)(0xc000 |
	    (DNS_HEADER_LEN + q->off[q->n_labels - labels]));
}

/* localhost and every name below it is loopback (RFC 6761 6.3). */
static bool
answer_localhost(const struct localdata *ld, struct query *q)
{
	static const uint8_t localhost[] = "\11localhost";
	size_t off = q->off[q->n_labels - 1];
	const struct host *h;

	if (q->hash[q->n_labels - 1] != ld->localhost ||
	    memcmp(q->qname + off, localhost, sizeof(localhost)) != 0)
		return false;
	h = hosts_find(
	    ld->loopback, localhost, sizeof(localhost), ld->localhost);
	put_host(q, h, suffix(q, 1), ZONE_TTL);
	return true;
}

static const struct zone *
zone_of(const struct localdata *ld, const struct query *q, unsigned labels)
{
	uint64_t hash = q->hash[q->n_labels - labels];
	const uint8_t *name = q->qname + q->off[q->n_labels - labels];

	for (size_t i = hash & (SLOTS - 1); ld->slots[i] != NULL;
	     i = (i + 1) & (SLOTS - 1)) {
		const struct zone *z = ld->slots[i];

		if (z->hash == hash && z->labels == labels &&
		    dname_equal(z->apex, name))
			return z;
	}
	return NULL;
}

static const struct zone *
find_zone(const struct localdata *ld, const struct query *q)
{
	const struct zone *z = NULL;

	for (unsigned n = 1; n <= q->n_labels && n <= 34 && z == NULL; n++)
		z = zone_of(ld, q, n);
	return z;
}

/* Is somebody asked who may know the zone? */
static bool
is_routed(const struct localdata *ld, const struct query *q,
    const struct zone *z)
{
	const struct conf_route *r = routes_find(ld->routes, q->qname);
	enum conf_ask ask = r != NULL ? r->ask : CONF_ASK_UPSTREAM;

	if (ask != CONF_ASK_UPSTREAM && dname_is_below(r->apex, z->apex))
		return true;
	if (!z->is_private)
		return false;
	return ask == CONF_ASK_FORWARD || ask == CONF_ASK_STUB ||
	    (ask == CONF_ASK_UPSTREAM && ld->conf->upstream.n_forward > 0);
}

/* Is there a name of loopback below this one? Then it is there, too. */
static bool
is_above_loopback(const struct query *q)
{
	static const uint8_t one4[] = "\1"
				      "1\1"
				      "0\1"
				      "0\3"
				      "127\7in-addr\4arpa";

	return dname_is_below(one4, q->qname);
}

static void
put_apex(struct query *q, uint16_t apex)
{
	uint8_t *p;

	if (wants(q, DNS_TYPE_SOA)) {
		if (!put_soa(q, apex, ZONE_TTL))
			return;
		q->ancount++;
	}
	if (wants(q, DNS_TYPE_NS)) {
		p = put_rr(q, apex, DNS_TYPE_NS, ZONE_TTL, 2);
		if (p == NULL)
			return;
		put_be16(p, apex);
		q->ancount++;
	}
}

static bool
answer_zone(const struct localdata *ld, struct query *q)
{
	const struct zone *z = find_zone(ld, q);
	const struct host *h;
	uint16_t apex;

	if (z == NULL || is_routed(ld, q, z))
		return false;
	apex = suffix(q, z->labels);
	h = hosts_find(ld->loopback, q->qname, q->qname_len, q->hash[0]);
	if (z->labels == q->n_labels)
		put_apex(q, apex);
	if (q->truncated || q->ancount > 0)
		return true;
	if (h != NULL)
		put_host(q, h, apex, ZONE_TTL);
	else if (z->labels == q->n_labels || is_above_loopback(q))
		put_negative(q, DNS_RCODE_NOERROR, apex, ZONE_TTL);
	else
		put_negative(q, DNS_RCODE_NXDOMAIN, apex, ZONE_TTL);
	return true;
}

bool
localdata_answer(const struct localdata *ld, struct query *q)
{
	if (q->n_labels == 0)
		return false;
	query_hash_from(q, 0);
	q->aa = true;
	if (answer_localhost(ld, q) || answer_host(ld, q) || answer_zone(ld, q))
		return true;
	q->aa = false;
	return false;
}
