/*
 * A thread is begun with all signals blocked, which it inherits.
 */
#include "zones/thread.h"

#include <signal.h>

bool
thread_begin(pthread_t *thread, void *(*run)(void *arg), void *arg)
{
	sigset_t all, before;
	bool has_begun;

	sigfillset(&all);
	if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0)
		return false;
	has_begun = pthread_create(thread, NULL, run, arg) == 0;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return has_begun;
}
