/*
 * Have the files of the certificate and its key changed since they were read?
 */
#ifndef RESOLVERD_TLS_FILES_H
#define RESOLVERD_TLS_FILES_H

#include <stdbool.h>

/* They are about to be read. */
void tls_files_note(const char *certificate, const char *key);

/*
 * Asked from time to time: true if they are others than when they were noted,
 * and the same as when this was asked last. A renewal writes two files, and
 * should not be met between them.
 */
bool tls_files_changed(const char *certificate, const char *key);

#endif
