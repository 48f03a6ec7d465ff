/* For the harnesses of zones/: from a dataset's text to an index in memory. */
#ifndef TESTS_FUZZ_ZONES_H
#define TESTS_FUZZ_ZONES_H

#include <sys/mman.h>

#include <assert.h>
#include <err.h>
#include <stdio.h>
#include <unistd.h>

#include "zones/dataset.h"
#include "zones/generation.h"
#include "zones/value.h"
#include "zones/why.h"

static const uint8_t zones_apex[] = "\2bl\4test";

struct zones_index {
	unsigned number; /* of the index that is looked at */
	const struct index_kind *kind;
	struct arrays arrays;
	struct intern values;
	union index index;
	const struct prov *prov; /* set: why is asked, too */
};

/* The path of a file that holds the text. */
static const char *
zones_file(const void *text, size_t len)
{
	static char path[64];
	static int fd = -1;

	if (fd < 0 && (fd = memfd_create("dataset", MFD_CLOEXEC)) < 0)
		err(1, "memfd_create");
	if (ftruncate(fd, 0) != 0 ||
	    pwrite(fd, text, len, 0) != (ssize_t)len)
		err(1, "memfd");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return path;
}

static void
zones_on_report(void *arg, const char *file, unsigned line, const char *text)
{
	(void)arg;
	assert(file != NULL && line < 1u << 24 && *text != '\0');
}

/* False if the file is refused. */
__attribute__((unused)) static bool
zones_read(struct zones_index *z, const char *type, const void *text,
    size_t len)
{
	const char *path = zones_file(text, len);
	char why[GENERATION_WHY_MAX];
	struct dataset ds;
	int rc;

	*z = (struct zones_index){0};
	rc = dataset_begin(&ds, dataset_type_find(type), zones_apex,
	    zones_on_report, NULL);
	assert(rc == 0);
	rc = dataset_options(&ds, type, why);
	assert(rc == 0);
	ds.wants_build = true;
	dataset_want_provenance(&ds, type);
	rc = dataset_read(&ds, path, why);
	assert(rc == 0 || why[0] != '\0');
	if (rc == 0) {
		rc = dataset_finish(&ds, &z->values, &z->arrays, why);
		assert(rc == 0);
		z->kind = arrays_kind(&z->arrays, 0);
	}
	dataset_end(&ds);
	return rc == 0;
}

__attribute__((unused)) static const struct array *
zones_array(const struct zones_index *z, const char *name)
{
	char key[ARRAY_NAME_MAX];
	size_t n;
	struct array *list = arrays_list(&z->arrays, &n);

	array_name(key, z->number, name);
	while (n > 0 && strcmp(list->name, key) != 0)
		list++, n--;
	assert(n > 0);
	return list;
}

__attribute__((unused)) static void
zones_free(struct zones_index *z)
{
	arrays_free(&z->arrays);
	intern_free(&z->values);
}

/* Reads all that it points to. */
static void
zones_on_entry(void *arg, const struct why_entry *e)
{
	unsigned *sum = arg;

	assert(e->role <= WHY_EXPIRED && strlen(e->key) < sizeof(e->key));
	for (size_t i = 0; i < e->type.len; i++)
		*sum += (unsigned char)e->type.text[i];
	for (size_t i = 0; i < e->file.len; i++)
		*sum += (unsigned char)e->file.text[i];
}

/* Asks for text below the apex, and for it turned round (1.2.3.4). */
__attribute__((unused)) static void
zones_ask(const struct zones_index *z, const char *text, size_t len, bool turn)
{
	uint8_t dname[2 * DNAME_MAX], off[DNAME_LABELS_MAX], turned[DNAME_MAX];
	uint64_t hash[DNAME_LABELS_MAX];
	struct index_hit hit = {0};
	struct zone_key key;
	int n = dname_from_txt(dname, text, len);
	unsigned at = DNAME_MAX;

	if (n < 0 || n - 1 + sizeof(zones_apex) > DNAME_MAX)
		return;
	if (turn) {
		for (int i = 0; dname[i] != 0; i += dname[i] + 1) {
			at -= dname[i] + 1u;
			memcpy(turned + at, dname + i, dname[i] + 1u);
		}
		memcpy(dname, turned + at, DNAME_MAX - at);
	}
	memcpy(dname + n - 1, zones_apex, sizeof(zones_apex));
	dname_lower(dname, (size_t)n - 1 + sizeof(zones_apex));
	zone_key_init(&key, dname, 2, off, hash);
	z->kind->lookup(&z->index, &key, &hit);
	if (z->prov != NULL && why_index(z->kind, &z->index, z->prov, &key,
	    zones_on_entry, &(unsigned){0}) != 0)
		errx(1, "out of memory");
	assert(hit.first_label == 0 || hit.first_label < key.n_labels);
	if (hit.value == 0 || hit.value > z->values.count)
		return;
	zone_hit_txt((char[DNAME_TXT_MAX]){0}, &key,
	    &(struct zone_hit){.kind = hit.kind,
	    .first_label = hit.first_label});
}

#endif
