/*
 * Sources of feeds: a narrow form of each kind that rsync(1) knows. Called when
 * the configuration is read, and again before rsync is started.
 */
#include "lib/feed_source.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#define URL "rsync://"
#define ALNUM                                                                  \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
#define PORT_MAX 65535

static bool
is_of(const char *s, size_t len, const char *bytes)
{
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '\0' || strchr(bytes, s[i]) == NULL)
			return false;
	}
	return len > 0;
}

static bool
is_printable(const char *s)
{
	for (; *s != '\0'; s++) {
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return false;
	}
	return true;
}

/* A ssh or rsync that gets -oProxyCommand=... for a host would run it. */
static bool
is_host(const char *s, size_t len)
{
	if (len > 2 && s[0] == '[' && s[len - 1] == ']')
		return is_of(s + 1, len - 2, "0123456789abcdefABCDEF:.");
	return s[0] != '-' && s[0] != '.' && is_of(s, len, ALNUM "-_.");
}

static bool
is_user(const char *s, size_t len)
{
	return s[0] != '-' && is_of(s, len, ALNUM "-_.+@");
}

/* [user@]host */
static int
check_login(const char *s, size_t len, const char **why)
{
	const char *at = memrchr(s, '@', len);
	const char *host = at != NULL ? at + 1 : s;

	if (at != NULL && memchr(s, ':', (size_t)(at - s)) != NULL) {
		*why = "has a password in it; put that into password-file";
		return -EINVAL;
	}
	if (at != NULL && !is_user(s, (size_t)(at - s))) {
		*why = "has no plain user name in front of the @";
		return -EINVAL;
	}
	if (!is_host(host, (size_t)(s + len - host))) {
		*why = "has no host's name where one should be";
		return -EINVAL;
	}
	return 0;
}

/* Length of a host:port without the port; 0 if the port is none. */
static size_t
without_port(const char *s, size_t len)
{
	size_t n = len;
	unsigned long port = 0;

	while (n > 0 && s[n - 1] >= '0' && s[n - 1] <= '9')
		n--;
	if (n == 0 || s[n - 1] != ':')
		return len;
	if (memchr(s, '[', n) != NULL && s[n - 2] != ']')
		return len; /* the last part of an IPv6 address */
	for (size_t i = n; i < len && port <= PORT_MAX; i++)
		port = port * 10 + (unsigned)(s[i] - '0');
	return port > 0 && port <= PORT_MAX ? n - 1 : 0;
}

static int
check_url(const char *s, const char **why)
{
	const char *module = strchrnul(s, '/');
	const char *at = memrchr(s, '@', (size_t)(module - s));
	const char *host = at != NULL ? at + 1 : s;
	size_t host_len = without_port(host, (size_t)(module - host));

	if (host_len == 0 && module > host) {
		*why = "has no port from 1 to 65535 behind its host";
		return -EINVAL;
	}
	if (module[0] == '\0' || module[1] == '\0' || module[1] == '/' ||
	    module[1] == '-') {
		*why = "names no module; write rsync://host/module/path";
		return -EINVAL;
	}
	return check_login(s, (size_t)(host - s) + host_len, why);
}

/* The path is read by a shell over there: what it would take apart is out. */
static int
check_ssh(const char *s, const char *colon, const char **why)
{
	const char *path = colon + 1;

	if (path[0] == ':') {
		*why = "is rsync's other form; write rsync://host/module/path";
		return -EINVAL;
	}
	if (path[0] == '-' || !is_of(path, strlen(path), ALNUM "-_./+,=%~")) {
		*why = "has no plain path behind the colon";
		return -EINVAL;
	}
	return check_login(s, (size_t)(colon - s), why);
}

int
feed_source_kind(
    enum feed_source_kind *kind, const char *source, const char **why)
{
	const char *colon = strchr(source, ':');
	const char *slash = strchr(source, '/');

	*kind = FEED_SOURCE_LOCAL;
	*why = NULL;
	if (source[0] == '\0')
		*why = "is empty; write rsync://host/module/path";
	else if (source[0] == '-')
		*why = "starts with -, which rsync would take for an option";
	else if (!is_printable(source))
		*why = "has control characters in it";
	if (*why != NULL)
		return -EINVAL;
	if (strncasecmp(source, URL, strlen(URL)) == 0) {
		*kind = FEED_SOURCE_RSYNCD;
		return check_url(source + strlen(URL), why);
	}
	if (colon == NULL || (slash != NULL && slash < colon))
		return 0;
	if (strncmp(colon, "://", 3) == 0) {
		*why = "is no source; write rsync://host/module/path, "
		    "host:path or a path";
		return -EINVAL;
	}
	*kind = FEED_SOURCE_SSH;
	return check_ssh(source, colon, why);
}

/* A dot in front is for rsync's own temporary files, and for "..". */
bool
feed_source_is_file_name(const char *name)
{
	const char *end;

	for (;; name = end + 1) {
		end = strchrnul(name, '/');
		if (!is_of(name, (size_t)(end - name), ALNUM "-_.+=@:~%") ||
		    !is_of(name, 1, ALNUM "_"))
			return false;
		if (*end == '\0')
			return true;
	}
}
