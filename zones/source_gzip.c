/*
 * gzip (RFC 1952), by zlib, which checks CRC and length. Members may stand one
 * behind the other, as for gzip(1); anything else behind one is refused.
 */
#include "zones/source_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <zlib.h>

struct gzip {
	z_stream z;
	bool is_whole; /* at the end of a member */
	uint8_t in[SOURCE_RAW_MAX];
};

static int
begin(struct source *s)
{
	struct gzip *g = calloc(1, sizeof(*g));

	if (g == NULL)
		return -ENOMEM;
	if (inflateInit2(&g->z, 16 + MAX_WBITS) != Z_OK) { /* 16: gzip only */
		free(g);
		return -ENOMEM;
	}
	s->state = g;
	return 0;
}

static void
end(struct source *s)
{
	struct gzip *g = s->state;

	if (g != NULL)
		inflateEnd(&g->z);
	free(g);
}

/* Returns 1, 0 at the end of whole data, or -errno. */
static int
more_input(struct source *s, struct gzip *g)
{
	ssize_t n = source_raw(s, g->in, sizeof(g->in));

	if (n < 0)
		return n;
	if (n == 0 && g->is_whole)
		return 0;
	if (n == 0) {
		s->wrong = "cut short";
		return -EBADMSG;
	}
	g->z.next_in = g->in;
	g->z.avail_in = n;
	return 1;
}

static int
inflate_some(struct source *s, struct gzip *g)
{
	if (g->is_whole)
		inflateReset(&g->z);
	g->is_whole = false;
	switch (inflate(&g->z, Z_NO_FLUSH)) {
	case Z_OK:
		return 0;
	case Z_STREAM_END:
		g->is_whole = true;
		return 0;
	case Z_MEM_ERROR:
		return -ENOMEM;
	default:
		s->wrong = g->z.msg != NULL ? g->z.msg : "damaged";
		return -EBADMSG;
	}
}

static ssize_t
read_text(struct source *s, char *out, size_t n)
{
	struct gzip *g = s->state;
	int rc;

	g->z.next_out = (Bytef *)out;
	g->z.avail_out = n;
	while (g->z.avail_out == n) {
		rc = g->z.avail_in > 0 ? 1 : more_input(s, g);
		if (rc <= 0)
			return rc;
		rc = inflate_some(s, g);
		if (rc != 0)
			return rc;
	}
	return n - g->z.avail_out;
}

const struct source_reader source_gzip = {
    .name = "gzip",
    .magic = "\x1f\x8b",
    .magic_len = 2,
    .begin = begin,
    .read = read_text,
    .end = end,
};
