/* zones/build.c, source.c: whole builds, and files that must not be served. */
#include <sys/resource.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <time.h>

#include "lib/bytes.h"
#include "tests/unit/zones.h"

/* ---- lines */

static const struct {
	const char *text;
	size_t len; /* 0: as long as the string */
	unsigned entries, bad;
	const char *report; /* a part of it */
} files[] = {
    {"", 0, 0, 0, ""},
    {"\n\n \n\t\n", 0, 0, 0, ""},
    {"1.1.1.1\n1.1.1.2\n", 0, 2, 0, ""},
    {"1.1.1.1\n1.1.1.2", 0, 1, 1, "ip4set0:2: the last line does not end"},
    {"1.1.1.1\n1.1.1.2 text", 0, 1, 1, "ip4set0:2: the last line"},
    {"1.1.1.1\r\n\r\n1.1.1.2 text\r\n# x\r\n", 0, 2, 0, ""},
    {"\n#\n;\nbad\n", 0, 0, 1, "ip4set0:4: not an IPv4"},
    {"1.1.1.1\n1.1.\0.2\n1.1.1.3\n", 24, 2, 1, "ip4set0:2: a NUL byte"},
    {"\0\n1.1.1.3\n", 10, 1, 1, "ip4set0:1: a NUL byte"},
    {"1.1.1.1 a\0b\n", 12, 0, 1, "ip4set0:1: a NUL byte"},
    {"\x1f\x8b\x08\0", 4, 0, 0, "gzip data"}, /* refused as a whole */
    {"\x1f\x8b\x08\0\n1.1.1.1\n", 13, 0, 0, "gzip data"},
};

START_TEST(test_file)
{
	size_t len = files[_i].len ? files[_i].len : strlen(files[_i].text);
	bool is_refused = strcmp(files[_i].report, "gzip data") == 0;
	struct test_zone z;

	zones_init(&z, ZONES_APEX);
	zones_write(zones_add(&z, "ip4set", ""), files[_i].text, len);
	ck_assert_int_eq(zones_build(&z), is_refused ? -EBADMSG : 0);
	if (is_refused) {
		ck_assert_ptr_nonnull(strstr(z.why, files[_i].report));
	} else {
		ck_assert_msg(strstr(z.reports, files[_i].report) != NULL,
		    "%s", z.reports);
		ck_assert_int_eq(*files[_i].report == '\0',
		    *z.reports == '\0');
	}
	ck_assert_uint_eq(z.result.entries, files[_i].entries);
	ck_assert_uint_eq(z.result.bad_lines, files[_i].bad);
	zones_free(&z);
}
END_TEST

/* Lines around the limit, and longer than any buffer; then one more entry. */
START_TEST(test_long_lines)
{
	static const size_t lens[] = {32767, 32768, 32769, 65536, (1 << 20) - 1,
	    1 << 20, (1 << 20) + 1, 3 << 20};
	size_t len = lens[_i], size = len + 100;
	char *text = malloc(size), *p = text;
	struct test_zone z;

	p += sprintf(p, "1.1.1.1\n1.1.1.2 ");
	memset(p, 'x', len - 8);
	p += len - 8;
	p += sprintf(p, "\nbad\n1.1.1.3\n");
	zones_init(&z, ZONES_APEX);
	zones_write(zones_add(&z, "ip4set", ""), text, (size_t)(p - text));
	ck_assert_int_eq(zones_build(&z), 0);
	if (len <= 32768) {
		ck_assert_ptr_nonnull(strstr(z.reports, "ip4set0:2: the text "
		    "is cut at 255"));
	} else {
		ck_assert_ptr_nonnull(strstr(z.reports, "ip4set0:2: longer "
		    "than 32768 bytes"));
	}
	ck_assert_ptr_nonnull(strstr(z.reports, "ip4set0:3: not an"));
	ck_assert_uint_eq(z.result.entries, len <= 32768 ? 3 : 2);
	ck_assert_str_eq(zones_ask(&z, "3.1.1.1"), "A 127.0.0.2");
	zones_free(&z);
	free(text);
}
END_TEST

/* Lines that lie across the blocks in which a file is read. */
START_TEST(test_blocks)
{
	unsigned n = 180000;
	char *text = malloc(n * 20), *p = text;
	struct test_zone z;

	for (unsigned i = 0; i < n; i++)
		p += sprintf(p, i % 3 ? "1.%u.%u.%u\n" : "1.%u.%u.%u x\n",
		    i >> 16, i >> 8 & 255, i & 255);
	zones_init(&z, ZONES_APEX);
	zones_write(zones_add(&z, "ip4set", ""), text, (size_t)(p - text));
	ck_assert_int_eq(zones_build(&z), 0);
	ck_assert_str_eq(z.reports, "");
	ck_assert_uint_eq(z.result.entries, n);
	ck_assert_uint_eq(generation_info(z.gen)->entries, n);
	zones_free(&z);
	free(text);
}
END_TEST

/* ---- files that are refused; what was served before stays */

static void
expect_refused(struct test_zone *z, int want, const char *why)
{
	char path[PATH_MAX], unused[GENERATION_WHY_MAX];
	struct generation *gen;

	ck_assert_int_eq(zones_build(z), want);
	ck_assert_msg(strstr(z->why, why) != NULL, "%s", z->why);
	ck_assert_int_eq(publish_current(path, unit_path("state"),
	    z->conf.name), 0);
	ck_assert_int_eq(generation_open(&gen, path, z->conf.apex, unused), 0);
	ck_assert_uint_eq(generation_info(gen)->number, 1);
	generation_close(gen);
}

static void
begin_with_one(struct test_zone *z)
{
	zones_init(z, ZONES_APEX);
	zones_add(z, "ip4set", "1.1.1.1\n");
	ck_assert_int_eq(zones_build(z), 0);
}

START_TEST(test_missing_file)
{
	struct test_zone z;

	begin_with_one(&z);
	ck_assert_int_eq(unlink(z.files[0][0]), 0);
	expect_refused(&z, -ENOENT, "No such file");
	zones_free(&z);
}
END_TEST

/* The first eight bytes of a label can undo what the hash of the names above
 * came to. False if a byte of these would be made lower-case. */
static bool
put_meeting(FILE *f, const uint8_t *apex, unsigned i, const char *below)
{
	uint8_t parent[DNAME_MAX], label[10] = {9};
	uint64_t undo;

	parent[0] = (uint8_t)sprintf((char *)parent + 1, "p%u", i);
	memcpy(parent + 1 + parent[0], apex, dname_len(apex));
	undo = dname_hash(parent) ^ 9 * 0xa0761d6478bd642full;
	memcpy(label + 1, &undo, 8);
	for (unsigned b = 1; b <= 8; b++)
		if (label[b] >= 'A' && label[b] <= 'Z')
			return false;
	fputs(below, f);
	for (unsigned b = 1; b <= 8; b++)
		fprintf(f, "\\%03u", label[b]);
	fprintf(f, "x.p%u\n", i);
	return true;
}

static void
write_meeting(const char *path, unsigned wanted, const uint8_t *apex,
    const char *below)
{
	FILE *f = fopen(path, "w");
	unsigned n = 0;

	ck_assert_ptr_nonnull(f);
	for (unsigned i = 0; n < wanted; i++)
		n += put_meeting(f, apex, i, below);
	ck_assert_int_eq(fclose(f), 0);
}

/* Names, or the names above them, that have one hash: refused, and soon. */
START_TEST(test_names_that_meet)
{
	static const char *const below[] = {"", "www."};
	struct test_zone z;

	zones_init(&z, ZONES_APEX);
	zones_add(&z, "dnset", "");
	write_meeting(z.files[0][0], 50, z.conf.apex, below[_i]);
	ck_assert_int_eq(zones_build(&z), 0);
	ck_assert_uint_eq(generation_info(z.gen)->entries, 50);
	write_meeting(z.files[0][0], 100000, z.conf.apex, below[_i]);
	expect_refused(&z, -ELOOP, "chosen to meet");
	zones_free(&z);
}
END_TEST

START_TEST(test_folder)
{
	struct test_zone z;

	begin_with_one(&z);
	ck_assert_int_eq(unlink(z.files[0][0]), 0);
	ck_assert_int_eq(mkdir(z.files[0][0], 0755), 0);
	expect_refused(&z, -EINVAL, "not a regular file");
	zones_free(&z);
}
END_TEST

START_TEST(test_fifo)
{
	struct test_zone z;

	begin_with_one(&z);
	ck_assert_int_eq(unlink(z.files[0][0]), 0);
	ck_assert_int_eq(mkfifo(z.files[0][0], 0644), 0);
	expect_refused(&z, -EINVAL, "not a regular file");
	zones_free(&z);
}
END_TEST

START_TEST(test_unknown_type)
{
	struct test_zone z;

	begin_with_one(&z);
	strcpy(z.datasets[0].type, "ip5set");
	expect_refused(&z, -EINVAL, "unknown dataset type ip5set");
	zones_free(&z);
}
END_TEST

START_TEST(test_unknown_second_type)
{
	struct test_zone z;

	begin_with_one(&z);
	zones_add(&z, "ip4sex", "");
	expect_refused(&z, -EINVAL, "unknown dataset type ip4sex");
	zones_free(&z);
}
END_TEST

static const char *changing_file;

/* What a feed's writer does while we read. */
static void
append_on_report(void *arg, const char *file, unsigned line, const char *text)
{
	FILE *f = fopen(changing_file, "a");

	(void)arg, (void)file, (void)line, (void)text;
	ck_assert_ptr_nonnull(f);
	fputs("1.1.1.9\n", f);
	fclose(f);
}

static void
cut_on_report(void *arg, const char *file, unsigned line, const char *text)
{
	(void)arg, (void)file, (void)line, (void)text;
	ck_assert_int_eq(truncate(changing_file, 5), 0);
}

static void
expect_changed(build_report_fn *change)
{
	char why[GENERATION_WHY_MAX];
	struct build_result r;
	struct test_zone z;

	begin_with_one(&z);
	changing_file = z.files[0][0];
	zones_write(changing_file, "bad\n1.1.1.2\n", 12);
	ck_assert_int_eq(build_zone(&z.conf, unit_path("state"), change, NULL,
	    &r, why), -EAGAIN);
	ck_assert_msg(strstr(why, "changed while it was read") != NULL, "%s",
	    why);
	zones_write(changing_file, "1.1.1.2\n", 8);
	ck_assert_int_eq(zones_build(&z), 0);
	ck_assert_uint_eq(generation_info(z.gen)->number, 2);
	zones_free(&z);
}

START_TEST(test_file_grows)
{
	expect_changed(append_on_report);
}
END_TEST

START_TEST(test_file_is_cut)
{
	expect_changed(cut_on_report);
}
END_TEST

START_TEST(test_timestamp)
{
	struct test_zone z;
	char text[128];
	time_t now = time(NULL), then;

	begin_with_one(&z);
	then = now + 3600;
	strftime(text, sizeof(text), "$TIMESTAMP %Y:%m:%d:%H:%M:%S\n1.1.1.1\n",
	    gmtime(&then));
	zones_write(z.files[0][0], text, strlen(text));
	expect_refused(&z, -ECANCELED,
	    "timestamp: the data is from the future");
	then = now - 3600;
	strftime(text, sizeof(text), "\n$TIMESTAMP %Y%m%d%H%M%S +59m\n",
	    gmtime(&then));
	zones_write(z.files[0][0], text, strlen(text));
	expect_refused(&z, -ECANCELED, "timestamp: the data expired");
	then = now - 10;
	strftime(text, sizeof(text), "$TIMESTAMP - %Y-%m-%d:%H:%M:%S\n",
	    gmtime(&then));
	zones_write(z.files[0][0], text, strlen(text));
	expect_refused(&z, -ECANCELED, "timestamp: the data expired");
	then = now - 3600;
	strftime(text, sizeof(text), "$TIMESTAMP %Y%m%d%H%M%S +61m\n",
	    gmtime(&then));
	zones_write(z.files[0][0], text, strlen(text));
	ck_assert_int_eq(zones_build(&z), 0);
	zones_free(&z);
}
END_TEST

/* A disk with room for less than the file: the same as a full one to us. */
START_TEST(test_no_room)
{
	static const rlim_t rooms[] = {0, 4096, 8192, 100000};
	struct rlimit old, small;
	struct test_zone z;
	int rc;

	begin_with_one(&z);
	zones_write(z.files[0][0], "1.1.1.1\n2.2.2.2\n", 16);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = old;
	small.rlim_cur = rooms[_i];
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	rc = zones_build(&z);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &old), 0);
	ck_assert_int_lt(rc, 0);
	ck_assert_int_ne(access(unit_path("state/zones/bl.test/new-2.mdb"),
	    F_OK), 0);
	ck_assert_int_eq(zones_build(&z), 0);
	ck_assert_uint_eq(generation_info(z.gen)->number, 2);
	zones_free(&z);
}
END_TEST

/* ---- SOA and NS */

static const struct {
	const char *text, *more; /* of the first and of the second dataset */
	const char *soa; /* mname rname serial refresh retry expire minimum */
	uint32_t soa_ttl, negative_ttl;
	const char *ns;
	uint32_t ns_ttl;
} apexes[] = {
    {"1.1.1.1\n", "", /* made up: RFC 6303 3 */
	"bl.test nobody.invalid MTIME 3600 1200 604800 2100", 2100, 2100,
	"bl.test", 2100},
    {"$TTL 5m\n", "", "bl.test nobody.invalid MTIME 3600 1200 604800 300",
	300, 300, "bl.test", 300},
    {"$TTL 1h\n", "$TTL 10m\n",
	"bl.test nobody.invalid MTIME 3600 1200 604800 600", 600, 600,
	"bl.test", 600},
    {"$SOA 1h ns.Example.net h.example.net 7 1m 2 3d 1w\n$NS 60 a. b.c\n",
	"", "ns.Example.net h.example.net 7 60 2 259200 604800", 3600, 3600,
	"a b.c", 60},
    {"$SOA 1w ns h 0 1 2 3 60\n", "", "ns h MTIME 1 2 3 60", 604800, 60,
	"bl.test", 2100},
    {"$TTL 99\n$SOA 0 ns h 1 1 2 3 4\n$NS 0 a\n$TTL 98\n", "",
	"ns h 1 1 2 3 4", 99, 4, "a", 99},
    {"$SOA 1 a b 1 1 2 3 4\n$SOA 2 c d 1 1 2 3 4\n$NS 1 a\n$NS 2 b\n",
	"$SOA 3 e f 1 1 2 3 4\n$NS 3 c\n", "a b 1 1 2 3 4", 1, 1, "a", 1},
    {"1.1.1.1\n", "$SOA 3 e f 1 1 2 3 4\n$NS 3 c\n", "e f 1 1 2 3 4", 3, 3,
	"c", 3},
    {"$NS 1 -a b -c B d -\n$SOA 5 . . 1 1 2 3 4\n", "", ". . 1 1 2 3 4", 5,
	4, "b d", 1},
    {"$NS 1 -a\n$NAMESERVER 2 b\n", "",
	"bl.test nobody.invalid MTIME 3600 1200 604800 2100", 2100, 2100, "b",
	2},
    {"$SOA 1 a b 1 1 2 3\n$SOA 2 c d 1 1 2 3 4\n", "", "c d 1 1 2 3 4", 2, 2,
	"bl.test", 2100},
};

static void
soa_txt(char *out, const struct zone_apex *apex, uint64_t mtime)
{
	char name[DNAME_TXT_MAX];
	const uint8_t *p = apex->soa;

	ck_assert_uint_eq(apex->soa_len, dname_len(p) +
	    dname_len(p + dname_len(p)) + 20);
	for (int i = 0; i < 2; i++, p += dname_len(p))
		out += sprintf(out, "%s ", dname_to_txt(name, p));
	for (int i = 0; i < 5; i++, p += 4) {
		if (i == 0 && get_be32(p) == mtime)
			out += sprintf(out, "MTIME");
		else
			out += sprintf(out, "%s%u", i ? " " : "", get_be32(p));
	}
}

START_TEST(test_apex)
{
	struct timespec times[2] = {{.tv_nsec = UTIME_NOW},
	    {.tv_sec = 1700000000}};
	char soa[2048], ns[2048] = "", name[DNAME_TXT_MAX];
	const struct zone_apex *apex;
	struct test_zone z;

	zones_init(&z, ZONES_APEX);
	zones_add(&z, "ip4set", apexes[_i].text);
	utimensat(AT_FDCWD, z.files[0][0], times, 0);
	zones_add(&z, "dnset", apexes[_i].more);
	times[1].tv_sec++; /* the newest file's time is taken */
	utimensat(AT_FDCWD, z.files[1][0], times, 0);
	ck_assert_int_eq(zones_build(&z), 0);
	apex = generation_apex(z.gen);
	soa_txt(soa, apex, 1700000001);
	ck_assert_str_eq(soa, apexes[_i].soa);
	ck_assert_uint_eq(apex->soa_ttl, apexes[_i].soa_ttl);
	ck_assert_uint_eq(apex->negative_ttl, apexes[_i].negative_ttl);
	for (size_t at = 0; at < apex->ns_len; at += dname_len(apex->ns + at))
		sprintf(ns + strlen(ns), "%s%s", *ns ? " " : "",
		    dname_to_txt(name, apex->ns + at));
	ck_assert_str_eq(ns, apexes[_i].ns);
	ck_assert_uint_eq(apex->ns_ttl, apexes[_i].ns_ttl);
	ck_assert_uint_eq(generation_info(z.gen)->source_time, 1700000001);
	zones_free(&z);
}
END_TEST

/* ---- the rest */

START_TEST(test_result)
{
	struct test_zone z;
	uint64_t now = (uint64_t)time(NULL);
	const struct generation_info *info;
	struct stat st;

	zones_init(&z, ZONES_APEX);
	zones_add(&z, "ip4set", "1.1.1.1\nbad\n!2.2.2.2\n:3:x\n");
	zones_add(&z, "dnset", ".a\n");
	ck_assert_int_eq(zones_build(&z), 0);
	ck_assert_uint_eq(z.result.number, 1);
	ck_assert_uint_eq(z.result.entries, 3);
	ck_assert_uint_eq(z.result.bad_lines, 1);
	ck_assert_int_eq(stat(unit_path("state/zones/bl.test/current"), &st),
	    0);
	ck_assert_uint_eq(z.result.file_bytes, (uint64_t)st.st_size);
	ck_assert_uint_eq(st.st_mode & 07777, 0644);
	info = generation_info(z.gen);
	ck_assert_uint_eq(info->number, 1);
	ck_assert_uint_eq(info->entries, 3);
	ck_assert_uint_eq(info->datasets, 2);
	ck_assert_uint_eq(info->file_bytes, (uint64_t)st.st_size);
	ck_assert(info->built >= now && info->built <= now + 60);
	zones_free(&z);
}
END_TEST

START_TEST(test_no_datasets)
{
	struct test_zone z;

	zones_init(&z, ZONES_APEX);
	ck_assert_int_eq(zones_build(&z), 0);
	ck_assert_str_eq(zones_ask(&z, "x"), "NXDOMAIN");
	zones_free(&z);
}
END_TEST

START_TEST(test_too_many_datasets)
{
	struct conf_dataset ds[ZONE_DATASETS_MAX + 1];
	struct test_zone z;

	begin_with_one(&z);
	for (int i = 0; i <= ZONE_DATASETS_MAX; i++)
		ds[i] = z.datasets[0];
	z.conf.datasets = ds;
	z.conf.n_datasets = ZONE_DATASETS_MAX;
	ck_assert_int_eq(zones_build(&z), 0);
	z.conf.n_datasets++;
	ck_assert_int_eq(zones_build(&z), -E2BIG);
	z.conf.n_datasets = 1;
	zones_free(&z);
}
END_TEST

START_TEST(test_check)
{
	char why[GENERATION_WHY_MAX];
	struct build_result r;
	struct test_zone z;

	zones_init(&z, ZONES_APEX);
	zones_add(&z, "ip4set", "1.1.1.1\nbad\n$TIMESTAMP 2037:01:01\n");
	ck_assert_int_eq(build_check("ip4set", z.files[0][0], zones_on_report,
	    &z, &r, why), 0);
	ck_assert_uint_eq(r.number, 0);
	ck_assert_uint_eq(r.entries, 1);
	ck_assert_uint_eq(r.bad_lines, 2);
	ck_assert_ptr_nonnull(strstr(z.reports, "ip4set0:2: not an"));
	ck_assert_ptr_nonnull(strstr(z.reports, "ip4set0:3: "));
	ck_assert_ptr_nonnull(strstr(z.reports, "from the future"));
	ck_assert_int_eq(build_check("ip4set", unit_path("none"), NULL, NULL,
	    &r, why), -ENOENT);
	ck_assert_ptr_nonnull(strstr(why, "No such file"));
	ck_assert_int_eq(build_check("ip9", z.files[0][0], NULL, NULL, &r, why),
	    -EINVAL);
	ck_assert_ptr_nonnull(strstr(why, "ip9"));
	ck_assert(build_type_is_known("generic"));
	ck_assert(!build_type_is_known("Generic"));
	ck_assert_int_ne(access(unit_path("state"), F_OK), 0);
	zones_free(&z);
}
END_TEST

UNIT_MAIN("build", UNIT_EACH(test_file, files), {test_long_lines, 8},
    UNIT_ONCE(test_blocks), UNIT_ONCE(test_missing_file),
    {test_names_that_meet, 2},
    UNIT_ONCE(test_folder), UNIT_ONCE(test_fifo), UNIT_ONCE(test_unknown_type),
    UNIT_ONCE(test_unknown_second_type), UNIT_ONCE(test_file_grows),
    UNIT_ONCE(test_file_is_cut), UNIT_ONCE(test_timestamp), {test_no_room, 4},
    UNIT_EACH(test_apex, apexes), UNIT_ONCE(test_result),
    UNIT_ONCE(test_no_datasets), UNIT_ONCE(test_too_many_datasets),
    UNIT_ONCE(test_check))
