/*
 * mxcheck ack and mxcheck state: what an admin does with what runs left.
 */
#ifndef TOOLS_MXCHECK_STATE_COMMAND_H
#define TOOLS_MXCHECK_STATE_COMMAND_H

#include <stdbool.h>

/* argv[1] is one of these commands: no domain is called so. */
bool state_command_is(int argc, char **argv);

/* Runs it; the exit status, after a message if that is not 0. */
int state_command(int argc, char **argv);

#endif
