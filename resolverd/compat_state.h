/*
 * The folder of the generations that rbldnsd-compat builds: private, made at
 * the start, gone at the end.
 */
#ifndef RESOLVERD_COMPAT_STATE_H
#define RESOLVERD_COMPAT_STATE_H

#include <sys/types.h>

/*
 * Makes it in TMPDIR, /var/tmp or /tmp; where a chroot has none of them, in
 * /rbldnsd-compat, which stays. It belongs to uid and gid, and is locked as
 * long as this process, or a child of it, lives. path: PATH_MAX bytes. Returns
 * 0 or -errno.
 */
int compat_state_make(char *path, uid_t uid, gid_t gid)
    __attribute__((warn_unused_result));

/*
 * Removes what others have left beside it who were killed: folders of this name
 * that belong to the effective user, and are not locked. To be called as that
 * user, who can then harm nobody but himself.
 */
void compat_state_clean(const char *path);

/* Removes it with all that is in it; what cannot be removed stays. */
void compat_state_remove(const char *path);

#endif
