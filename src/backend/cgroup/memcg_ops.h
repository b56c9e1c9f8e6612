/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memcg_ops.h - the kernel's struct_ops hook `memcg_bpf_ops`: is it there, in which layout, and
 * attaching programs to a cgroup through it.
 *
 * The hook is not in Linux; kernel/README says where it is from.
 */
#ifndef AGENTCG_BACKEND_CGROUP_MEMCG_OPS_H
#define AGENTCG_BACKEND_CGROUP_MEMCG_OPS_H

#include "backend/cgroup/struct_ops.h"

enum memcg_ops_layout {
	MEMCG_OPS_V6, /* get_high_delay_ms(memcg): up to version 6 of the series */
	MEMCG_OPS_V7, /* memcg_charged(memcg, nr) returns the delay */
};

/* The members that are used, as indexes of `offset` and of the programs to attach. */
enum memcg_ops_member {
	MEMCG_OPS_BELOW_LOW,
	MEMCG_OPS_BELOW_MIN,
	MEMCG_OPS_DELAY,
	MEMCG_OPS_MEMBERS,
};

struct memcg_ops_type {
	enum memcg_ops_layout layout;
	struct struct_ops_type type;
	size_t offset[MEMCG_OPS_MEMBERS]; /* in the value, of a long that takes a program's fd */
};

/*
 * Look the hook up in the kernel's types.  0; -ENOENT: there is none; -EPROTO: one of another
 * layout.
 */
int memcg_ops_find(const struct btf *kernel, struct memcg_ops_type *t);

/*
 * Attach programs (fds, -1 for none) to a cgroup and those below it; btf is the fd of the BTF that
 * they were loaded with.  The fd of the link, which ends with it, or -errno: -EBUSY where the
 * cgroup, one above or one below has one already.
 */
int memcg_ops_attach(const struct memcg_ops_type *t, int btf, const int progs[MEMCG_OPS_MEMBERS],
		     int cgroup_dirfd);

#endif
