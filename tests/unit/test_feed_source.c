/*
 * lib/feed_source.c: which texts may become arguments of rsync, and which, all
 * of them tried by somebody against some program, may not.
 */
#include <errno.h>
#include <string.h>

#include "lib/feed_source.h"
#include "tests/unit/unit.h"

#define RSYNCD FEED_SOURCE_RSYNCD
#define SSH FEED_SOURCE_SSH
#define LOCAL FEED_SOURCE_LOCAL
#define REFUSED (-1)

static const struct {
	const char *in;
	int want;
} source_cases[] = {
    {"rsync://host/module", RSYNCD},
    {"rsync://host/module/", RSYNCD},
    {"rsync://host/module/path/with -x and space", RSYNCD},
    {"RSYNC://host.example.net/m", RSYNCD},
    {"rsync://user@host/m", RSYNCD},
    {"rsync://user@example.net@host/m", RSYNCD},
    {"rsync://host:873/m", RSYNCD},
    {"rsync://u@[2001:db8::1]/m", RSYNCD},
    {"rsync://[::1]:65535/m", RSYNCD},
    {"rsync://", REFUSED},
    {"rsync:///m", REFUSED},
    {"rsync://host", REFUSED},
    {"rsync://host/", REFUSED},
    {"rsync://host//m", REFUSED},
    {"rsync://host/-m", REFUSED},
    {"rsync://-host/m", REFUSED},
    {"rsync://.host/m", REFUSED},
    {"rsync://u@-host/m", REFUSED},
    {"rsync://-u@host/m", REFUSED},
    {"rsync://@host/m", REFUSED},
    {"rsync://u:password@host/m", REFUSED},
    {"rsync://host:/m", REFUSED},
    {"rsync://host:0/m", REFUSED},
    {"rsync://host:65536/m", REFUSED},
    {"rsync://host:99999999999999999999/m", REFUSED},
    {"rsync://host:x/m", REFUSED},
    {"rsync://:873/m", REFUSED},
    {"rsync://ho st/m", REFUSED},
    {"rsync://host;id/m", REFUSED},
    {"rsync://host/m\n", REFUSED},
    {"rsync://host/m\033[2J", REFUSED},
    {"rsync://[::1/m", REFUSED},
    {"rsync://[]/m", REFUSED},
    {"host:path", SSH},
    {"user@host:/srv/feeds", SSH},
    {"host:~/feeds", SSH},
    {"[2001:db8::1]:path", REFUSED}, /* write a name for it in ssh_config */
    {"host:", REFUSED},
    {"host::module", REFUSED},
    {"-oProxyCommand=id:path", REFUSED},
    {"u@-oProxyCommand=id:path", REFUSED},
    {"-u@host:path", REFUSED},
    {"u:password@host:path", REFUSED},
    {"host:-x", REFUSED},
    {"host:--rsync-path=id", REFUSED},
    {"host:a b", REFUSED},
    {"host:$(id)", REFUSED},
    {"host:`id`", REFUSED},
    {"host:a;id", REFUSED},
    {"host:a|id", REFUSED},
    {"host:a&id", REFUSED},
    {"host:a>b", REFUSED},
    {"host:'a'", REFUSED},
    {"host:a\\b", REFUSED},
    {"host:*", REFUSED},
    {"/srv/feeds", LOCAL},
    {"/srv/a:b", LOCAL},
    {"./-x", LOCAL},
    {"feeds", LOCAL},
    {"/", LOCAL},
    {"", REFUSED},
    {"-x", REFUSED},
    {"--rsh=id", REFUSED},
    {"/a\nb", REFUSED},
    {"/a\177", REFUSED},
    {"http://host/m", REFUSED},
    {"file:///etc/passwd", REFUSED},
};

START_TEST(sources)
{
	enum feed_source_kind kind;
	const char *why;
	int rc = feed_source_kind(&kind, source_cases[_i].in, &why);

	if (source_cases[_i].want == REFUSED) {
		ck_assert_msg(rc == -EINVAL, "%s", source_cases[_i].in);
		ck_assert_ptr_nonnull(why);
		return;
	}
	ck_assert_msg(rc == 0, "%s: %s", source_cases[_i].in, why);
	ck_assert_int_eq((int)kind, source_cases[_i].want);
}
END_TEST

static const struct {
	const char *in;
	bool want;
} name_cases[] = {
    {"bl-ip", true}, {"a", true}, {"_a", true}, {"9", true},
    {"dir/bl.ip_4", true}, {"a/b/c", true}, {"a@b:c=d+e~%", true},
    {"", false}, {"/", false}, {"/a", false}, {"a/", false}, {"a//b", false},
    {".", false}, {"..", false}, {"../a", false}, {"a/../b", false},
    {"a/.b", false}, {".a.X1y2Z3", false}, {"-a", false}, {"a/-b", false},
    {"--delete", false}, {"#a", false}, {";a", false}, {"a b", false},
    {"a\nb", false}, {"a\tb", false}, {"a\\b", false}, {"a*", false},
    {"a\033", false}, {"a\303\244", false}, {"[a]", false}, {"a,b", false},
};

START_TEST(names)
{
	ck_assert_msg(feed_source_is_file_name(name_cases[_i].in) ==
	    name_cases[_i].want, "%s", name_cases[_i].in);
}
END_TEST

UNIT_MAIN("feed_source", UNIT_EACH(sources, source_cases),
    UNIT_EACH(names, name_cases))
