/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * what workers read: from the disk at first, then from the page cache, and nothing stays
 */
#include "tests/unit/pooled.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A folder on a disk, or NULL. */
static const char *disk;

#define NEEDS_DISK                                                                                 \
	do {                                                                                       \
		(void)state;                                                                       \
		if (!disk) {                                                                       \
			print_message("neither . nor /var/tmp is on a disk\n");                    \
			skip();                                                                    \
		}                                                                                  \
	} while (0)

static struct pool *open_with_file(uint64_t file_bytes)
{
	struct pool_commands c = {.output_fd = -1, .file_dir = disk};
	struct pool_worker w = {
	    .name = "test", .cgroup_dirfd = -1, .own_parent_fd = -1, .file_bytes = file_bytes};

	return pooled_open_as(&w, 1, &c);
}

/* The worker's file, by its descriptor: it has no name. -1: none. */
static int open_its_file(pid_t pid)
{
	char path[64], to[512];

	for (int i = 0; i < 64; i++) {
		ssize_t n;

		snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, i);
		n = readlink(path, to, sizeof to - 1);
		to[n > 0 ? n : 0] = '\0';
		if (!strncmp(to, disk, strlen(disk)) && strstr(to, "(deleted)"))
			return open(path, O_RDONLY | O_CLOEXEC);
	}
	return -1;
}

static uint64_t cached_pages(int fd, uint64_t bytes)
{
	uint64_t n = bytes / PAGE_BYTES, cached = 0;
	unsigned char *v = malloc(n);
	void *map = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);

	assert_true(map != MAP_FAILED);
	assert_int_equal(mincore(map, bytes, v), 0);
	for (uint64_t i = 0; i < n; i++)
		cached += v[i] & 1;
	munmap(map, bytes);
	free(v);
	return cached;
}

static void a_file_is_cold_until_it_is_read(void **state)
{
	enum {
		PAGES = 1024,
		READ = 300
	};
	struct pool *p;
	struct pool_event e;
	char byte;
	int fd;

	NEEDS_DISK;
	p = open_with_file(PAGES * PAGE_BYTES);
	fd = open_its_file(pool_pid(p, 0));
	assert_true(fd >= 0);
	assert_int_equal(lseek(fd, 0, SEEK_END), PAGES * PAGE_BYTES);
	assert_int_equal(cached_pages(fd, PAGES * PAGE_BYTES), 0);
	e = pooled_run(p, 0, (struct op){.kind = OP_READ, .bytes = READ * PAGE_BYTES - 100});
	assert_int_equal(e.done.status, DONE_OK);
	assert_int_equal(e.done.bytes, READ * PAGE_BYTES - 100);
	assert_int_equal(pooled_count(POOL_STEP), 0);
	assert_int_equal(cached_pages(fd, PAGES * PAGE_BYTES), READ); /* no readahead */
	assert_int_equal(pooled_held(pool_pid(p, 0)), 0);
	assert_int_equal(pread(fd, &byte, 1, 5 * PAGE_BYTES), 1);
	/* A longer read makes it longer. */
	e = pooled_run(p, 0, (struct op){.kind = OP_READ, .bytes = 2 * PAGES * PAGE_BYTES});
	assert_int_equal(e.done.status, DONE_OK);
	assert_int_equal(lseek(fd, 0, SEEK_END), 2 * PAGES * PAGE_BYTES);
	assert_int_equal(cached_pages(fd, 2 * PAGES * PAGE_BYTES), 2 * PAGES);
	close(fd);
	pooled_close(p);
}

static void a_paced_read_takes_its_time(void **state)
{
	struct op op = {.kind = OP_READ, .bytes = MIB, .ns = 60 * MS};
	struct pool_event e;
	struct pool *p;

	NEEDS_DISK;
	p = open_with_file(MIB);
	e = pooled_run(p, 0, op);
	assert_int_equal(e.done.status, DONE_OK);
	assert_true(e.t_ns - e.done.start_ns >= 59 * MS);
	pooled_close(p);
}

static void reads_need_a_disk(void **state)
{
	static const struct op op = {.kind = OP_READ, .bytes = 4096};
	struct pool_commands c = {.output_fd = -1};
	struct pool_worker w = {.cgroup_dirfd = -1, .own_parent_fd = -1, .file_bytes = MIB};
	struct pool *p = pooled_open(1, &c, false);
	char why[256];

	(void)state;
	assert_int_equal(pool_begin(p, 0, &op, 0), -EOPNOTSUPP);
	pooled_close(p);
	assert_int_equal(pool_file_probe("/no/such/place", why, sizeof why), 0);
	assert_non_null(strstr(why, "No such file"));
	if (!access("/dev/shm", W_OK)) {
		assert_int_equal(pool_file_probe("/dev/shm", why, sizeof why), 0);
		assert_non_null(strstr(why, "in memory"));
	}
	/* A file that cannot be made: no pool, and the zygote can go on. */
	c.file_dir = "/no/such/place";
	p = NULL;
	assert_int_equal(pool_open(pooled_zygote, &w, 1, &c, &p), -ENOENT);
	assert_null(p);
	/* Later, it fails the op alone. */
	p = pooled_open(1, &c, false);
	assert_int_equal(pooled_run(p, 0, op).done.status, DONE_FAILED);
	assert_int_equal(pooled_seen.v[pooled_seen.n - 1].done.code, -ENOENT);
	assert_int_equal(pooled_run(p, 0, (struct op){.kind = OP_SLEEP}).done.status, DONE_OK);
	pooled_close(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    pooled_test(a_file_is_cold_until_it_is_read),
	    pooled_test(a_paced_read_takes_its_time),
	    pooled_test(reads_need_a_disk),
	};
	static char here[4096];
	char why[256];

	if (getcwd(here, sizeof here) && pool_file_probe(here, why, sizeof why) == 1)
		disk = here;
	else if (pool_file_probe("/var/tmp", why, sizeof why) == 1)
		disk = "/var/tmp";
	return cmocka_run_group_tests_name("files of workers", tests, pooled_start, pooled_stop);
}
