/* tools/mxcheck/record.c: a record from anywhere is refused, or judged. */
#include <assert.h>
#include <string.h>

#include "tools/mxcheck/check.h"
#include "tools/mxcheck/judge.h"
#include "tools/mxcheck/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char why[RECORD_WHY_MAX] = "";
	struct facts *facts = facts_new();
	struct settings settings;
	struct findings findings;
	FILE *f;

	f = size > 0 ? fmemopen((void *)(uintptr_t)data, size, "r") : NULL;
	if (f != NULL && record_read(facts, f, why) == 0) {
		settings_init(&settings);
		findings_init(&findings, facts);
		check_all(&findings, facts, &settings);
		assert(judge_all(facts, &settings, &findings) != NULL ||
		    facts->n_domains == 0);
		findings_clear(&findings);
		settings_clear(&settings);
	} else if (f != NULL) {
		assert(strncmp(why, "line ", 5) == 0);
	}
	if (f != NULL)
		fclose(f);
	facts_free(facts);
	return 0;
}
