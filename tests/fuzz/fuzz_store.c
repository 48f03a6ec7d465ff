/*
 * A file of LMDB's, damaged. LMDB trusts what is inside of its pages, so what
 * passes store_check() must be safe to read.
 *
 *	changes: u16 page, u16 place in it, u8 new value
 */
#include <sys/stat.h>

#include <assert.h>
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PAGE 4096u
#define IMAGE_MAX (64 * PAGE)

static uint8_t image[IMAGE_MAX];
static size_t image_len;
static char path[64];

/* Small and large values, keys enough for pages above the leaves. */
static void
make_image(void)
{
	static const struct store_opts opts = {.mode = STORE_NEW,
	    .size_max = IMAGE_MAX, .file_mode = 0600};
	static const uint8_t large[3 * PAGE];
	const char *dir = getenv("TMPDIR");
	char key[64], why[STORE_WHY_MAX] = "";
	struct store_txn *txn;
	struct store *s;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%.40s/fuzz-store-%ld",
	    dir != NULL ? dir : "/tmp", (long)getpid());
	if (store_open(&s, path, &opts, why) != 0 ||
	    store_write_begin(s, &txn) != 0)
		errx(1, "%s", why);
	for (int i = 0; i < 120; i++) {
		snprintf(key, sizeof(key), "%050d", i);
		if (store_put(txn, 0, key, strlen(key), large,
		    i % 40 == 0 ? sizeof(large) : 60) != 0)
			errx(1, "put");
	}
	if (store_write_commit(txn) != 0)
		errx(1, "commit");
	store_close(s);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd == -1 ? -1 : read(fd, image, sizeof(image));
	if (n <= 0)
		err(1, "%s", path);
	image_len = (size_t)n;
	close(fd);
	unlink(path);
}

static void
write_changed(const uint8_t *data, size_t size)
{
	static uint8_t now[IMAGE_MAX];
	size_t place, len = image_len;
	int fd;

	memcpy(now, image, image_len);
	for (; size >= 5; data += 5, size -= 5) {
		place = (size_t)(data[0] << 8 | data[1]) * PAGE +
		    (data[2] << 8 | data[3]) % PAGE;
		if ((data[2] & 0x80) != 0)
			len = place % image_len;
		else
			now[place % image_len] = data[4];
	}
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd == -1 || write(fd, now, len) != (ssize_t)len)
		err(1, "%s", path);
	close(fd);
}

static void
read_all(struct store_txn *txn)
{
	struct store_bytes key, data;
	struct store_walk *walk;
	unsigned sum = 0, n = 0;

	if (store_walk_begin(txn, 0, NULL, 0, &walk) != 0)
		return;
	while (store_walk_next(walk, &key, &data) == 0 && n++ < 100000) {
		for (size_t i = 0; i < data.len; i++)
			sum += ((const uint8_t *)data.data)[i];
		(void)!store_get(txn, 0, key.data, key.len, &data);
	}
	assert(n < 100000 && (sum | 1) != 0);
	store_walk_end(walk);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct store_opts opts = {.mode = STORE_IMMUTABLE};
	struct store_txn *txn;
	struct store *s;
	char why[STORE_WHY_MAX] = "";
	int rc;

	if (size > 100)
		return 0;
	if (image_len == 0)
		make_image();
	write_changed(data, size);
	rc = store_open(&s, path, &opts, why);
	unlink(path);
	if (rc != 0) {
		assert(why[0] != '\0');
		return 0;
	}
	if (store_read_begin(s, &txn) == 0) {
		if (store_check(txn) == 0)
			read_all(txn);
		store_read_end(txn);
	}
	store_close(s);
	return 0;
}
