#include "resolverd/shared.h"

#include <sys/mman.h>
#include <sys/random.h>
#include <sys/types.h>

#include <errno.h>

void *
shared_new(size_t len, size_t key_len)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	if (key_len > 0 && getrandom(p, key_len, 0) != (ssize_t)key_len) {
		munmap(p, len);
		errno = EIO;
		return NULL;
	}
	return p;
}
