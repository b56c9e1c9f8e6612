/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vm_run.h - a machine for the runs of one experiment, from the command line's options.
 */
#ifndef AGENTCG_CMD_VM_RUN_H
#define AGENTCG_CMD_VM_RUN_H

#include "cmd/cmd.h"
#include "plan/plan.h"
#include "vm/vm.h"

struct vm_machine {
	struct arena a;
	struct kernel kernel;
	struct vm_options options;
	struct vm *vm;
};

/*
 * Fetch the kernel if need be, and boot; for a plan, or for a shell command.  0 or -errno, reported
 * to d; to be closed in any case.
 */
int vm_run_open(struct cmd *c, const struct plan *p, const char *command, struct diags *d,
		struct vm_machine *m);
void vm_run_close(struct vm_machine *m);

#endif
