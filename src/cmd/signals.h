/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * signals.h - SIGINT, SIGTERM and SIGHUP end a run early and keep what was measured.
 */
#ifndef AGENTCG_CMD_SIGNALS_H
#define AGENTCG_CMD_SIGNALS_H

#include <signal.h>

/* Set to the signal's number by the first one; a second one of its kind ends the process. */
extern volatile sig_atomic_t signals_stop;

/* A closed pipe is an error of write, which is reported, not a silent death. */
void signals_ignore_pipe(void);
/* From here on the signals set signals_stop and interrupt system calls. */
void signals_catch(void);
/*
 * The same, also of a second one of a kind: for a process whose parent is told by the terminal too,
 * and passes it on.
 */
void signals_once(void);

#endif
