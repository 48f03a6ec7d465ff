/* tools/mxcheck/sts.c: a policy, or one of the records, from anywhere. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "tools/mxcheck/sts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_why(const char *why)
{
	assert(*why != '\0' && strlen(why) < STS_WHY_MAX);
	for (; *why != '\0'; why++)
		assert(*why >= ' ' && *why <= '~');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sts_policy p;
	const char *txt = (const char *)data;
	char why[STS_WHY_MAX] = "", id[STS_ID_LEN];

	if (sts_policy_read(&p, txt, size, why) != 0)
		check_why(why);
	else
		for (size_t i = 0; i < p.n_mxs; i++)
			assert(sts_policy_covers(&p, p.mx[i]) ||
			    p.mx[i][0] == '*');
	why[0] = '\0';
	if (sts_record_read(id, txt, size, why) == -EINVAL)
		check_why(why);
	why[0] = '\0';
	if (tlsrpt_record_read(txt, size, why) == -EINVAL)
		check_why(why);
	return 0;
}
