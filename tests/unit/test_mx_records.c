/* tools/mxcheck/dmarc.c, dkim.c, bimi.c: what their RFCs let stand in a record,
 * and what is said of the rest. */
#include <errno.h>

#include "tests/unit/unit.h"
#include "tools/mxcheck/bimi.h"
#include "tools/mxcheck/dkim.h"
#include "tools/mxcheck/dmarc.h"

static const struct {
	const char *txt;
	int rc;
	enum dmarc_policy p;
	const char *why; /* of the failure, or the odd tag */
} dmarcs[] = { /* RFC 9989 4.7, 4.8 */
    {"v=DMARC1; p=none", 0, DMARC_NONE, ""},
    {"v=DMARC1;p=reject;sp=none;np=reject;adkim=s;aspf=r;fo=1:d:s;t=n;psd=u;"
     "rua=mailto:a@b.example, mailto:c@d.example;ruf=mailto:a@b.example;", 0,
	DMARC_REJECT, ""},
    {"v = DMARC1 ; p = Quarantine ;", 0, DMARC_QUARANTINE, ""},
    {"V=DMARC1; P=reject", 0, DMARC_REJECT, ""},
    {"v=DMARC1; adkim=s; p=reject", 0, DMARC_REJECT, ""}, /* any order */
    {"v=DMARC1; p=reject; new=thing", 0, DMARC_REJECT, ""},
    {"v=DMARC1;\\x09p=reject", 0, DMARC_REJECT, ""}, /* a tab, as a fact */
    {"v=DMARC1; p=reject; pct=100; rf=afrf; ri=86400", 0, DMARC_REJECT, ""},
    {"v=DMARC1; rua=mailto:a@b.example", 0, DMARC_NONE, ""},
    {"v=DMARC1; p=rejct; rua=mailto:a@b.example", 0, DMARC_NONE, "p=rejct"},
    {"v=DMARC1; p=reject; sp=x; rua=mailto:a@b.example", 0, DMARC_NONE,
	"sp=x"},
    {"v=DMARC1; p=reject; rua=a@b.example", 0, DMARC_REJECT,
	"rua=a@b.example"},
    {"v=DMARC1; p=reject; fo=0:2", 0, DMARC_REJECT, "fo=2"},
    {"v=DMARC1; p=reject; adkim=x", 0, DMARC_REJECT, "adkim=x"},
    {"v=DMARC1; p=reject; t=yes", 0, DMARC_REJECT, "t=yes"},
    {"v=DMARC1; p=reject; rubbish", 0, DMARC_REJECT, "\"rubbish\""},
    {"v=DMARC1", -EINVAL, 0, "there is no p"},
    {"v=DMARC1; p=", -EINVAL, 0, "p= has no meaning"},
    {"v=DMARC1; p=reject; sp=x", -EINVAL, 0, "sp=x"},
    {"v=DMARC1; rua=nobody", -EINVAL, 0, "there is no p"},
    {"v=spf1 -all", -ENOENT, 0, ""},
    {"", -ENOENT, 0, ""},
    {"p=reject; v=DMARC1", -ENOENT, 0, ""}, /* the version is the first */
    {"v=dmarc1; p=reject", -ENOENT, 0, ""}, /* as it is, RFC 7405 */
    {"v=DMARC10; p=reject", -ENOENT, 0, ""},
};

START_TEST(dmarc_records)
{
	char why[TEXT_WHY_MAX] = "";
	struct dmarc d;
	int rc = dmarc_read(&d, dmarcs[_i].txt, strlen(dmarcs[_i].txt), why);

	ck_assert_int_eq(rc, dmarcs[_i].rc);
	if (rc != 0) {
		ck_assert_msg(strstr(why, dmarcs[_i].why) != NULL, "%s", why);
		return;
	}
	ck_assert_int_eq(d.p, dmarcs[_i].p);
	ck_assert_msg(strstr(d.odd, dmarcs[_i].why) != NULL, "%s", d.odd);
	ck_assert_int_eq(d.odd[0] == '\0', dmarcs[_i].why[0] == '\0');
}
END_TEST

START_TEST(dmarc_flags)
{
	static const char txt[] = "v=DMARC1; p=reject; t=y; psd=N; pct=50; "
	    "sp=quarantine; np=none; rua=https://r.example/";
	char why[TEXT_WHY_MAX];
	struct dmarc d;

	ck_assert_int_eq(dmarc_read(&d, txt, strlen(txt), why), 0);
	ck_assert(d.is_testing && d.is_old && d.has_rua);
	ck_assert_int_eq(d.psd, 'n');
	ck_assert_int_eq(d.sp, DMARC_QUARANTINE);
	ck_assert_int_eq(d.np, DMARC_NONE);
}
END_TEST

#define RSA512 "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBALDl3vS756bufDPXaegfooshV7jl7" \
	"XVKS2AgF+WXdWQay39yMKBQaaELFlKy6PLxIdChuLhUTL/gwtlGt2ZqyTMCAwEAAQ=="
/* the same key of 1024 bits as SubjectPublicKeyInfo and as RSAPublicKey */
#define RSA1024 "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC7AYfk67tah+7VH83HJazq" \
	"IUf6Rp2uaT3E/UdlFF0uXJm+qslb2BE/qtz79Ra/O/EeNv6EncetKTpKyPfUWsZqlRJ1" \
	"812Alk4GoQSEGigYnSFVg11UqxVa0hIUsqgickX2N2SQyRS1JTAmxNMIQ58zXolycOsv" \
	"7RtT2RuwT/ONcQIDAQAB"
#define BARE1024 "MIGJAoGBALsBh+Tru1qH7tUfzcclrOohR/pGna5pPcT9R2UUXS5cmb6qyvV" \
	"YET+q3Pv1Fr878R42/oSdx60pOkrI99RaxmqVEnXzXYCWTgahBIQaKBidIVWDXVSrFVr" \
	"SEhSyqCJyRfY3ZJDJFLUlMCbE0whDnzNeiXJw6y/tG1PZG7BP841xAgMBAAE="
#define ED25519 "5FnWEIeFxYeIUrLITMcjTatqOuxaPhQf57GRXAQ6vY4="

static const struct {
	const char *txt;
	int rc;
	unsigned bits;
	const char *why;
} dkims[] = { /* RFC 6376 3.6.1, RFC 8463 4 */
    {"v=DKIM1; k=rsa; p=" RSA1024, 0, 1024, ""},
    {"p=" RSA1024 ";", 0, 1024, ""},
    {"p=" BARE1024, 0, 1024, ""},
    {"k=rsa; p=" RSA512, 0, 512, ""},
    {"v=DKIM1; k=ed25519; p=" ED25519, 0, 0, ""},
    {"p=" ED25519 "; k=ed25519", 0, 0, ""},
    {"p= MFww DQYJ \\x09 KoZIhvcNAQEBBQADSwAwSAJBALDl3vS756bufDPXaegfoosh"
     "V7jl7XVKS2AgF+WXdWQay39yMKBQaaELFlKy6PLxIdChuLhUTL/gwtlGt2ZqyTMCAwEAAQ"
     " = =", 0, 512, ""},
    {"v=DKIM1; p=", 0, 0, ""},
    {"v=DKIM1; k=rsa", -EINVAL, 0, "there is no p"},
    {"v=DKIM1; k=dsa; p=" RSA512, -EINVAL, 0, "k=dsa"},
    {"k=ed25519; p=" RSA512, -EINVAL, 0, "94 bytes"},
    {"p=" ED25519, -EINVAL, 0, "no RSA key"},
    {"p=%%%%", -EINVAL, 0, "no base64"},
    {"p=AAA", -EINVAL, 0, "no base64"},
    {"p=A===", -EINVAL, 0, "no base64"},
    {"p=AA=A", -EINVAL, 0, "no base64"},
    {"v=DKIM2; p=" RSA1024, -ENOENT, 0, ""},
    {"p=" RSA1024 "; v=DKIM1", -ENOENT, 0, ""},
    {"v=spf1 -all", -ENOENT, 0, ""},
};

START_TEST(dkim_records)
{
	char why[TEXT_WHY_MAX] = "";
	struct dkim_key key;
	int rc = dkim_read(&key, dkims[_i].txt, strlen(dkims[_i].txt), why);

	ck_assert_int_eq(rc, dkims[_i].rc);
	if (rc == 0)
		ck_assert_int_eq(key.bits, dkims[_i].bits);
	ck_assert_msg(strstr(why, dkims[_i].why) != NULL, "%s", why);
}
END_TEST

START_TEST(dkim_flags)
{
	static const struct {
		const char *tags;
		bool testing, no_sha256, not_for_mail;
	} rows[] = {
	    {"t=s", false, false, false},
	    {"t=s:y", true, false, false},
	    {"h=sha1", false, true, false},
	    {"h=sha1:sha256", false, false, false},
	    {"s=*", false, false, false},
	    {"s=tlsrpt", false, false, true}, /* RFC 8460 6.4 */
	    {"s=tlsrpt:email", false, false, false},
	};
	char txt[512], why[TEXT_WHY_MAX];
	struct dkim_key key;

	for (size_t i = 0; i < UNIT_COUNT(rows); i++) {
		snprintf(txt, sizeof(txt), "%s; p=" RSA512, rows[i].tags);
		ck_assert_int_eq(dkim_read(&key, txt, strlen(txt), why), 0);
		ck_assert_int_eq(key.is_testing, rows[i].testing);
		ck_assert_int_eq(key.no_sha256, rows[i].no_sha256);
		ck_assert_int_eq(key.not_for_mail, rows[i].not_for_mail);
		ck_assert(!key.is_revoked);
	}
	ck_assert_int_eq(dkim_read(&key, "p=", 2, why), 0);
	ck_assert(key.is_revoked);
}
END_TEST

static const struct {
	const char *txt;
	int rc;
	bool has_evidence;
	const char *why;
} bimis[] = {
    {"v=BIMI1; l=https://a.example/l.svg; a=https://a.example/c.pem", 0, true,
	""},
    {"v=BIMI1; l=https://a.example/l.svg;", 0, false, ""},
    {"v=BIMI1; l=; a=;", 0, false, ""}, /* "no logo", said on purpose */
    {"v=BIMI1; l=http://a.example/l.svg", -EINVAL, false, "not https"},
    {"v=BIMI1; a=https://a.example/c.pem", -EINVAL, false, "no l"},
    {"v=spf1 -all", -ENOENT, false, ""},
    {"", -ENOENT, false, ""},
};

START_TEST(bimi_records)
{
	char why[TEXT_WHY_MAX] = "";
	bool has_evidence;
	int rc = bimi_read(bimis[_i].txt, strlen(bimis[_i].txt), &has_evidence,
	    why);

	ck_assert_int_eq(rc, bimis[_i].rc);
	if (rc == 0)
		ck_assert_int_eq(has_evidence, bimis[_i].has_evidence);
	else if (rc == -EINVAL)
		ck_assert_msg(strstr(why, bimis[_i].why) != NULL, "%s", why);
}
END_TEST

UNIT_MAIN("mx_records", UNIT_EACH(dmarc_records, dmarcs),
    UNIT_ONCE(dmarc_flags), UNIT_EACH(dkim_records, dkims),
    UNIT_ONCE(dkim_flags), UNIT_EACH(bimi_records, bimis))
