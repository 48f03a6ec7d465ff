/*
 * Zone specifications of rbldnsd's command line. Names of one zone may stand in
 * several of them; a zone's datasets keep the order of the command line, since
 * the first $SOA and $NS count.
 */
#include "resolverd/compat_spec.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/dname.h"
#include "lib/xalloc.h"
#include "zones/build.h"

#define ACL "acl"

static void
free_dataset(struct conf_dataset *d)
{
	for (size_t i = 0; i < d->n_files; i++)
		free(d->files[i]);
	free(d->files);
	free(d->type);
}

/* `type:file,file...`; as in rbldnsd, a colon parts files, too. */
static int
read_dataset(struct conf_dataset *d, const char *s, char *why)
{
	size_t len = strcspn(s, ":");

	if (s[len] == '\0')
		return compat_refuse(why, "%s: no files; write zone:type:file",
		    s);
	d->type = xasprintf("%.*s", (int)len, s);
	for (s += len; *s != '\0'; s += len) {
		s += strspn(s, ",:");
		len = strcspn(s, ",:");
		if (len == 0)
			break;
		d->files = xreallocarray(d->files, d->n_files + 1,
		    sizeof(*d->files));
		d->files[d->n_files++] = xasprintf("%.*s", (int)len, s);
	}
	if (d->n_files > 0)
		return 0;
	return compat_refuse(why, "%s: no files; write zone:type:file",
	    d->type);
}

static bool
is_acl(const struct conf_dataset *d)
{
	return strcmp(d->type, ACL) == 0;
}

static size_t
count_acls(const struct conf_zone *z)
{
	size_t n = 0;

	for (size_t i = 0; i < z->n_datasets; i++)
		n += is_acl(&z->datasets[i]);
	return n;
}

/*
 * What rbldnsd serves is not for us to refuse, but for data that is not whole
 * or not of its time.
 */
static bool
is_judged(const char *rule)
{
	return strcmp(rule, "whole-file") == 0 || strcmp(rule, "page") == 0 ||
	    strcmp(rule, "timestamp") == 0;
}

static void
set_gate(struct conf_gate *gate)
{
	const struct gate_rule *rule;

	for (size_t i = 0; (rule = gate_rule(i)) != NULL; i++) {
		if (is_judged(rule->name))
			continue;
		gate->skip = xreallocarray(gate->skip, gate->n_skip + 1,
		    sizeof(*gate->skip));
		gate->skip[gate->n_skip++] = xstrdup(rule->name);
	}
}

/* The zone of this apex, made if there is none yet. */
static struct conf_zone *
get_zone(struct conf *conf, const uint8_t *apex)
{
	char txt[DNAME_TXT_MAX];
	struct conf_zone *z;

	for (size_t i = 0; i < conf->n_zones; i++) {
		if (dname_equal(conf->zones[i].apex, apex))
			return &conf->zones[i];
	}
	conf->zones = xreallocarray(conf->zones, conf->n_zones + 1,
	    sizeof(*conf->zones));
	z = &conf->zones[conf->n_zones++];
	*z = (struct conf_zone){0};
	memcpy(z->apex, apex, dname_len(apex));
	z->name = xstrdup(dname_to_txt(txt, apex));
	z->age.when_expired = CONF_EXPIRED_SERVFAIL; /* $TIMESTAMP: its word */
	set_gate(&z->gate);
	return z;
}

static int
add_to_zone(struct conf *conf, const char *name, size_t name_len,
    struct conf_dataset *d, char *why)
{
	uint8_t apex[DNAME_MAX] = {0};
	struct conf_zone *z;
	int len;

	if (name_len > 0) {
		len = dname_from_txt(apex, name, name_len);
		if (len < 0)
			return compat_refuse(why, "%.*s: not a domain name",
			    (int)name_len, name);
		dname_lower(apex, (size_t)len);
	}
	if (apex[0] == 0 && !is_acl(d))
		return compat_refuse(why, "%s: names no zone; only an acl can "
		    "be for all of them", d->type);
	z = get_zone(conf, apex);
	if (is_acl(d) && count_acls(z) > 0)
		return compat_refuse(why, "%s: a second acl; put all of it "
		    "into one", z->name);
	z->datasets = xreallocarray(z->datasets, z->n_datasets + 1,
	    sizeof(*z->datasets));
	z->datasets[z->n_datasets++] = *d;
	*d = (struct conf_dataset){0};
	return 0;
}

int
compat_spec_add(struct conf *conf, const char *spec, char *why)
{
	struct conf_dataset d = {0};
	size_t len = strcspn(spec, ":");
	int rc;

	if (spec[len] == '\0')
		return compat_refuse(why, "%s: not a zone; write "
		    "zone:type:file", spec);
	rc = read_dataset(&d, spec + len + 1, why);
	if (rc == 0)
		rc = add_to_zone(conf, spec, len, &d, why);
	free_dataset(&d);
	return rc;
}

static int
check_zone(const struct conf_zone *z, char *why)
{
	for (size_t i = 0; i < z->n_datasets; i++) {
		if (!build_type_is_known(z->datasets[i].type))
			return compat_refuse(why, "%s: unknown dataset type "
			    "%s; -h names them", z->name, z->datasets[i].type);
	}
	if (z->apex[0] != 0 && count_acls(z) == z->n_datasets)
		return compat_refuse(why, "%s: an acl alone is no zone; name "
		    "a dataset, too", z->name);
	return 0;
}

int
compat_spec_check(const struct conf *conf, char *why)
{
	bool has_list = false;
	int rc = 0;

	for (size_t i = 0; i < conf->n_zones && rc == 0; i++) {
		has_list |= conf->zones[i].apex[0] != 0;
		rc = check_zone(&conf->zones[i], why);
	}
	if (rc == 0 && !has_list)
		return compat_refuse(why, "no zone to serve; -h for help");
	return rc;
}
