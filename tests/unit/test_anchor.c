/*
 * resolverd/anchor.c and bogus.c: which keys are trusted, when the root is to
 * be asked, where the state starts from; what is said of bogus answers.
 */
#include <sys/stat.h>

#include <errno.h>
#include <string.h>

#include "lib/dns.h"
#include "resolverd/anchor.h"
#include "resolverd/bogus.h"
#include "tests/unit/unit.h"

static struct conf conf;
static char why[ANCHOR_WHY_MAX];

static void
write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

/* A state directory, in which nothing is known yet. */
static void
world(void)
{
	static char file[300];

	conf.state_dir = unit_dir;
	snprintf(file, sizeof(file), "%s/given.key", unit_dir);
	conf.upstream.trust_anchor = file;
	mkdir(unit_path("anchor"), 0700);
}

static const char *
state(void)
{
	return unit_path("anchor/root.key");
}

#define HEAD                                                                   \
	"; autotrust trust anchor file\n;;id: . 1\n"                           \
	";;next_probe_time: 1795301258 ;;Sat Nov 21 22:47:38 2026\n"
#define KEY(n, s)                                                              \
	".\t600\tIN\tDNSKEY\t257 3 13 " n " ;{id = 1 (ksk)} ;;state=" s
#define LINE(n) ".\t600\tIN\tDNSKEY\t257 3 13 " n " \n"

static const struct {
	const char *text, *want;
} parse_cases[] = {
    {"", ""},
    {HEAD, ""},
    {HEAD KEY("AA==", "2 [  VALID  ]") "\n", LINE("AA==")},
    {HEAD KEY("AA==", "2 [  VALID  ]"), LINE("AA==")}, /* no end of line */
    {HEAD KEY("AA==", "0\n") KEY("AB==", "1 [ ADDPEND ]\n")
	    KEY("AC==", "2\n") KEY("AD==", "3 [ MISSING ]\n")
		KEY("AE==", "4 [ REVOKED ]\n") KEY("AF==", "5 [ REMOVED ]\n"),
	LINE("AC==") LINE("AD==")},
    {HEAD ". 600 IN DS 1 13 2 00 ;;state=2\n", ". 600 IN DS 1 13 2 00 \n"},
    {";" KEY("AA==", "2") "\n", ""},
    {";;state=2\n", ""},
    {KEY("AA==", "") "\n", ""},
    {KEY("AA==", "22") "\n", ""},
    {KEY("AA==", "-2") "\n" KEY("AA==", "99999999999999999999") "\n", ""},
};

START_TEST(test_parse)
{
	char *keys;

	anchor_parse(&keys, parse_cases[_i].text);
	ck_assert_str_eq(keys, parse_cases[_i].want);
	free(keys);
}
END_TEST

START_TEST(test_keys)
{
	char *keys;

	world();
	ck_assert_int_eq(anchor_keys(&keys, unit_dir), -ENOENT);
	ck_assert_int_eq(anchor_due_s(unit_dir), 0);
	/* as it was configured: not for us to read */
	write_file(state(), ". IN DNSKEY ( 257 3 13\n AA== )\n");
	ck_assert_int_eq(anchor_keys(&keys, unit_dir), -ENOENT);
	ck_assert_int_eq(anchor_due_s(unit_dir), 0);
	write_file(state(), HEAD KEY("AA==", "2"));
	ck_assert_int_eq(anchor_keys(&keys, unit_dir), 0);
	ck_assert_str_eq(keys, LINE("AA=="));
	free(keys);
	ck_assert_int_eq(anchor_due_s(unit_dir), 1795301258);
	write_file(state(), HEAD KEY("AA==", "4"));
	ck_assert_int_eq(anchor_keys(&keys, unit_dir), 0);
	ck_assert_str_eq(keys, "");
	free(keys);
}
END_TEST

static void
state_is(const char *want)
{
	char got[256] = "";
	FILE *f = fopen(state(), "r");

	ck_assert_ptr_nonnull(f);
	got[fread(got, 1, sizeof(got) - 1, f)] = '\0';
	fclose(f);
	ck_assert_str_eq(got, want);
}

START_TEST(test_prepare)
{
	world();
	ck_assert_int_eq(anchor_prepare(&conf, why), -ENOENT);
	ck_assert_ptr_nonnull(strstr(why, conf.upstream.trust_anchor));
	ck_assert_ptr_nonnull(strstr(why, "dns-root-data"));
	write_file(conf.upstream.trust_anchor, "one");
	ck_assert_int_eq(anchor_prepare(&conf, why), 0);
	state_is("one");
	/* what was found out since is kept */
	write_file(state(), HEAD);
	ck_assert_int_eq(anchor_prepare(&conf, why), 0);
	state_is(HEAD);
	/* unless the file has changed, or the state is gone */
	write_file(conf.upstream.trust_anchor, "two");
	ck_assert_int_eq(anchor_prepare(&conf, why), 0);
	state_is("two");
	unlink(state());
	ck_assert_int_eq(anchor_prepare(&conf, why), 0);
	state_is("two");
}
END_TEST

START_TEST(test_no_folder)
{
	world();
	write_file(conf.upstream.trust_anchor, "one");
	rmdir(unit_path("anchor"));
	ck_assert_int_eq(anchor_prepare(&conf, why), -ENOENT);
	ck_assert_ptr_nonnull(strstr(why, "/anchor/root.key"));
}
END_TEST

/* As libunbound 1.17.1 says it. */
#define OF "validation failure <www.x. A IN>: "
static const struct {
	const char *reason;
	uint8_t ede;
} bogus_cases[] = {
    {NULL, EDE_DNSSEC_BOGUS},
    {"", EDE_DNSSEC_BOGUS},
    {OF "signature crypto failed from 192.0.2.1", EDE_DNSSEC_BOGUS},
    {OF "signature expired from 192.0.2.1 for key x. while building chain of "
	"trust",
	EDE_SIGNATURE_EXPIRED},
    {OF "signature before inception date from 192.0.2.1",
	EDE_SIGNATURE_NOT_YET_VALID},
    {OF "No DNSKEY record from 192.0.2.1 for key x.", EDE_DNSKEY_MISSING},
    {OF "no DNSKEY rrset from 192.0.2.1 for trust anchor .",
	EDE_DNSKEY_MISSING},
    {OF "no keys have a DS with algorithm ECDSAP256SHA256 from 192.0.2.1",
	EDE_DNSKEY_MISSING},
    {OF "no signatures from 192.0.2.1", EDE_RRSIGS_MISSING},
    {OF "DS got unsigned CNAME answer from 192.0.2.1", EDE_RRSIGS_MISSING},
    {OF "signature missing from 192.0.2.1 for trust anchor .",
	EDE_RRSIGS_MISSING},
};

START_TEST(test_bogus)
{
	ck_assert_uint_eq(
	    bogus_ede(bogus_cases[_i].reason), bogus_cases[_i].ede);
	ck_assert(bogus_is_ede(bogus_cases[_i].ede));
	ck_assert(!bogus_is_ede(EDE_NO_REACHABLE_AUTHORITY));
	ck_assert(!bogus_is_ede(EDE_OTHER));
}
END_TEST

UNIT_MAIN("anchor", UNIT_EACH(test_parse, parse_cases), UNIT_ONCE(test_keys),
    UNIT_ONCE(test_prepare), UNIT_ONCE(test_no_folder),
    UNIT_EACH(test_bogus, bogus_cases))
