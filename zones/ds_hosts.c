/*
 * hosts: lines of a hosts(5) file that send names nowhere: `0.0.0.0 name...`.
 * The names of the machine itself, with which such files begin, are left out.
 */
#include "lib/addr.h"
#include "zones/ds_types.h"
#include "zones/list.h"

static bool
is_nowhere(const char *s)
{
	static const char *const addresses[] = {"0.0.0.0", "::", "::1",
	    "fe80::1%lo0", "ff00::0", "ff02::1", "ff02::2", "ff02::3",
	    "255.255.255.255"};

	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++)
		if (strcmp(s, addresses[i]) == 0)
			return true;
	return strncmp(s, "127.", 4) == 0;
}

static bool
is_own_name(const char *s)
{
	static const char *const names[] = {"localhost",
	    "localhost.localdomain", "local", "broadcasthost", "ip6-localhost",
	    "ip6-loopback", "ip6-localnet", "ip6-mcastprefix", "ip6-allnodes",
	    "ip6-allrouters", "ip6-allhosts", "0.0.0.0"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcasecmp(s, names[i]) == 0)
			return true;
	return false;
}

static int
line(struct dataset *ds, char *s)
{
	char *word, *rest = NULL;
	uint32_t value;
	int rc;

	if (s[0] == ':' && s[1] != ':')
		return dataset_default(ds, s);
	rc = list_value(ds, list_cut_comment(s), &value);
	word = strtok_r(s, " \t", &rest);
	if (word == NULL || !is_nowhere(word))
		return dataset_bad_line(ds, "not a name that is sent nowhere; "
		    "write 0.0.0.0 example.com");
	while (rc == 0 && (word = strtok_r(NULL, " \t", &rest)) != NULL)
		if (!is_own_name(word))
			rc = list_name(ds, word, value);
	return rc;
}

const struct dataset_type ds_hosts = {
    .name = "hosts",
    .has_expiry = true,
    .begin = list_begin,
    .option = list_option,
    .line = line,
    .finish = list_finish,
    .end = list_end,
};
