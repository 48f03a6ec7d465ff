/*
 * A hash table with a chain per slot; an address is there while it has a
 * connection, so that there are never more than connections. Keyed: the
 * addresses are chosen by others.
 */
#include "resolverd/tcp_count.h"

#include <sys/random.h>

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/siphash.h"

#define SLOTS 1024

struct counted {
	struct counted *next;
	struct addr addr;
	unsigned n;
};

struct tcp_count {
	uint8_t key[SIPHASH_KEY_LEN];
	struct counted *slots[SLOTS];
};

struct tcp_count *
tcp_count_new(void)
{
	struct tcp_count *t = calloc(1, sizeof(*t));

	/* without random bytes it is slower under attack, no more */
	if (t != NULL &&
	    getrandom(t->key, sizeof(t->key), GRND_NONBLOCK) == -1)
		memset(t->key, 0, sizeof(t->key));
	return t;
}

void
tcp_count_free(struct tcp_count *t)
{
	for (unsigned i = 0; t != NULL && i < SLOTS; i++)
		assert(t->slots[i] == NULL);
	free(t);
}

/* The link that points to the address's, or to where it would be. */
static struct counted **
find(struct tcp_count *t, const struct addr *a)
{
	uint64_t hash = siphash24(t->key, a->bytes, sizeof(a->bytes));
	struct counted **link = &t->slots[hash % SLOTS];

	while (*link != NULL &&
	    ((*link)->addr.family != a->family ||
		memcmp((*link)->addr.bytes, a->bytes, sizeof(a->bytes)) != 0))
		link = &(*link)->next;
	return link;
}

unsigned
tcp_count_of(const struct tcp_count *t, const struct addr *a)
{
	union {
		const struct tcp_count *in;
		struct tcp_count *out;
	} unconst = {.in = t}; /* find() writes nothing */
	struct counted *c = *find(unconst.out, a);

	return c != NULL ? c->n : 0;
}

int
tcp_count_enter(struct tcp_count *t, const struct addr *a)
{
	struct counted **link = find(t, a);

	if (*link == NULL) {
		*link = calloc(1, sizeof(**link));
		if (*link == NULL)
			return -ENOMEM;
		(*link)->addr = *a;
	}
	(*link)->n++;
	return 0;
}

void
tcp_count_leave(struct tcp_count *t, const struct addr *a)
{
	struct counted **link = find(t, a), *c = *link;

	assert(c != NULL && c->n > 0);
	if (--c->n > 0)
		return;
	*link = c->next;
	free(c);
}
