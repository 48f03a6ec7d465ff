/*
 * Names, types, classes and rcodes as rbldnsd writes them.
 */
#ifndef RESOLVERD_COMPAT_NAME_H
#define RESOLVERD_COMPAT_NAME_H

#include <stdint.h>

#define COMPAT_CODE_MAX 16 /* "class65535", "NSAP_PTR" */

/* out holds DNAME_TXT_MAX bytes. Each returns out. */
char *compat_name_txt(char *out, const uint8_t *dname);

/* out holds COMPAT_CODE_MAX bytes. */
char *compat_type_txt(char *out, uint16_t type);
char *compat_class_txt(char *out, uint16_t class);
char *compat_rcode_txt(char *out, uint16_t rcode);

#endif
