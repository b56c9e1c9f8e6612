/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vm.h - runs in a throw-away virtual machine.
 *
 * vm_open makes a machine, boots it and has the agentcg inside load the same scenario with the same
 * words; from then on it carries out one run at a time, each on the kernel inside, and what it
 * observes is handed on here.  The experiment, its statistics and reports stay on this side.
 *
 * The machine is KVM where that has been seen to boot since this host was started, else software
 * emulation, in which time is not what it is on hardware (agentcg(1)).
 */
#ifndef AGENTCG_VM_VM_H
#define AGENTCG_VM_VM_H

#include <signal.h>

#include "backend/backend.h"
#include "base/diag.h"
#include "run/engine.h"
#include "run/gauge.h"
#include "vm/kernel.h"

struct vm_options {
	const struct plan *plan; /* NULL: a command is run instead */
	const char *command;	 /* for the shell inside; NULL with a plan */
	const char *const *more; /* [nmore] files, folders and programs to take along */
	size_t nmore;
	const char *cache; /* folder of kernels, and of what was found out about KVM */
	const struct kernel *kernel;
	uint64_t memory_bytes;	  /* 0: what the plan needs */
	bool in_turn;		  /* struct qemu_config */
	const char *const *words; /* argv[1] and on, for the agentcg inside */
	size_t nwords;
	const char *library; /* folders for `use`, separated by colons */
	const char *backend; /* for tests: what the agentcg inside runs on; NULL: live */
	const volatile sig_atomic_t *stop;	  /* or NULL */
	void (*say)(void *ctx, const char *line); /* what it is doing; NULL: nobody wants to know */
	void *ctx;
};

struct vm;

/* What was booted, and how it went. */
struct vm_facts {
	const char *release; /* of the kernel inside */
	bool kvm;
	uint64_t memory_bytes, initrd_bytes;
	uint64_t boot_ns; /* wall clock, from the start of QEMU to the answer of init */
	uint64_t load_ns; /* ... to the loaded scenario */
};

/*
 * 0; -EINTR: asked to stop; another -errno: reported.  One machine in a process at a time.
 */
int vm_open(const struct vm_options *o, struct diags *d, struct vm **out);
/* For the experiment: name "vm", kernel and mechanism of the machine.  It cannot be opened. */
const struct backend *vm_backend(const struct vm *v);
const struct vm_facts *vm_facts(const struct vm *v);
/* engine_run(), in the machine; ctx is the struct vm. */
int vm_run(void *ctx, const struct run_config *c, struct run_outcome *out);
/*
 * What the machine does in which time, measured in it, in between runs.  0 or -errno, reported;
 * what cannot be measured is not in *out.
 */
int vm_gauge(struct vm *v, uint32_t what, uint32_t samples, uint64_t budget_ns, struct diags *d,
	     struct gauge *out);
/*
 * Instead of runs, where a command was given: until it has ended.  What it says goes to `put`.  0
 * with its exit status in *status; or -errno as vm_open.
 */
int vm_command(struct vm *v, void (*put)(void *ctx, const void *bytes, size_t n), void *ctx,
	       struct diags *d, int *status);
/* End it at once; leaves nothing behind.  NULL is fine. */
void vm_close(struct vm *v);

/* Memory that a machine for this plan gets by default. */
uint64_t vm_memory_for(const struct plan *p, uint64_t initrd_bytes);

#endif
