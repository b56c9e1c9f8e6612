/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest.h - agentcg as the init of a machine, and the agentcg in it that carries out runs.
 *
 * Init makes the system's folders, starts the other as its only child, takes in orphans, and says
 * every two seconds that it lives.  The other loads the scenario, greets the host with the plan's
 * digest, and serves.  What it observes is kept in memory and sent slowly while a run goes on, the
 * rest at its end, so that the sending is not what is measured.
 */
#ifndef AGENTCG_VM_GUEST_H
#define AGENTCG_VM_GUEST_H

#include "backend/backend.h"
#include "base/diag.h"
#include "vm/root.h"

/* Is this process the init of a machine of ours?  argv[1] is then GUEST_WORD. */
#define GUEST_WORD "--machine-init"
bool guest_is_init(int argc, char **argv);

/* How runs are carried out there; the command line knows. */
struct guest_host;
struct guest_calls {
	/* In the child, before anything else: read setup's words, load the scenario, open the
	   backend, call guest_serve.  Its status is the child's. */
	int (*main)(const struct root_setup *s, struct guest_host *h);
};
/* Never returns: ends the machine. */
_Noreturn void guest_init(const struct guest_calls *calls);

/* Run the setup's command and send what it says, then how it ended. */
int guest_command(struct guest_host *h, const char *command);

/* Send what the host ought to know; then the machine is of no more use. */
void guest_report(struct guest_host *h, const struct diags *d);
/*
 * Say hello and carry out what the host asks for, until it says goodbye.  0 or -errno (the channel
 * has failed).
 */
int guest_serve(struct guest_host *h, const struct plan *p, const struct backend *b);

#endif
