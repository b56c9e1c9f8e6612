/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/cgroup/scheduler.h"

#include "config.h"

#if HAVE_BPF

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "backend/cgroup/struct_ops.h"
#include "base/mem.h"
#include "bpf/hold.h"

/* Of enum scx_ops_flags. */
#define OPS_ENQ_LAST	   (UINT64_C(1) << 1) /* the last runnable task of a CPU can be held too */
#define OPS_SWITCH_PARTIAL (UINT64_C(1) << 3) /* others than SCHED_EXT stay what they are */

static const struct {
	const char *member, *program;
} functions[] = {
    {"select_cpu", "hold_select_cpu"}, {"enqueue", "hold_enqueue"}, {"running", "hold_running"},
    {"exit_task", "hold_exit_task"},   {"init", "hold_init"},	    {"exit", "hold_exit"},
};

/* ---- the kernel's side ----------------------------------------------------------------------- */

/* Kernel functions that the programs call with as many arguments. */
static const struct {
	const char *name;
	unsigned int arguments;
} called[] = {
    {"scx_bpf_create_dsq", 2}, {"scx_bpf_dsq_insert", 4},     {"scx_bpf_dsq_move", 4},
    {"scx_bpf_kick_cpu", 2},   {"scx_bpf_task_set_slice", 2},
};

static int find_called(const struct btf *kernel, char *why, size_t why_size)
{
	for (size_t i = 0; i < sizeof called / sizeof *called; i++) {
		int id = btf__find_by_name_kind(kernel, called[i].name, BTF_KIND_FUNC);
		const struct btf_type *t;

		if (id < 0) {
			snprintf(why, why_size,
				 "this kernel's sched_ext has no %s: Linux 7.2 or later has",
				 called[i].name);
			return -ENOENT;
		}
		t = btf__type_by_id(kernel, btf__type_by_id(kernel, (uint32_t)id)->type);
		if (btf_vlen(t) == called[i].arguments)
			continue;
		snprintf(
		    why, why_size,
		    "this kernel's type information does not fit its own %s: it was built with "
		    "a pahole that is too old",
		    called[i].name);
		return -EPROTO;
	}
	return 0;
}

int scheduler_find(char *why, size_t why_size)
{
	struct btf *kernel = btf__load_vmlinux_btf();
	struct struct_ops_type t;
	int err;

	if (!kernel) {
		snprintf(why, why_size,
			 "this kernel shows no type information for BPF (/sys/kernel/btf/vmlinux)");
		return -ENOENT;
	}
	err = struct_ops_find(kernel, "sched_ext_ops", &t);
	if (err)
		snprintf(why, why_size,
			 "this kernel has no sched_ext (CONFIG_SCHED_CLASS_EXT; Debian's have it "
			 "from 7.x on)");
	else
		err = find_called(kernel, why, why_size);
	btf__free(kernel);
	return err;
}

static int fill(const struct btf *kernel, const struct struct_ops_type *t, struct bpf_object *o,
		char *value)
{
	const uint64_t flags = OPS_ENQ_LAST | OPS_SWITCH_PARTIAL;
	const uint32_t timeout_ms = AGENTCG_WATCHDOG_MS;
	size_t at[3];

	for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
		struct bpf_program *p = bpf_object__find_program_by_name(o, functions[i].program);
		long fd = bpf_program__fd(p);
		size_t offset;

		if (struct_ops_member(kernel, t, functions[i].member, &offset))
			return -EPROTO;
		memcpy(value + offset, &fd, sizeof fd);
	}
	if (struct_ops_member(kernel, t, "flags", &at[0]) ||
	    struct_ops_member(kernel, t, "timeout_ms", &at[1]) ||
	    struct_ops_member(kernel, t, "name", &at[2]))
		return -EPROTO;
	memcpy(value + at[0], &flags, sizeof flags);
	memcpy(value + at[1], &timeout_ms, sizeof timeout_ms);
	memcpy(value + at[2], "agentcg", sizeof "agentcg");
	return 0;
}

/* The one that is there already; "" if that cannot be told. */
static void say_other(char *why, size_t why_size)
{
	char name[64] = "";
	int fd = open("/sys/kernel/sched_ext/root/ops", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, name, sizeof name - 1);

	if (fd >= 0)
		close(fd);
	name[n > 0 ? n : 0] = '\0';
	name[strcspn(name, "\n")] = '\0';
	snprintf(why, why_size,
		 "another sched_ext scheduler%s%s%s runs here, and the kernel lets there be one",
		 *name ? " (" : "", name, *name ? ")" : "");
}

int scheduler_attach(struct bpf_object *o, char *why, size_t why_size)
{
	struct btf *kernel = btf__load_vmlinux_btf();
	struct struct_ops_type t;
	char *value = NULL;
	int link = kernel ? struct_ops_find(kernel, "sched_ext_ops", &t) : -ENOENT;

	if (!link) {
		value = mem_alloc(t.value_size);
		link = fill(kernel, &t, o, value);
	}
	if (!link)
		link = struct_ops_link(&t, bpf_object__btf_fd(o), value, 0);
	free(value);
	btf__free(kernel);
	if (link == -EBUSY)
		say_other(why, why_size);
	else if (link < 0)
		snprintf(why, why_size, "the kernel does not take the scheduler: %s",
			 strerror(-link));
	return link;
}

/* ---- tasks ----------------------------------------------------------------------------------- */

static int change(FILE *threads, int from, int to)
{
	const struct sched_param none = {0};
	char line[32];
	int changed = 0;

	while (fgets(line, sizeof line, threads)) {
		pid_t tid = (pid_t)strtol(line, NULL, 10);

		/* Who has become a real-time task stays one. */
		if (tid <= 0 || sched_getscheduler(tid) != from)
			continue;
		if (!sched_setscheduler(tid, to, &none))
			changed++;
		else if (errno != ESRCH)
			return -errno;
	}
	return changed;
}

static int change_all(int dirfd, int from, int to)
{
	int fd = openat(dirfd, "cgroup.threads", O_RDONLY | O_CLOEXEC);
	FILE *threads = fd < 0 ? NULL : fdopen(fd, "r");
	int changed = 0, sub;
	struct dirent *e;
	DIR *d;

	if (threads) {
		changed = change(threads, from, to);
		(void)fclose(threads);
	} else if (fd >= 0) {
		close(fd);
	}
	fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	d = fd < 0 ? NULL : fdopendir(fd);
	while (d && changed >= 0 && (e = readdir(d))) {
		if (e->d_type != DT_DIR || e->d_name[0] == '.')
			continue;
		sub = openat(dirfd, e->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (sub < 0)
			continue; /* it is gone */
		fd = change_all(sub, from, to);
		close(sub);
		changed = fd < 0 ? fd : changed + fd;
	}
	if (d)
		closedir(d);
	return changed;
}

int scheduler_adopt(int cgroup_dirfd)
{
	return change_all(cgroup_dirfd, SCHED_OTHER, AGENTCG_SCHED_EXT);
}

int scheduler_release(int cgroup_dirfd)
{
	return change_all(cgroup_dirfd, AGENTCG_SCHED_EXT, SCHED_OTHER);
}

#endif
