/*
 * Views of a generation: the zone itself and its subzones, one by one, for
 * those who look at all that there is.
 */
#include "zones/generation_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool
has_labels(const struct subzone *s, const uint8_t *labels, unsigned len)
{
	return s->len == len && memcmp(s->labels, labels, len) == 0;
}

/* What all combined datasets have there. */
static uint32_t
datasets_at(const struct generation *gen, const uint8_t *labels, unsigned len)
{
	uint32_t datasets = len == 0 ? gen->plain : 0;

	for (size_t i = 0; i < gen->n_subzones; i++)
		if (has_labels(&gen->subzones[i], labels, len))
			datasets |= gen->subzones[i].indexes;
	return datasets;
}

static bool
is_first(const struct generation *gen, size_t i)
{
	const struct subzone *s = &gen->subzones[i];

	for (size_t before = 0; before < i; before++)
		if (has_labels(&gen->subzones[before], s->labels, s->len))
			return false;
	return s->len > 0;
}

int
generation_views(const struct generation *gen, struct generation_view **out,
    size_t *n)
{
	static const uint8_t none[1];
	const struct subzone *s = gen->subzones;
	struct generation_view *views;

	*n = 0;
	*out = views = calloc(gen->n_subzones + 1, sizeof(*views));
	if (views == NULL)
		return -ENOMEM;
	views[0].labels = none;
	views[0].datasets = datasets_at(gen, none, 0);
	*n = 1;
	for (size_t i = 0; i < gen->n_subzones; i++) {
		if (!is_first(gen, i))
			continue;
		views[*n].labels = s[i].labels;
		views[*n].len = s[i].len;
		views[(*n)++].datasets = datasets_at(gen, s[i].labels,
		    s[i].len);
	}
	return 0;
}

bool
generation_is_nested(const struct generation *gen, unsigned dataset)
{
	return (gen->plain >> dataset & 1) == 0;
}

/* Is labels, with those of the view behind it, at or below the subzone? */
static bool
is_at(const struct subzone *s, const struct generation_view *view,
    const uint8_t *labels, unsigned len)
{
	unsigned own, pos = 0;

	if (s->len <= view->len || s->len > len + view->len)
		return false;
	own = s->len - view->len; /* bytes in front of the view's */
	while (len - pos > own)
		pos += labels[pos] + 1u;
	return len - pos == own && memcmp(s->labels, labels + pos, own) == 0 &&
	    memcmp(s->labels + own, view->labels, view->len) == 0;
}

static bool
is_in_group(const struct generation *gen, unsigned dataset, unsigned group)
{
	for (size_t i = 0; i < gen->n_subzones; i++)
		if (gen->subzones[i].group == group &&
		    (gen->subzones[i].indexes >> dataset & 1) != 0)
			return true;
	return false;
}

bool
generation_is_hidden(const struct generation *gen, unsigned dataset,
    const struct generation_view *view, const uint8_t *labels, unsigned len)
{
	for (size_t i = 0; i < gen->n_subzones; i++)
		if (is_at(&gen->subzones[i], view, labels, len) &&
		    is_in_group(gen, dataset, gen->subzones[i].group))
			return true;
	return false;
}
