/*
 * The text of a configuration file before libConfuse sees it: the file is read
 * into memory, and whatever libConfuse would mistake is refused or blanked.
 */
#ifndef LIB_CONF_TEXT_H
#define LIB_CONF_TEXT_H

#include <stddef.h>

#define CONF_TEXT_MAX (1024 * 1024) /* bytes of a file */
#define CONF_TEXT_VALUE_MAX 4096    /* bytes of a name or value */
#define CONF_TEXT_SECTIONS_MAX 4096
#define CONF_TEXT_WHY_LEN 160

/*
 * Reads the file into *text, which the caller frees; (*text)[*len] is '\0'.
 * Returns 0; -EFBIG if it is longer than CONF_TEXT_MAX; -EISDIR or -EINVAL if
 * it is a directory or another thing that is no file; -errno of open or read.
 */
int conf_text_read(char **text, size_t *len, const char *path)
    __attribute__((warn_unused_result));

/*
 * Checks the text and turns its comments into spaces; text[len] must be '\0'.
 * Returns 0, or -EINVAL: then the text is cut in front of the fault, *line is
 * the fault's, and why, of CONF_TEXT_WHY_LEN bytes, says what to do.
 */
int conf_text_check(char *text, size_t len, unsigned *line, char *why);

#endif
