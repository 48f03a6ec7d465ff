/*
 * What holds of the facts that lines of any server become.
 */
#ifndef TESTS_FUZZ_LINES_H
#define TESTS_FUZZ_LINES_H

#include <assert.h>

#include "tools/mxcheck/lines.h"

static inline void
lines_are_clean(const struct lines *l, uint16_t code)
{
	struct facts *facts = facts_new();
	struct facts_reply reply;
	struct facts_ehlo words;

	lines_to_facts(l, code, facts, &reply);
	for (const char *s = reply.text; *s != '\0'; s++)
		assert(*s >= 0x20 && *s < 0x7f);
	lines_to_words(l, facts, &words);
	assert(words.n <= FACTS_EHLO_MAX);
	facts_free(facts);
}

#endif
