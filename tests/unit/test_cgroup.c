/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What live runs do with cgroup files, on plain files that play a cgroup: limits, refusals,
 * counters, trees, state files, and taking it all away again.
 */
#include "tests/unit/unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/cgroup/cgfs.h"
#include "backend/cgroup/host.h"
#include "backend/cgroup/limits.h"
#include "backend/cgroup/place.h"
#include "backend/cgroup/remove.h"
#include "backend/cgroup/sample.h"
#include "backend/cgroup/state.h"
#include "backend/cgroup/tree.h"
#include "base/diag.h"

/* ---- a kernel made of plain files ------------------------------------------------------------ */

static const struct {
	const char *name, *text;
} new_files[] = {
    {"cgroup.events", "populated 0\nfrozen 0\n"},
    {"cgroup.freeze", "0\n"},
    {"cgroup.kill", ""},
    {"cgroup.procs", ""},
    {"cgroup.subtree_control", "\n"},
    {"cpu.max", "max 100000\n"},
    {"cpu.weight", "100\n"},
    {"memory.current", "0\n"},
    {"memory.events", "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\noom_group_kill 0\n"},
    {"memory.events.local", "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\noom_group_kill 0\n"},
    {"memory.high", "max\n"},
    {"memory.low", "0\n"},
    {"memory.max", "max\n"},
    {"memory.min", "0\n"},
    {"memory.oom.group", "0\n"},
    {"memory.peak", "0\n"},
    {"memory.stat", "anon 0\nfile 0\npgfault 0\npgsteal 0\n"},
    {"memory.swap.current", "0\n"},
    {"memory.swap.max", "max\n"},
};

static char folder[64];
static char states[80];
static int top; /* its descriptor */

/* The next call of this kind on a file of this name fails so often with this. */
static struct {
	enum cgfs_call call;
	const char *name;
	int err;
	unsigned times;
} failing;
static const char *altered; /* a file that says something else as soon as it was written */

static void put(int dirfd, const char *name, const char *text)
{
	int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void populate(int dirfd)
{
	if (cgfs_there(dirfd, "memory.max") || cgfs_there(dirfd, "gone"))
		return;
	for (size_t i = 0; i < ARRAY_LEN(new_files); i++)
		put(dirfd, new_files[i].name, new_files[i].text);
}

/* A cgroup's directory goes with the files in it; not with directories, and not with processes. */
static void empty_folder(int dirfd, const char *name)
{
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d)
		return;
	for (struct dirent *e; (e = readdir(d));)
		if (e->d_type != DT_DIR)
			unlinkat(fd, e->d_name, 0);
	closedir(d);
}

static int play(enum cgfs_call call, int dirfd, const char *name)
{
	char text[64];
	int fd;

	if (failing.times && failing.call == call && !strcmp(failing.name, name)) {
		failing.times--;
		return failing.err;
	}
	switch (call) {
	case CGFS_WRITE: /* the kernel's files have no old text to overwrite */
		fd = openat(dirfd, name, O_WRONLY);
		if (fd >= 0) {
			if (ftruncate(fd, 0) && errno != EINVAL)
				fail_msg("%s: %s", name, strerror(errno));
			close(fd);
		}
		break;
	case CGFS_READ:
		if (altered && !strcmp(altered, name)) {
			snprintf(text, sizeof text, "%d\n", 12288);
			put(dirfd, name, text);
		}
		break;
	case CGFS_RMDIR:
		empty_folder(dirfd, name);
		break;
	case CGFS_OPEN:
		fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY);
		if (fd >= 0) {
			populate(fd);
			close(fd);
		}
		break;
	case CGFS_MKDIR:
		break;
	}
	return 0;
}

static int begin(void **state)
{
	(void)state;
	snprintf(folder, sizeof folder, "/tmp/agentcg-test-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	top = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cgfs_fault = play;
	failing.times = 0;
	altered = NULL;
	snprintf(states, sizeof states, "%s/states", folder);
	state_folder_instead = states;
	return top < 0 ? -1 : 0;
}

static int end(void **state)
{
	char command[128];

	(void)state;
	cgfs_fault = NULL;
	close(top);
	snprintf(command, sizeof command, "rm -rf %s", folder);
	return system(command);
}

static void fail_next(enum cgfs_call call, const char *name, int err, unsigned times)
{
	failing.call = call;
	failing.name = name;
	failing.err = err;
	failing.times = times;
}

static int make_folder(const char *name)
{
	int fd;

	assert_int_equal(cgfs_mkdir(top, name), 0);
	fd = cgfs_open(top, name);
	assert_true(fd >= 0);
	return fd;
}

static void assert_says(int dirfd, const char *file, const char *text)
{
	char found[256];

	assert_int_equal(cgfs_read(dirfd, file, found, sizeof found), 0);
	assert_string_equal(found, text);
}

/* ---- files ----------------------------------------------------------------------------------- */

static void test_files(void **state)
{
	uint64_t v = 7;
	int fd = make_folder("a");

	(void)state;
	assert_int_equal(cgfs_read_value(fd, "memory.max", &v), 0);
	assert_true(v == NO_LIMIT);
	assert_int_equal(cgfs_write_value(fd, "memory.max", 4096), 0);
	assert_int_equal(cgfs_read_value(fd, "memory.max", &v), 0);
	assert_int_equal(v, 4096);
	/* The real thing: a write that the device refuses, a file and a folder that are not there.
	 */
	assert_int_equal(unlinkat(fd, "memory.max", 0), 0);
	assert_int_equal(symlinkat("/dev/full", fd, "memory.max"), 0);
	assert_int_equal(cgfs_write_value(fd, "memory.max", 4096), -ENOSPC);
	assert_int_equal(cgfs_write(fd, "memory.none", "1"), -ENOENT);
	assert_int_equal(cgfs_read_value(fd, "memory.none", &v), -ENOENT);
	assert_int_equal(v, 4096);
	assert_int_equal(cgfs_open(top, "none"), -ENOENT);
	assert_int_equal(cgfs_mkdir(top, "a"), -EEXIST);
	put(fd, "memory.high", "lots\n");
	assert_int_equal(cgfs_read_value(fd, "memory.high", &v), -EINVAL);
	close(fd);
}

static void test_texts(void **state)
{
	const char *events = "low 1\nhigh 22\noom 3\noom_kill 4\noom_group_kill 5";
	uint64_t v = 0;

	(void)state;
	assert_true(cgfs_key(events, "low", &v) && v == 1);
	assert_true(cgfs_key(events, "oom", &v) && v == 3);
	assert_true(cgfs_key(events, "oom_kill", &v) && v == 4);
	assert_true(cgfs_key(events, "oom_group_kill", &v) && v == 5);
	assert_false(cgfs_key(events, "kill", &v));
	assert_false(cgfs_key("", "low", &v));
	assert_true(cgfs_has_word("cpuset cpu io memory", "cpu"));
	assert_true(cgfs_has_word("cpuset cpu io memory\n", "memory"));
	assert_false(cgfs_has_word("cpuset io", "cpu"));
	assert_false(cgfs_has_word("cpuset io", "set"));
}

static void test_why(void **state)
{
	(void)state;
	assert_non_null(
	    strstr(cgfs_why(CGFS_WRITE, "cgroup.subtree_control", -EBUSY), "processes"));
	assert_non_null(
	    strstr(cgfs_why(CGFS_WRITE, "cgroup.subtree_control", -ENOENT), "controller"));
	assert_non_null(strstr(cgfs_why(CGFS_RMDIR, "a", -EBUSY), "still"));
	assert_non_null(strstr(cgfs_why(CGFS_WRITE, "memory.max", -EROFS), "read-only"));
	assert_non_null(strstr(cgfs_why(CGFS_MKDIR, "a", -EACCES), "delegated"));
	assert_non_null(strstr(cgfs_why(CGFS_MKDIR, "a", -ENOSPC), "65535"));
	assert_non_null(strstr(cgfs_why(CGFS_MKDIR, "a", -EAGAIN), "descendants"));
	assert_non_null(strstr(cgfs_why(CGFS_WRITE, "memory.max", -ENOENT), "no such file"));
	assert_string_equal(cgfs_why(CGFS_WRITE, "memory.max", -EIO), strerror(EIO));
}

/* ---- limits ---------------------------------------------------------------------------------- */

static void test_limits(void **state)
{
	struct cg_attrs a = {.min_bytes = 4096,
			     .low_bytes = 8191,
			     .high_bytes = 10 * MIB + 1,
			     .max_bytes = NO_LIMIT,
			     .swap_bytes = 0,
			     .oom_group = true,
			     .weight = 77,
			     .cpu_ppm = 1500000};
	struct limit_miss miss;
	struct limits l;
	uint32_t attr = 0;
	int fd = make_folder("a");

	(void)state;
	assert_int_equal(limits_begin(&l, fd), 0);
	assert_int_equal(l.there, LIMITS_FILES);
	assert_int_equal(limits_write(&l, fd, &a, LIMITS_FILES, &miss), 0);
	assert_says(fd, "memory.min", "4096");
	assert_says(fd, "memory.low", "4096"); /* whole pages, as the kernel will say */
	assert_says(fd, "memory.high", "10485760");
	assert_says(fd, "memory.max", "max");
	assert_says(fd, "memory.swap.max", "0");
	assert_says(fd, "memory.oom.group", "1");
	assert_says(fd, "cpu.weight", "77");
	assert_says(fd, "cpu.max", "150000 100000");
	assert_false(limits_changed(&l, fd, &attr, &miss));

	/* Only what is named is written. */
	a.max_bytes = MIB;
	a.weight = 5;
	assert_int_equal(limits_write(&l, fd, &a, CGA_BIT(CGA_MAX), &miss), 0);
	assert_says(fd, "memory.max", "1048576");
	assert_says(fd, "cpu.weight", "77");

	/* A hundredth of a CPU and less needs a longer period. */
	a.cpu_ppm = 2500;
	assert_int_equal(limits_write(&l, fd, &a, CGA_BIT(CGA_CPU), &miss), 0);
	assert_says(fd, "cpu.max", "2500 1000000");
	a.cpu_ppm = 0;
	assert_int_equal(limits_write(&l, fd, &a, CGA_BIT(CGA_CPU), &miss), 0);
	assert_says(fd, "cpu.max", "max 100000");
	close(fd);
}

static void test_limit_refused(void **state)
{
	static const int errors[] = {-ENOSPC, -EROFS, -EBUSY, -EACCES, -ENODEV};
	struct cg_attrs a = {.max_bytes = MIB, .high_bytes = MIB};
	struct limit_miss miss = {0};
	struct limits l;
	int fd = make_folder("a");

	(void)state;
	assert_int_equal(limits_begin(&l, fd), 0);
	for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
		fail_next(CGFS_WRITE, "memory.max", errors[i], 1);
		assert_int_equal(limits_write(&l, fd, &a, CGA_BIT(CGA_MAX), &miss), errors[i]);
		assert_int_equal(miss.attr, CGA_MAX);
		assert_int_equal(miss.err, errors[i]);
		assert_int_equal(miss.asked, MIB);
		assert_says(fd, "memory.max", "max");
	}
	/* Taken, and not in force. */
	altered = "memory.high";
	assert_int_equal(limits_write(&l, fd, &a, CGA_BIT(CGA_HIGH), &miss), -EIO);
	assert_int_equal(miss.attr, CGA_HIGH);
	assert_int_equal(miss.err, 0);
	assert_int_equal(miss.found, 12288);
	close(fd);
}

static void test_limit_absent(void **state)
{
	struct cg_attrs a = cg_attrs_default;
	struct limit_miss miss = {0};
	struct limits l;
	int fd = make_folder("a");

	(void)state;
	assert_int_equal(unlinkat(fd, "memory.swap.max", 0), 0);
	assert_int_equal(unlinkat(fd, "cpu.weight", 0), 0);
	assert_int_equal(limits_begin(&l, fd), 0);
	assert_int_equal(l.there, LIMITS_FILES & ~(CGA_BIT(CGA_SWAP) | CGA_BIT(CGA_WEIGHT)));
	/* No limit is what a kernel without the file has. */
	assert_int_equal(limits_write(&l, fd, &a, LIMITS_FILES, &miss), 0);
	a.weight = 200;
	assert_int_equal(limits_write(&l, fd, &a, CGA_BIT(CGA_WEIGHT), &miss), -ENOENT);
	assert_int_equal(miss.attr, CGA_WEIGHT);
	/* Where nothing can be swapped, no swap is in force as it is. */
	a.swap_bytes = 0;
	assert_int_equal(limits_write(&l, fd, &a, CGA_BIT(CGA_SWAP), &miss),
			 host_swap_bytes() ? -ENOENT : 0);
	close(fd);
}

static void test_limit_changed(void **state)
{
	struct cg_attrs a = {.max_bytes = MIB};
	struct limit_miss miss = {0};
	struct limits l;
	uint32_t attr = 0;
	int fd = make_folder("a");

	(void)state;
	assert_int_equal(limits_begin(&l, fd), 0);
	assert_int_equal(limits_write(&l, fd, &a, CGA_BIT(CGA_MAX), &miss), 0);
	put(fd, "memory.max", "max\n");
	put(fd, "cpu.weight", "1\n");
	assert_true(limits_changed(&l, fd, &attr, &miss));
	assert_int_equal(miss.attr, CGA_MAX);
	assert_true(miss.found == NO_LIMIT && miss.asked == MIB);
	assert_true(limits_changed(&l, fd, &attr, &miss)); /* also one that was never written */
	assert_int_equal(miss.attr, CGA_WEIGHT);
	assert_false(limits_changed(&l, fd, &attr, &miss));
	attr = 0; /* each once */
	assert_false(limits_changed(&l, fd, &attr, &miss));
	assert_int_equal(limits_write(&l, fd, &a, CGA_BIT(CGA_MAX), &miss), 0);
	put(fd, "memory.max", "8192\n");
	attr = 0; /* until it was written again */
	assert_true(limits_changed(&l, fd, &attr, &miss));
	close(fd);
}

/* ---- counters -------------------------------------------------------------------------------- */

static void test_parse_counters(void **state)
{
	struct cg_counters c = {0};

	(void)state;
	sample_parse_stat("anon 4096\nfile 8192\nkernel 1\nworkingset_refault_anon 2\n"
			  "workingset_refault_file 3\npgfault 99\npgsteal 5\npgsteal_direct 7\n",
			  &c);
	assert_int_equal(c.anon_bytes, 4096);
	assert_int_equal(c.file_bytes, 8192);
	assert_int_equal(c.refault_bytes, 5 * PAGE_BYTES);
	assert_int_equal(c.reclaimed_bytes, 5 * PAGE_BYTES);
	assert_int_equal(c.faults, 99);
	sample_parse_pressure("some avg10=0.00 avg60=0.00 avg300=0.00 total=1500\n"
			      "full avg10=0.00 avg60=0.00 avg300=0.00 total=700\n",
			      &c);
	assert_int_equal(c.psi_some_ns, 1500000);
	assert_int_equal(c.psi_full_ns, 700000);
	sample_parse_events("low 1\nhigh 2\nmax 3\noom 4\noom_kill 5\noom_group_kill 1", &c);
	assert_int_equal(c.ev_low + c.ev_high + c.ev_max + c.ev_oom + c.ev_oom_kill, 15);
	/* Without PSI or with a file cut short there are no numbers, not wrong ones. */
	sample_parse_pressure("", &c);
	assert_int_equal(c.psi_some_ns, 0);
}

static void test_sampler(void **state)
{
	struct cg_counters c;
	struct level_events e;
	struct sampler s;
	uint64_t now = NS_PER_SEC;
	int fd = make_folder("a");

	(void)state;
	unlinkat(fd, "memory.peak", 0);
	put(fd, "memory.events", "low 0\nhigh 7\nmax 0\noom 1\noom_kill 1\n");
	put(fd, "memory.stat", "anon 4096\npgfault 100\n");
	assert_int_equal(sampler_open(&s, fd), 0);
	assert_int_equal(sampler_base(&s, now), 0);
	put(fd, "memory.current", "1000000\n");
	put(fd, "memory.events", "low 0\nhigh 9\nmax 3\noom 1\noom_kill 1\n");
	put(fd, "memory.stat", "anon 8192\npgfault 130\n");
	now += 100 * NS_PER_MS;
	assert_int_equal(sampler_read(&s, now, &c), 0);
	assert_int_equal(c.usage_bytes, 1000000);
	assert_int_equal(c.ev_high, 2);
	assert_int_equal(c.ev_max, 3);
	assert_int_equal(c.ev_oom_kill, 0);
	assert_int_equal(c.faults, 30);
	assert_int_equal(c.anon_bytes, 8192);
	/* The kernel has no memory.peak: the highest that was seen. */
	put(fd, "memory.current", "500000\n");
	now += 100 * NS_PER_MS;
	assert_int_equal(sampler_read(&s, now, &c), 0);
	assert_int_equal(c.peak_bytes, 1000000);
	assert_int_equal(c.usage_bytes, 500000);

	/* Fast samples read memory.stat every tenth time. */
	for (int i = 1; i <= 20; i++) {
		char text[64];

		snprintf(text, sizeof text, "anon %d\n", 10000 + i);
		put(fd, "memory.stat", text);
		now += NS_PER_MS;
		assert_int_equal(sampler_read(&s, now, &c), 0);
		assert_int_equal(c.anon_bytes, i < 10 ? 8192 : i < 20 ? 10010 : 10020);
	}
	put(fd, "memory.events.local", "low 0\nhigh 3\nmax 4\noom 5\noom_kill 6\n");
	assert_int_equal(sampler_level(&s, &e), 0);
	assert_true(e.high == 3 && e.max == 4 && e.oom == 5 && e.oom_kill == 6);
	sampler_close(&s);
	unlinkat(fd, "memory.current", 0);
	assert_int_equal(sampler_open(&s, fd), -ENOENT);
	close(fd);
}

/* ---- trees ----------------------------------------------------------------------------------- */

static const struct cg_spec specs[] = {
    {.name = "root"},
    {.name = "team[0]"},
    {.name = "team[0].dev", .parent = 1, .leaf = true},
    {.name = "tool", .leaf = true, .nests = true},
};

static void world_of(struct world *w, struct cg_attrs attrs[4])
{
	for (int i = 0; i < 4; i++)
		attrs[i] = cg_attrs_default;
	attrs[0].max_bytes = 100 * MIB;
	attrs[0].set = CGA_BIT(CGA_MAX);
	attrs[2].high_bytes = 10 * MIB;
	attrs[2].set = CGA_BIT(CGA_HIGH);
	*w = (struct world){.cgroups = specs, .attrs = attrs, .ncgroups = 4};
}

static void test_tree(void **state)
{
	struct cg_attrs attrs[4], set = {.set = CGA_BIT(CGA_HIGH), .high_bytes = 20 * MIB};
	struct diags d;
	struct world w;
	struct tree t;

	(void)state;
	diags_init(&d, NULL);
	world_of(&w, attrs);
	assert_int_equal(tree_make(&t, top, "run1", &w, false, &d), 0);
	assert_says(top, "run1/memory.max", "104857600");
	assert_says(top, "run1/cgroup.subtree_control", "+memory");
	assert_says(top, "run1/team[0]/cgroup.subtree_control", "+memory");
	assert_says(top, "run1/team[0]/dev/memory.high", "10485760");
	assert_says(top, "run1/team[0]/dev/cgroup.subtree_control", "");
	/* Commands get cgroups beside the worker's leaf. */
	assert_says(top, "run1/tool/cgroup.subtree_control", "+memory");
	assert_says(top, "run1/tool/worker/memory.max", "max");
	assert_true(t.v[3].homefd != t.v[3].dirfd);
	assert_true(t.v[2].homefd == t.v[2].dirfd);

	assert_int_equal(tree_set(&t, 2, &set), 0);
	assert_says(top, "run1/team[0]/dev/memory.high", "20971520");
	assert_int_equal(tree_move_limit(&t, 2, CGA_HIGH, 5 * MIB), 0);
	assert_says(top, "run1/team[0]/dev/memory.high", "5242880");
	assert_int_equal(tree_move_limit(&t, 2, CGA_MAX, 5 * MIB), -EINVAL);
	assert_int_equal(tree_restore_limit(&t, 2, CGA_HIGH), 0);
	assert_says(top, "run1/team[0]/dev/memory.high", "20971520");

	/* What the scenario froze stays frozen when a mechanism lets go, and the other way round.
	 */
	assert_int_equal(tree_freeze(&t, 1, true), 0);
	assert_int_equal(tree_hold(&t, 1, true), 0);
	assert_int_equal(tree_hold(&t, 1, false), 0);
	assert_says(top, "run1/team[0]/cgroup.freeze", "1");
	assert_true(tree_is_frozen(&t, 2) && !tree_is_frozen(&t, 3));
	assert_int_equal(tree_hold(&t, 1, true), 0);
	assert_int_equal(tree_freeze(&t, 1, false), 0);
	assert_says(top, "run1/team[0]/cgroup.freeze", "1");
	assert_int_equal(tree_hold(&t, 1, false), 0);
	assert_says(top, "run1/team[0]/cgroup.freeze", "0");

	assert_int_equal(tree_remove(&t), 0);
	assert_false(cgfs_there(top, "run1"));
	assert_int_equal(d.errors, 0);
	diags_free(&d);
}

/* Whatever fails on the way, it is said with the cgroup's name, and nothing is left. */
static void test_tree_refused(void **state)
{
	static const struct {
		enum cgfs_call call;
		const char *name;
		int err;
		const char *says;
	} cases[] = {
	    {CGFS_MKDIR, "run1", -EROFS, "read-only"},
	    {CGFS_MKDIR, "dev", -ENOSPC, "`team[0].dev`"},
	    {CGFS_MKDIR, "tool", -EAGAIN, "descendants"},
	    {CGFS_MKDIR, "worker", -ENOSPC, "inner leaf"},
	    {CGFS_OPEN, "team[0]", -ENOENT, "`team[0]`"},
	    {CGFS_WRITE, "cgroup.subtree_control", -ENOENT, "controller is not available"},
	    {CGFS_WRITE, "cgroup.subtree_control", -EBUSY, "processes in it"},
	    {CGFS_WRITE, "memory.max", -EBUSY, "memory.max of cgroup `root`"},
	    {CGFS_WRITE, "memory.high", -ENOENT, "memory.high of cgroup `team[0].dev`"},
	    {CGFS_READ, "memory.swap.max", -EIO, "limits"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct cg_attrs attrs[4];
		struct buf said = {0};
		struct diags d;
		struct world w;
		struct tree t;

		diags_init(&d, NULL);
		world_of(&w, attrs);
		fail_next(cases[i].call, cases[i].name, cases[i].err, 1);
		assert_int_equal(tree_make(&t, top, "run1", &w, false, &d), cases[i].err);
		assert_int_equal(d.errors, 1);
		diags_print(&d, DIAG_TEXT, &said);
		if (!strstr(buf_str(&said), cases[i].says))
			fail_msg("case %zu says: %s", i, buf_str(&said));
		assert_int_equal(tree_remove(&t), 0);
		assert_false(cgfs_there(top, "run1"));
		buf_free(&said);
		diags_free(&d);
	}
}

/* ---- removing -------------------------------------------------------------------------------- */

static void test_remove(void **state)
{
	char why[320] = "", pid[32];
	int fd = make_folder("a");

	(void)state;
	assert_int_equal(cgfs_mkdir(fd, "b"), 0);
	/* The kernel needs a moment for what was killed. */
	fail_next(CGFS_RMDIR, "b", -EBUSY, 3);
	assert_int_equal(remove_subtree(top, "a", 5 * NS_PER_SEC, why, sizeof why), 0);
	assert_false(cgfs_there(top, "a"));
	assert_int_equal(remove_subtree(top, "a", 0, why, sizeof why), 0); /* not there: fine */
	close(fd);

	/* It never comes true: who is in the way is named. */
	fd = make_folder("a");
	snprintf(pid, sizeof pid, "%d\n", (int)getpid());
	put(fd, "cgroup.procs", pid);
	fail_next(CGFS_RMDIR, "a", -EBUSY, 1000);
	assert_int_equal(remove_subtree(top, "a", 20 * NS_PER_MS, why, sizeof why), -EBUSY);
	snprintf(pid, sizeof pid, "(pid %d)", (int)getpid());
	assert_non_null(strstr(why, pid));
	failing.times = 0;
	fail_next(CGFS_RMDIR, "a", -EROFS, 1);
	assert_int_equal(remove_subtree(top, "a", NS_PER_SEC, why, sizeof why), -EROFS);
	assert_non_null(strstr(why, "read-only"));
	close(fd);
}

/* A kernel without cgroup.kill: processes are killed one by one, below too. */
static void test_remove_without_kill(void **state)
{
	char pid[32], why[320];
	int fd = make_folder("a"), inner, status;
	pid_t child = fork();

	(void)state;
	if (!child)
		for (;;)
			pause();
	assert_int_equal(cgfs_mkdir(fd, "b"), 0);
	inner = cgfs_open(fd, "b");
	unlinkat(fd, "cgroup.kill", 0);
	put(fd, "cgroup.events", "populated 1\nfrozen 0\n");
	snprintf(pid, sizeof pid, "%d\n", (int)child);
	put(inner, "cgroup.procs", pid);
	assert_int_equal(remove_subtree(top, "a", NS_PER_SEC, why, sizeof why), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	close(inner);
	close(fd);
}

/* ---- state files ----------------------------------------------------------------------------- */

static void test_state_text(void **state)
{
	struct state s, t;
	char text[STATE_PATH + 512], *at;

	(void)state;
	state_init(&s);
	snprintf(s.parent, sizeof s.parent, "/sys/fs/cgroup/a b");
	snprintf(s.enabled, sizeof s.enabled, "memory cpu");
	state_print(&s, text, sizeof text);
	assert_true(state_parse(text, &t));
	assert_string_equal(t.parent, s.parent);
	assert_string_equal(t.cgroup, s.cgroup);
	assert_string_equal(t.enabled, "memory cpu");
	assert_true(t.pid == getpid() && t.start_ticks == s.start_ticks && s.start_ticks);

	/* Nothing that could name a folder which is no run's. */
	assert_false(state_parse("", &t));
	assert_false(state_parse("agentcg run 2\n", &t));
	at = strstr(text, "cgroup agentcg-");
	assert_non_null(at);
	memcpy(at, "cgroup ../../..", 15);
	assert_false(state_parse(text, &t));
	snprintf(s.cgroup, sizeof s.cgroup, "agentcg-0000000000000000");
	state_print(&s, text, sizeof text);
	assert_false(state_parse(text, &t));
	snprintf(s.cgroup, sizeof s.cgroup, "agentcg-%s", s.id);
	snprintf(s.parent, sizeof s.parent, "relative");
	state_print(&s, text, sizeof text);
	assert_false(state_parse(text, &t));
}

struct seen {
	unsigned n;
	enum state_owner owner;
	char id[24];
	bool answer;
};

static bool see(void *ctx, const struct state *s, enum state_owner owner)
{
	struct seen *g = ctx;

	g->n++;
	g->owner = owner;
	snprintf(g->id, sizeof g->id, "%s", s->id);
	return g->answer;
}

static struct seen look(bool answer)
{
	struct seen g = {.answer = answer};

	assert_int_equal(state_each(see, &g), 0);
	return g;
}

/* Write one as a process that is gone would have; boot: another boot's id, or NULL. */
static void write_dead(const char *boot, bool same_pid)
{
	pid_t child = fork();
	int status;

	if (!child) {
		struct state s;
		int fd = -1;

		state_init(&s);
		snprintf(s.parent, sizeof s.parent, "/nowhere");
		if (boot)
			snprintf(s.boot, sizeof s.boot, "%s", boot);
		if (same_pid) {
			s.pid = getppid(); /* its number has been given to somebody else */
			s.start_ticks--;
		}
		_exit(state_write(&s, &fd) ? 1 : 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void test_state_owner(void **state)
{
	struct state s;
	struct seen g;
	int fd = -1;

	(void)state;
	assert_int_equal(look(true).n, 0);
	state_init(&s);
	snprintf(s.parent, sizeof s.parent, "/nowhere");
	assert_int_equal(state_write(&s, &fd), 0);
	g = look(true); /* ours: alive, and not taken away */
	assert_true(g.n == 1 && g.owner == STATE_ALIVE && !strcmp(g.id, s.id));
	assert_int_equal(look(true).n, 1);
	/* A second process cannot take it for dead. */
	state_drop(&s, fd);
	assert_int_equal(look(true).n, 0);

	write_dead(NULL, false);
	g = look(false);
	assert_true(g.n == 1 && g.owner == STATE_DEAD);
	assert_int_equal(look(true).n, 1); /* kept until it could be removed */
	assert_int_equal(look(true).n, 0);
	write_dead("another", false);
	assert_int_equal(look(true).owner, STATE_GONE);
	write_dead(NULL, true);
	assert_int_equal(look(true).owner, STATE_DEAD);
}

/* ---- places ---------------------------------------------------------------------------------- */

static void test_place(void **state)
{
	char point[128], root[128], path[128];

	(void)state;
	assert_true(
	    place_mount("24 1 0:22 / /sys rw - sysfs sysfs rw\n"
			"30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw\n",
			point, sizeof point, root, sizeof root));
	assert_string_equal(point, "/sys/fs/cgroup");
	assert_string_equal(root, "/");
	assert_true(place_mount("30 24 0:26 /docker/x /mnt/my\\040groups rw - cgroup2 none rw\n",
				point, sizeof point, root, sizeof root));
	assert_string_equal(point, "/mnt/my groups");
	assert_string_equal(root, "/docker/x");
	assert_false(
	    place_mount("30 24 0:26 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n", point,
			sizeof point, root, sizeof root));
	assert_false(place_mount("", point, sizeof point, root, sizeof root));
	assert_false(place_mount("nonsense\n\n", point, sizeof point, root, sizeof root));

	assert_true(place_own("5:memory:/x\n0::/user.slice/a\n", path, sizeof path));
	assert_string_equal(path, "/user.slice/a");
	assert_true(place_own("0::/\n", path, sizeof path));
	assert_string_equal(path, "/");
	assert_false(place_own("5:memory:/x\n", path, sizeof path));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(f) cmocka_unit_test_setup_teardown(f, begin, end)
	    CASE(test_files),
	    CASE(test_texts),
	    CASE(test_why),
	    CASE(test_limits),
	    CASE(test_limit_refused),
	    CASE(test_limit_absent),
	    CASE(test_limit_changed),
	    CASE(test_parse_counters),
	    CASE(test_sampler),
	    CASE(test_tree),
	    CASE(test_tree_refused),
	    CASE(test_remove),
	    CASE(test_remove_without_kill),
	    CASE(test_state_text),
	    CASE(test_state_owner),
	    CASE(test_place),
#undef CASE
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
