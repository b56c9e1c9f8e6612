/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * machine.h - a machine that is booted and spoken to.  Inside vm only.
 */
#ifndef AGENTCG_VM_MACHINE_H
#define AGENTCG_VM_MACHINE_H

#include "vm/frame.h"
#include "vm/qemu.h"
#include "vm/vm.h"
#include "vm/wire.h"

struct machine_vm {
	const volatile sig_atomic_t *stop;
	void (*say)(void *ctx, const char *line); /* or NULL */
	void *ctx;
	struct diags *d; /* where to report; changes with each run */
	struct qemu qemu;
	struct frame_reader in;
	struct buf out;	   /* to be sent */
	uint64_t heard_ns; /* when the channel or the console last had something */
	bool alive;	   /* init has spoken: from then on it is heard every few seconds */
};

/* Nanoseconds of CLOCK_MONOTONIC. */
uint64_t machine_now(void);

void machine_send(struct machine_vm *m, enum message type, const struct buf *payload);
/*
 * The next message, waiting for it no longer than until `until_ns` (NEVER) and than the machine may
 * be silent.  0; -EINTR: asked to stop; -ETIMEDOUT: not reported; another -errno: the machine has
 * ended, panicked or speaks nonsense: reported.
 */
int machine_next(struct machine_vm *m, uint64_t until_ns, struct frame *out);
void machine_stop(struct machine_vm *m);

/* Say that it does not come up, or hangs, with the last of what the kernel said. */
int machine_complain_silent(struct machine_vm *m);

#endif
