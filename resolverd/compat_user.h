/*
 * Who rbldnsd-compat serves as: rbldnsd's -u user[:group], names or numbers.
 */
#ifndef RESOLVERD_COMPAT_USER_H
#define RESOLVERD_COMPAT_USER_H

#include <sys/types.h>

#include <stdbool.h>

#define COMPAT_USER "rbldns" /* for root, unless -u says otherwise */

struct compat_user {
	bool change; /* false: stay who we are */
	uid_t uid;
	gid_t gid;
};

/*
 * spec: NULL if there is no -u. Fatal if there is no such user, or it is root.
 */
void compat_user_find(struct compat_user *out, const char *spec);

/* For good; fatal where that fails. */
void compat_user_become(const struct compat_user *who);

#endif
