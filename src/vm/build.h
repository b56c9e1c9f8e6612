/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * build.h - a kernel with the hook memcg_bpf_ops, built from Debian's source and the patches of
 * kernel/, which are part of agentcg's binary.
 *
 * Fetched, unpacked, patched, configured and compiled in CACHE/build, as an ordinary user; the
 * image goes to CACHE/kernels/memcg-bpf and the rest is removed.  What was stopped goes on where it
 * was: the package is checked, a tree is complete once it has its name, and make knows the rest.
 */
#ifndef AGENTCG_VM_BUILD_H
#define AGENTCG_VM_BUILD_H

#include <signal.h>

#include "vm/kernel.h"

struct build {
	const char *cache;
	unsigned int jobs;			  /* compilers at once; 0: one for each CPU */
	const volatile sig_atomic_t *stop;	  /* or NULL */
	void (*say)(void *ctx, const char *line); /* what it is doing; or NULL */
	void *ctx;
};

/*
 * Build it, if it is not there.  0 with *out in `a`; -EINTR: asked to stop; another -errno:
 * reported (tools that are missing, no network, a full disk, a compiler's error).
 */
int build_kernel(const struct build *b, struct arena *a, struct diags *d, struct kernel *out);

/* Text of kernel/, each ending in a NUL; the patches in order. */
#define BUILD_PATCHES 2
extern const char build_patch_1[], build_patch_2[], build_config[];

#endif
