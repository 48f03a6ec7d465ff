/*
 * The nearest right spelling of a name that someone mistyped.
 */
#ifndef LIB_SPELL_H
#define LIB_SPELL_H

#include <stddef.h>

#define SPELL_LEN_MAX 32 /* bytes; longer names are near to none */

/* Zero it but for name, then offer it one right name after another. */
struct spell {
	const char *name; /* borrowed, as it was typed */
	const char *near; /* borrowed: the nearest one so far, NULL if none */
	unsigned changes; /* letters to add, drop or change up to near */
};

/*
 * Two changes at most are near, fewer in a short name; case is no change.
 * Among equally near ones the first stays.
 */
void spell_offer(struct spell *s, const char *right);

#endif
