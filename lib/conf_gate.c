/*
 * What takes the values of a zone's gate and age, and of what no zone may list.
 * The rows stand in conf_values.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/conf_values.h"
#include "lib/xalloc.h"

static struct conf_zone *
zone_of(const struct conf_reader *r)
{
	return &r->conf->zones[r->conf->n_zones - 1];
}

static uint32_t
number_of(struct conf_reader *r, const struct conf_row *row,
    const char *value)
{
	uint64_t n = 0;

	(void)conf_read_number(r, row, value, &n);
	return (uint32_t)n;
}

/* ---- keys */

/* What has a digit last, or a colon, is meant as an address. */
static bool
looks_like_address(const char *value)
{
	size_t len = strlen(value);

	return strpbrk(value, ":/") != NULL ||
	    (len > 0 && value[len - 1] >= '0' && value[len - 1] <= '9');
}

static void
add_key(struct conf_reader *r, const struct conf_row *row, const char *value,
    struct conf_keys *keys)
{
	struct conf_key key = {.is_name = !looks_like_address(value)};
	size_t len = strlen(value);
	int rc;

	if (key.is_name)
		rc = dname_from_txt(key.name, value, len);
	else
		rc = prefix_parse(&key.prefix, value);
	if (rc < 0 || (key.is_name && key.name[0] == 0)) {
		conf_complain_of(r, row, value, rc == -ERANGE ?
		    "has bits set behind its length; clear them, or write a "
		    "longer prefix" :
		    "is no key; write an address, a prefix as 192.0.2.0/24, or "
		    "a domain name");
		return;
	}
	if (key.is_name)
		dname_lower(key.name, dname_len(key.name));
	key.txt = xstrdup(value);
	keys->list = xreallocarray(keys->list, keys->n + 1, sizeof(key));
	keys->list[keys->n++] = key;
}

static void
free_keys(struct conf_keys *keys)
{
	for (size_t i = 0; i < keys->n; i++)
		free(keys->list[i].txt);
	free(keys->list);
}

void
conf_gate_free(struct conf_gate *gate)
{
	free_keys(&gate->must_list);
	free_keys(&gate->must_not_list);
	for (size_t i = 0; i < gate->n_skip; i++)
		free(gate->skip[i]);
	free(gate->skip);
}

void
conf_protect_free(struct conf_keys *protect)
{
	free_keys(protect);
}

/* ---- values */

void
conf_set_protect(struct conf_reader *r, const struct conf_row *row,
    const char *value)
{
	add_key(r, row, value, &r->conf->protect);
}

void
conf_set_must_list(struct conf_reader *r, const struct conf_row *row,
    const char *value)
{
	struct conf_keys *keys = &zone_of(r)->gate.must_list;
	const struct conf_key *last;

	add_key(r, row, value, keys);
	last = keys->n > 0 ? &keys->list[keys->n - 1] : NULL;
	if (last != NULL && !last->is_name && strchr(value, '/') != NULL)
		conf_complain_of(r, row, value,
		    "is a prefix; name one address of it");
}

void
conf_set_must_not_list(struct conf_reader *r, const struct conf_row *row,
    const char *value)
{
	add_key(r, row, value, &zone_of(r)->gate.must_not_list);
}

void
conf_set_skip_rules(struct conf_reader *r, const struct conf_row *row,
    const char *value)
{
	struct conf_gate *gate = &zone_of(r)->gate;

	(void)row;
	gate->skip = xreallocarray(gate->skip, gate->n_skip + 1,
	    sizeof(*gate->skip));
	gate->skip[gate->n_skip++] = xstrdup(value);
}

void
conf_set_keep(struct conf_reader *r, const struct conf_row *row,
    const char *value)
{
	zone_of(r)->keep = number_of(r, row, value);
}

void
conf_set_provenance(struct conf_reader *r, const struct conf_row *row,
    const char *value)
{
	(void)conf_read_switch(r, row, value, &zone_of(r)->provenance);
}

void
conf_set_exact(struct conf_reader *r, const struct conf_row *row,
    const char *value)
{
	(void)conf_read_switch(r, row, value, &zone_of(r)->reading.exact);
}

void
conf_set_min_entries(struct conf_reader *r, const struct conf_row *row,
    const char *value)
{
	(void)conf_read_number(r, row, value, &zone_of(r)->gate.min_entries);
}

void
conf_set_max_shrink(struct conf_reader *r, const struct conf_row *row,
    const char *value)
{
	zone_of(r)->gate.max_shrink = number_of(r, row, value);
}

void
conf_set_max_growth(struct conf_reader *r, const struct conf_row *row,
    const char *value)
{
	zone_of(r)->gate.max_growth = number_of(r, row, value);
}

void
conf_set_max_bad_lines(struct conf_reader *r, const struct conf_row *row,
    const char *value)
{
	zone_of(r)->gate.max_bad_lines = number_of(r, row, value);
}

void
conf_set_widest_ip4(struct conf_reader *r, const struct conf_row *row,
    const char *value)
{
	zone_of(r)->gate.widest_ip4 = (uint8_t)number_of(r, row, value);
}

void
conf_set_widest_ip6(struct conf_reader *r, const struct conf_row *row,
    const char *value)
{
	zone_of(r)->gate.widest_ip6 = (uint8_t)number_of(r, row, value);
}

void
conf_set_test_points(struct conf_reader *r, const struct conf_row *row,
    const char *value)
{
	zone_of(r)->gate.all_test_points = strcmp(value, "all") == 0;
	if (strcmp(value, "all") != 0 && strcmp(value, "kept") != 0)
		conf_complain_of(r, row, value, "is neither kept nor all");
}

void
conf_set_max_age(struct conf_reader *r, const struct conf_row *row,
    const char *value)
{
	(void)conf_read_duration(r, row, value, &zone_of(r)->age.max_age_s);
}

void
conf_set_expire(struct conf_reader *r, const struct conf_row *row,
    const char *value)
{
	(void)conf_read_duration(r, row, value, &zone_of(r)->age.expire_s);
}

void
conf_set_when_expired(struct conf_reader *r, const struct conf_row *row,
    const char *value)
{
	static const char *const words[] = {
	    [CONF_EXPIRED_SERVE] = "serve",
	    [CONF_EXPIRED_EMPTY] = "empty",
	    [CONF_EXPIRED_SERVFAIL] = "servfail",
	};

	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(value, words[i]) == 0) {
			zone_of(r)->age.when_expired = i;
			return;
		}
	}
	conf_complain_of(r, row, value, "is neither serve, empty nor servfail");
}
