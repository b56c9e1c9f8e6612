/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/cgroup/memcg_ops.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "config.h"

#if HAVE_BPF

#include <bpf/bpf.h>
#include <bpf/btf.h>

#include "base/mem.h"

/* Newer than the headers that agentcg is built with may be. */
#define STRUCT_OPS_ATTACH 44	     /* BPF_STRUCT_OPS of enum bpf_attach_type */
#define STRUCT_OPS_LINK	  (1U << 13) /* BPF_F_LINK */

/* The part of union bpf_attr that BPF_LINK_CREATE reads for a link to a cgroup. */
struct link_attr {
	uint32_t map_fd, target_fd;
	uint32_t attach_type, flags;
	uint32_t relative_fd, pad; /* cgroup.relative_fd */
	uint64_t expected_revision;
};

static int find_member(const struct btf *kernel, const struct btf_type *t, const char *name,
		       size_t base, size_t *offset)
{
	const struct btf_member *m = btf_members(t);

	for (uint32_t i = 0; i < btf_vlen(t); i++) {
		if (strcmp(btf__name_by_offset(kernel, m[i].name_off), name) != 0)
			continue;
		*offset = base + btf_member_bit_offset(t, i) / 8;
		return 0;
	}
	return -ENOENT;
}

static int find_value(const struct btf *kernel, uint32_t *id, size_t *size, size_t *data)
{
	const struct btf_type *t;
	int found = btf__find_by_name_kind(kernel, "bpf_struct_ops_memcg_bpf_ops", BTF_KIND_STRUCT);

	if (found < 0)
		return -ENOENT;
	t = btf__type_by_id(kernel, (uint32_t)found);
	*id = (uint32_t)found;
	*size = t->size;
	return find_member(kernel, t, "data", 0, data) ? -EPROTO : 0;
}

int memcg_ops_find(const struct btf *kernel, struct memcg_ops_type *out)
{
	struct memcg_ops_type t = {.layout = MEMCG_OPS_V6};
	const struct btf_type *ops;
	size_t data;
	int id = btf__find_by_name_kind(kernel, "memcg_bpf_ops", BTF_KIND_STRUCT);
	int err;

	if (id < 0)
		return -ENOENT;
	err = find_value(kernel, &t.value_id, &t.value_size, &data);
	if (err)
		return err;
	ops = btf__type_by_id(kernel, (uint32_t)id);
	if (find_member(kernel, ops, "get_high_delay_ms", data, &t.offset[MEMCG_OPS_DELAY])) {
		t.layout = MEMCG_OPS_V7;
		if (find_member(kernel, ops, "memcg_charged", data, &t.offset[MEMCG_OPS_DELAY]))
			return -EPROTO;
	}
	if (find_member(kernel, ops, "below_low", data, &t.offset[MEMCG_OPS_BELOW_LOW]) ||
	    find_member(kernel, ops, "below_min", data, &t.offset[MEMCG_OPS_BELOW_MIN]))
		return -EPROTO;
	*out = t;
	return 0;
}

/* A map of one value, which is the struct with the programs in it; ready to be linked. */
static int make_value(const struct memcg_ops_type *t, int btf, const int progs[MEMCG_OPS_MEMBERS])
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .btf_fd = (uint32_t)btf,
		    .btf_vmlinux_value_type_id = t->value_id, .map_flags = STRUCT_OPS_LINK);
	const uint32_t key = 0;
	char *value;
	int fd, err;

	fd = bpf_map_create(BPF_MAP_TYPE_STRUCT_OPS, "agentcg", sizeof key, (uint32_t)t->value_size,
			    1, &opts);
	if (fd < 0)
		return -errno;
	value = mem_alloc(t->value_size);
	for (int i = 0; i < MEMCG_OPS_MEMBERS; i++) {
		unsigned long prog = progs[i] < 0 ? 0 : (unsigned long)progs[i];

		memcpy(value + t->offset[i], &prog, sizeof prog);
	}
	err = bpf_map_update_elem(fd, &key, value, 0) ? -errno : 0;
	free(value);
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

int memcg_ops_attach(const struct memcg_ops_type *t, int btf, const int progs[MEMCG_OPS_MEMBERS],
		     int cgroup_dirfd)
{
	struct link_attr attr = {
	    .attach_type = STRUCT_OPS_ATTACH,
	    .relative_fd = (uint32_t)cgroup_dirfd,
	};
	int map = make_value(t, btf, progs);
	int link;

	if (map < 0)
		return map;
	attr.map_fd = (uint32_t)map;
	link = (int)syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof attr);
	if (link < 0)
		link = -errno;
	close(map); /* the link holds it */
	return link;
}

#endif
