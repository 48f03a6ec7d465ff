/*
 * The only file that includes libidn2's header.
 */
#include "tools/mxcheck/domain.h"

#include <idn2.h>
#include <stdio.h>
#include <string.h>

#include "tools/mxcheck/resolve.h"
#include "tools/tool.h"

const char *
domain_read(char out[DOMAIN_MAX], const char *text)
{
	const char *why = NULL;
	struct addr addr;
	char *ascii;
	size_t len;

	if (strchr(text, '@') != NULL)
		return "an address, not a domain: leave out the part up to @";
	if (addr_parse(&addr, text) == 0)
		return "an IP address, not a domain";
	if (idn2_to_ascii_8z(text, &ascii,
	    IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT) != IDN2_OK)
		return "not a domain name";
	len = strlen(ascii);
	if (len > 0 && ascii[len - 1] == '.')
		ascii[--len] = '\0';
	if (len >= DOMAIN_MAX || !resolve_is_host_name(ascii, true))
		why = "not a domain name";
	else
		for (size_t i = 0; i <= len; i++)
			out[i] = ascii[i] >= 'A' && ascii[i] <= 'Z' ?
			    (char)(ascii[i] + 'a' - 'A') : ascii[i];
	idn2_free(ascii);
	return why;
}

bool
domain_add(struct facts *facts, const char *text)
{
	char name[DOMAIN_MAX];
	const char *why = domain_read(name, text);

	if (why != NULL) {
		tool_error("%s: %s", text, why);
		return false;
	}
	facts_domain(facts, name);
	return true;
}

bool
domain_add_file(struct facts *facts, const char *path)
{
	bool is_stdin = strcmp(path, "-") == 0;
	FILE *f = is_stdin ? stdin : fopen(path, "re");
	char line[1024], *word;
	bool fine = true;

	if (f == NULL) {
		tool_error("%s: %m", path);
		return false;
	}
	while (fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, "#\r\n")] = '\0';
		word = line + strspn(line, " \t");
		word[strcspn(word, " \t")] = '\0';
		if (*word != '\0')
			fine &= domain_add(facts, word);
	}
	if (!is_stdin)
		fclose(f);
	return fine;
}
