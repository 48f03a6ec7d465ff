/*
 * What the daemon tells systemd (sd_notify(3)) of its state, where
 * $NOTIFY_SOCKET asks for it; without it, nothing is done.
 */
#ifndef RESOLVERD_NOTIFY_H
#define RESOLVERD_NOTIFY_H

void notify_ready(void);
void notify_reloading(void); /* then notify_ready() */
void notify_stopping(void);

#endif
