/*
 * The numbers of the DNS that we name in code (IANA "Domain Name System (DNS)
 * Parameters").
 */
#ifndef LIB_DNS_H
#define LIB_DNS_H

/* RFC 1035 4.1.1: the header; masks are for the 16-bit flags word */
#define DNS_HEADER_LEN 12
#define DNS_FLAG_QR 0x8000
#define DNS_FLAG_OPCODE 0x7800
#define DNS_FLAG_AA 0x0400
#define DNS_FLAG_TC 0x0200
#define DNS_FLAG_RD 0x0100
#define DNS_FLAG_RA 0x0080
#define DNS_FLAG_AD 0x0020 /* RFC 4035 3.2.3 */
#define DNS_FLAG_CD 0x0010 /* RFC 4035 3.2.2 */
#define DNS_FLAG_RCODE 0x000f

#define DNS_UDP_PLAIN_MAX 512 /* RFC 1035 2.3.4, a client without EDNS */
#define DNS_MESSAGE_MAX 65535

/* a pointer to the owner of the question, RFC 1035 4.1.4 */
#define DNS_QNAME_POINTER 0xc00c

enum dns_opcode {
	DNS_OPCODE_QUERY = 0,
};

enum dns_rcode {
	DNS_RCODE_NOERROR = 0,
	DNS_RCODE_FORMERR = 1,
	DNS_RCODE_SERVFAIL = 2,
	DNS_RCODE_NXDOMAIN = 3,
	DNS_RCODE_NOTIMP = 4,
	DNS_RCODE_REFUSED = 5,
	DNS_RCODE_BADVERS = 16, /* RFC 6891 9: upper 8 bits in OPT */
};

enum dns_class {
	DNS_CLASS_IN = 1,
	DNS_CLASS_CH = 3,
	DNS_CLASS_ANY = 255,
};

enum dns_type {
	DNS_TYPE_A = 1,
	DNS_TYPE_NS = 2,
	DNS_TYPE_MD = 3,
	DNS_TYPE_MF = 4,
	DNS_TYPE_CNAME = 5,
	DNS_TYPE_SOA = 6,
	DNS_TYPE_MB = 7,
	DNS_TYPE_MG = 8,
	DNS_TYPE_MR = 9,
	DNS_TYPE_PTR = 12,
	DNS_TYPE_MINFO = 14,
	DNS_TYPE_MX = 15,
	DNS_TYPE_TXT = 16,
	DNS_TYPE_RP = 17,
	DNS_TYPE_AFSDB = 18,
	DNS_TYPE_RT = 21,
	DNS_TYPE_SIG = 24,
	DNS_TYPE_PX = 26,
	DNS_TYPE_AAAA = 28,
	DNS_TYPE_NXT = 30,
	DNS_TYPE_SRV = 33,
	DNS_TYPE_NAPTR = 35,
	DNS_TYPE_KX = 36,
	DNS_TYPE_DNAME = 39,
	DNS_TYPE_OPT = 41,
	DNS_TYPE_DS = 43,
	DNS_TYPE_RRSIG = 46,
	DNS_TYPE_NSEC = 47,
	DNS_TYPE_DNSKEY = 48,
	DNS_TYPE_NSEC3 = 50,
	DNS_TYPE_NSEC3PARAM = 51,
	DNS_TYPE_TLSA = 52,
	DNS_TYPE_META_FIRST = 128, /* RFC 6895 3.1: 128-255 are QTYPEs, meta */
	DNS_TYPE_IXFR = 251,
	DNS_TYPE_AXFR = 252,
	DNS_TYPE_MAILB = 253,
	DNS_TYPE_MAILA = 254,
	DNS_TYPE_ANY = 255,
};

/* EDNS, RFC 6891 6.1 */
#define EDNS_OPT_LEN 11	     /* an OPT RR without options */
#define EDNS_FLAG_DO 0x8000u /* RFC 3225, in the low 16 bits of the TTL */

#endif
