/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/cgroup/hook.h"

#include "config.h"

#if HAVE_BPF

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "backend/cgroup/libbpf_log.h"
#include "bpf/memcg_ops_v6.skel.h"
#include "bpf/memcg_ops_v7.skel.h"

/* Programs beside the hook: the newer name of the function that they hang on, and the older. */
static const struct {
	const char *program[2], *function[2];
	bool optional;
} beside[HOOK_BESIDE] = {
    {{"faults_new", "faults_old"}, {"count_memcg_events", "__count_memcg_events"}, false},
    {{"enter_new", "enter_old"},
     {"__mem_cgroup_handle_over_high", "mem_cgroup_handle_over_high"},
     false},
    {{"exit_new", "exit_old"},
     {"__mem_cgroup_handle_over_high", "mem_cgroup_handle_over_high"},
     false},
    {{"reclaims", NULL}, {"reclaim_high", NULL}, true},
    {{"sleeps", NULL}, {"schedule_timeout_killable", NULL}, false},
};

static int open_object(struct hook *k, char *why, size_t why_size)
{
	bool v6 = k->type.layout == MEMCG_OPS_V6;
	const void *bytes;
	size_t n;
	int err;

	bytes = v6 ? memcg_ops_v6_bpf__elf_bytes(&n) : memcg_ops_v7_bpf__elf_bytes(&n);
	k->object = bpf_object__open_mem(bytes, n, NULL);
	if (k->object)
		return 0;
	err = -errno;
	snprintf(why, why_size, "the programs of layout v%d cannot be opened: %s", v6 ? 6 : 7,
		 strerror(-err));
	return err;
}

/* Of each pair of alternatives the one whose function the kernel has. */
static int choose(struct hook *k, const struct btf *kernel, struct bpf_program **chosen, char *why,
		  size_t why_size)
{
	for (size_t i = 0; i < HOOK_BESIDE; i++) {
		chosen[i] = NULL;
		for (int j = 0; j < 2 && beside[i].program[j] && !chosen[i]; j++)
			if (btf__find_by_name_kind(kernel, beside[i].function[j], BTF_KIND_FUNC) >
			    0)
				chosen[i] = bpf_object__find_program_by_name(k->object,
									     beside[i].program[j]);
		if (chosen[i]) {
			bpf_program__set_autoload(chosen[i], true);
		} else if (!beside[i].optional) {
			snprintf(why, why_size, "this kernel has no function `%s` to watch",
				 beside[i].function[0]);
			return -ENOENT;
		}
	}
	return 0;
}

static int program_fd(const struct hook *k, const char *name)
{
	return bpf_program__fd(bpf_object__find_program_by_name(k->object, name));
}

/* The programs tell the hook's delay from a longer one by its length in jiffies. */
static void set_tick(struct hook *k)
{
	struct bpf_map *constant = bpf_object__find_map_by_name(k->object, ".rodata.tick");
	struct timespec tick;
	uint64_t ns;

	if (clock_getres(CLOCK_MONOTONIC_COARSE, &tick))
		return;
	ns = (uint64_t)tick.tv_nsec; /* less than a second */
	(void)bpf_map__set_initial_value(constant, &ns, sizeof ns);
}

static int load(struct hook *k, struct bpf_program *const *chosen, uint32_t cgroups, char *why,
		size_t why_size)
{
	int err;

	k->policies = bpf_object__find_map_by_name(k->object, "policies");
	k->windows = bpf_object__find_map_by_name(k->object, "windows");
	k->counts = bpf_object__find_map_by_name(k->object, "counts");
	k->visits = bpf_object__find_map_by_name(k->object, "visits");
	k->events = bpf_object__find_map_by_name(k->object, "events");
	bpf_map__set_max_entries(k->policies, cgroups);
	bpf_map__set_max_entries(k->windows, cgroups);
	bpf_map__set_max_entries(k->counts, cgroups);
	set_tick(k);
	err = bpf_object__load(k->object);
	if (err == -EPERM) {
		snprintf(why, why_size,
			 "loading BPF programs is not permitted: that takes root, or CAP_BPF and "
			 "CAP_PERFMON");
		return err;
	}
	if (err) {
		snprintf(why, why_size, "this kernel refuses the programs for its hook: %s",
			 strerror(-err));
		return err;
	}
	k->progs[MEMCG_OPS_BELOW_LOW] = program_fd(k, "below_low");
	k->progs[MEMCG_OPS_BELOW_MIN] = program_fd(k, "below_min");
	k->progs[MEMCG_OPS_DELAY] = program_fd(k, "delay");
	for (size_t i = 0; i < HOOK_BESIDE; i++) {
		k->links[i] = chosen[i] ? bpf_program__attach(chosen[i]) : NULL;
		if (k->links[i] || beside[i].optional)
			continue;
		err = -errno;
		snprintf(why, why_size, "the BPF program `%s` cannot be attached: %s",
			 bpf_program__name(chosen[i]), strerror(-err));
		return err;
	}
	return 0;
}

static int find(const struct btf *kernel, struct memcg_ops_type *type, char *why, size_t why_size)
{
	int err = memcg_ops_find(kernel, type);

	if (err == -ENOENT)
		snprintf(
		    why, why_size,
		    "this kernel has no memcg_bpf_ops (`agentcg vm build` makes one that has)");
	else if (err)
		snprintf(why, why_size,
			 "this kernel's memcg_bpf_ops has a layout that agentcg does not know");
	return err;
}

int hook_load(struct hook *k, uint32_t cgroups, char *why, size_t why_size)
{
	struct btf *kernel = btf__load_vmlinux_btf();
	struct bpf_program *chosen[HOOK_BESIDE];
	int err;

	*k = (struct hook){0};
	if (!kernel) {
		snprintf(why, why_size,
			 "this kernel shows no type information for BPF (/sys/kernel/btf/vmlinux)");
		return -ENOENT;
	}
	err = find(kernel, &k->type, why, why_size);
	if (err) {
		btf__free(kernel);
		return err;
	}
	libbpf_log_begin();
	err = open_object(k, why, why_size);
	if (!err)
		err = choose(k, kernel, chosen, why, why_size);
	if (!err)
		err = load(k, chosen, cgroups, why, why_size);
	if (err)
		libbpf_log_print();
	libbpf_log_end();
	btf__free(kernel);
	if (err)
		hook_unload(k);
	return err;
}

void hook_unload(struct hook *k)
{
	for (size_t i = 0; i < HOOK_BESIDE; i++)
		bpf_link__destroy(k->links[i]); /* NULL is fine */
	bpf_object__close(k->object);
	*k = (struct hook){0};
}

#endif
