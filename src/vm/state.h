/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * state.h - one machine: what vm's rooms share.  boot.c makes and boots it, replay.c has it carry
 * out runs, vm.c opens, asks and closes it.
 */
#ifndef AGENTCG_VM_STATE_H
#define AGENTCG_VM_STATE_H

#include "base/arena.h"
#include "vm/machine.h"
#include "vm/vm.h"

struct vm {
	const struct vm_options *o;
	const struct plan *plan;
	struct arena a;
	struct machine_vm m;
	struct vm_facts facts;
	struct backend backend;
	int initrd, disk; /* -1: none */
};

/* The archive that it boots from, to v->initrd.  0 or -errno, reported. */
int boot_pack(struct vm *v, struct diags *d);
/* 0 with its path in *program, in v->a; or -errno, reported. */
int boot_find_qemu(struct vm *v, struct diags *d, const char **program);
/* With KVM where that works; until init is there and the scenario is loaded.  As vm_open. */
int boot_machine(struct vm *v, const char *program, struct diags *d);

#endif
