/*
 * Only the first prefix of each family is kept: the question is whether there
 * is a second.
 */
#include "tools/mxcheck/network.h"

#include <stdio.h>

#include "tools/mxcheck/address.h"

void
network_init(struct network *net, unsigned len4, unsigned len6)
{
	*net = (struct network){.len = {len4, len6}};
}

void
network_server(struct network *net)
{
	net->n++;
	net->has[0] = net->has[1] = false;
}

void
network_addr(struct network *net, const struct addr *addr)
{
	unsigned f = addr->family == AF_INET6;

	if (net->n_of[f] == 0)
		address_prefix(&net->first[f], addr, net->len[f]);
	net->is_spread |= !prefix_contains(&net->first[f], addr);
	net->n_of[f] += !net->has[f];
	net->has[f] = true;
}

bool
network_is_one(const struct network *net)
{
	return net->n > 1 && !net->is_spread &&
	    (net->n_of[0] == net->n || net->n_of[1] == net->n);
}

const char *
network_txt(char out[NETWORK_TXT_MAX], const struct network *net)
{
	char txt[2][ADDR_TXT_MAX];
	bool both = net->n_of[0] > 0 && net->n_of[1] > 0;

	prefix_to_txt(txt[0], &net->first[0]);
	prefix_to_txt(txt[1], &net->first[1]);
	if (both)
		snprintf(out, NETWORK_TXT_MAX, "%s and %s", txt[0], txt[1]);
	else
		snprintf(out, NETWORK_TXT_MAX, "%s", txt[net->n_of[0] == 0]);
	return out;
}
