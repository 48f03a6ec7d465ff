/*
 * Lookups in damaged arrays, and why they give what they give: anything may be
 * answered, but in bounds.
 *
 *	u8	which of the datasets below
 *	u8 n	and n bytes: a name to ask for, as text
 *	then	changes: u8 array (the index's, then those of provenance), u16
 *		place (from the end if the top bit of the array is set), u8 new
 *		value; or, if bit 6 is, the place is where the array is cut
 */
#include "tests/fuzz/zones.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define N_KINDS 3
#define N_ARRAYS (INDEX_ARRAYS_MAX + PROV_ARRAYS)

/* 40 addresses of a /24, no two together: a cell of bits */
#define FIVE(net, ten)                                                         \
	net ten "0 b\n" net ten "2 b\n" net ten "4 b\n" net ten                \
		"6 b\n" net ten "8 b\n"
#define SCATTERED(net)                                                         \
	FIVE(net, "") FIVE(net, "2") FIVE(net, "4") FIVE(net, "6")             \
	FIVE(net, "8") FIVE(net, "10") FIVE(net, "12") FIVE(net, "14")

static const struct {
	const char *type, *text;
} bases[N_KINDS] = {
    {"ip4set", "0.0.0.1 $\n0.0.1.5 a\n0.0.1.9 b\n0.0.2/25\n!0.0.2.7\n0.1/16\n"
	       "!0.1.1\n0.0.3.1\n0.0.3.3\n0.0.3.5\n0.0.3.7\n0.0.3.9\n"
	       "0.2.1.1\n9/8 :9\n" SCATTERED("0.0.4.")},
    {"ip6trie", "::1 $\n::/64 a\n!::2\n2001:db8::/32\n2001:db8:1::/48 b\n"},
    {"dnset", "a $\n.b x\n*.c y\n!d.c\ne.f.g\na.b\n*.b.c.d z\n"},
};

static const char *const questions[] = {"1.0.0.0", "5.1.0.0", "9.1.0.0",
    "7.2.0.0", "8.2.0.0", "1.1.1.0", "1.2.1.0", "5.3.0.0", "0.3.0.0", "2.4.0.0",
    "148.4.0.0", "1.1.1.9", "0.0", "0", "1", "a", "b", "x.b", "c", "x.y.c",
    "d.c", "f.g", "x.b.c.d",
    "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0",
    "2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0",
    "9.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2",
    "8.b.d.0.1.0.0.2", "f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0"};

static void
change(struct store_bytes *a, int n_arrays, uint8_t *const *copies,
    const uint8_t *c)
{
	int i = (c[0] & 0x3f) % n_arrays;
	size_t place = c[1] << 8 | c[2];

	if (a[i].len == 0)
		return;
	place %= a[i].len;
	if (c[0] & 0x80)
		place = a[i].len - 1 - place;
	if (c[0] & 0x40)
		a[i].len = place;
	else
		copies[i][place] = c[3];
}

/* In memory of its exact size, so that ASan sees a read beyond the end. */
static void
fit(struct store_bytes *a, uint8_t **copy)
{
	*copy = realloc(*copy, a->len > 0 ? a->len : 1);
	a->data = *copy;
}

static void
copy(const struct zones_index *z, const char *name, struct store_bytes *a,
    uint8_t **copy)
{
	const struct array *array = zones_array(z, name);

	a->len = array->bytes.len;
	*copy = malloc(a->len + 1);
	memcpy(*copy, array->bytes.data, a->len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct zones_index built[N_KINDS];
	uint8_t *copies[N_ARRAYS] = {NULL};
	struct store_bytes a[N_ARRAYS];
	struct zones_index z;
	struct prov prov;
	size_t name_len;
	int b, n = 0, n_index;

	if (size < 2 || size < 2u + data[1])
		return 0;
	b = data[0] % N_KINDS;
	if (built[b].kind == NULL && !zones_read(&built[b], bases[b].type,
	    bases[b].text, strlen(bases[b].text)))
		errx(1, "no index");
	z = built[b];
	for (; n < INDEX_ARRAYS_MAX && z.kind->arrays[n] != NULL; n++)
		copy(&z, z.kind->arrays[n], &a[n], &copies[n]);
	n_index = n;
	for (int i = 0; i < PROV_ARRAYS; i++, n++)
		copy(&z, prov_arrays[i], &a[n], &copies[n]);
	name_len = data[1];
	for (size_t at = 2 + name_len; at + 4 <= size; at += 4)
		change(a, n, copies, data + at);
	for (int i = 0; i < n; i++)
		fit(&a[i], &copies[i]);
	if (prov_open(&prov, &a[n_index]) == 0)
		z.prov = &prov;
	if (z.kind->open(&z.index, a) == 0) {
		zones_ask(&z, (const char *)data + 2, name_len, false);
		for (size_t q = 0; q < sizeof(questions) / sizeof(*questions);
		    q++)
			zones_ask(&z, questions[q], strlen(questions[q]),
			    false);
	}
	for (int i = 0; i < n; i++)
		free(copies[i]);
	return 0;
}
