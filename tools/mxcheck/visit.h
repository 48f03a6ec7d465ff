/*
 * Facts and JSON objects, in either direction: a visitor of a kind of fact
 * names its members once, and each is written or read as the visit says.
 */
#ifndef TOOLS_MXCHECK_VISIT_H
#define TOOLS_MXCHECK_VISIT_H

#include <jansson.h>

#include "tools/mxcheck/facts.h"

struct visit {
	json_t *object;	     /* borrowed */
	struct facts *facts; /* what is read is kept there; borrowed */
	bool reads;
	const char *bad; /* the first member that cannot be read; NULL */
};

/* Notes that a member cannot be read. */
void visit_spoil(struct visit *r, const char *member);

/*
 * Each takes the value to write, or gives the one that was read. What says
 * nothing (0, false, NULL) is not written, and is read from what is missing.
 */
int64_t visit_number(struct visit *r, const char *member, int64_t value,
    int64_t least, int64_t most);
void visit_flag(struct visit *r, const char *member, bool *value);
void visit_text(struct visit *r, const char *member, const char **value);
/* A text that is "", not NULL, where it is missing. */
void visit_word(struct visit *r, const char *member, const char **value);
/* A value below n, by its name; txt(i) is that of i. */
unsigned visit_enum(struct visit *r, const char *member, unsigned value,
    unsigned n, const char *(*txt)(unsigned));
void visit_texts(struct visit *r, const char *member, const char ***list,
    size_t *n, size_t most);

/* The member of that name in of. */
#define NUMBER(r, of, name, most) \
	((of)->name = (__typeof__((of)->name))visit_number(r, #name, \
	    (int64_t)(of)->name, 0, most))
/* s since 1970: more than the years of four digits, so little that the
 * difference of two, or one and a max_age, is a number still */
#define VISIT_TIME_MOST (INT64_C(1) << 40)
#define TIME(r, of, name) \
	((of)->name = visit_number(r, #name, (of)->name, -VISIT_TIME_MOST, \
	    VISIT_TIME_MOST))
#define FLAG(r, of, name) visit_flag(r, #name, &(of)->name)
#define TEXT(r, of, name) visit_text(r, #name, &(of)->name)
#define WORD(r, of, name) visit_word(r, #name, &(of)->name)

/* A member that is an object: sub visits it, and is left by visit_leave().
 * Returns false if it is not there. */
bool visit_enter(struct visit *r, const char *member, struct visit *sub);
void visit_leave(struct visit *r, const char *member,
    const struct visit *sub);

/* A list of n items; returns how many. array: borrowed, for visit_item(). */
size_t visit_list(struct visit *r, const char *member, size_t n, size_t most,
    json_t **array);
/* The item i, an object. Returns false if it is none. */
bool visit_item(struct visit *r, const char *member, json_t *array, size_t i,
    struct visit *sub);

/* Facts are printable ASCII, and are to stay so. */
bool visit_is_plain(json_t *j);

#endif
