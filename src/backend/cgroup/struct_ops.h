/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * struct_ops.h - BPF programs as the functions of one of the kernel's structs, through a link.
 *
 * libbpf 1.1 knows no links to struct_ops, and a value without a link stays when the process is
 * gone.  So the value is filled in and linked with bare system calls, by the offsets that the
 * running kernel's BTF gives.
 */
#ifndef AGENTCG_BACKEND_CGROUP_STRUCT_OPS_H
#define AGENTCG_BACKEND_CGROUP_STRUCT_OPS_H

#include <stddef.h>
#include <stdint.h>

struct btf;

struct struct_ops_type {
	uint32_t ops_id;   /* BTF type of the struct itself */
	uint32_t value_id; /* of the map's value, which has it inside */
	size_t value_size;
	size_t data; /* offset of the struct in the value */
};

/* Look a struct up in the kernel's types.  0; -ENOENT: none of that name; -EPROTO: it cannot be. */
int struct_ops_find(const struct btf *kernel, const char *name, struct struct_ops_type *t);

/* Offset of a member in the value.  0 or -ENOENT. */
int struct_ops_member(const struct btf *kernel, const struct struct_ops_type *t, const char *name,
		      size_t *offset);

/*
 * Link a value, in which members that are functions are a long with a program's fd; btf is the fd
 * of the BTF that the programs were loaded with.  cgroup_dirfd where the kernel attaches it to a
 * cgroup, else 0.  The fd of the link, which ends with it, or -errno.
 */
int struct_ops_link(const struct struct_ops_type *t, int btf, const void *value, int cgroup_dirfd);

#endif
