/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/cgroup/struct_ops.h"

#include "config.h"

#if HAVE_BPF

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>

/* Newer than the headers that agentcg is built with may be. */
#define STRUCT_OPS_ATTACH 44	     /* BPF_STRUCT_OPS of enum bpf_attach_type */
#define STRUCT_OPS_LINK	  (1U << 13) /* BPF_F_LINK */

/* The part of union bpf_attr that BPF_LINK_CREATE reads for a link of struct_ops. */
struct link_attr {
	uint32_t map_fd, target_fd;
	uint32_t attach_type, flags;
	uint32_t relative_fd, pad; /* cgroup.relative_fd */
	uint64_t expected_revision;
};

static int find_member(const struct btf *kernel, uint32_t id, const char *name, size_t *offset)
{
	const struct btf_type *t = btf__type_by_id(kernel, id);
	const struct btf_member *m = btf_members(t);

	for (uint32_t i = 0; i < btf_vlen(t); i++) {
		if (strcmp(btf__name_by_offset(kernel, m[i].name_off), name) != 0)
			continue;
		*offset = btf_member_bit_offset(t, i) / 8;
		return 0;
	}
	return -ENOENT;
}

int struct_ops_find(const struct btf *kernel, const char *name, struct struct_ops_type *out)
{
	struct struct_ops_type t;
	char value[128];
	int id;

	id = btf__find_by_name_kind(kernel, name, BTF_KIND_STRUCT);
	if (id < 0)
		return -ENOENT;
	t.ops_id = (uint32_t)id;
	snprintf(value, sizeof value, "bpf_struct_ops_%s", name);
	id = btf__find_by_name_kind(kernel, value, BTF_KIND_STRUCT);
	if (id < 0)
		return -ENOENT;
	t.value_id = (uint32_t)id;
	t.value_size = btf__type_by_id(kernel, t.value_id)->size;
	if (find_member(kernel, t.value_id, "data", &t.data))
		return -EPROTO;
	*out = t;
	return 0;
}

int struct_ops_member(const struct btf *kernel, const struct struct_ops_type *t, const char *name,
		      size_t *offset)
{
	size_t inside;
	int err = find_member(kernel, t->ops_id, name, &inside);

	if (!err)
		*offset = t->data + inside;
	return err;
}

int struct_ops_link(const struct struct_ops_type *t, int btf, const void *value, int cgroup_dirfd)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .btf_fd = (uint32_t)btf,
		    .btf_vmlinux_value_type_id = t->value_id, .map_flags = STRUCT_OPS_LINK);
	struct link_attr attr = {
	    .attach_type = STRUCT_OPS_ATTACH,
	    .relative_fd = (uint32_t)cgroup_dirfd,
	};
	const uint32_t key = 0;
	int map, link;

	map = bpf_map_create(BPF_MAP_TYPE_STRUCT_OPS, "agentcg", sizeof key,
			     (uint32_t)t->value_size, 1, &opts);
	if (map < 0)
		return -errno;
	if (bpf_map_update_elem(map, &key, value, 0)) {
		link = -errno;
	} else {
		attr.map_fd = (uint32_t)map;
		link = (int)syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof attr);
		if (link < 0)
			link = -errno;
	}
	close(map); /* the link holds it */
	return link;
}

#endif
