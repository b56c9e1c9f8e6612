/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * the workers of a live run, where the tests run: without cgroups
 *
 * What is resident is compared to the page; times only where a busy machine cannot make them wrong:
 * nothing is early, and what would hang is waited for within LONG_NS.
 */
#include "tests/unit/pooled.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* ---- memory ---------------------------------------------------------------------------------- */

static void resident_memory_follows_to_the_page(void **state)
{
	static const struct {
		uint8_t kind;
		uint64_t bytes, held;
	} ops[] = {
	    {OP_ALLOC, 10 * MIB, 10 * MIB},
	    {OP_ALLOC, 4097, 10 * MIB + 4097},
	    {OP_FREE, 1, 10 * MIB + 4096},
	    {OP_FREE, 3 * MIB, 7 * MIB + 4096},
	    {OP_ALLOC, 1, 7 * MIB + 4097},
	    {OP_HOLD, 23 * MIB + 5 * 4096, 23 * MIB + 5 * 4096},
	    {OP_TOUCH, 20 * MIB, 23 * MIB + 5 * 4096},
	    {OP_HOLD, 1 * MIB, 1 * MIB},
	    {OP_HOLD, 1 * MIB, 1 * MIB},
	    {OP_FREE, NO_LIMIT, 0},
	    {OP_ALLOC, 64 * 4096, 64 * 4096},
	};
	struct pool *p = pooled_open_plain(1);
	pid_t pid = pool_pid(p, 0);
	uint64_t held = 0;

	(void)state;
	for (int round = 0; round < 2; round++) {
		pooled_run(p, 0, (struct op){.kind = OP_FREE, .bytes = NO_LIMIT});
		held = 0;
		assert_int_equal(pooled_held(pid), 0);
		for (size_t i = 0; i < ARRAY_LEN(ops); i++) {
			struct pool_event e = pooled_run(
			    p, 0, (struct op){.kind = ops[i].kind, .bytes = ops[i].bytes});
			uint64_t grown = ops[i].held > held ? ops[i].held - held : 0;

			assert_int_equal(e.kind, POOL_DONE);
			assert_int_equal(e.done.status, DONE_OK);
			assert_int_equal(e.done.bytes,
					 ops[i].kind == OP_TOUCH ? ops[i].bytes : grown);
			assert_int_equal(pooled_count(POOL_STEP), grown > 0);
			held = ops[i].held;
			assert_int_equal(pooled_held(pid), (held + 4095) / 4096 * 4096);
		}
	}
	pooled_close(p);
}

/* All but the six pages that it has by being forked; and none of it can be freed. */
static void a_process_is_as_large_as_asked(void **state)
{
	struct pool_worker w = {
	    .name = "large", .cgroup_dirfd = -1, .own_parent_fd = -1, .process_bytes = 512 * 1024};
	struct pool *p = pooled_open_as(&w, 1, &pooled_plain);
	const int64_t process = 512 * 1024 - 6 * 4096;

	(void)state;
	assert_int_equal(pooled_held(pool_pid(p, 0)), process);
	pooled_run(p, 0, (struct op){.kind = OP_ALLOC, .bytes = MIB});
	assert_int_equal(pooled_held(pool_pid(p, 0)), process + (int64_t)MIB);
	pooled_run(p, 0, (struct op){.kind = OP_FREE, .bytes = NO_LIMIT});
	assert_int_equal(pooled_held(pool_pid(p, 0)), process);
	pooled_close(p);
}

static void an_allocation_is_one_step(void **state)
{
	struct pool *p = pooled_open_plain(1);
	struct pool_event e;
	uint64_t before = pooled_now();

	(void)state;
	e = pooled_run(p, 0, (struct op){.kind = OP_ALLOC, .bytes = 20 * MIB});
	assert_int_equal(pooled_count(POOL_STEP), 1);
	for (size_t i = 0; i < pooled_seen.n; i++) {
		const struct pool_event *s = &pooled_seen.v[i];

		if (s->kind != POOL_STEP)
			continue;
		assert_int_equal(s->step.bytes, 20 * MIB);
		assert_true(s->step.latency_ns > 0 && s->step.latency_ns <= e.t_ns - before);
		assert_true(s->step.cpu_ns <= s->step.latency_ns);
		assert_int_equal(s->step.late_ns, 0);
		assert_true(s->t_ns <= e.t_ns);
	}
	assert_true(e.done.start_ns >= before && e.done.start_ns <= e.t_ns);
	pooled_close(p);
}

static void huge_pages_are_used_where_they_fit(void **state)
{
	struct pool *p = pooled_open(1, &pooled_plain, true);
	pid_t pid = pool_pid(p, 0);
	char path[64], line[256];
	long huge_kb = 0, kb;
	FILE *f;

	(void)state;
	pooled_run(p, 0, (struct op){.kind = OP_ALLOC, .bytes = 9 * MIB + 4096});
	assert_int_equal(pooled_held(pid), 9 * MIB + 4096);
	snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof line, f))
		if (sscanf(line, "AnonHugePages: %ld", &kb) == 1)
			huge_kb = kb;
	if (f)
		fclose(f);
	pooled_run(p, 0, (struct op){.kind = OP_FREE, .bytes = NO_LIMIT});
	pool_set_thp(p, 0, false);
	pooled_run(p, 0, (struct op){.kind = OP_ALLOC, .bytes = 5 * MIB + 1});
	assert_int_equal(pooled_held(pid), 5 * MIB + 4096);
	pooled_close(p);
	if (!huge_kb) {
		print_message("no huge page was to be had\n");
		skip();
	}
	assert_in_range(huge_kb, 2048, 8192);
}

/* ---- time ------------------------------------------------------------------------------------ */

static void paced_ops_take_their_time(void **state)
{
	struct pool *p = pooled_open_plain(1);
	struct pool_event e;
	struct op op = {.kind = OP_ALLOC, .bytes = MIB, .ns = 400 * MS};
	uint64_t due;

	(void)state;
	/* Paced from when it was due: on a busy machine it begins late, and ends all the same. */
	due = pooled_now();
	e = pooled_run(p, 0, op);
	assert_true(e.t_ns - due >= 399 * MS);
	assert_int_equal(e.done.bytes, MIB);
	assert_int_equal(pooled_count(POOL_STEP), 1);
	for (size_t i = 0; i < pooled_seen.n; i++) /* without its pauses */
		if (pooled_seen.v[i].kind == POOL_STEP)
			assert_true(pooled_seen.v[i].step.latency_ns < 300 * MS);
	/* Begun late, it hurries, and says how late it ended. */
	due = pooled_now() - 600 * MS;
	assert_int_equal(pool_begin(p, 0, &op, due), 0);
	e = pooled_until(p, 0);
	assert_true(e.done.late_ns >= 140 * MS);
	assert_true(e.t_ns >= due + op.ns + e.done.late_ns);
	/* Three passes: at 0, 20 and 40 ms. */
	op = (struct op){.kind = OP_TOUCH, .bytes = 2 * MIB, .ns = 60 * MS, .each_ns = 20 * MS};
	due = pooled_now();
	e = pooled_run(p, 0, op);
	assert_int_equal(e.done.bytes, 6 * MIB);
	assert_true(e.t_ns - due >= 59 * MS);
	op = (struct op){.kind = OP_SLEEP, .ns = 30 * MS};
	due = pooled_now();
	e = pooled_run(p, 0, op);
	assert_true(e.t_ns - due >= 30 * MS);
	pooled_close(p);
}

static void a_replay_follows_its_samples_in_order(void **state)
{
	enum {
		N = 150
	};
	struct op_sample v[N];
	struct op_series series = {v, N};
	struct pool *p = pooled_open_plain(1);
	struct op op = {.kind = OP_REPLAY, .series = &series};
	pid_t pid = pool_pid(p, 0);
	uint64_t grown = 0, largest = 0, held = 0, due;
	struct pool_event e;
	uint32_t steps = 0, i = 0;

	(void)state;
	for (uint32_t k = 0; k < N; k++) {
		v[k] = (struct op_sample){k * 2 * MS, (k * 7 % 13 + k % 2) * 300 * KIB + 1};
		if (v[k].bytes > held) {
			grown += v[k].bytes - held;
			steps++;
			if (v[k].bytes - held > largest && k + 1 < N)
				largest = v[k].bytes - held;
		}
		held = v[k].bytes;
	}
	due = pooled_now();
	assert_int_equal(pool_begin(p, 0, &op, due), 0);
	e = pooled_until(p, 0);
	assert_int_equal(e.done.bytes, grown);
	assert_int_equal(pooled_count(POOL_STEP), steps);
	assert_true(e.t_ns >= due + v[N - 1].at_ns);
	assert_int_equal(pooled_held(pid), (held + 4095) / 4096 * 4096);
	held = 0;
	for (size_t k = 0; k < pooled_seen.n; k++) {
		if (pooled_seen.v[k].kind != POOL_STEP)
			continue;
		while (v[i].bytes <= held)
			held = v[i++].bytes;
		assert_int_equal(pooled_seen.v[k].step.bytes, v[i].bytes - held);
		assert_true(pooled_seen.v[k].t_ns >= due + v[i].at_ns);
		held = v[i++].bytes;
	}
	/* All samples late: none is left out, and what was missing in time is told. */
	assert_int_equal(pool_begin(p, 0, &(struct op){.kind = OP_HOLD}, pooled_now()), 0);
	pooled_until(p, 0);
	assert_int_equal(pool_begin(p, 0, &op, pooled_now() - NS_PER_SEC), 0);
	e = pooled_until(p, 0);
	assert_int_equal(e.done.bytes, grown);
	assert_int_equal(pooled_count(POOL_STEP), steps);
	assert_true(e.done.late_ns >= NS_PER_SEC - 2 * N * MS);
	assert_in_range(e.done.short_bytes, largest - 4096, largest + 4096);
	pooled_close(p);
}

static void simulated_calls_take_their_memory_and_time(void **state)
{
	static const struct op_call v[] = {
	    {.at_ns = 10 * MS, .dur_ns = 30 * MS, .bytes = 3 * MIB, .tool = "Bash"},
	    {.at_ns = 20 * MS, .dur_ns = 20 * MS, .bytes = 2 * MIB, .tool = "Bash"},
	};
	static const struct op_calls calls = {
	    .v = v, .n = 2, .simulated = true, .base_bytes = 4 * MIB};
	struct pool *p = pooled_open_plain(1);
	struct pool_event e = pooled_run(p, 0, (struct op){.kind = OP_TOOLS, .calls = &calls});
	uint64_t at[3];
	uint32_t n = 0;

	(void)state;
	assert_int_equal(e.done.status, DONE_OK);
	assert_int_equal(e.done.bytes, 9 * MIB);
	assert_int_equal(pooled_count(POOL_COMMAND), 0);
	assert_int_equal(pooled_count(POOL_STEP), 3);
	for (size_t i = 0; i < pooled_seen.n; i++)
		if (pooled_seen.v[i].kind == POOL_STEP)
			at[n++] = pooled_seen.v[i].t_ns;
	assert_true(at[2] - at[1] >= 30 * MS); /* the second waits for the first */
	assert_true(e.t_ns - at[2] >= 20 * MS);
	assert_true(e.done.late_ns > 15 * MS);
	pooled_close(p);
}

/* ---- events ---------------------------------------------------------------------------------- */

static void a_slow_coordinator_loses_nothing(void **state)
{
	enum {
		N = 5000
	};
	struct op_sample *v = calloc(N, sizeof *v);
	struct op_series series = {v, N};
	struct pool *p = pooled_open_plain(1);
	struct op op = {.kind = OP_REPLAY, .series = &series};
	uint64_t last = 0;

	(void)state;
	for (uint32_t i = 0; i < N; i++)
		v[i].bytes = i % 2 ? 4096 : 0;
	assert_int_equal(pool_begin(p, 0, &op, pooled_now()), 0);
	pooled_nap(300 * MS); /* the ring is full long before */
	pooled_until(p, 0);
	assert_int_equal(pooled_count(POOL_STEP), N / 2);
	for (size_t i = 0; i < pooled_seen.n; i++) {
		assert_true(pooled_seen.v[i].t_ns >= last);
		last = pooled_seen.v[i].t_ns;
	}
	pooled_close(p);
	free(v);
}

static void workers_do_not_wait_for_each_other(void **state)
{
	struct pool *p = pooled_open_plain(70); /* more than a word of the bitmap */
	uint32_t done = 0;

	(void)state;
	assert_int_equal(pool_begin(p, 3, &(struct op){.kind = OP_SLEEP, .ns = 100000 * MS}, 0), 0);
	assert_int_equal(pool_begin(p, 3, &(struct op){.kind = OP_SLEEP}, 0), -EBUSY);
	for (uint32_t i = 4; i < 70; i++)
		assert_int_equal(
		    pool_begin(p, i, &(struct op){.kind = OP_ALLOC, .bytes = 100 * KIB}, 0), 0);
	while (done < 66) {
		struct pool_event e = pooled_event(p);

		assert_true(e.worker >= 4);
		done += e.kind == POOL_DONE;
	}
	pooled_close(p);
}

/* ---- ends ------------------------------------------------------------------------------------ */

static void a_killed_worker_is_told_after_what_it_did(void **state)
{
	struct pool *p = pooled_open_plain(2);
	pid_t pid = pool_pid(p, 1);
	struct op op = {.kind = OP_ALLOC, .bytes = 40 * MIB, .ns = 100000 * MS};
	struct pool_event e;

	(void)state;
	pooled_run(p, 1, (struct op){.kind = OP_ALLOC, .bytes = MIB});
	assert_int_equal(pool_begin(p, 1, &op, pooled_now()), 0);
	pooled_nap(20 * MS);
	kill(pid, SIGKILL);
	e = pooled_until(p, 1);
	assert_int_equal(e.kind, POOL_EXIT);
	assert_true(WIFSIGNALED(e.exit.status) && WTERMSIG(e.exit.status) == SIGKILL);
	assert_false(e.exit.by_command);
	assert_int_equal(e.exit.err, 0);
	assert_int_equal(pool_pid(p, 1), 0);
	assert_int_equal(pool_begin(p, 1, &op, pooled_now()), -ESRCH);
	e = pooled_run(p, 0, (struct op){.kind = OP_ALLOC, .bytes = MIB});
	assert_int_equal(e.kind, POOL_DONE);
	pooled_close(p);
	pooled_assert_gone(pid);
}

static void closing_ends_stopped_and_busy_workers(void **state)
{
	struct pool *p = pooled_open_plain(3);
	pid_t pids[3];

	(void)state;
	for (uint32_t i = 0; i < 3; i++)
		pids[i] = pool_pid(p, i);
	kill(pids[0], SIGSTOP);
	kill(zygote_pid(pooled_zygote), SIGSTOP);
	assert_int_equal(pool_begin(p, 1, &(struct op){.kind = OP_SLEEP, .ns = 100000 * MS}, 0), 0);
	pooled_close(p);
	for (uint32_t i = 0; i < 3; i++)
		assert_false(pooled_alive(pids[i]));
	/* and the zygote serves the next run */
	p = pooled_open_plain(1);
	assert_int_equal(pooled_run(p, 0, (struct op){.kind = OP_SLEEP}).kind, POOL_DONE);
	pooled_close(p);
}

static void workers_die_with_their_zygote(void **state)
{
	struct zygote *mine = pooled_zygote, *z;
	struct pool_event e;
	struct pool *p;
	pid_t pid;
	int r;

	(void)state;
	assert_int_equal(zygote_start(&z), 0);
	pooled_zygote = z;
	p = pooled_open_plain(2);
	pid = pool_pid(p, 1);
	kill(zygote_pid(z), SIGKILL);
	while (!(r = pool_next(p, &e)))
		pooled_nap(MS);
	assert_int_equal(r, -EPIPE);
	pooled_close(p);
	pooled_assert_gone(pid);
	zygote_stop(z);
	pooled_zygote = mine;
}

/* A coordinator of its own, which tells its children's numbers and is killed. */
static void workers_die_with_their_coordinator(void **state)
{
	enum {
		N = 5
	};
	pid_t pids[N + 1];
	int ends[2];
	pid_t coordinator;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	coordinator = fork();
	if (!coordinator) {
		struct pool *p;

		if (zygote_start(&pooled_zygote))
			_exit(1);
		p = pooled_open_plain(N);
		for (uint32_t i = 0; i < N; i++)
			pids[i] = pool_pid(p, i);
		pids[N] = zygote_pid(pooled_zygote);
		pool_begin(p, 0, &(struct op){.kind = OP_ALLOC, .bytes = 64 * MIB, .ns = LONG_NS},
			   pooled_now());
		if (write(ends[1], pids, sizeof pids) < 0)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(ends[0], pids, sizeof pids), sizeof pids);
	close(ends[0]);
	close(ends[1]);
	kill(coordinator, SIGKILL);
	waitpid(coordinator, NULL, 0);
	for (int i = 0; i <= N; i++)
		pooled_assert_gone(pids[i]);
}

static void a_thousand_workers_come_and_go(void **state)
{
	enum {
		N = 1000
	};
	struct pool *p;
	uint32_t done = 0;
	pid_t first, last;

	(void)state;
	if (SANITIZED) {
		print_message("a thousand shadow maps are too much\n");
		skip();
	}
	p = pooled_open_plain(N);
	first = pool_pid(p, 0);
	last = pool_pid(p, N - 1);
	for (uint32_t i = 0; i < N; i++)
		assert_int_equal(
		    pool_begin(p, i, &(struct op){.kind = OP_ALLOC, .bytes = 16 * KIB}, 0), 0);
	while (done < N)
		done += pooled_event(p).kind == POOL_DONE;
	pooled_close(p);
	assert_false(pooled_alive(first) || pooled_alive(last));
}

/* ---- what can run out ------------------------------------------------------------------------ */

static void limit(pid_t pid, int what, rlim_t n, struct rlimit *old)
{
	struct rlimit r;

	assert_int_equal(prlimit(pid, (enum __rlimit_resource)what, NULL, old), 0);
	r = *old;
	r.rlim_cur = n;
	assert_int_equal(prlimit(pid, (enum __rlimit_resource)what, &r, NULL), 0);
}

static void descriptors_run_out(void **state)
{
	struct pool_worker w = {.name = "test", .cgroup_dirfd = 0, .own_parent_fd = 0};
	struct pool *p = NULL;
	struct rlimit old;
	int spare;

	(void)state;
	/* the coordinator's, at each of those that it needs */
	spare = dup(0);
	close(spare);
	for (int n = 0; n < 6; n++) {
		int err;

		limit(0, RLIMIT_NOFILE, (rlim_t)(spare + n), &old);
		w.cgroup_dirfd = w.own_parent_fd = -1;
		err = pool_open(pooled_zygote, &w, 1, &pooled_plain, &p);
		prlimit(0, RLIMIT_NOFILE, &old, NULL);
		assert_int_equal(err, -EMFILE);
		assert_null(p);
	}
	/* the zygote's: it has a pool and cannot take a worker's */
	limit(zygote_pid(pooled_zygote), RLIMIT_NOFILE, 9, &old);
	w.cgroup_dirfd = w.own_parent_fd = 0;
	assert_int_equal(pool_open(pooled_zygote, &w, 1, &pooled_plain, &p), -EMFILE);
	prlimit(zygote_pid(pooled_zygote), RLIMIT_NOFILE, &old, NULL);
	p = pooled_open_plain(2);
	assert_int_equal(pooled_run(p, 1, (struct op){.kind = OP_ALLOC, .bytes = MIB}).kind,
			 POOL_DONE);
	pooled_close(p);
}

static void a_worker_without_memory_says_so(void **state)
{
	struct rlimit old;
	struct pool_event e;
	struct pool *p;

	(void)state;
	if (SANITIZED) {
		print_message("a sanitizer's own maps are larger than any limit\n");
		skip();
	}
	limit(zygote_pid(pooled_zygote), RLIMIT_AS, 1500 * MIB, &old);
	p = pooled_open_plain(1);
	prlimit(zygote_pid(pooled_zygote), RLIMIT_AS, &old, NULL);
	e = pooled_run(p, 0, (struct op){.kind = OP_ALLOC, .bytes = 20 * MIB});
	assert_int_equal(e.kind, POOL_DONE);
	e = pooled_run(p, 0, (struct op){.kind = OP_ALLOC, .bytes = 2000 * MIB});
	assert_int_equal(e.kind, POOL_EXIT);
	assert_int_equal(e.exit.err, -ENOMEM);
	assert_true(WIFEXITED(e.exit.status));
	pooled_close(p);
}

static void the_oom_killer_is_told_whom_to_take(void **state)
{
	struct pool_worker w = {
	    .name = "test", .cgroup_dirfd = -1, .own_parent_fd = -1, .oom_score_adj = 321};
	struct pool *p = pooled_open_as(&w, 1, &pooled_plain);
	char path[64];
	int adj = 0;
	FILE *f;

	(void)state;
	snprintf(path, sizeof path, "/proc/%d/oom_score_adj", (int)pool_pid(p, 0));
	f = fopen(path, "r");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%d", &adj), 1);
	fclose(f);
	assert_int_equal(adj, 321);
	pooled_close(p);
}

/* ---- the worst moment ------------------------------------------------------------------------ */

/* Living processes of a session. */
static int session_members(pid_t session)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	int n = 0;

	assert_non_null(d);
	while ((e = readdir(d))) {
		char path[300], line[512], state;
		int ppid, pgrp, sid;
		FILE *f;
		char *p;

		snprintf(path, sizeof path, "/proc/%.20s/stat", e->d_name);
		f = e->d_name[0] >= '1' && e->d_name[0] <= '9' ? fopen(path, "r") : NULL;
		if (!f)
			continue;
		p = fgets(line, sizeof line, f) ? strrchr(line, ')') : NULL;
		fclose(f);
		if (p && sscanf(p + 1, " %c %d %d %d", &state, &ppid, &pgrp, &sid) == 4)
			n += sid == session && state != 'Z';
	}
	closedir(d);
	return n;
}

_Noreturn static void busy_coordinator(void)
{
	static const struct op_exec x = {.command = "sleep 1000 & (sleep 1000 & sleep 1000)",
					 .timeout_ns = NEVER};
	static const struct pool_commands c = {.as_root = true, .output_fd = -1};
	enum {
		N = 20
	};
	struct pool *p;

	setsid();
	if (zygote_start(&pooled_zygote))
		_exit(1);
	for (;;) {
		p = pooled_open(N, &c, false);
		pool_begin(p, 0, &(struct op){.kind = OP_EXEC, .exec = &x}, 0);
		for (uint32_t i = 1; i < N; i++)
			pool_begin(p, i,
				   &(struct op){.kind = OP_ALLOC, .bytes = MIB, .ns = 20 * MS},
				   pooled_now());
		pooled_nap(10 * MS);
		pool_close(p);
	}
}

/* Whoever of coordinator and zygote is killed, at 20 moments of making, running and closing. */
static void nothing_is_left_whenever_it_is_killed(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < 20; i++) {
		uint64_t until = pooled_now() + LONG_NS;
		pid_t pid = fork();

		if (!pid)
			busy_coordinator();
		pooled_nap(i * i * 300 * NS_PER_US);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		while (session_members(pid)) {
			if (pooled_now() > until)
				fail_msg("%d processes live on", session_members(pid));
			pooled_nap(MS);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    pooled_test(resident_memory_follows_to_the_page),
	    pooled_test(a_process_is_as_large_as_asked),
	    pooled_test(an_allocation_is_one_step),
	    pooled_test(huge_pages_are_used_where_they_fit),
	    pooled_test(paced_ops_take_their_time),
	    pooled_test(a_replay_follows_its_samples_in_order),
	    pooled_test(simulated_calls_take_their_memory_and_time),
	    pooled_test(a_slow_coordinator_loses_nothing),
	    pooled_test(workers_do_not_wait_for_each_other),
	    pooled_test(a_killed_worker_is_told_after_what_it_did),
	    pooled_test(closing_ends_stopped_and_busy_workers),
	    pooled_test(workers_die_with_their_zygote),
	    pooled_test(workers_die_with_their_coordinator),
	    pooled_test(a_thousand_workers_come_and_go),
	    pooled_test(descriptors_run_out),
	    pooled_test(a_worker_without_memory_says_so),
	    pooled_test(the_oom_killer_is_told_whom_to_take),
	    pooled_test(nothing_is_left_whenever_it_is_killed),
	};

	return cmocka_run_group_tests_name("workers of a live run", tests, pooled_start,
					   pooled_stop);
}
