/*
 * As in rbldnsd, no groups but the one are kept.
 */
#include "resolverd/compat_user.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/xalloc.h"

static bool
read_number(const char *s, unsigned *out)
{
	char *end;
	unsigned long n;

	if (*s < '0' || *s > '9')
		return false;
	n = strtoul(s, &end, 10);
	*out = (unsigned)n;
	return *end == '\0' && n < UINT_MAX; /* -1 would change nothing */
}

static void
find_user(struct compat_user *out, const char *name)
{
	const struct passwd *pw;
	unsigned number;

	if (read_number(name, &number)) {
		out->uid = number;
		out->gid = number;
		return;
	}
	pw = getpwnam(name);
	if (pw == NULL)
		fatal("unknown user %s; make it, or name another with -u",
		    name);
	out->uid = pw->pw_uid;
	out->gid = pw->pw_gid;
}

static void
find_group(struct compat_user *out, const char *name)
{
	const struct group *gr;
	unsigned number;

	if (read_number(name, &number)) {
		out->gid = number;
		return;
	}
	gr = getgrnam(name);
	if (gr == NULL)
		fatal("unknown group %s", name);
	out->gid = gr->gr_gid;
}

void
compat_user_find(struct compat_user *out, const char *spec)
{
	char *name, *group;

	*out = (struct compat_user){.uid = getuid(), .gid = getgid()};
	if (spec == NULL && out->uid == 0)
		spec = COMPAT_USER;
	if (spec == NULL)
		return;
	name = xstrdup(spec);
	group = strchr(name, ':');
	if (group != NULL)
		*group++ = '\0';
	find_user(out, name);
	if (group != NULL)
		find_group(out, group);
	free(name);
	if (out->uid == 0)
		fatal("it does not serve as root; name a user with -u");
	out->change = true;
}

void
compat_user_become(const struct compat_user *who)
{
	if (!who->change)
		return;
	if (setgroups(1, &who->gid) == -1 ||
	    setresgid(who->gid, who->gid, who->gid) == -1 ||
	    setresuid(who->uid, who->uid, who->uid) == -1)
		fatal("cannot become user %u, group %u: %s", who->uid, who->gid,
		    strerror(errno));
	if (setuid(0) == 0)
		fatal("root could be regained");
}
