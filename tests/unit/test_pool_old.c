/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * workers on a kernel that lacks what they like best
 *
 * A seccomp filter refuses clone3 (CLONE_INTO_CGROUP: 5.7), MADV_POPULATE_WRITE (5.14) and
 * close_range (5.9), as older kernels and containers do.
 */
#include "tests/unit/pooled.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

static int refuse(void)
{
#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
	struct sock_filter code[] = {
	    LOAD(nr),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 5, 0),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_close_range, 4, 0),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_madvise, 0, 2),
	    LOAD(args[2]), /* its lower half, on a little-endian machine */
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MADV_POPULATE_WRITE, 2, 0),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
	};
	struct sock_fprog filter = {.len = ARRAY_LEN(code), .filter = code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) ? -errno : 0;
}

static void growth_is_by_touching(void **state)
{
	struct pool *p = pooled_open_plain(1);
	struct pool_event e;

	(void)state;
	errno = 0;
	assert_int_equal(madvise(NULL, 0, MADV_POPULATE_WRITE), -1); /* the filter works */
	assert_int_equal(errno, EINVAL);
	assert_int_equal(syscall(SYS_clone3, NULL, 0), -1);
	assert_int_equal(errno, ENOSYS);
	for (uint64_t kb = 100; kb < 20000; kb = kb * 3 + 4) {
		e = pooled_run(p, 0, (struct op){.kind = OP_HOLD, .bytes = kb * KIB});
		assert_int_equal(e.kind, POOL_DONE);
		assert_int_equal(pooled_held(pool_pid(p, 0)), (kb + 3) / 4 * 4096);
	}
	e = pooled_run(p, 0, (struct op){.kind = OP_FREE, .bytes = NO_LIMIT});
	assert_int_equal(pooled_held(pool_pid(p, 0)), 0);
	pooled_close(p);
}

static void a_worker_moves_itself(void **state)
{
	const char *top = getenv("AGENTCG_TEST_CGROUP");
	struct pool_commands c = {.output_fd = -1};
	struct pool_worker w = {.name = "test", .own_parent_fd = -1};
	char path[512], text[512], expected[64];
	uint64_t until = pooled_now() + LONG_NS;
	struct pool *p;
	ssize_t n;
	int fd;

	(void)state;
	if (!top) {
		print_message("AGENTCG_TEST_CGROUP names no cgroup to test in\n");
		skip();
	}
	snprintf(path, sizeof path, "%s/old", top);
	mkdir(path, 0755);
	w.cgroup_dirfd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(w.cgroup_dirfd >= 0);
	p = pooled_open_as(&w, 1, &c);
	snprintf(expected, sizeof expected, "%d\n", (int)pool_pid(p, 0));
	fd = openat(w.cgroup_dirfd, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	n = read(fd, text, sizeof text - 1);
	text[n > 0 ? n : 0] = '\0';
	assert_string_equal(text, expected);
	close(fd);
	pooled_close(p);
	close(w.cgroup_dirfd);
	while (rmdir(path) && errno == EBUSY && pooled_now() < until)
		pooled_nap(MS);
}

static int start(void **state)
{
	int err = refuse();

	return err ? err : pooled_start(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    pooled_test(growth_is_by_touching),
	    pooled_test(a_worker_moves_itself),
	};

	return cmocka_run_group_tests_name("workers on an old kernel", tests, start, pooled_stop);
}
