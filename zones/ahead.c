/*
 * The ring of blocks, and the thread that works on those that the caller has
 * not come to yet. A block is worked on by who comes first, so nobody waits for
 * the thread to begin, and where there is none the caller does it all. The
 * thread touches nothing but the blocks that it was offered.
 */
#include "zones/ahead.h"

#include "zones/thread.h"

/* ---- addresses */

static inline const char *
read_octet(const char *s, uint32_t *ip)
{
	unsigned v = s[0] - (unsigned)'0', d;

	if (v > 9)
		return NULL;
	for (s++; (d = *s - (unsigned)'0') <= 9; s++) {
		v = v * 10 + d;
		if (v > 255)
			return NULL;
	}
	*ip = *ip << 8 | v;
	return s;
}

/* The address that a whole line at s is; NULL if the line is anything else.
 * The line has an end, so this stops there. */
static inline const char *
read_line(const char *s, uint32_t *ip)
{
	*ip = 0;
	for (int i = 0; i < 4; i++) {
		if (i > 0 && *s++ != '.')
			return NULL;
		s = read_octet(s, ip);
		if (s == NULL)
			return NULL;
	}
	if (*s == '\r')
		s++;
	return *s == '\n' ? s + 1 : NULL;
}

#define LINE_MIN 8 /* 1.2.3.4 and its end */

/* The stretch that begins at p. Returns its end. Zeros before an octet make a
 * line too long, too: that is told about where lines are taken one by one. */
static const char *
read_stretch(const char *p, const char *end, uint32_t *ips, uint32_t *n)
{
	const char *next;

	for (*n = 0; p < end; p = next) {
		next = read_line(p, &ips[*n]);
		if (next == NULL || next - p > SOURCE_LINE_MAX + 1)
			break;
		++*n;
	}
	return p;
}

static int
find_addresses(struct ahead_block *b)
{
	size_t len = b->end - b->begin;
	struct stretch s;
	const char *p;
	int rc;

	b->stretches.len = b->ips.len = 0;
	rc = buf_room(&b->ips, (len / LINE_MIN + 1) * sizeof(uint32_t));
	for (p = b->begin; p < b->end && rc == 0;) {
		s.begin = p - b->begin;
		p = read_stretch(p, b->end,
		    (uint32_t *)(void *)(b->ips.data + b->ips.len), &s.n);
		s.end = p - b->begin;
		b->ips.len += s.n * sizeof(uint32_t);
		if (s.n > 0)
			rc = buf_put(&b->stretches, &s, sizeof(s));
		if (p < b->end)
			p = (const char *)memchr(p, '\n', b->end - p) + 1;
	}
	return rc;
}

/* ---- who works on what */

static void
work_on(struct ahead *a, struct ahead_block *b)
{
	int rc;

	b->state = AHEAD_AT_WORK;
	(void)pthread_mutex_unlock(&a->lock);
	rc = find_addresses(b);
	(void)pthread_mutex_lock(&a->lock);
	b->rc = rc;
	b->state = AHEAD_DONE;
	(void)pthread_cond_signal(&a->changed);
}

static void *
run(void *arg)
{
	struct ahead *a = arg;
	struct ahead_block *b;
	size_t n = 0;

	(void)pthread_mutex_lock(&a->lock);
	while (!a->is_closing) {
		b = &a->ring[n % SOURCE_BUFFERS];
		if (n == a->n_offered) {
			(void)pthread_cond_wait(&a->changed, &a->lock);
			continue;
		}
		n++;
		if (b->state == AHEAD_TO_DO)
			work_on(a, b);
	}
	(void)pthread_mutex_unlock(&a->lock);
	return NULL;
}

/* ---- the ring */

static void
offer(struct ahead *a, struct ahead_block *b)
{
	(void)pthread_mutex_lock(&a->lock);
	b->state = AHEAD_TO_DO;
	a->n_offered = a->n_read;
	(void)pthread_cond_signal(&a->changed);
	(void)pthread_mutex_unlock(&a->lock);
}

static void
read_ahead(struct ahead *a)
{
	struct ahead_block *b = &a->ring[a->n_read % SOURCE_BUFFERS];
	struct source *s = a->source;

	b->event = source_next(s, a->path, a->why);
	b->begin = s->block;
	b->end = s->block_end;
	b->rc = 0;
	b->stretches.len = b->ips.len = 0;
	a->has_failed = b->event < 0;
	a->n_read++;
	if (!a->wants_ips || b->event != SOURCE_BLOCK)
		return;
	/* a file of one block is not worth a thread */
	if (a->n_read == 2)
		a->has_thread = thread_begin(&a->thread, run, a);
	offer(a, b);
}

static void
wait_for(struct ahead *a, struct ahead_block *b)
{
	(void)pthread_mutex_lock(&a->lock);
	if (b->state == AHEAD_TO_DO)
		work_on(a, b);
	while (b->state != AHEAD_DONE)
		(void)pthread_cond_wait(&a->changed, &a->lock);
	(void)pthread_mutex_unlock(&a->lock);
}

void
ahead_open(struct ahead *a, struct source *s, const char *path, bool wants_ips,
    char *why)
{
	*a = (struct ahead){.source = s, .path = path, .why = why,
	    .wants_ips = wants_ips};
	(void)pthread_mutex_init(&a->lock, NULL); /* cannot fail on Linux */
	(void)pthread_cond_init(&a->changed, NULL);
}

/* The last event says whether the file changed: not before all is taken. */
static bool
may_read(const struct ahead *a)
{
	size_t n = a->n_read - a->n_given;

	return !a->has_failed && (n == 0 ||
	    (n < SOURCE_BUFFERS && !a->source->at_end));
}

const struct ahead_block *
ahead_next(struct ahead *a)
{
	struct ahead_block *b = &a->ring[a->n_given % SOURCE_BUFFERS];

	while (may_read(a))
		read_ahead(a);
	if (a->wants_ips && b->event == SOURCE_BLOCK)
		wait_for(a, b);
	if (b->rc != 0)
		b->event = b->rc;
	a->n_given++;
	return b;
}

void
ahead_close(struct ahead *a)
{
	if (a->has_thread) {
		(void)pthread_mutex_lock(&a->lock);
		a->is_closing = true;
		(void)pthread_cond_signal(&a->changed);
		(void)pthread_mutex_unlock(&a->lock);
		(void)pthread_join(a->thread, NULL);
	}
	for (unsigned i = 0; i < SOURCE_BUFFERS; i++) {
		buf_free(&a->ring[i].stretches);
		buf_free(&a->ring[i].ips);
	}
	(void)pthread_cond_destroy(&a->changed);
	(void)pthread_mutex_destroy(&a->lock);
}
