/* tools/mxcheck/dmarc.c, dkim.c, bimi.c: a TXT record from anywhere. */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "tools/mxcheck/bimi.h"
#include "tools/mxcheck/dkim.h"
#include "tools/mxcheck/dmarc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_why(const char *why)
{
	assert(strlen(why) < TEXT_WHY_MAX);
	for (; *why != '\0'; why++)
		assert(*why >= ' ' && *why <= '~');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *txt = (const char *)data;
	char why[TEXT_WHY_MAX];
	struct dkim_key key;
	struct dmarc dmarc;
	bool has_evidence;

	why[0] = '\0';
	switch (dmarc_read(&dmarc, txt, size, why)) {
	case 0:
		assert(dmarc.p != DMARC_UNSET);
		check_why(dmarc.odd);
		break;
	case -EINVAL:
		assert(*why != '\0');
		break;
	}
	check_why(why);
	why[0] = '\0';
	if (dkim_read(&key, txt, size, why) == 0)
		assert(key.is_revoked || key.type == DKIM_ED25519 ||
		    key.bits > 0);
	check_why(why);
	why[0] = '\0';
	if (bimi_read(txt, size, &has_evidence, why) == -EINVAL)
		assert(*why != '\0');
	check_why(why);
	return 0;
}
