/*
 * Zstandard (RFC 8878), by libzstd, which checks the checksum where there is
 * one. Frames may stand one behind the other; anything else is refused, and a
 * frame that needs more memory than zstd(1) gives without --long.
 */
#include "zones/source_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#define WINDOW_LOG_MAX 27 /* 128 MiB */

struct zstd {
	ZSTD_DCtx *ctx;
	ZSTD_inBuffer in;
	size_t left; /* of the frame; 0: whole */
	uint8_t bytes[SOURCE_RAW_MAX];
};

static void
end(struct source *s)
{
	struct zstd *z = s->state;

	if (z != NULL)
		ZSTD_freeDCtx(z->ctx);
	free(z);
}

static int
begin(struct source *s)
{
	struct zstd *z = calloc(1, sizeof(*z));

	s->state = z;
	if (z == NULL)
		return -ENOMEM;
	z->left = 1;
	z->in.src = z->bytes;
	z->ctx = ZSTD_createDCtx();
	if (z->ctx == NULL || ZSTD_isError(ZSTD_DCtx_setParameter(z->ctx,
	    ZSTD_d_windowLogMax, WINDOW_LOG_MAX)))
		return -ENOMEM;
	return 0;
}

static int
decompress_some(struct source *s, struct zstd *z, ZSTD_outBuffer *out)
{
	z->left = ZSTD_decompressStream(z->ctx, out, &z->in);
	if (!ZSTD_isError(z->left))
		return 0;
	if (ZSTD_getErrorCode(z->left) == ZSTD_error_memory_allocation)
		return -ENOMEM;
	s->wrong = ZSTD_getErrorName(z->left);
	return -EBADMSG;
}

static ssize_t
read_text(struct source *s, char *out, size_t n)
{
	struct zstd *z = s->state;
	ZSTD_outBuffer text = {out, n, 0};
	bool is_end = false;
	ssize_t got;
	int rc;

	while (text.pos == 0) {
		if (is_end) {
			s->wrong = "cut short";
			return -EBADMSG;
		}
		if (z->in.pos == z->in.size) {
			got = source_raw(s, z->bytes, sizeof(z->bytes));
			if (got < 0 || (got == 0 && z->left == 0))
				return got;
			/* text may be left even if there is no more input */
			is_end = got == 0;
			z->in.size = got;
			z->in.pos = 0;
		}
		rc = decompress_some(s, z, &text);
		if (rc != 0)
			return rc;
	}
	return text.pos;
}

const struct source_reader source_zstd = {
    .name = "zstd",
    .magic = "\x28\xb5\x2f\xfd",
    .magic_len = 4,
    .begin = begin,
    .read = read_text,
    .end = end,
};
