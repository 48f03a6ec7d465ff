/*
 * The values of options, from the command line or the configuration. Each takes
 * the whole of text, or prints what is wrong with it and returns false. option
 * is its name without the dashes.
 */
#ifndef TOOLS_MXCHECK_OPTION_H
#define TOOLS_MXCHECK_OPTION_H

#include "tools/mxcheck/settings.h"

bool option_number(const char *option, const char *text, long least, long most,
    long *out);
bool option_unsigned(const char *option, const char *text, long least,
    long most, unsigned *out);

/* One of two words; *out: it was the first. */
bool option_word(const char *option, const char *text, const char *yes,
    const char *no, bool *out);

/* STAGE=SECONDS; session may be NULL. */
bool option_stage(const char *option, const char *text,
    uint32_t ms[FACTS_STAGES], uint32_t *session);

/* An address of that family; *has: there is one. */
bool option_source(const char *text, uint8_t family, struct addr *out,
    bool *has);

/* Lists by comma; they are cut up where they stand, and borrowed. */
bool option_checks(struct settings_list *list, char *words,
    const char *option);
bool option_models(struct settings *s, char *words);

/* FORMAT or FORMAT=FILE; borrowed. */
bool option_output(struct settings *s, char *text);

/* ZONE or ZONE4,ZONE6; cut up where it stands, and borrowed. */
bool option_asn_zones(struct settings *s, char *text);

/* ADDR or ADDR@PORT; says nothing. */
bool option_add_server(struct settings *s, const char *text);

/* The system's resolvers; one on this host if none is named. */
void option_resolv_conf(struct settings *s);

/* The zone of a list of addresses; borrowed. */
bool option_dnsbl(struct settings *s, const char *text);

/* user@domain, that can go into a command as it is; says nothing. */
bool option_is_mailbox(const char *text);

#endif
