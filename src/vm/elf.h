/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * elf.h - what an executable or library asks its dynamic linker for (System V ABI, gABI chapter 5).
 */
#ifndef AGENTCG_VM_ELF_H
#define AGENTCG_VM_ELF_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct elf {
	uint16_t machine;
	const char *interp;	   /* the dynamic linker; NULL: none (a library, or static) */
	const char *const *needed; /* names of libraries, in order */
	size_t nneeded;
	const char *rpath, *runpath; /* as written, or NULL */
};

/*
 * Read the n bytes of a 64-bit little-endian file; texts are copied into `a`.  0; -ENOEXEC: it is
 * none; -EBADMSG: it says that it is, and points outside of itself.
 */
int elf_read(struct arena *a, const void *bytes, size_t n, struct elf *out);

#endif
