/*
 * The nearest right spelling: the distance of Levenshtein, one row at a time.
 */
#include "lib/spell.h"

#include <limits.h>
#include <string.h>
#include <strings.h>

#define CHANGES_MAX 2

static unsigned
least_of(unsigned a, unsigned b, unsigned c)
{
	if (b < a)
		a = b;
	return c < a ? c : a;
}

/* Letters to add, drop or change to make b from a. */
static unsigned
distance(const char *a, const char *b)
{
	unsigned row[SPELL_LEN_MAX + 1];
	size_t a_len = strlen(a), b_len = strlen(b);
	unsigned diagonal, above;

	if (a_len > SPELL_LEN_MAX || b_len > SPELL_LEN_MAX)
		return UINT_MAX;
	for (size_t j = 0; j <= b_len; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= a_len; i++) {
		diagonal = row[0];
		row[0] = (unsigned)i;
		for (size_t j = 1; j <= b_len; j++) {
			above = row[j];
			row[j] = least_of(above + 1, row[j - 1] + 1,
			    diagonal +
				(strncasecmp(&a[i - 1], &b[j - 1], 1) != 0));
			diagonal = above;
		}
	}
	return row[b_len];
}

void
spell_offer(struct spell *s, const char *right)
{
	unsigned n = distance(s->name, right);

	if (n > CHANGES_MAX || 2 * n > strlen(right))
		return;
	if (!s->near || n < s->changes) {
		s->near = right;
		s->changes = n;
	}
}
