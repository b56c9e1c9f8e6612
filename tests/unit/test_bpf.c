/* SPDX-License-Identifier: GPL-2.0-or-later */
/* the BPF programs: are they what libbpf and, where it may be asked, this kernel accept? */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "backend/cgroup/watch.h"
#include "bpf/policy.h"
#include "bpf/watch.skel.h"

/* What user space gives and takes has the size that the programs were compiled for. */
static void maps_are_shared(void **state)
{
	(void)state;
	struct watch_bpf *b = watch_bpf__open();

	assert_non_null(b);
	assert_int_equal(bpf_map__value_size(b->maps.policies), sizeof(struct agentcg_policy));
	assert_int_equal(bpf_map__value_size(b->maps.counts), sizeof(struct agentcg_counts));
	assert_int_equal(bpf_map__key_size(b->maps.policies), sizeof(uint64_t));
	watch_bpf__destroy(b);
}

/* Which of the alternatives exists depends on the kernel: none is loaded unasked. */
static void programs_are_optional(void **state)
{
	(void)state;
	struct watch_bpf *b = watch_bpf__open();
	struct bpf_program *p;
	int n = 0;

	assert_non_null(b);
	bpf_object__for_each_program(p, b->obj)
	{
		assert_false(bpf_program__autoload(p));
		n++;
	}
	assert_int_equal(n, 8);
	watch_bpf__destroy(b);
}

/* As the mechanisms do it: load, attach, fill the maps, read them, detach. */
static void watching_works_or_says_why_not(void **state)
{
	(void)state;
	struct cg_attrs attrs = cg_attrs_default;
	struct mech_cgroup one = {.name = "root", .dirfd = -1, .id = 1, .attrs = &attrs};
	struct mech_host host = {.cgroups = &one, .n = 1};
	struct cg_counters c = {0};
	struct watch_event e;
	char why[256] = "";
	void *w = NULL;
	int err = watch_bpf.open(&host, why, sizeof why, &w);

	if (err) {
		assert_null(w);
		assert_true(strlen(why) > 0 && why[strlen(why) - 1] != '.');
		print_message("# %s\n", why);
		if (err == -EPERM || access("/sys/kernel/btf/vmlinux", R_OK))
			skip();
		print_message("# (the kernel lacks memory cgroups, or is newer than this)\n");
		skip();
	}
	attrs.priority = PRIORITY_HIGH;
	attrs.delay_ns = NS_PER_SEC;
	attrs.delay_always = true;
	assert_int_equal(watch_bpf.set(w, 0, ~UINT32_C(0)), 0);
	assert_true(watch_bpf.fd(w) >= 0);
	assert_true(watch_bpf.next(w, 0, &e) >= 0);
	watch_bpf.count(w, 0, &c);
	attrs.priority = PRIORITY_NORMAL;
	attrs.delay_ns = 0;
	assert_int_equal(watch_bpf.set(w, 0, ~UINT32_C(0)), 0);
	assert_int_equal(watch_bpf.active_until(w, 0, 0), 0);
	watch_bpf.close(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(maps_are_shared),
	    cmocka_unit_test(programs_are_optional),
	    cmocka_unit_test(watching_works_or_says_why_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
