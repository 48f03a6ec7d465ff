/*
 * zones/feed.c and feed_time.c: the command as it goes to rsync, what happens
 * to the folders, and when the next fetch is due. A local folder is the source
 * here; tests/func/feeds.py has a daemon.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "tests/unit/unit.h"
#include "zones/feed.h"
#include "zones/feed_time.h"

/*
 * The command
 */

static char name_a[] = "bl-ip";
static char *files[] = {name_a};

#define FIRST                                                                  \
	"rsync --times --modify-window=-1 --copy-links --chmod=D755,F644 "     \
	"--from0 --files-from=/s/feeds/z/files --timeout=60 --no-motd "
#define LAST " /s/feeds/z/staging/"

static const struct {
	const char *source, *password_file;
	uint64_t bandwidth;
	bool has_current, progress;
	const char *want; /* NULL: refused */
} args_cases[] = {
    {"rsync://h/m", NULL, 0, false, false,
	FIRST "--contimeout=30 -- rsync://h/m/" LAST},
    {"rsync://u@h/m/p/", "/p w", 1, true, true,
	FIRST "--link-dest=/s/feeds/z/current --contimeout=30 "
	"--password-file=/p w --bwlimit=1 --info=progress2 -- "
	"rsync://u@h/m/p//" LAST},
    {"u@h:p", NULL, 1ull << 40, false, false,
	FIRST "--rsh=ssh -oBatchMode=yes --bwlimit=1073741824 -- u@h:p/" LAST},
    {"/a b;$(id)", NULL, 1025, false, false,
	FIRST "--bwlimit=2 -- /a b;$(id)/" LAST},
    {"/a", "--rsh=id", 0, false, false, NULL},
    {"/a", "p", 0, false, false, NULL},
    {"--rsh=id", NULL, 0, false, false, NULL},
    {"-e id", NULL, 0, false, false, NULL},
    {"-oProxyCommand=id:p", NULL, 0, false, false, NULL},
    {"h:a;id", NULL, 0, false, false, NULL},
    {"rsync://-h/m", NULL, 0, false, false, NULL},
    {"", NULL, 0, false, false, NULL},
};

static void
make_conf(struct conf_feed *conf, const char *source, const char *dir)
{
	*conf = (struct conf_feed){
	    .source = strdup(source),
	    .dir = strdup(dir),
	    .files = files,
	    .n_files = 1,
	    .time_limit_s = 20,
	    .every_s = 60,
	};
}

static void
free_conf(struct conf_feed *conf)
{
	free(conf->source);
	free(conf->dir);
	free(conf->password_file);
}

START_TEST(args)
{
	struct feed_args a;
	struct conf_feed conf;
	char why[FEED_WHY_MAX] = "", got[2048] = "";
	unsigned n = 0;
	int rc;

	make_conf(&conf, args_cases[_i].source, "/s/feeds/z");
	conf.bandwidth = args_cases[_i].bandwidth;
	if (args_cases[_i].password_file != NULL)
		conf.password_file = strdup(args_cases[_i].password_file);
	rc = feed_args(&a, &conf, args_cases[_i].has_current,
	    args_cases[_i].progress, why);
	if (args_cases[_i].want == NULL) {
		ck_assert_int_eq(rc, -EINVAL);
		ck_assert_str_ne(why, "");
	} else {
		ck_assert_msg(rc == 0, "%s", why);
		for (; a.argv[n] != NULL; n++)
			snprintf(got + strlen(got), sizeof(got) - strlen(got),
			    "%s%s", n > 0 ? " " : "", a.argv[n]);
		ck_assert_str_eq(got, args_cases[_i].want);
		ck_assert_uint_eq(a.n, n);
		ck_assert_uint_le(n, FEED_ARGS_MAX);
		ck_assert_str_eq(a.argv[n - 3], "--");
	}
	free_conf(&conf);
}
END_TEST

START_TEST(longest_arguments)
{
	static struct feed_args a;
	char path[2 * PATH_MAX], why[FEED_WHY_MAX];
	struct conf_feed conf;

	for (size_t len = PATH_MAX - 40; len < PATH_MAX + 8; len++) {
		memset(path, 'a', len);
		path[0] = '/';
		path[len] = '\0';
		make_conf(&conf, path, path);
		conf.password_file = strdup(path);
		if (feed_args(&a, &conf, true, true, why) == 0)
			ck_assert_str_eq(a.argv[a.n - 1] + len, "/staging/");
		else
			ck_assert_uint_gt(len, PATH_MAX - 32);
		free_conf(&conf);
	}
}
END_TEST

START_TEST(file_names)
{
	static char bad[][16] = {"../a", "/a", "-a", "#a", "a\nb", ".a", ""};
	struct feed_args a;
	struct conf_feed conf;
	char why[FEED_WHY_MAX];
	char *names[] = {NULL};

	for (size_t i = 0; i < UNIT_COUNT(bad); i++) {
		make_conf(&conf, "/x", "/s");
		names[0] = bad[i];
		conf.files = names;
		ck_assert_int_eq(
		    feed_args(&a, &conf, false, false, why), -EINVAL);
		free_conf(&conf);
	}
}
END_TEST

/*
 * The folders
 */

static void
put_file(const char *dir, const char *name, const char *text)
{
	char path[PATH_MAX];
	FILE *f;

	mkdir(dir, 0755);
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
}

static const char *
text_of(const char *dir, const char *name)
{
	static char text[64];
	char path[PATH_MAX];
	size_t n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "r");
	if (f != NULL) {
		n = fread(text, 1, sizeof(text) - 1, f);
		fclose(f);
	}
	text[n] = '\0';
	return f != NULL ? text : "none";
}

static bool
is_there(const char *dir, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return access(path, F_OK) == 0;
}

static char why[FEED_WHY_MAX];

static int
fetch(const struct conf_feed *conf)
{
	const struct feed_watch watch = {NULL, NULL, NULL};
	struct feed *f;
	int rc = feed_open(&f, conf, why);

	ck_assert_msg(rc == 0, "%s", why);
	rc = feed_fetch(f, &watch, why);
	if (rc == 1)
		ck_assert(!feed_is_built(f));
	if (rc >= 0)
		ck_assert_int_eq(feed_set_built(f, why), 0);
	ck_assert(rc < 0 || feed_is_built(f));
	feed_close(f);
	ck_assert(!is_there(conf->dir, "staging"));
	return rc;
}

START_TEST(fetches)
{
	const char *source = unit_path("source");
	const char *current = unit_path("state/feeds/z/current");
	const char *dir = unit_path("state/feeds/z");
	char path[PATH_MAX], moved[PATH_MAX];
	struct conf_feed conf;

	snprintf(path, sizeof(path), "%s/bl-ip", source);
	snprintf(moved, sizeof(moved), "%s/real", source);
	put_file(source, "bl-ip", "one");
	put_file(source, "not-asked-for", "x");
	make_conf(&conf, source, dir);

	ck_assert_int_eq(fetch(&conf), 1);
	ck_assert_str_eq(text_of(current, "bl-ip"), "one");
	ck_assert(!is_there(current, "not-asked-for"));
	ck_assert_int_eq(fetch(&conf), 0);

	put_file(source, "bl-ip", "two"); /* same size, same second */
	ck_assert_int_eq(fetch(&conf), 1);
	ck_assert_str_eq(text_of(current, "bl-ip"), "two");

	/* what a killed one left */
	snprintf(path, sizeof(path), "%s/staging", dir);
	put_file(path, ".bl-ip.Ab1234", "half");
	put_file(path, "bl-ip", "hal");
	ck_assert_int_eq(fetch(&conf), 0);
	ck_assert_str_eq(text_of(current, "bl-ip"), "two");

	snprintf(path, sizeof(path), "%s/bl-ip", source);
	ck_assert_int_eq(rename(path, moved), 0);
	ck_assert_int_eq(fetch(&conf), -EIO); /* vanished */
	ck_assert_ptr_nonnull(strstr(why, "No such file"));
	ck_assert_str_eq(text_of(current, "bl-ip"), "two");
	ck_assert_int_eq(symlink("real", path), 0); /* what it names comes */
	ck_assert_int_eq(fetch(&conf), 0);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	ck_assert_int_eq(fetch(&conf), -ENOENT);
	ck_assert_str_eq(text_of(current, "bl-ip"), "two");
	ck_assert_int_eq(rmdir(path), 0);
	ck_assert_int_eq(mkfifo(path, 0644), 0);
	ck_assert_int_lt(fetch(&conf), 0);
	ck_assert_str_eq(text_of(current, "bl-ip"), "two");
	free_conf(&conf);
}
END_TEST

START_TEST(two_at_once)
{
	struct conf_feed conf;
	struct feed *one, *two;

	make_conf(&conf, "/", unit_path("feed"));
	ck_assert_int_eq(feed_open(&one, &conf, why), 0);
	ck_assert_int_eq(feed_open(&two, &conf, why), -EAGAIN);
	ck_assert_ptr_null(two);
	feed_close(one);
	ck_assert_int_eq(feed_open(&two, &conf, why), 0);
	feed_close(two);
	free_conf(&conf);
}
END_TEST

static const struct {
	mode_t mode;
	int want;
} mode_cases[] = {
    {0600, 1}, {0400, 1}, {0700, 1}, {0640, -EPERM}, {0604, -EPERM},
    {0644, -EPERM}, {0620, -EPERM}, {0602, -EPERM}, {0601, -EPERM},
};

START_TEST(password_files)
{
	const char *source = unit_path("source"), *path = unit_path("password");
	struct conf_feed conf;

	put_file(source, "bl-ip", "one");
	put_file(unit_dir, "password", "secret\n");
	make_conf(&conf, source, unit_path("feed"));
	conf.password_file = strdup(path);
	ck_assert_int_eq(chmod(path, mode_cases[_i].mode), 0);
	ck_assert_int_eq(fetch(&conf), mode_cases[_i].want);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(fetch(&conf), -ENOENT);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_int_eq(fetch(&conf), -EINVAL);
	if (geteuid() == 0) {
		ck_assert_int_eq(rmdir(path), 0);
		put_file(unit_dir, "password", "secret\n");
		ck_assert_int_eq(chmod(path, 0600), 0);
		ck_assert_int_eq(chown(path, 65534, 65534), 0);
		ck_assert_int_eq(fetch(&conf), -EPERM);
	}
	free_conf(&conf);
}
END_TEST

/*
 * Times
 */

static const struct {
	uint32_t every_s;
	unsigned failures;
	uint64_t want_s; /* give or take a tenth */
} time_cases[] = {
    {1800, 0, 1800}, {1800, 1, 1800}, {1800, 2, 3600}, {1800, 3, 7200},
    {1800, 4, 14400}, {1800, 5, 21600}, {1800, 6, 21600},
    {1800, UINT32_MAX, 21600}, {1, 0, 1}, {1, 2, 2}, {1, 30, 21600},
    {21600, 2, 21600}, {86400, 0, 86400}, {86400, 9, 86400},
    {604800, 50, 604800},
};

START_TEST(next_times)
{
	uint64_t want = time_cases[_i].want_s * 1000, seed = 1;
	uint64_t least = UINT64_MAX, most = 0, ms;

	for (int i = 0; i < 10000; i++) {
		ms = feed_next_ms(time_cases[_i].every_s,
		    time_cases[_i].failures, &seed);
		least = ms < least ? ms : least;
		most = ms > most ? ms : most;
	}
	ck_assert_uint_ge(least, want * 9 / 10);
	ck_assert_uint_le(most, want * 11 / 10);
	ck_assert_uint_le(least, want * 91 / 100); /* all of it is used */
	ck_assert_uint_ge(most, want * 109 / 100);
}
END_TEST

START_TEST(first_times)
{
	uint64_t seed = 1, other = 2, again = 1, ms, sum = 0;

	for (int i = 0; i < 1000; i++) {
		ck_assert_uint_le(feed_first_ms(1, &seed), 100);
		ck_assert_uint_le(feed_first_ms(60, &seed), 6000);
		ms = feed_first_ms(604800, &seed);
		ck_assert_uint_le(ms, 60000);
		sum += ms;
	}
	ck_assert_uint_gt(sum / 1000, 25000);
	ck_assert_uint_lt(sum / 1000, 35000);
	seed = 1;
	ck_assert_uint_eq(feed_next_ms(60, 0, &seed),
	    feed_next_ms(60, 0, &again));
	ck_assert_uint_ne(feed_next_ms(60, 0, &seed),
	    feed_next_ms(60, 0, &other));
}
END_TEST

UNIT_MAIN("feed", UNIT_EACH(args, args_cases), UNIT_ONCE(longest_arguments),
    UNIT_ONCE(file_names), UNIT_ONCE(fetches), UNIT_ONCE(two_at_once),
    UNIT_EACH(password_files, mode_cases), UNIT_EACH(next_times, time_cases),
    UNIT_ONCE(first_times))
