/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hook in a kernel's type information: found in both layouts, and by its offsets, not by ours.
 */
#include <errno.h>

#include "tests/unit/unit.h"

#include "config.h"

#if HAVE_BPF

#include <bpf/btf.h>

#include "backend/cgroup/memcg_ops.h"

/* A kernel with struct memcg_bpf_ops of these members, each a pointer, and its value's struct. */
static struct btf *kernel_with(const char *const *members, uint32_t data_offset)
{
	struct btf *b = btf__new_empty();
	uint32_t n = 0;
	int type, pointer;

	while (members[n])
		n++;
	pointer = btf__add_ptr(b, 0);
	type = btf__add_struct(b, "memcg_bpf_ops", n * 8);
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(btf__add_field(b, members[i], pointer, i * 64, 0), 0);
	if (!data_offset)
		return b;
	assert_true(btf__add_struct(b, "bpf_struct_ops_memcg_bpf_ops", data_offset + n * 8) > 0);
	assert_int_equal(btf__add_field(b, "common", pointer, 0, 0), 0);
	assert_int_equal(btf__add_field(b, "data", type, data_offset * 8, 0), 0);
	return b;
}

static const char *const v6[] = {"handle_cgroup_online",
				 "handle_cgroup_offline",
				 "below_low",
				 "below_min",
				 "get_high_delay_ms",
				 NULL};
static const char *const v7[] = {
    "memcg_charged",	    "memcg_uncharged",	     "below_low", "below_min",
    "handle_cgroup_online", "handle_cgroup_offline", NULL};
static const char *const other[] = {"below_low", "below_min", "delay", NULL};
static const char *const no_low[] = {"below_min", "get_high_delay_ms", NULL};

static void test_layout_v6(void **state)
{
	struct btf *kernel = kernel_with(v6, 64);
	struct memcg_ops_type t;

	(void)state;
	assert_int_equal(memcg_ops_find(kernel, &t), 0);
	assert_int_equal(t.layout, MEMCG_OPS_V6);
	assert_int_equal(t.type.value_size, 64 + 40);
	assert_int_equal(t.offset[MEMCG_OPS_BELOW_LOW], 64 + 16);
	assert_int_equal(t.offset[MEMCG_OPS_BELOW_MIN], 64 + 24);
	assert_int_equal(t.offset[MEMCG_OPS_DELAY], 64 + 32);
	assert_string_equal(
	    btf__name_by_offset(kernel, btf__type_by_id(kernel, t.type.value_id)->name_off),
	    "bpf_struct_ops_memcg_bpf_ops");
	btf__free(kernel);
}

static void test_layout_v7(void **state)
{
	struct btf *kernel = kernel_with(v7, 16);
	struct memcg_ops_type t;

	(void)state;
	assert_int_equal(memcg_ops_find(kernel, &t), 0);
	assert_int_equal(t.layout, MEMCG_OPS_V7);
	assert_int_equal(t.type.value_size, 16 + 48);
	assert_int_equal(t.offset[MEMCG_OPS_DELAY], 16);
	assert_int_equal(t.offset[MEMCG_OPS_BELOW_LOW], 16 + 16);
	assert_int_equal(t.offset[MEMCG_OPS_BELOW_MIN], 16 + 24);
	btf__free(kernel);
}

static void test_no_hook(void **state)
{
	struct memcg_ops_type t = {.type = {.value_size = 1}};
	struct btf *empty = btf__new_empty(), *kernel;

	(void)state;
	assert_int_equal(memcg_ops_find(empty, &t), -ENOENT);
	btf__free(empty);
	/* The struct alone: struct_ops that nobody has registered. */
	kernel = kernel_with(v6, 0);
	assert_int_equal(memcg_ops_find(kernel, &t), -ENOENT);
	btf__free(kernel);
	kernel = kernel_with(other, 64);
	assert_int_equal(memcg_ops_find(kernel, &t), -EPROTO);
	btf__free(kernel);
	kernel = kernel_with(no_low, 64);
	assert_int_equal(memcg_ops_find(kernel, &t), -EPROTO);
	btf__free(kernel);
	assert_int_equal(t.type.value_size, 1); /* outputs are left alone */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_layout_v6),
	    cmocka_unit_test(test_layout_v7),
	    cmocka_unit_test(test_no_hook),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void)
{
	return 0;
}

#endif
