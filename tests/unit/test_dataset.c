/* The dataset types: what a file lists, and what is said of bad lines. What
 * rbldnsd does with the same was tried; where we differ, it says so. */
#include <errno.h>

#include "tests/unit/zones.h"

#define IP6_1 "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
#define DB8 "8.b.d.0.1.0.0.2"
#define X10 "xxxxxxxxxx"
#define X50 X10 X10 X10 X10 X10
#define X250 X50 X50 X50 X50 X50
/* 255 bytes with ZONES_APEX */
#define LONGEST X50 "." X50 "." X50 "." X50 "." X10 X10 X10 X10 "x"

static const struct {
	const char *type, *text, *name, *want;
} answers[] = {
    /* ip4set: addresses, prefixes, CIDR, ranges */
    {"ip4set", "192.0.2.1\n", "1.2.0.192", "A 127.0.0.2"},
    {"ip4set", "192.0.2.1\n", "2.2.0.192", "NXDOMAIN"},
    {"ip4set", "192.0.2.1\n", "2.0.192", "NODATA"},
    {"ip4set", "192.0.2.1\n", "192", "NODATA"},
    {"ip4set", "192.0.2.1\n", "193", "NXDOMAIN"},
    {"ip4set", "192.0.2.1\n", "1.0.192", "NXDOMAIN"},
    {"ip4set", "192.0.2.1\n", "x.1.2.0.192", "NXDOMAIN"},
    {"ip4set", "192.0.2.1\n", "", "NODATA"},
    {"ip4set", "192.0.2\n", "255.2.0.192", "A 127.0.0.2"},
    {"ip4set", "192.0.2\n", "0.3.0.192", "NXDOMAIN"},
    {"ip4set", "192.0\n", "9.9.0.192", "A 127.0.0.2"},
    {"ip4set", "192/8\n", "9.9.9.192", "A 127.0.0.2"},
    {"ip4set", "192.0.2.0/31\n", "1.2.0.192", "A 127.0.0.2"},
    {"ip4set", "192.0.2.0/31\n", "2.2.0.192", "NXDOMAIN"},
    {"ip4set", "0.0.0.0/1\n128/1\n", "1.2.3.4", "A 127.0.0.2"},
    {"ip4set", "1.2.3.4-1.2.5.6\n", "4.3.2.1", "A 127.0.0.2"},
    {"ip4set", "1.2.3.4-1.2.5.6\n", "3.3.2.1", "NXDOMAIN"},
    {"ip4set", "1.2.3.4-1.2.5.6\n", "0.4.2.1", "A 127.0.0.2"},
    {"ip4set", "1.2.3.4-1.2.5.6\n", "6.5.2.1", "A 127.0.0.2"},
    {"ip4set", "1.2.3.4-1.2.5.6\n", "7.5.2.1", "NXDOMAIN"},
    {"ip4set", "1.2.3.4-9\n", "9.3.2.1", "A 127.0.0.2"},
    {"ip4set", "1.2.3-5\n", "255.5.2.1", "A 127.0.0.2"},
    {"ip4set", "1.2.3-1.2.5\n", "255.5.2.1", "A 127.0.0.2"},
    {"ip4set", "127-130\n", "1.1.1.130", "A 127.0.0.2"},
    {"ip4set", "10.0.0.0-10.255.255.255\n", "1.1.1.10", "A 127.0.0.2"},
    {"ip4set", "010.002.003.004\n", "4.3.2.10", "A 127.0.0.2"},
    {"ip4set", "\t 1.2.3.4 \t\n", "4.3.2.1", "A 127.0.0.2"},
    {"ip4set", "1.2.3.4\r\n1.2.3.5 text\r\n", "4.3.2.1", "A 127.0.0.2"},
    {"ip4set", "1.2.3.4\r\n1.2.3.5 text\r\n", "5.3.2.1",
	"A 127.0.0.2 | TXT text"}, /* rbldnsd keeps the CR */
    /* which names are addresses */
    {"ip4set", "1.2.3.4\n", "04.3.2.1", "NXDOMAIN"}, /* rbldnsd: listed */
    {"ip4set", "1.2.3.4\n", "260.3.2.1", "NXDOMAIN"},
    {"ip4set", "192.0.2.1\n", /* IPv4-mapped, and 6to4 */
	"1.0.2.0.0.0.0.c.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0",
	"A 127.0.0.2"},
    {"ip4set", "192.0.2.1\n",
	"0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.2.0.0.0.0.c.2.0.0.2",
	"A 127.0.0.2"},
    {"ip4set", "192.0.2.1 $\n",
	"1.0.2.0.0.0.0.c.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0",
	"A 127.0.0.2 | TXT 192.0.2.1"},
    {"ip4set", "192.0.2.1\n",
	"c.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0", "NODATA"},
    {"ip4set", "192.0.2.1\n",
	"d.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0", "NXDOMAIN"},
    {"ip4set", "192.0.2.1\n", "0", "NODATA"}, /* of ::ffff:192.0.2.1 */
    {"ip4set", "192.0.2.1\n", "2.0.0.2", "NODATA"},
    /* exclusions and levels */
    {"ip4set", "10/8\n!10.1/16\n10.1.2.3\n", "1.1.0.10", "A 127.0.0.2"},
    {"ip4set", "10/8\n!10.1/16\n10.1.2.3\n", "1.1.1.10", "NXDOMAIN"},
    {"ip4set", "10/8\n!10.1/16\n10.1.2.3\n", "3.2.1.10", "A 127.0.0.2"},
    {"ip4set", "10/8\n!10.1/16\n10.1.2.3\n", "1.10", "NODATA"},
    {"ip4set", "10/8\n!10.1/16\n", "1.10", "NXDOMAIN"},
    {"ip4set", "10/8\n!10.1/16\n", "2.10", "NODATA"},
    {"ip4set", "!10.1.2.3\n10.1.2.3\n", "3.2.1.10", "NXDOMAIN"},
    {"ip4set", "10.1.2.3\n!10.1.2.3\n", "3.2.1.10", "NXDOMAIN"},
    {"ip4set", "1.2.5.0/25\n!1.2.5.0/24\n", "1.5.2.1", "A 127.0.0.2"},
    {"ip4set", "!1.2.2.0/23\n1.2.3.0/24\n", "1.3.2.1", "NXDOMAIN"},
    {"ip4set", "! 10.1.2.3 ignored\n10.1.2/24\n", "3.2.1.10", "NXDOMAIN"},
    {"ip4set", "10.1.2/24 :3\n10.1.2.0/25 :4\n", "3.2.1.10",
	"A 127.0.0.4"},
    {"ip4set", "10.1.2/24 :3\n10.1/16 :4\n", "3.2.1.10", "A 127.0.0.3"},
    {"ip4set", "10.1.2.0/25 :3\n10.1.2.0/26 :4\n10.1.2.1 :5\n", "1.2.1.10",
	"A 127.0.0.3 | A 127.0.0.4 | A 127.0.0.5"},
    {"ip4set", "10.1.2.0/25 :3\n10.1.2.0/26 :4\n10.1.2.1 :5\n", "70.2.1.10",
	"A 127.0.0.3"},
    {"ip4set", "1.2.3.4\n1.2.3.4\n1.2.3.4 :2\n", "4.3.2.1", "A 127.0.0.2"},
    {"ip4set", "1.2.3.4 a\n1.2.3.4 b\n", "4.3.2.1",
	"A 127.0.0.2 | TXT a | TXT b"},
    {"ip4set", "1.2/16 :3\n1.2/16 :4\n", "9.9.2.1",
	"A 127.0.0.3 | A 127.0.0.4"},
    {"ip4set", "1/8 :3\n1/8 :4\n!1/8\n", "9.9.2.1", "NXDOMAIN"},
    /* values */
    {"ip4set", ":3:def $\n1.2.3.4\n", "4.3.2.1",
	"A 127.0.0.3 | TXT def 1.2.3.4"},
    {"ip4set", "1.2.3.4\n:3:def\n1.2.3.5\n", "4.3.2.1", "A 127.0.0.2"},
    {"ip4set", ":3:def\n:4\n1.2.3.4\n", "4.3.2.1", "A 127.0.0.4"},
    {"ip4set", ":127.9.8.7:\n1.2.3.4\n", "4.3.2.1", "A 127.9.8.7"},
    {"ip4set", ":3:def\n1.2.3.4 :5\n", "4.3.2.1", "A 127.0.0.5 | TXT def"},
    {"ip4set", ":3:def\n1.2.3.4 :6:\n", "4.3.2.1", "A 127.0.0.6"},
    {"ip4set", ":3:def\n1.2.3.4 :6: own\n", "4.3.2.1",
	"A 127.0.0.6 | TXT own"},
    {"ip4set", ":3:def\n1.2.3.4 own\n", "4.3.2.1",
	"A 127.0.0.3 | TXT own"},
    {"ip4set", ":3:def\n1.2.3.4:5\n", "4.3.2.1", "A 127.0.0.5 | TXT def"},
    {"ip4set", ":3:def\n1.2.3.4 # own\n", "4.3.2.1",
	"A 127.0.0.3 | TXT def"},
    {"ip4set", "1.2.3.4#own\n", "4.3.2.1", "A 127.0.0.2"},
    {"ip4set", "1.2.3.4 :5:text # more\n", "4.3.2.1",
	"A 127.0.0.5 | TXT text # more"},
    {"ip4set", "1.2.3.4 :1.2\n", "4.3.2.1", "A 1.0.0.2"}, /* inet_aton() */
    {"ip4set", "1.2.3.4 :127.3:\n", "4.3.2.1", "A 127.0.0.3"},
    {"ip4set", "1.2.3.4 :10.2.3:\n", "4.3.2.1", "A 10.2.0.3"},
    /* substitution */
    {"ip4set", "$1 one\n1.2.3.4 $1 $2 $$ $$$\n", "4.3.2.1",
	"A 127.0.0.2 | TXT one $2 $ $1.2.3.4"},
    {"ip4set", "1.2.3.4 $1\n$1 late\n$1 again\n", "4.3.2.1",
	"A 127.0.0.2 | TXT late"},
    {"ip4set", "$= b $= $ $1\n$1 v\n1.2.3.4 own $1\n", "4.3.2.1",
	"A 127.0.0.2 | TXT b own $1 1.2.3.4 v"},
    {"ip4set", "$= b $= $\n1.2.3.4\n", "4.3.2.1",
	"A 127.0.0.2 | TXT b 1.2.3.4 1.2.3.4"},
    {"ip4set", "$= b $=\n1.2.3.4 :6:\n", "4.3.2.1",
	"A 127.0.0.6 | TXT b 1.2.3.4"},
    {"ip4set", "$= base\n1.2.3.4 =own $ $=\n", "4.3.2.1",
	"A 127.0.0.2 | TXT own 1.2.3.4 own $ $="},
    {"ip4set", "1.2.3.4 =\n", "4.3.2.1", "A 127.0.0.2"},
    {"ip4set", "1.2.3.4 a $=\n", "4.3.2.1", "A 127.0.0.2 | TXT a a $="},
    {"ip4set", "$1 " X250 "\n1.2.3.4 $1$1\n", "4.3.2.1",
	"A 127.0.0.2 | TXT " X250 "xxxx"},
    {"ip4set", "1.2.3.4 " X250 "ab$\n", "4.3.2.1",
	"A 127.0.0.2 | TXT " X250 "ab1."},
    {"ip4set", "1.2.3.4 " X250 "abcde\n", "4.3.2.1",
	"A 127.0.0.2 | TXT " X250 "abcd"},
    /* what holds for the dataset */
    {"ip4set", "1.2.3.4 t\n$TTL 5m\n", "4.3.2.1",
	"A 127.0.0.2 (300) | TXT t (300)"},
    {"ip4set", "$TTL 5m\n$TTL 1h\n1.2.3.4\n", "4.3.2.1",
	"A 127.0.0.2 (3600)"},
    {"ip4set", "$TTL 5m\n$TTL 0\n1.2.3.4\n", "4.3.2.1", "A 127.0.0.2"},
    {"ip4set", "#$TTL 1\n1.2.3.4\n", "4.3.2.1", "A 127.0.0.2 (1)"},
    {"ip4set", ";$ttl 1s\n1.2.3.4\n", "4.3.2.1", "A 127.0.0.2 (1)"},
    {"ip4set", ":$Ttl\t1w\n1.2.3.4\n", "4.3.2.1", "A 127.0.0.2 (604800)"},
    {"ip4set", "$MAXRANGE4 /24\n1.2/16\n", "4.3.2.1", "NXDOMAIN"},
    {"ip4set", "$MAXRANGE4 256\n1.2.3/24\n", "4.3.2.1", "A 127.0.0.2"},
    {"ip4set", "1.2/16\n$MAXRANGE4 1\n", "4.3.2.1", "A 127.0.0.2"},
    {"ip4set", "$MAXRANGE4 1\n1.2.3.4\n", "4.3.2.1", "A 127.0.0.2"},
    {"ip4set", "1.2.3/24\n$MAXRANGE4 2\n!1.2.3.0/30\n", "1.3.2.1",
	"A 127.0.0.2"},
    {"ip4set", "$TIMESTAMP 2020:01:01\n1.2.3.4\n", "4.3.2.1",
	"A 127.0.0.2"},
    {"ip4set", "$TIMESTAMP 2020-01-01:00:00:00 +500w\n1.2.3.4\n", "4.3.2.1",
	"A 127.0.0.2"},
    /* ip4trie: the longest prefix */
    {"ip4trie", "1.2.3.4\n", "4.3.2.1", "A 127.0.0.2"},
    {"ip4trie", "1.2.3.0/30 :3\n1.2.3/24 :4\n", "2.3.2.1", "A 127.0.0.3"},
    {"ip4trie", "1.2.3.0/30 :3\n1.2.3/24 :4\n", "9.3.2.1", "A 127.0.0.4"},
    {"ip4trie", "1.2/15 :3\n1.2/16 :4\n", "9.3.3.1", "A 127.0.0.3"},
    {"ip4trie", "1.2/15 :3\n1.2/16 :4\n", "9.3.2.1", "A 127.0.0.4"},
    {"ip4trie", "0/0 :3\n!1/8\n", "9.3.2.1", "NXDOMAIN"},
    {"ip4trie", "0/0 :3\n!1/8\n", "9.3.2.2", "A 127.0.0.3"},
    {"ip4trie", "0/0 :3\n!1/8\n", "1", "NXDOMAIN"},
    {"ip4trie", "!1.2.2.0/23\n1.2.3.0/24\n", "1.3.2.1", "A 127.0.0.2"},
    {"ip4trie", "1.2.3.4 :3\n1.2.3.4 :4\n", "4.3.2.1", "A 127.0.0.3"},
    {"ip4trie", "1.2.3.4/31 :3\n!1.2.3.4/31\n", "4.3.2.1", "A 127.0.0.3"},
    {"ip4trie", "!1.2.3.4\n1.2.3.4\n", "4.3.2.1", "NXDOMAIN"},
    {"ip4trie", "1.2.3.4/32 $\n", "4.3.2.1", "A 127.0.0.2 | TXT 1.2.3.4"},
    {"ip4trie", "128/1 :3\n192/2 :4\n", "1.1.1.129", "A 127.0.0.3"},
    {"ip4trie", "128/1 :3\n192/2 :4\n", "1.1.1.192", "A 127.0.0.4"},
    /* ip6trie */
    {"ip6trie", "2001:db8::/32\n", IP6_1 "0.0.0.0.0.0.0.0." DB8,
	"A 127.0.0.2"},
    {"ip6trie", "2001:db8\n", IP6_1 "0.0.0.0.0.0.0.0." DB8, "A 127.0.0.2"},
    {"ip6trie", "2001:db8::\n", IP6_1 "0.0.0.0.0.0.0.0." DB8, "NXDOMAIN"},
    {"ip6trie", "2001:db8::1\n", IP6_1 "0.0.0.0.0.0.0.0." DB8,
	"A 127.0.0.2"},
    {"ip6trie", "2001:0DB8:0:0:0:0:0:1 :3: $\n",
	IP6_1 "0.0.0.0.0.0.0.0." DB8, "A 127.0.0.3 | TXT 2001:db8::1"},
    {"ip6trie", "::/0\n", IP6_1 "0.0.0.0.0.0.0.0." DB8, "A 127.0.0.2"},
    {"ip6trie", "::1\n", IP6_1 "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0",
	"A 127.0.0.2"},
    {"ip6trie", "2001:db8::/32 :3\n2001:db8::/33 :4\n",
	IP6_1 "0.0.0.0.0.0.0.0." DB8, "A 127.0.0.4"},
    {"ip6trie", "2001:db8::/32\n!2001:db8::/64\n",
	IP6_1 "0.0.0.0.0.0.0.0." DB8, "NXDOMAIN"},
    {"ip6trie", "2001:db8::/32\n!2001:db8::/64\n",
	IP6_1 "1.0.0.0.0.0.0.0." DB8, "A 127.0.0.2"},
    {"ip6trie", "2001:db8::1 :3\n2001:db8::1 :4\n",
	IP6_1 "0.0.0.0.0.0.0.0." DB8, "A 127.0.0.3"},
    {"ip6trie", "2001:db8::1 $\n", IP6_1 "0.0.0.0.0.0.0.0." DB8,
	"A 127.0.0.2 | TXT 2001:db8::1"},
    {"ip6trie", ":3:def\n2001:db8::1\n", IP6_1 "0.0.0.0.0.0.0.0." DB8,
	"A 127.0.0.3 | TXT def"},
    {"ip6trie", "2001:db8::/32\n", DB8, "NODATA"},
    {"ip6trie", "2001:db8::/32\n", "0." DB8, "NODATA"},
    {"ip6trie", "2001:db8::/32\n", "b.d.0.1.0.0.2", "NODATA"},
    {"ip6trie", "2001:db8::/32\n", "c.d.0.1.0.0.2", "NXDOMAIN"},
    {"ip6trie", "2001:db8::/33\n", "8." DB8, "NXDOMAIN"},
    {"ip6trie", "2001:db8::/32\n!2001:db8::/36\n", "0." DB8, "NXDOMAIN"},
    {"ip6trie", "2001:db8::/32\n", "0.0.2", "NODATA"},
    {"ip6trie", "2001:db8::/32\n", "1.0.2", "NXDOMAIN"},
    {"ip6trie", "2001:db8::1\n", "0.0.0.0.0.0.0." DB8, "NODATA"},
    {"ip6trie", "::ffff:c000:201 $\n",
	"1.0.2.0.0.0.0.c.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0",
	"A 127.0.0.2 | TXT ::ffff:c000:201"},
    /* ip4tset: one value, the first that is set, for entries before it, too */
    {"ip4tset", "1.2.3.4\n", "4.3.2.1", "A 127.0.0.2"},
    {"ip4tset", "1.2.3.4\n", "5.3.2.1", "NXDOMAIN"},
    {"ip4tset", "1.2.3.4\n", "3.2.1", "NODATA"},
    {"ip4tset", "1.2.3.4\n:3:of $\n:4:other\n1.2.3.5\n", "4.3.2.1",
	"A 127.0.0.3 | TXT of 1.2.3.4"},
    {"ip4tset", ":x\n:4:other\n1.2.3.5\n", "5.3.2.1",
	"A 127.0.0.4 | TXT other"},
    {"ip4tset", ":3:of\n1.2.3.4 :5:own\n", "4.3.2.1",
	"A 127.0.0.3 | TXT of"},
    {"ip4tset", "1.2.3.4:5\n1.2.3.4\n", "4.3.2.1", "A 127.0.0.2"},
    {"ip4tset", "$TTL 9\n$= base $= $1\n$1 one\n1.2.3.4 own\n", "4.3.2.1",
	"A 127.0.0.2 (9) | TXT base 1.2.3.4 one (9)"},
    {"ip4tset", "010.2.3.4\n", "4.3.2.10", "A 127.0.0.2"},
    /* ip6tset: four words; exclusions of single addresses */
    {"ip6tset", "2001:db8:0:3\n", IP6_1 "3.0.0.0.0.0.0.0." DB8,
	"A 127.0.0.2"},
    {"ip6tset", "2001:db8:0:3\n", IP6_1 "4.0.0.0.0.0.0.0." DB8, "NXDOMAIN"},
    {"ip6tset", "2001:db8:0:3\n:3:of $\n:4:x\n",
	IP6_1 "3.0.0.0.0.0.0.0." DB8,
	"A 127.0.0.3 | TXT of 2001:db8:0:3::1"},
    {"ip6tset", "2001:db8:0:3 :5:own\n", IP6_1 "3.0.0.0.0.0.0.0." DB8,
	"A 127.0.0.2"},
    {"ip6tset", "!2001:db8:0:3::1\n:3\n2001:db8:0:3\n",
	IP6_1 "3.0.0.0.0.0.0.0." DB8, "NXDOMAIN"},
    {"ip6tset", "2001:db8:0:3\n! 2001:db8:0:3:0:0:0:1 :3:x\n",
	IP6_1 "3.0.0.0.0.0.0.0." DB8, "NXDOMAIN"},
    {"ip6tset", "2001:db8:0:3\n!2001:db8:0:3::2\n",
	IP6_1 "3.0.0.0.0.0.0.0." DB8, "A 127.0.0.2"},
    {"ip6tset", "2001:db8:0:00003#c\n", IP6_1 "3.0.0.0.0.0.0.0." DB8,
	"A 127.0.0.2"},
    /* dnset */
    {"dnset", "example.com $\n", "example.com",
	"A 127.0.0.2 | TXT example.com"},
    {"dnset", "Example.COM. $\n", "eXample.com",
	"A 127.0.0.2 | TXT example.com"},
    {"dnset", "example.com\n", "x.example.com", "NXDOMAIN"},
    {"dnset", "example.com\n", "com", "NODATA"},
    {"dnset", "example.com\n", "org", "NXDOMAIN"},
    {"dnset", "example.com\n", "", "NODATA"},
    {"dnset", ".example.com $\n", "example.com",
	"A 127.0.0.2 | TXT example.com"},
    {"dnset", ".example.com $\n", "a.b.example.com",
	"A 127.0.0.2 | TXT example.com"},
    {"dnset", "*.example.com $\n", "a.b.example.com",
	"A 127.0.0.2 | TXT example.com"},
    {"dnset", "*.example.com\n", "example.com", "NODATA"},
    {"dnset", "*.com :3\n*.example.com :4\n", "a.example.com",
	"A 127.0.0.4"},
    {"dnset", "*.com :3\n*.example.com :4\n", "example.com", "A 127.0.0.3"},
    {"dnset", "*.com :3\na.com :4\n", "a.com", "A 127.0.0.4"},
    {"dnset", ".com\n!a.com\n", "a.com", "NXDOMAIN"},
    {"dnset", ".com\n!a.com\n", "b.a.com", "A 127.0.0.2"},
    {"dnset", ".com\n!.a.com\n", "b.a.com", "NXDOMAIN"},
    {"dnset", ".com\n!*.a.com\n", "a.com", "A 127.0.0.2"},
    {"dnset", ".com\n!*.a.com\n", "b.a.com", "NXDOMAIN"},
    {"dnset", "!a.com\nb.a.com\n", "a.com", "NODATA"},
    {"dnset", "!a.com\na.com\n", "a.com", "NXDOMAIN"},
    {"dnset", "a.com\n!a.com\n", "a.com", "NXDOMAIN"},
    {"dnset", "!b.a.com\n", "a.com", "NXDOMAIN"},
    {"dnset", "a.com :3\na.com :4\n.a.com :5\n", "a.com",
	"A 127.0.0.3 | A 127.0.0.4 | A 127.0.0.5"},
    {"dnset", "a.com :3\na.com :4\n.a.com :5\n", "b.a.com", "A 127.0.0.5"},
    {"dnset", "*.a\nb.c.a\n", "c.a", "A 127.0.0.2"}, /* not RFC 4592 */
    {"dnset", "a\\.b.com $\n", "a\\.b.com", "A 127.0.0.2 | TXT a\\.b.com"},
    {"dnset", "a\\046b.com $\n", "a\\.b.com", "A 127.0.0.2 | TXT a\\.b.com"},
    {"dnset", "a..b. $\n", "a.b", "A 127.0.0.2 | TXT a.b"},
    {"dnset", "\\200.com $\n", "\\200.com", "A 127.0.0.2 | TXT \\200.com"},
    {"dnset", "a@b;\\\".com $\n", "a\\@b\\;\\\".com",
	"A 127.0.0.2 | TXT a\\@b\\;\\\".com"},
    {"dnset", "*\n", "*", "A 127.0.0.2"},
    {"dnset", "4.3.2.1\n", "4.3.2.1", "A 127.0.0.2"},
    {"dnset", LONGEST " :3\n", LONGEST, "A 127.0.0.3"},
    /* generic */
    {"generic", "@ A 127.0.0.1\n", "", "A 127.0.0.1"},
    {"generic", "www 300 A 127.0.0.1\n", "www", "A 127.0.0.1 (300)"},
    {"generic", "www 0 in a 127.0.0.1\n", "www", "A 127.0.0.1"},
    {"generic", "www A 127.0.0.1 # comment\n", "www", "A 127.0.0.1"},
    {"generic", "WWW.x TXT  \"quoted $ $$\"\n", "www.x",
	"TXT quoted $ $$"},
    {"generic", "www TXT half \"quoted\"\n", "www", "TXT half \"quoted\""},
    {"generic", "www TXT \"\"\n", "www", "TXT "},
    {"generic", "www TXT " X250 "abcde\n", "www", "TXT " X250 "abcde"},
    {"generic", "www TXT " X250 "abcdef\n", "www", "TXT " X250 "abcde"},
    {"generic", "@ 1d MX 10 mx.Example.com\n", "",
	"MX 10 mx.Example.com (86400)"},
    {"generic", "@ MX 0 .\n", "", "MX 0 ."},
    {"generic", "a A 1.1.1.1\na TXT t\na A 1.1.1.2\na A 1.1.1.1\n", "a",
	"A 1.1.1.1 | TXT t | A 1.1.1.2"},
    {"generic", "a 60 A 1.1.1.1\na 30 A 1.1.1.2\na 90 TXT t\n", "a",
	"A 1.1.1.1 (30) | A 1.1.1.2 (30) | TXT t (90)"},
    {"generic", "$TTL 60\na A 1.1.1.1\n$TTL 30\nb A 1.1.1.1\n", "a",
	"A 1.1.1.1 (60)"},
    {"generic", "*.a A 1.1.1.1\n", "x.a", "NXDOMAIN"},
    {"generic", "www AAAA 2001:DB8::5 # comment\n", "www",
	"AAAA 2001:db8..5"},
    {"generic", "www 60 in aaaa ::ffff:192.0.2.1\n", "www",
	"AAAA 0:0..201 (60)"},
    {"generic", "www CNAME www.Example.com.\n", "www",
	"CNAME www.Example.com"},
    {"generic", "_smtp._tcp SRV 1 2 65535 mx.example.com\n", "_smtp._tcp",
	"SRV 1 2 65535 mx.example.com"},
    {"generic", "sub NS ns1.example.com\nsub NS ns2.example.com\n", "sub",
	"NS ns1.example.com | NS ns2.example.com"},
    {"generic", "1 PTR host.example.com\n", "1", "PTR host.example.com"},
    {"generic", "@ AAAA ::1\n@ SRV 0 0 0 .\n", "",
	"AAAA 0:0..1 | SRV 0 0 0 ."},
    {"ip6trie", "$MAXRANGE6 /48\n2001:db8::/47\n", "2." DB8, "NXDOMAIN"},
    {"ip6trie", "$MAXRANGE6 /48\n2001:db8:1::/48\n", DB8, "NODATA"},
    {"ip6trie", "2001:db8:1::/47\n$MAXRANGE6 /48\n", DB8, "NXDOMAIN"},
    {"ip6trie", "2001:db8:2::/47\n$MAXRANGE6 /48\n", DB8, "NODATA"},
    {"ip6tset", "$MAXRANGE6 /65\n2001:db8:0:3\n", DB8, "NXDOMAIN"},
    {"ip6tset", "$MAXRANGE6 /64\n2001:db8:0:3\n", DB8, "NODATA"},
    {"plain", "$MAXRANGE6 /64\n2001:db8::-2001:db8::1:0:0:0:0\n", DB8,
	"NXDOMAIN"},
    {"plain", "$MAXRANGE6 /64\n2001:db8::-2001:db8::ffff:ffff:ffff:ffff\n",
	DB8, "NODATA"},
    {"generic", "x.a A 1.1.1.1\n", "a", "NODATA"},
};

START_TEST(test_answer)
{
	struct test_zone z;

	zones_init(&z, ZONES_APEX);
	zones_add(&z, answers[_i].type, answers[_i].text);
	ck_assert_msg(zones_build(&z) == 0, "%s", z.why);
	ck_assert_msg(strcmp(zones_ask(&z, answers[_i].name),
			  answers[_i].want) == 0,
	    "%s: %s\nis   %s\nwant %s", answers[_i].text, answers[_i].name,
	    zones_ask(&z, answers[_i].name), answers[_i].want);
	zones_free(&z);
}
END_TEST

static const struct {
	const char *type, *line, *want; /* a part of the report */
} bad_lines[] = {
    {"ip4set", "$EXPIRES", "unknown $ line"},
    {"ip4set", "$EXPIRES +1h", "not a time"},
    {"ip4set", "$EXPIRES tomorrow", "not a time"},
    {"ip4set", "$EXPIRES 2027:01:01 x", "not a time"},
    {"csv(1,expires=2)", "1.2.3.4,soon", "not a time in column 2"},
    {"csv(1,expires=2)", "1.2.3.4,2027-02-30", "not a time"},
    {"csv(1,expires=2)", "1.2.3.4,2027-01-01 12:00:00 CET", "not a time"},
    {"csv(1,expires=2)", "1.2.3.4,2027-01-01T12:00:00+01:00", "not a time"},
    {"ip4set", "10", "bare number"},
    {"ip4set", "0.0.0.0/0", "every address"},
    {"ip4set", "1.2.3.4/24", "beyond the length"},
    {"ip4set", "1.2.3.4/33", "not an IPv4 address"},
    {"ip4set", "1.2.3.4/", "not an IPv4 address"},
    {"ip4set", "1.2.3.256", "not an IPv4 address"},
    {"ip4set", "1.2.3.4x", "behind the address"},
    {"ip4set", "1.2.3.4.5", "behind the address"},
    {"ip4set", "1.2.3.4-1.2.3.3", "not a range"},
    {"ip4set", "127-127.0.0", "not a range"},
    {"ip4set", "1.2.3.4-", "not a range"},
    {"ip4set", "1.2.3.4 :", "no address behind the colon"},
    {"ip4set", "1.2.3.4 :0:", "no address behind the colon"},
    {"ip4set", "1.2.3.4 :x:", "no address behind the colon"},
    {"ip4set", "1.2.3.4 :5 # comment", "second colon"},
    {"ip4set", ":256:", "no address behind the colon"},
    {"ip4set", "<html>", "not an IPv4 address"},
    {"ip4set", "2001:db8::1", "not an IPv4 address"},
    {"ip4set", "$TTL", "unknown $ line"},
    {"ip4set", "$TTL x", "not a time"},
    {"ip4set", "$TTL 1x", "not a time"},
    {"ip4set", "$TTL 4294967295w", "not a time"},
    {"ip4set", "$ENT 1", "unknown $ line"},
    {"ip4set", "$DATASET ip4set x", "unknown $ line"},
    {"ip4set", "#$Id: a revision $", "unknown $ line"},
    {"ip4set", "$1", "unknown $ line"},
    {"ip4set", "$SOA 1 a b 1 2 3 4", "not an SOA"},
    {"ip4set", "$SOA 1 a b 1 2 3 4 5 6", "not an SOA"},
    {"ip4set", "$SOA 1 a b 1h 2 3 4 5", "not an SOA"},
    {"ip4set", "$NS 1", "no name servers"},
    {"ip4set", "$NS x a", "no name servers"},
    {"ip4set", "$MAXRANGE4 0", "not a size"},
    {"ip4set", "$MAXRANGE4 /33", "not a size"},
    {"ip4set", "$TIMESTAMP 2020:13:01", "not a time"},
    {"ip4set", "$TIMESTAMP 2021:02:29", "not a time"},
    {"ip4set", "$TIMESTAMP 0 +1w", "not a time"},
    {"ip4trie", "1.2.3.4-9", "behind the prefix"},
    {"ip4trie", "1.2.3.4/24", "beyond the length"},
    {"ip4trie", "10", "bare number"},
    {"ip4tset", "1.2.3", "not a single"},
    {"ip4tset", "1.2.3.4/32", "not a single"},
    {"ip4tset", "1.2.3.4-5", "not a single"},
    {"ip4tset", "1.2.3.4x", "not a single"},
    {"ip4tset", "!1.2.3.4", "not a single"},
    {"ip4tset", ":x", "no address behind the colon"},
    {"ip6trie", "2001", "bare number"},
    {"ip6trie", "2001:db8::/28", "beyond the length"},
    {"ip6trie", "2001:db8::/129", "not an IPv6 prefix"},
    {"ip6trie", "2001:db8::12345", "behind the prefix"},
    {"ip6trie", "1:2:3:4:5:6:7::8", "not an IPv6 prefix"},
    {"ip6trie", "1:2:", "not an IPv6 prefix"},
    {"ip6trie", "1:", "not an IPv6 prefix"},
    {"ip6trie", "192.0.2.1", "bare number"},
    {"ip6tset", "2001:db8", "not four words"},
    {"ip6tset", "2001:db8:1:2:3", "not four words"},
    {"ip6tset", "2001:db8:1:2::", "not four words"},
    {"ip6tset", "2001:db8:1:2/64", "not four words"},
    {"ip6tset", "2001:db8:1:2::/64", "not four words"},
    {"ip6tset", "2001:db8:1:2: text", "not four words"},
    {"ip6tset", "::1", "not four words"},
    {"ip6tset", "!2001:db8:1:2", "not an IPv6 address"},
    {"ip6tset", "!2001:db8:1:2::1/128", "not an IPv6 address"},
    {"dnset", ".", "not a domain name"},
    {"dnset", "*.", "not a domain name"},
    {"dnset", "!", "not a domain name"},
    {"dnset", X50 X10 "xxxx.com", "not a domain name"},
    {"dnset", "a\\256", "not a domain name"},
    {"dnset", LONGEST "x", "too long to be asked"},
    {"generic", "www", "not an entry"},
    {"generic", "www LOC x", "not an entry"},
    {"generic", "www AAAA 1.2.3.4", "name [ttl] AAAA"},
    {"generic", "www AAAA ::1 x", "name [ttl] AAAA"},
    {"generic", "www AAAA 2001:db8:0001:0001:0001:0001:255.255.255.255.255.25",
	"name [ttl] AAAA"},
    {"generic", "www CNAME", "not an entry"},
    {"generic", "www CNAME a b", "name [ttl] CNAME"},
    {"generic", "@ CNAME a", "the zone itself"},
    {"generic", "@ NS a", "the zone itself"},
    {"generic", "www SRV 1 2 a", "name [ttl] SRV"},
    {"generic", "www SRV 1 2 65536 a", "name [ttl] SRV"},
    {"ip6trie", "$MAXRANGE6 64", "not a length"},
    {"ip6trie", "$MAXRANGE6 /0", "not a length"},
    {"ip6trie", "$MAXRANGE6 /129", "not a length"},
    {"generic", "www A", "not an entry"},
    {"generic", "www A x", "not an entry"},
    {"generic", "www MX 65536 a", "not an entry"},
    {"generic", "www MX 1 a b", "not an entry"},
    {"generic", "www 9999999999 A 1.1.1.1", "not an entry"},
    {"generic", ". A 1.1.1.1", "not an entry"},
};

/* The line is told about and left out; the ones around it are there. */
START_TEST(test_bad_line)
{
	static const struct {
		const char *type, *entry, *name;
	} good[] = {{"ip4set", "9.9.9.%d\n", "9.9.9"},
	    {"ip4trie", "9.9.9.%d\n", "9.9.9"},
	    {"ip4tset", "9.9.9.%d\n", "9.9.9"}, {"ip6trie", "::%d\n", "0.0"},
	    {"ip6tset", "0:0:0:%d\n", "0.0"}, {"dnset", "%d.good\n", "good"},
	    {"generic", "%d.good A 1.1.1.1\n", "good"},
	    {"csv(1,expires=2)", "9.9.9.%d\n", "9.9.9"}};
	char text[2048] = "", want[600], *p = text;
	struct test_zone z;
	size_t g = 0;

	while (strcmp(good[g].type, bad_lines[_i].type) != 0)
		g++;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	p += sprintf(p, good[g].entry, 1);
	p += sprintf(p, "%s\n", bad_lines[_i].line);
	sprintf(p, good[g].entry, 2);
#pragma GCC diagnostic pop
	zones_init(&z, ZONES_APEX);
	zones_add(&z, bad_lines[_i].type, text);
	ck_assert_msg(zones_build(&z) == 0, "%s", z.why);
	snprintf(want, sizeof(want), "%s0:2: ", bad_lines[_i].type);
	ck_assert_msg(strncmp(z.reports, want, strlen(want)) == 0, "%s",
	    z.reports);
	ck_assert_msg(strstr(z.reports, bad_lines[_i].want) != NULL, "%s",
	    z.reports);
	ck_assert_ptr_eq(strchr(z.reports, '\n'),
	    z.reports + strlen(z.reports) - 1);
	ck_assert_uint_eq(z.result.bad_lines, 1);
	ck_assert_uint_eq(z.result.entries, 2);
	ck_assert_str_eq(zones_ask(&z, good[g].name), "NODATA");
	zones_free(&z);
}
END_TEST

/* Told about, but the entry is there. */
START_TEST(test_notes)
{
	struct test_zone z;

	zones_init(&z, ZONES_APEX);
	zones_add(&z, "ip4set", "1.2.3.4 " X250 "abcdef\n");
	zones_add(&z, "ip4trie", "1.2.3/24\n1.2.3.4\n1.2.3/24\n1.2.3.4 :3\n");
	zones_add(&z, "ip6trie", "2001:db8::/32\n2001:db8::/32\n");
	zones_add(&z, "ip4tset", ":3:t\n1.2.3.5 :4\n1.2.3.6 #\n:3:t\n:4\n");
	zones_add(&z, "ip6tset", "1:2:3:4 t\n!1:2:3:4::5 :6\n");
	ck_assert_int_eq(zones_build(&z), 0);
	ck_assert_str_eq(z.reports,
	    "ip4set0:1: the text is cut at 255 bytes; make it shorter\n"
	    "ip4trie1:0: 2 prefixes are there more than once, one is "
	    "1.2.3.0/24; the first of each counts\n"
	    "ip6trie2:0: 1 prefixes are there more than once, one is "
	    "2001:db8:0:0.../32; the first of each counts\n"
	    "ip4tset3:2: an ip4tset has one value for all; the one of this "
	    "entry is left out\n"
	    "ip4tset3:5: an ip4tset has one value for all; the first counts, "
	    "not this one\n"
	    "ip6tset4:1: an ip6tset has one value for all; the one of this "
	    "entry is left out\n");
	ck_assert_uint_eq(z.result.bad_lines, 0);
	zones_free(&z);
}
END_TEST

/* A default holds to the end of its file; $ lines for the whole dataset. */
START_TEST(test_several_files)
{
	struct test_zone z;

	zones_init(&z, ZONES_APEX);
	zones_add(&z, "ip4set", ":3:$1 first\n1.1.1.1\n$TTL 60\n");
	zones_add_file(&z, "1.1.1.2\n1.1.1.3 $1 second\n$1 var\n");
	ck_assert_int_eq(zones_build(&z), 0);
	ck_assert_str_eq(zones_ask(&z, "1.1.1.1"),
	    "A 127.0.0.3 (60) | TXT var first (60)");
	ck_assert_str_eq(zones_ask(&z, "2.1.1.1"), "A 127.0.0.2 (60)");
	ck_assert_str_eq(zones_ask(&z, "3.1.1.1"),
	    "A 127.0.0.2 (60) | TXT var second (60)");
	zones_free(&z);
}
END_TEST

/* Every dataset that lists a name answers; exclusions are their own only. */
START_TEST(test_several_datasets)
{
	struct test_zone z;

	zones_init(&z, ZONES_APEX);
	zones_add(&z, "ip4set", "1.2.3.4 :3\n!9.9.9.9\n");
	zones_add(&z, "ip4trie", "1.2.3/24 :4\n9/8\n");
	zones_add(&z, "dnset", "4.3.2.1 :5\nexample.com $\n");
	zones_add(&z, "ip6trie", "::ffff:0:0/96\n2001:db8::/32\n");
	zones_add(&z, "generic", "example.com TXT generic\n");
	ck_assert_int_eq(zones_build(&z), 0);
	ck_assert_str_eq(zones_ask(&z, "4.3.2.1"),
	    "A 127.0.0.3 | A 127.0.0.4 | A 127.0.0.5");
	ck_assert_str_eq(zones_ask(&z, "9.9.9.9"), "A 127.0.0.2");
	ck_assert_str_eq(zones_ask(&z, "example.com"),
	    "A 127.0.0.2 | TXT example.com | TXT generic");
	ck_assert_str_eq(zones_ask(&z, "com"), "NODATA");
	/* with IPv4 datasets beside it, a mapped address is IPv4 only */
	ck_assert_str_eq(zones_ask(&z, "1.0.0.0.0.0.0.a.f.f.f.f.0.0.0.0."
	    "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0"), "NXDOMAIN");
	ck_assert_str_eq(zones_ask(&z, "4.0.3.0.2.0.1.0.f.f.f.f.0.0.0.0."
	    "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0"), "A 127.0.0.3 | A 127.0.0.4");
	ck_assert_uint_eq(generation_info(z.gen)->datasets, 5);
	zones_free(&z);
}
END_TEST

START_TEST(test_too_many_values)
{
	char *text = malloc(400 * 32), *p = text;
	unsigned n = 0;
	struct test_zone z;

	for (unsigned i = 1; i <= 300; i++)
		p += sprintf(p, "1.2.3.4 :127.0.%u.%u:\n", i / 200,
		    i % 200 + 1);
	zones_init(&z, ZONES_APEX);
	zones_add(&z, "ip4set", text);
	zones_add(&z, "dnset", "a :1\n");
	ck_assert_int_eq(zones_build(&z), 0);
	for (const char *s = zones_ask(&z, "4.3.2.1"); s != NULL;
	    s = strchr(s + 1, '|'))
		n++;
	ck_assert_uint_eq(n, 255);
	zones_free(&z);
	free(text);
}
END_TEST

/* $EXPIRES: > is a time to come, < one that is over. */
static const struct {
	const char *type, *text, *name, *want;
	unsigned entries;
} expiring[] = {
    {"ip4set", "$EXPIRES >\n1.2.3.4 t\n", "4.3.2.1", "A 127.0.0.2 | TXT t", 1},
    {"ip4set", "$EXPIRES <\n1.2.3.4 t\n", "4.3.2.1", "NXDOMAIN", 0},
    {"ip4set", "#$EXPIRES <\n1.2.3.4\n;$expires 0\n1.2.3.5\n", "5.3.2.1",
	"A 127.0.0.2", 1},
    {"ip4set", "1.2.3.5\n$EXPIRES <\n1.2.3.4\n:$EXPIRES -\n", "5.3.2.1",
	"A 127.0.0.2", 1},
    {"ip4set", "$EXPIRES >\n:5:d\n1.2.3.4\n1.2.3.5\n", "5.3.2.1",
	"A 127.0.0.5 | TXT d", 2},
    {"ip4set", "$EXPIRES <\n:5:d\n!1.2.3.5\n$EXPIRES >\n1.2.3/24\n",
	"4.3.2.1", "A 127.0.0.5 | TXT d", 2},
    {"ip4set", "$EXPIRES <\n:5:d\n!1.2.3.5\n$EXPIRES >\n1.2.3/24\n",
	"5.3.2.1", "NXDOMAIN", 2},
    /* several values of one key: each has its own */
    {"ip4set", "1.2.3.4 a\n$EXPIRES >\n1.2.3.4 b\n1.2.3.4 :3\n", "4.3.2.1",
	"A 127.0.0.2 | TXT a | A 127.0.0.2 | TXT b | A 127.0.0.3", 3},
    {"ip4set", "1.2.3.4 a\n$EXPIRES <\n1.2.3.4 b\n", "4.3.2.1",
	"A 127.0.0.2 | TXT a", 1},
    /* around what has expired when it is built, another counts */
    {"ip4trie", "$EXPIRES <\n1.2.3.4 t\n$EXPIRES 0\n1.2.3.0/24 w\n",
	"4.3.2.1", "A 127.0.0.2 | TXT w", 1},
    {"ip6trie", "$EXPIRES >\n::1 t\n$EXPIRES <\n::2\n",
	IP6_1 "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0", "A 127.0.0.2 | TXT t", 1},
    {"dnset", "$EXPIRES >\n.a $\n$EXPIRES <\nb\n", "x.a",
	"A 127.0.0.2 | TXT a", 1},
    {"generic", "$EXPIRES >\na A 1.2.3.4\n$EXPIRES <\nb A 1.2.3.4\n", "a",
	"A 1.2.3.4", 1},
    {"plain(text)", "$EXPIRES >\n1.2.3.4 # t\n$EXPIRES <\n1.2.3.5\n",
	"4.3.2.1", "A 127.0.0.2 | TXT t", 1},
    {"domains", "$EXPIRES >\na.example\n", "a.example", "A 127.0.0.2", 1},
    {"combined", "$DATASET ip4set @\n$EXPIRES <\n1.2.3.4\n"
	"$DATASET ip4set @\n1.2.3.5\n", "5.3.2.1", "A 127.0.0.2", 1},
    {"combined", "$DATASET ip4set @\n$EXPIRES <\n1.2.3.4\n"
	"$DATASET ip4set @\n1.2.3.5\n", "4.3.2.1", "NXDOMAIN", 1},
};

START_TEST(test_expiring)
{
	char text[1024] = "", *p = text;
	struct test_zone z;
	const char *got;

	for (const char *s = expiring[_i].text; *s != '\0'; s++)
		p += *s == '>' ? sprintf(p, "2037:12:31") :
		    *s == '<' ? sprintf(p, "2001:02:03") : sprintf(p, "%c", *s);
	zones_init(&z, ZONES_APEX);
	zones_add(&z, expiring[_i].type, text);
	ck_assert_msg(zones_build(&z) == 0, "%s", z.why);
	ck_assert_msg(z.result.bad_lines == 0, "%s", z.reports);
	got = zones_ask(&z, expiring[_i].name);
	ck_assert_msg(strcmp(got, expiring[_i].want) == 0, "%s: %s", text, got);
	ck_assert_uint_eq(z.result.entries, expiring[_i].entries);
	zones_free(&z);
}
END_TEST

/* It holds up to the end of its file. */
START_TEST(test_expiring_files)
{
	struct test_zone z;

	zones_init(&z, ZONES_APEX);
	zones_add(&z, "ip4set", "$EXPIRES 2001:02:03\n1.2.3.4\n");
	zones_add_file(&z, "1.2.3.5\n");
	ck_assert_int_eq(zones_build(&z), 0);
	ck_assert_str_eq(zones_ask(&z, "4.3.2.1"), "NXDOMAIN");
	ck_assert_str_eq(zones_ask(&z, "5.3.2.1"), "A 127.0.0.2");
	zones_free(&z);
}
END_TEST

UNIT_MAIN("dataset", UNIT_EACH(test_answer, answers),
    UNIT_EACH(test_bad_line, bad_lines), UNIT_ONCE(test_notes),
    UNIT_ONCE(test_several_files), UNIT_ONCE(test_several_datasets),
    UNIT_ONCE(test_too_many_values), UNIT_EACH(test_expiring, expiring),
    UNIT_ONCE(test_expiring_files))
