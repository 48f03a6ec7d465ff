/*
 * The options of the section "cache", and how long an answer may take.
 */
#include "lib/conf_values.h"

static void
set_ttl(struct conf_reader *r, const struct conf_row *row, const char *value,
    uint32_t *out)
{
	uint64_t n;

	if (conf_read_number(r, row, value, &n))
		*out = (uint32_t)n;
}

void
conf_set_cache_size(
    struct conf_reader *r, const struct conf_row *row, const char *value)
{
	uint64_t n;

	if (conf_read_number(r, row, value, &n))
		r->conf->cache.size = n;
}

void
conf_set_min_ttl(
    struct conf_reader *r, const struct conf_row *row, const char *value)
{
	set_ttl(r, row, value, &r->conf->cache.ttls.min);
}

void
conf_set_max_ttl(
    struct conf_reader *r, const struct conf_row *row, const char *value)
{
	set_ttl(r, row, value, &r->conf->cache.ttls.max);
}

void
conf_set_min_negative_ttl(
    struct conf_reader *r, const struct conf_row *row, const char *value)
{
	set_ttl(r, row, value, &r->conf->cache.ttls.min_negative);
}

void
conf_set_max_negative_ttl(
    struct conf_reader *r, const struct conf_row *row, const char *value)
{
	set_ttl(r, row, value, &r->conf->cache.ttls.max_negative);
}

void
conf_set_max_stale(
    struct conf_reader *r, const struct conf_row *row, const char *value)
{
	(void)conf_read_duration(r, row, value, &r->conf->cache.max_stale_s);
}

void
conf_set_deadline(
    struct conf_reader *r, const struct conf_row *row, const char *value)
{
	(void)conf_read_duration(r, row, value, &r->conf->upstream.deadline_s);
}

void
conf_set_list_deadline(
    struct conf_reader *r, const struct conf_row *row, const char *value)
{
	(void)conf_read_duration(
	    r, row, value, &r->conf->upstream.list_deadline_s);
}

void
conf_set_max_in_flight(
    struct conf_reader *r, const struct conf_row *row, const char *value)
{
	uint64_t n;

	if (conf_read_number(r, row, value, &n))
		r->conf->upstream.max_in_flight = (unsigned)n;
}

void
conf_check_cache(struct conf_reader *r)
{
	const struct conf_ttls *t = &r->conf->cache.ttls;

	if (t->min > t->max)
		conf_complain(r,
		    "cache: min-ttl is %u, max-ttl %u; make max-ttl the larger "
		    "one",
		    t->min, t->max);
	if (t->min_negative > t->max_negative)
		conf_complain(r,
		    "cache: min-negative-ttl is %u, max-negative-ttl %u; make "
		    "max-negative-ttl the larger one",
		    t->min_negative, t->max_negative);
}
