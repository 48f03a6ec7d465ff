/*
 * rpz: a response policy zone as a list. Names and addresses that have a policy
 * are listed, those that rpz-passthru lets through are excluded. Policies for
 * name servers (rpz-nsdname, rpz-nsip) say nothing of a name and are left out.
 */
#include <stdio.h>

#include "lib/addr.h"
#include "lib/dns.h"
#include "zones/ds_types.h"
#include "zones/list.h"
#include "zones/zonefile.h"

#define TYPE_CNAME 5
#define TYPE_FIRST_DNSSEC 43 /* DS, RRSIG, NSEC, ... to NSEC3PARAM */
#define TYPE_LAST_DNSSEC 51

/* The last label, as text; "" if there is none. */
static void
last_label(const struct zonefile_name *n, char *out, size_t cap)
{
	unsigned pos = 0;

	out[0] = '\0';
	for (; pos < n->len; pos += n->labels[pos] + 1u)
		if (pos + n->labels[pos] + 1u == n->len)
			snprintf(out, cap, "%.*s", n->labels[pos],
			    (const char *)n->labels + pos + 1);
}

struct label {
	const char *text;
	unsigned len;
};

/* The word of an address that a label is: none for `zz`, which is `::`. */
static size_t
put_word(char *out, size_t cap, const struct label *l)
{
	if (l->len == 2 && memcmp(l->text, "zz", 2) == 0)
		return 0;
	return snprintf(out, cap, "%.*s", (int)l->len, l->text);
}

/* 24.0.2.0.192 or 32.zz.db8.2001 as 192.0.2.0/24, 2001:db8::/32. */
static bool
address_txt(const struct zonefile_name *n, char *out, size_t cap)
{
	struct label l[10];
	unsigned n_labels = 0, pos = 0;
	size_t used = 0;
	bool is_ip4;

	for (; pos < n->len && n_labels < 10; pos += n->labels[pos] + 1u)
		l[n_labels++] = (struct label){
		    (const char *)n->labels + pos + 1, n->labels[pos]};
	if (n_labels < 3 || pos < n->len)
		return false;
	n_labels--; /* rpz-ip */
	is_ip4 = n_labels == 5 && memmem(n->labels, n->len, "\2zz", 3) == NULL;
	if (put_word(out, cap, &l[n_labels - 1]) == 0)
		out[used++] = ':';
	for (unsigned i = n_labels - 1; i > 0 && used < cap; i--) {
		used += put_word(out + used, cap - used, &l[i]);
		if (used < cap && (i > 1 || out[used - 1] == ':'))
			out[used++] = is_ip4 ? '.' : ':';
	}
	if (used < cap)
		used += snprintf(out + used, cap - used, "/%.*s", (int)l[0].len,
		    l[0].text);
	return used < cap;
}

static bool
is_cname_to(const struct zonefile_rr *rr, const char *dname)
{
	return rr->type == TYPE_CNAME && dname_equal(rr->rdata,
	    (const uint8_t *)dname);
}

static int
take_name(struct dataset *ds, const struct zonefile_name *name, uint32_t value)
{
	int rc;

	rc = name_build_add(&ds->build.name, name->labels, name->len,
	    name->is_wild ? NAME_WILD : NAME_EXACT, value);
	if (rc == -ENAMETOOLONG)
		return dataset_bad_line(ds, "the name is too long to be asked "
		    "for below the zone");
	ds->entries++;
	return rc;
}

static int
on_rr(void *arg, const struct zonefile_rr *rr)
{
	struct dataset *ds = arg;
	struct zonefile_name name;
	char last[64], txt[ADDR_TXT_MAX];
	uint32_t value = ds->first_value;
	int rc;

	if (rr->type == DNS_TYPE_SOA) {
		memcpy(ds->list.origin, rr->owner, rr->owner_len);
		return 0;
	}
	rc = zonefile_relative(ds, rr, &name);
	if (rc <= 0 || name.len == 0 || rr->type == DNS_TYPE_NS ||
	    (rr->type >= TYPE_FIRST_DNSSEC && rr->type <= TYPE_LAST_DNSSEC))
		return rc < 0 ? rc : 0;
	last_label(&name, last, sizeof(last));
	if (is_cname_to(rr, "\14rpz-passthru"))
		value = 0;
	else if (dataset_is_over(ds))
		return 0;
	else if (dataset_expiring(ds, &value) != 0)
		return -ENOMEM;
	if (is_cname_to(rr, "\14rpz-tcp-only") ||
	    strcmp(last, "rpz-nsdname") == 0 || strcmp(last, "rpz-nsip") == 0)
		return 0;
	if (strcmp(last, "rpz-ip") != 0 && strcmp(last, "rpz-client-ip") != 0)
		return take_name(ds, &name, value);
	if (!address_txt(&name, txt, sizeof(txt)))
		return dataset_bad_line(ds, "not an address; write "
		    "24.0.2.0.192.rpz-ip or 32.zz.db8.2001.rpz-ip");
	return list_addresses(ds, txt, value);
}

static int
option(struct dataset *ds, const char *word)
{
	return strcmp(word, "exact") == 0 ? list_option(ds, word) : -EINVAL;
}

static int
read_file(struct dataset *ds, struct source *s, char *why)
{
	memcpy(ds->list.origin, ds->apex, dname_len(ds->apex));
	return zonefile_read(s, ds->file, ds->apex, on_rr, ds, why);
}

const struct dataset_type ds_rpz = {
    .name = "rpz",
    .has_expiry = true,
    .begin = list_begin,
    .option = option,
    .read = read_file,
    .finish = list_finish,
    .end = list_end,
};
