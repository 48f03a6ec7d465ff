/*
 * rbldnsd's own spellings, for those who parse its log: it knows the types of
 * its day, calls NOTIMP NOTIMPL, and leaves parentheses in names alone.
 */
#include "resolverd/compat_name.h"

#include <stddef.h>
#include <stdio.h>

#include "lib/dname.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char *const types[] = {"INVALID", "A", "NS", "MD", "MF", "CNAME",
    "SOA", "MB", "MG", "MR", "NULL", "WKS", "PTR", "HINFO", "MINFO", "MX",
    "TXT", "RP", "AFSDB", "X25", "ISDN", "RT", "NSAP", "NSAP_PTR", "SIG",
    "KEY", "PX", "GPOS", "AAAA", "LOC", "NXT", "EID", "NIMLOC", "SRV", "ATMA",
    "NAPTR", "KX", "CERT", "A6", "DNAME", "SINK", "OPT"};
static const char *const meta_types[] = {"TSIG", "IXFR", "AXFR", "MAILB",
    "MAILA", "ANY", "ZXFR"};
static const char *const classes[] = {"INVALID", "IN", NULL, "CH", "HS"};
static const char *const rcodes[] = {"NOERROR", "FORMERR", "SERVFAIL",
    "NXDOMAIN", "NOTIMPL", "REFUSED"};

#define META_FIRST 250 /* TSIG */
#define CLASS_ANY 255

char *
compat_name_txt(char *out, const uint8_t *dname)
{
	char *to = out, *from;

	for (from = dname_to_txt(out, dname); *from != '\0'; from++) {
		if (*from == '\\' && (from[1] == '(' || from[1] == ')'))
			from++;
		else if (*from == '\\') /* what it escapes is passed over */
			*to++ = *from++;
		*to++ = *from;
	}
	*to = '\0';
	return out;
}

static char *
code_txt(char *out, const char *const *names, size_t n, unsigned i,
    const char *kind, unsigned code)
{
	if (i < n && names[i] != NULL)
		snprintf(out, COMPAT_CODE_MAX, "%s", names[i]);
	else
		snprintf(out, COMPAT_CODE_MAX, "%s%u", kind, code);
	return out;
}

char *
compat_type_txt(char *out, uint16_t type)
{
	if (type >= META_FIRST)
		return code_txt(out, meta_types, COUNT(meta_types),
		    type - META_FIRST, "type", type);
	return code_txt(out, types, COUNT(types), type, "type", type);
}

char *
compat_class_txt(char *out, uint16_t class)
{
	static const char *const any[] = {"ANY"};

	if (class == CLASS_ANY)
		return code_txt(out, any, 1, 0, "", 0);
	return code_txt(out, classes, COUNT(classes), class, "class", class);
}

char *
compat_rcode_txt(char *out, uint16_t rcode)
{
	return code_txt(out, rcodes, COUNT(rcodes), rcode, "rcode", rcode);
}
