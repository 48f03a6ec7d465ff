/*
 * The form of each type is a string, a letter for each field. Types whose text
 * needs more than that (base64, bitmaps, times) are written in hexadecimal.
 */
#include "lib/rr_txt.h"

#include <arpa/inet.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct {
	uint16_t type;
	const char *name;
	/* n: name, 1 2 4: integer, a A: IPv4 and IPv6 address, s: string, t:
	 * strings to the end, x: hexadecimal to the end; NULL: RFC 3597 */
	const char *form;
} types[] = {
    {DNS_TYPE_A, "A", "a"},
    {DNS_TYPE_NS, "NS", "n"},
    {DNS_TYPE_CNAME, "CNAME", "n"},
    {DNS_TYPE_SOA, "SOA", "nn44444"},
    {DNS_TYPE_PTR, "PTR", "n"},
    {13, "HINFO", "ss"},
    {DNS_TYPE_MX, "MX", "2n"},
    {DNS_TYPE_TXT, "TXT", "t"},
    {DNS_TYPE_RP, "RP", "nn"},
    {DNS_TYPE_AFSDB, "AFSDB", "2n"},
    {DNS_TYPE_AAAA, "AAAA", "A"},
    {DNS_TYPE_SRV, "SRV", "222n"},
    {DNS_TYPE_NAPTR, "NAPTR", "22sssn"},
    {DNS_TYPE_DNAME, "DNAME", "n"},
    {DNS_TYPE_DS, "DS", "211x"},
    {44, "SSHFP", "11x"},
    {DNS_TYPE_RRSIG, "RRSIG", NULL},
    {DNS_TYPE_NSEC, "NSEC", NULL},
    {DNS_TYPE_DNSKEY, "DNSKEY", NULL},
    {DNS_TYPE_NSEC3, "NSEC3", NULL},
    {DNS_TYPE_NSEC3PARAM, "NSEC3PARAM", NULL},
    {DNS_TYPE_TLSA, "TLSA", "111x"},
    {53, "SMIMEA", "111x"},
    {59, "CDS", "211x"},
    {64, "SVCB", NULL},
    {65, "HTTPS", NULL},
    {99, "SPF", "t"},
    {DNS_TYPE_ANY, "ANY", NULL},
    {257, "CAA", NULL},
};
#define N_TYPES (sizeof(types) / sizeof(types[0]))

int
rr_type_from_txt(const char *txt)
{
	unsigned long n;
	char *end;

	for (size_t i = 0; i < N_TYPES; i++) {
		if (strcasecmp(types[i].name, txt) == 0)
			return types[i].type;
	}
	if (strncasecmp(txt, "TYPE", 4) != 0 || txt[4] < '0' || txt[4] > '9')
		return -EINVAL;
	n = strtoul(txt + 4, &end, 10);
	return *end == '\0' && n <= UINT16_MAX ? (int)n : -EINVAL;
}

char *
rr_type_to_txt(char out[RR_TYPE_TXT_MAX], uint16_t type)
{
	for (size_t i = 0; i < N_TYPES; i++) {
		if (types[i].type == type) {
			snprintf(out, RR_TYPE_TXT_MAX, "%s", types[i].name);
			return out;
		}
	}
	snprintf(out, RR_TYPE_TXT_MAX, "TYPE%u", type);
	return out;
}

/* ---- fields; the sticky error of r tells what was wrong */

static void
print_name(FILE *out, struct wire_reader *r)
{
	char txt[DNAME_TXT_MAX];
	uint8_t name[DNAME_MAX];

	if (wire_read_name(r, name) == 0)
		return;
	dname_to_txt(txt, name);
	fprintf(out, " %s%s", txt, strcmp(txt, ".") == 0 ? "" : ".");
}

static void
print_string(FILE *out, struct wire_reader *r)
{
	uint8_t len = wire_read_u8(r);
	const uint8_t *p = wire_read_bytes(r, len);

	if (p == NULL)
		return;
	fputs(" \"", out);
	for (uint8_t i = 0; i < len; i++) {
		if (p[i] == '"' || p[i] == '\\')
			fprintf(out, "\\%c", p[i]);
		else if (p[i] < 0x20 || p[i] > 0x7e)
			fprintf(out, "\\%03u", p[i]);
		else
			fputc(p[i], out);
	}
	fputc('"', out);
}

static void
print_address(FILE *out, struct wire_reader *r, int family)
{
	const uint8_t *p = wire_read_bytes(r, family == AF_INET ? 4 : 16);
	char txt[INET6_ADDRSTRLEN];

	if (p != NULL && inet_ntop(family, p, txt, sizeof(txt)) != NULL)
		fprintf(out, " %s", txt);
}

static void
print_hex(FILE *out, struct wire_reader *r)
{
	fputc(' ', out);
	while (r->pos < r->len)
		fprintf(out, "%02x", wire_read_u8(r));
}

static void
print_field(FILE *out, struct wire_reader *r, char field)
{
	switch (field) {
	case 'n':
		print_name(out, r);
		break;
	case '1':
		fprintf(out, " %u", wire_read_u8(r));
		break;
	case '2':
		fprintf(out, " %u", wire_read_u16(r));
		break;
	case '4':
		fprintf(out, " %u", wire_read_u32(r));
		break;
	case 'a':
		print_address(out, r, AF_INET);
		break;
	case 'A':
		print_address(out, r, AF_INET6);
		break;
	case 's':
		print_string(out, r);
		break;
	case 't':
		do
			print_string(out, r);
		while (!r->failed && r->pos < r->len);
		break;
	case 'x':
		print_hex(out, r);
		break;
	}
}

/* Returns false if the RDATA is not of that form: then nothing is printed. */
static bool
print_known(FILE *out, struct wire_reader r, const char *form)
{
	char *txt = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&txt, &len);
	bool good;

	if (f == NULL)
		return false;
	while (*form != '\0' && !r.failed)
		print_field(f, &r, *form++);
	good = !r.failed && r.pos == r.len;
	if (fclose(f) == 0 && good)
		fwrite(txt, 1, len, out);
	free(txt);
	return good;
}

static const char *
find_form(uint16_t type)
{
	for (size_t i = 0; i < N_TYPES; i++) {
		if (types[i].type == type)
			return types[i].form;
	}
	return NULL;
}

/* RFC 3597 5 */
static void
print_unknown(FILE *out, struct wire_reader r)
{
	fprintf(out, " \\# %zu", r.len - r.pos);
	if (r.pos < r.len)
		print_hex(out, &r);
}

static void
print_type_and_rdata(FILE *out, uint16_t type, struct wire_reader rdata)
{
	const char *form = find_form(type);
	char txt[RR_TYPE_TXT_MAX];

	fputs(rr_type_to_txt(txt, type), out);
	if (form == NULL || !print_known(out, rdata, form))
		print_unknown(out, rdata);
}

void
rr_print_rdata(FILE *out, uint16_t type, const uint8_t *rdata, size_t len)
{
	struct wire_reader r;

	wire_reader_init(&r, rdata, len);
	print_type_and_rdata(out, type, r);
}

void
rr_print(FILE *out, const struct wire_reader *r, const struct wire_rr *rr)
{
	struct wire_reader rdata = {.msg = r->msg,
	    .len = rr->rdata_pos + rr->rdata_len,
	    .pos = rr->rdata_pos};
	char owner[DNAME_TXT_MAX];

	dname_to_txt(owner, rr->owner);
	fprintf(out, "%s%s %u ", owner, strcmp(owner, ".") == 0 ? "" : ".",
	    rr->ttl);
	print_type_and_rdata(out, rr->type, rdata);
}
