/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files of kernel/, taken in as they are: so `agentcg vm build` works wherever the binary was
 * moved to, and the kernel that it builds is the one that this agentcg was tested with.
 */
#include "vm/build.h"

#define TAKE_IN(symbol, file)                                                                      \
	__asm__(".pushsection .rodata\n"                                                           \
		".global " #symbol "\n" #symbol ":\n"                                              \
		".incbin \"kernel/" file "\"\n"                                                    \
		".byte 0\n"                                                                        \
		".popsection\n")

TAKE_IN(build_patch_1, "0001-bpf-Let-struct_ops-links-be-to-a-cgroup.patch");
TAKE_IN(build_patch_2, "0002-mm-memcg-Add-memcg_bpf_ops.patch");
TAKE_IN(build_config, "memcg-bpf.config");
