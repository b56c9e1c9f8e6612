/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/cgroup/memcg_ops.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

#if HAVE_BPF

#include "base/mem.h"

int memcg_ops_find(const struct btf *kernel, struct memcg_ops_type *out)
{
	struct memcg_ops_type t = {.layout = MEMCG_OPS_V6};
	int err = struct_ops_find(kernel, "memcg_bpf_ops", &t.type);

	if (err)
		return err;
	if (struct_ops_member(kernel, &t.type, "get_high_delay_ms", &t.offset[MEMCG_OPS_DELAY])) {
		t.layout = MEMCG_OPS_V7;
		if (struct_ops_member(kernel, &t.type, "memcg_charged", &t.offset[MEMCG_OPS_DELAY]))
			return -EPROTO;
	}
	if (struct_ops_member(kernel, &t.type, "below_low", &t.offset[MEMCG_OPS_BELOW_LOW]) ||
	    struct_ops_member(kernel, &t.type, "below_min", &t.offset[MEMCG_OPS_BELOW_MIN]))
		return -EPROTO;
	*out = t;
	return 0;
}

int memcg_ops_attach(const struct memcg_ops_type *t, int btf, const int progs[MEMCG_OPS_MEMBERS],
		     int cgroup_dirfd)
{
	char *value = mem_alloc(t->type.value_size);
	int link;

	for (int i = 0; i < MEMCG_OPS_MEMBERS; i++) {
		unsigned long prog = progs[i] < 0 ? 0 : (unsigned long)progs[i];

		memcpy(value + t->offset[i], &prog, sizeof prog);
	}
	link = struct_ops_link(&t->type, btf, value, cgroup_dirfd);
	free(value);
	return link;
}

#endif
