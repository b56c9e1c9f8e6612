/* SPDX-License-Identifier: GPL-2.0-or-later */
/* the BPF programs: are they what libbpf and, where it may be asked, this kernel accept? */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "bpf/faults.skel.h"
#include "bpf/policy.h"

static int quiet(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	(void)level;
	(void)fmt;
	(void)ap;
	return 0;
}

static int loud(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	return level == LIBBPF_DEBUG ? 0 : vfprintf(stderr, fmt, ap);
}

static void faults_opens(void **state)
{
	(void)state;
	struct faults_bpf *b = faults_bpf__open();

	assert_non_null(b);
	assert_int_equal(bpf_map__value_size(b->maps.policies), sizeof(struct agentcg_policy));
	/* Optional both: which of them exists depends on the kernel. */
	assert_false(bpf_program__autoload(b->progs.count_memcg_events_old));
	assert_false(bpf_program__autoload(b->progs.count_memcg_events_new));
	faults_bpf__destroy(b);
}

static bool kernel_has(const struct btf *btf, const char *function)
{
	return btf__find_by_name_kind(btf, function, BTF_KIND_FUNC) > 0;
}

/* The verifier's judgement.  Nothing is attached. */
static void faults_is_accepted_by_this_kernel(void **state)
{
	(void)state;
	struct btf *btf;
	struct faults_bpf *b;
	bool has_old, has_new;
	int err;

	libbpf_set_print(quiet);
	btf = btf__load_vmlinux_btf();
	if (!btf) {
		print_message("# this kernel shows no BTF\n");
		skip();
	}
	has_old = kernel_has(btf, "__count_memcg_events");
	has_new = kernel_has(btf, "count_memcg_events");
	btf__free(btf);
	if (geteuid() != 0 || (!has_old && !has_new)) {
		print_message("# needs root and a kernel with memory cgroups\n");
		skip();
	}

	b = faults_bpf__open();
	assert_non_null(b);
	bpf_program__set_autoload(b->progs.count_memcg_events_old, has_old);
	bpf_program__set_autoload(b->progs.count_memcg_events_new, has_new && !has_old);
	libbpf_set_print(loud);
	err = faults_bpf__load(b);
	faults_bpf__destroy(b);
	if (err == -EPERM) {
		print_message("# loading BPF is not permitted here\n");
		skip();
	}
	assert_int_equal(err, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(faults_opens),
	    cmocka_unit_test(faults_is_accepted_by_this_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
