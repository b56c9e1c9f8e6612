/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * workers in cgroups: what is charged to them, and how the kernel ends them
 *
 * AGENTCG_TEST_CGROUP names a cgroup v2 directory without processes in which cgroups may be made,
 * with the memory controller for them.  Without it nothing is touched.
 */
#include "tests/unit/pooled.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int top = -1;

static int make_group(const char *name)
{
	int fd;

	mkdirat(top, name, 0755);
	fd = openat(top, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static void remove_group(const char *name, int fd)
{
	uint64_t until = pooled_now() + LONG_NS;

	close(fd);
	while (unlinkat(top, name, AT_REMOVEDIR)) {
		if (errno != EBUSY || pooled_now() > until)
			fail_msg("%s: %s", name, strerror(errno));
		pooled_nap(MS);
	}
}

static void put(int dir, const char *file, const char *text)
{
	int fd = openat(dir, file, O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		fail_msg("%s: %s", file, strerror(errno));
	close(fd);
}

/* The number after `key ` in a file, or its first. */
static int64_t get(int dir, const char *file, const char *key)
{
	char text[8192], *p = text;
	int fd = openat(dir, file, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	assert_true(fd >= 0);
	n = pread(fd, text, sizeof text - 1, 0);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	while (key && p && strncmp(p, key, strlen(key)))
		p = (p = strchr(p, '\n')) ? p + 1 : NULL;
	assert_non_null(p);
	return strtoll(p + (key ? strlen(key) + 1 : 0), NULL, 10);
}

static struct pool *open_in(const int *dirs, uint32_t n, int own, bool thp)
{
	struct pool_commands c = {.as_root = true, .output_fd = -1};
	struct pool_worker w[8] = {{0}};

	for (uint32_t i = 0; i < n; i++)
		w[i] = (struct pool_worker){
		    .name = "test", .cgroup_dirfd = dirs[i], .own_parent_fd = own, .thp = thp};
	return pooled_open_as(w, n, &c);
}

#define NEEDS_CGROUP                                                                               \
	do {                                                                                       \
		(void)state;                                                                       \
		if (top < 0) {                                                                     \
			print_message("AGENTCG_TEST_CGROUP names no cgroup to test in\n");         \
			skip();                                                                    \
		}                                                                                  \
	} while (0)

static void what_is_held_is_charged(void **state)
{
	NEEDS_CGROUP;

	int dir = make_group("a");
	struct pool *p = open_in(&dir, 1, -1, false);
	int64_t own = get(dir, "memory.current", NULL), now;

	print_message("a worker by itself: %lld KiB\n", (long long)own / 1024);
	/* some pages of its own in at most one batch of 64 a CPU */
	assert_in_range(own, 4096, 512 * KIB);
	assert_int_equal(get(dir, "cgroup.procs", NULL), pool_pid(p, 0));
	for (uint64_t mb = 8; mb <= 40; mb += 8) {
		pooled_run(p, 0, (struct op){.kind = OP_HOLD, .bytes = mb * MIB});
		/* 1 in 512 for page tables, a batch of 64 pages a CPU in advance */
		now = get(dir, "memory.current", NULL) - own;
		assert_in_range(now, mb * MIB - 512 * KIB, mb * MIB + mb * 2048 + 2 * MIB);
	}
	pooled_run(p, 0, (struct op){.kind = OP_FREE, .bytes = NO_LIMIT});
	now = get(dir, "memory.current", NULL);
	assert_in_range(now, 1, own + 2 * (int64_t)MIB);
	pooled_close(p);
	remove_group("a", dir);
}

static void the_oom_killer_takes_the_worker_alone(void **state)
{
	NEEDS_CGROUP;

	int dirs[2] = {make_group("a"), make_group("b")};
	struct pool *p = open_in(dirs, 2, -1, false);
	struct pool_event e;

	put(dirs[0], "memory.max", "20M");
	if (faccessat(dirs[0], "memory.swap.max", F_OK, 0) == 0)
		put(dirs[0], "memory.swap.max", "0");
	e = pooled_run(p, 0, (struct op){.kind = OP_ALLOC, .bytes = 40 * MIB});
	assert_int_equal(e.kind, POOL_EXIT);
	assert_true(WIFSIGNALED(e.exit.status) && WTERMSIG(e.exit.status) == SIGKILL);
	assert_int_equal(e.exit.err, 0);
	assert_int_equal(get(dirs[0], "memory.events", "oom_kill"), 1);
	e = pooled_run(p, 1, (struct op){.kind = OP_ALLOC, .bytes = 40 * MIB});
	assert_int_equal(e.kind, POOL_DONE);
	assert_true(pooled_alive(zygote_pid(pooled_zygote)));
	pooled_close(p);
	remove_group("a", dirs[0]);
	remove_group("b", dirs[1]);
}

static void frozen_workers_do_not_hold_up_the_end(void **state)
{
	NEEDS_CGROUP;

	int dir = make_group("a");
	struct pool *p = open_in(&dir, 1, -1, false);
	pid_t pid = pool_pid(p, 0);
	uint64_t begin = pooled_now();

	assert_int_equal(pool_begin(p, 0, &(struct op){.kind = OP_SLEEP, .ns = 50 * MS}, 0), 0);
	put(dir, "cgroup.freeze", "1");
	pooled_nap(200 * MS);
	put(dir, "cgroup.freeze", "0");
	assert_int_equal(pooled_until(p, 0).kind, POOL_DONE); /* and not early */
	assert_true(pooled_now() - begin >= 200 * MS);
	put(dir, "cgroup.freeze", "1");
	pooled_nap(50 * MS);
	pooled_close(p);
	assert_false(pooled_alive(pid));
	remove_group("a", dir);
}

static void a_command_has_a_cgroup_of_its_own(void **state)
{
	static const struct op_exec x = {
	    .command = "dd if=/dev/zero of=/dev/null bs=16M count=4 2>/dev/null",
	    .timeout_ns = NEVER,
	    .own_cgroup = true};
	static const struct op_exec slow = {
	    .command = "sleep 1000", .timeout_ns = 200 * MS, .own_cgroup = true};
	NEEDS_CGROUP;

	int dir = make_group("a");
	struct pool *p = open_in(&dir, 1, top, false);
	struct pool_event e = pooled_run(p, 0, (struct op){.kind = OP_EXEC, .exec = &x});
	struct stat st;

	assert_int_equal(e.done.status, DONE_OK);
	for (size_t i = 0; i < pooled_seen.n; i++)
		if (pooled_seen.v[i].kind == POOL_COMMAND)
			assert_in_range(pooled_seen.v[i].command.peak_bytes, 16 * MIB, 32 * MIB);
	assert_int_equal(fstat(top, &st), 0);
	e = pooled_run(p, 0, (struct op){.kind = OP_EXEC, .exec = &slow});
	assert_int_equal(e.done.status, DONE_TIMEOUT);
	assert_int_equal(fstat(top, &st), 0);
	assert_int_equal(st.st_nlink, 3); /* itself, its entry, "a": the commands' are gone */
	pooled_close(p);
	remove_group("a", dir);
}

static void a_worker_ends_with_its_killed_command(void **state)
{
	static const struct op_exec x = {
	    .command = "dd if=/dev/zero of=/dev/null bs=64M count=1; exit $?", .timeout_ns = NEVER};
	NEEDS_CGROUP;

	int dir = make_group("a");
	struct pool *p = open_in(&dir, 1, -1, false);
	struct pool_event e;

	put(dir, "memory.max", "20M");
	if (faccessat(dir, "memory.swap.max", F_OK, 0) == 0)
		put(dir, "memory.swap.max", "0");
	e = pooled_run(p, 0, (struct op){.kind = OP_EXEC, .exec = &x});
	assert_int_equal(e.kind, POOL_EXIT);
	assert_true(e.exit.by_command);
	assert_int_equal(pooled_count(POOL_COMMAND), 1);
	assert_int_equal(pooled_seen.v[0].command.status, DONE_KILLED);
	pooled_close(p);
	remove_group("a", dir);
}

static void what_is_read_is_charged_as_clean_pages(void **state)
{
	struct pool_commands c = {.output_fd = -1, .file_dir = "/var/tmp"};
	struct pool_worker w = {.name = "test", .own_parent_fd = -1, .file_bytes = 24 * MIB};
	int64_t before;
	struct pool *p;
	char why[256];

	NEEDS_CGROUP;
	if (pool_file_probe(c.file_dir, why, sizeof why) != 1) {
		print_message("%s\n", why);
		skip();
	}
	w.cgroup_dirfd = make_group("a");
	p = pooled_open_as(&w, 1, &c);
	before = get(w.cgroup_dirfd, "memory.stat", "file"); /* made without the page cache */
	assert_in_range(before, 0, MIB);
	assert_int_equal(
	    pooled_run(p, 0, (struct op){.kind = OP_READ, .bytes = 20 * MIB}).done.status, DONE_OK);
	assert_int_equal(get(w.cgroup_dirfd, "memory.stat", "file") - before, 20 * MIB);
	assert_int_equal(get(w.cgroup_dirfd, "memory.stat", "file_dirty"), 0);
	/* It is what reclaim takes: 20M of anonymous memory fit into 24M. */
	put(w.cgroup_dirfd, "memory.max", "24M");
	assert_int_equal(
	    pooled_run(p, 0, (struct op){.kind = OP_ALLOC, .bytes = 20 * MIB}).done.status,
	    DONE_OK);
	assert_in_range(get(w.cgroup_dirfd, "memory.stat", "file"), 0, 4 * MIB);
	pooled_close(p);
	remove_group("a", w.cgroup_dirfd);
}

/*
 * A little above memory.high: throttled like a program that writes one page after another (measured
 * for 7.3.4: 22.9 s and 838 events).
 */
static void growth_is_throttled_batch_by_batch(void **state)
{
	NEEDS_CGROUP;

	int dir = make_group("a");
	struct pool *p = open_in(&dir, 1, -1, false);
	uint64_t chunks_ns = 0, chunks_cpu_ns = 0;
	struct pool_event e;
	struct op op = {.kind = OP_ALLOC, .bytes = 113 * MIB};

	put(dir, "memory.high", "100M");
	assert_int_equal(pool_begin(p, 0, &op, pooled_now()), 0);
	do {
		struct pollfd fd = {.fd = pool_fd(p), .events = POLLIN};

		while (!pool_next(p, &e))
			poll(&fd, 1, 1000);
		if (e.kind == POOL_CHUNK) {
			assert_in_range(e.step.bytes, 4096, 64 * 4096);
			chunks_ns += e.step.latency_ns;
			chunks_cpu_ns += e.step.cpu_ns;
		}
	} while (e.kind != POOL_DONE);
	print_message("%.2f s, of it slow %.2f s, cpu %.2f s; high %lld\n",
		      (double)(e.t_ns - e.done.start_ns) / 1e9, (double)chunks_ns / 1e9,
		      (double)chunks_cpu_ns / 1e9, (long long)get(dir, "memory.events", "high"));
	assert_in_range(e.t_ns - e.done.start_ns - chunks_cpu_ns, 20 * NS_PER_SEC, 26 * NS_PER_SEC);
	assert_in_range(get(dir, "memory.events", "high"), 838 * 90 / 100, 838 * 110 / 100);
	assert_in_range(chunks_ns, 19 * NS_PER_SEC, e.t_ns - e.done.start_ns);
	assert_in_range(chunks_cpu_ns, 0, chunks_ns / 4);
	pooled_close(p);
	remove_group("a", dir);
}

static void a_cgroup_that_is_closed_to_it_is_an_error(void **state)
{
	struct pool_commands c = {.output_fd = -1};
	struct pool *p = NULL;

	(void)state;

	int dir = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct pool_worker w = {.name = "test", .cgroup_dirfd = dir, .own_parent_fd = -1};

	assert_true(pool_open(pooled_zygote, &w, 1, &c, &p) < 0);
	assert_null(p);
	close(dir);
	p = pooled_open_plain(1); /* the zygote can go on */
	pooled_close(p);
}

static int start(void **state)
{
	const char *path = getenv("AGENTCG_TEST_CGROUP");

	if (path) {
		top = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (top < 0)
			return -1;
	}
	return pooled_start(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    pooled_test(a_cgroup_that_is_closed_to_it_is_an_error),
	    pooled_test(what_is_held_is_charged),
	    pooled_test(the_oom_killer_takes_the_worker_alone),
	    pooled_test(frozen_workers_do_not_hold_up_the_end),
	    pooled_test(a_command_has_a_cgroup_of_its_own),
	    pooled_test(a_worker_ends_with_its_killed_command),
	    pooled_test(what_is_read_is_charged_as_clean_pages),
	    pooled_test(growth_is_throttled_batch_by_batch),
	};

	return cmocka_run_group_tests_name("workers in cgroups", tests, start, pooled_stop);
}
