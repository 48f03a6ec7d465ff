/*
 * A look is two stat() calls: they follow the symlinks that certbot(1) and
 * others turn to a new certificate, where inotify would have to watch every
 * folder on the way.
 */
#include "resolverd/tls_files.h"

#include <sys/stat.h>

#include <string.h>

/* All of it 0: there is no such file. */
struct stamp {
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec modified, changed;
};

struct stamps {
	struct stamp certificate, key;
};

static struct stamps noted, seen;

static void
look(struct stamp *out, const char *path)
{
	struct stat st;

	memset(out, 0, sizeof(*out));
	if (stat(path, &st) != 0)
		return;
	out->dev = st.st_dev;
	out->ino = st.st_ino;
	out->size = st.st_size;
	out->modified = st.st_mtim;
	out->changed = st.st_ctim;
}

void
tls_files_note(const char *certificate, const char *key)
{
	memset(&noted, 0, sizeof(noted));
	look(&noted.certificate, certificate);
	look(&noted.key, key);
	seen = noted;
}

bool
tls_files_changed(const char *certificate, const char *key)
{
	struct stamps now;
	bool settled;

	memset(&now, 0, sizeof(now));
	look(&now.certificate, certificate);
	look(&now.key, key);
	settled = memcmp(&now, &seen, sizeof(now)) == 0;
	seen = now;
	return settled && memcmp(&now, &noted, sizeof(now)) != 0;
}
