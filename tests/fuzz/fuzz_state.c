/*
 * tools/mxcheck/state.c: a state file that was damaged. It is opened or put
 * aside, read through, written again and opened once more; none of that may
 * end the process.
 *
 *	u8	how it is cut: 0 not at all, else at that 256th of its length
 *	then	changes: u16 place (big-endian, from the end if its top bit is
 *		set), u8 new value
 *
 * The input is also taken for the value of an alert.
 */
#include <sys/stat.h>

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/mxcheck/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW 1700000000
#define USED_MAX (1 << 18) /* the rest of the file is a hole */
#define PAGE 4096

static char dir[256], path[300], why[STATE_WHY_MAX];
static uint8_t whole[USED_MAX];
static size_t whole_len; /* what is used of it */
static off_t file_len;

static void
clean(void)
{
	static const char *const names[] = {"state.mdb", "state.mdb-lock",
	    "state.mdb.bad", "run.lock"};
	char name[400];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(name, sizeof(name), "%s/%s", dir, names[i]);
		(void)unlink(name);
	}
	(void)rmdir(dir);
}

static struct state *
must_open(struct state_opening *opening)
{
	struct state *st;

	if (state_open(&st, dir, NOW, opening, why) != 0) {
		fprintf(stderr, "%s\n", why);
		abort();
	}
	return st;
}

static void
fill(void)
{
	struct state_opening opening;
	struct state *st = must_open(&opening);
	char subject[64];

	for (unsigned i = 0; i < 40; i++) {
		const struct state_finding f = {"example.com", "C01", subject};
		const struct state_endpoint ep = {.seen = NOW, .n_tls = i};
		const struct state_sts sts = {.id = "1", .fetched = NOW};
		struct alert alert = {0};

		snprintf(subject, sizeof(subject), "mx%u.example.com", i);
		alert_take(&alert, SEV_CRIT, NOW);
		state_put_alert(st, &f, &alert);
		state_put_endpoint(st, subject, "192.0.2.1", &ep);
		state_put_sts(st, subject, &sts);
	}
	if (state_save(st, why) != 0)
		abort();
	state_close(st);
}

static void
begin(void)
{
	const char *tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	struct stat sb;
	FILE *f;

	snprintf(dir, sizeof(dir), "%s/fuzz-state-XXXXXX", tmp);
	if (mkdtemp(dir) == NULL)
		abort();
	atexit(clean);
	snprintf(path, sizeof(path), "%s/state.mdb", dir);
	fill();
	f = fopen(path, "rb");
	assert(f != NULL);
	whole_len = fread(whole, 1, sizeof(whole), f);
	fclose(f);
	while (whole_len > 0 && whole[whole_len - 1] == 0)
		whole_len--;
	whole_len = (whole_len + PAGE - 1) / PAGE * PAGE;
	assert(whole_len > PAGE && whole_len < sizeof(whole));
	if (stat(path, &sb) != 0)
		abort();
	file_len = sb.st_size;
}

static void
write_damaged(const uint8_t *data, size_t size)
{
	static uint8_t bytes[USED_MAX];
	size_t len = whole_len;
	bool is_cut = size > 0 && data[0] > 0;
	FILE *f;

	memcpy(bytes, whole, whole_len);
	if (is_cut)
		len = whole_len * data[0] / 256;
	for (size_t i = 1; i + 3 <= size; i += 3) {
		size_t place = (size_t)(data[i] & 0x7f) << 8 | data[i + 1];

		if (data[i] & 0x80)
			place = whole_len - 1 - place % whole_len;
		bytes[place % whole_len] = data[i + 2];
	}
	f = fopen(path, "wb");
	assert(f != NULL);
	fwrite(bytes, 1, len, f);
	fclose(f);
	if (!is_cut && truncate(path, file_len) != 0)
		abort();
}

static void
on_alert(void *arg, const struct state_finding *f, const struct alert *alert)
{
	size_t *n = arg;

	assert(alert->hard <= SEV_CRIT && alert->soft <= SEV_CRIT);
	*n += strlen(f->domain) + strlen(f->id) + strlen(f->subject);
}

static void
read_through(struct state *st)
{
	struct state_endpoint ep;
	struct state_sts sts;
	char subject[64];
	size_t n = 0;

	state_each_alert(st, NULL, on_alert, &n);
	state_each_alert(st, "example.com", on_alert, &n);
	for (unsigned i = 0; i < 40; i++) {
		snprintf(subject, sizeof(subject), "mx%u.example.com", i);
		(void)state_get_endpoint(st, subject, "192.0.2.1", &ep);
		if (state_get_sts(st, subject, &sts))
			assert(strlen(sts.id) < STATE_WORD_LEN);
	}
	(void)state_forget(st, "mx1.example.com");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct state_opening opening;
	struct state *st;
	struct alert alert;

	if (whole_len == 0)
		begin();
	(void)alert_read(&alert, data, size);
	write_damaged(data, size);
	st = must_open(&opening);
	read_through(st);
	if (state_save(st, why) == 0) {
		state_close(st);
		st = must_open(&opening);
		if (opening.was_lost)
			abort(); /* what we wrote is whole */
	}
	state_close(st);
	return 0;
}
