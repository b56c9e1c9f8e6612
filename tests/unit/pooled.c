/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/pooled.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct zygote *pooled_zygote;
struct pooled_events pooled_seen;
static struct pool *current;
const struct pool_commands pooled_plain = {.output_fd = -1};

uint64_t pooled_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS_PER_SEC + (uint64_t)t.tv_nsec;
}

void pooled_nap(uint64_t ns)
{
	struct timespec t = {.tv_sec = (time_t)(ns / NS_PER_SEC),
			     .tv_nsec = (long)(ns % NS_PER_SEC)};

	nanosleep(&t, NULL);
}

struct pool *pooled_open_as(const struct pool_worker *w, uint32_t n, const struct pool_commands *c)
{
	struct pool *p = NULL;
	int err = pool_open(pooled_zygote, w, n, c, &p);

	assert_int_equal(err, 0);
	return current = p;
}

struct pool *pooled_open(uint32_t n, const struct pool_commands *c, bool thp)
{
	struct pool_worker *w = calloc(n, sizeof *w);
	struct pool *p;

	for (uint32_t i = 0; i < n; i++)
		w[i] = (struct pool_worker){
		    .name = "test", .cgroup_dirfd = -1, .own_parent_fd = -1, .thp = thp};
	p = pooled_open_as(w, n, c);
	free(w);
	return p;
}

struct pool *pooled_open_plain(uint32_t n)
{
	return pooled_open(n, &pooled_plain, false);
}

void pooled_close(struct pool *p)
{
	if (p == current)
		current = NULL;
	pool_close(p);
}

int pooled_after(void **state)
{
	(void)state;
	pooled_close(current);
	return 0;
}

struct pool_event pooled_event(struct pool *p)
{
	uint64_t until = pooled_now() + LONG_NS;
	struct pool_event e;
	int r;

	while (!(r = pool_next(p, &e))) {
		struct pollfd fd = {.fd = pool_fd(p), .events = POLLIN};

		if (pooled_now() > until)
			fail_msg("no event came");
		poll(&fd, 1, 1000);
	}
	assert_int_equal(r, 1);
	return e;
}

struct pool_event pooled_until(struct pool *p, uint32_t worker)
{
	vec_clear(&pooled_seen);
	for (;;) {
		struct pool_event e = pooled_event(p);

		vec_push(&pooled_seen, e);
		if (e.worker == worker && (e.kind == POOL_DONE || e.kind == POOL_EXIT))
			return e;
	}
}

uint32_t pooled_count(uint8_t kind)
{
	uint32_t n = 0;

	for (size_t i = 0; i < pooled_seen.n; i++)
		n += pooled_seen.v[i].kind == kind;
	return n;
}

struct pool_event pooled_run(struct pool *p, uint32_t worker, struct op op)
{
	op.target = worker;
	assert_int_equal(pool_begin(p, worker, &op, pooled_now()), 0);
	return pooled_until(p, worker);
}

/* By walking the page tables: what statm adds up is behind by some pages a task or CPU. */
int64_t pooled_held(pid_t pid)
{
	char path[64], line[512];
	long kb, anonymous = 0, held = 0;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/smaps", (int)pid);
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof line, f)) {
		if (sscanf(line, "Anonymous: %ld kB", &kb) == 1)
			anonymous = kb;
		if (!strncmp(line, "VmFlags:", 8) && strstr(line, " dc")) /* not for children */
			held += anonymous;
	}
	fclose(f);
	return held * 1024;
}

bool pooled_alive(pid_t pid)
{
	return !kill(pid, 0) || errno != ESRCH;
}

void pooled_assert_gone(pid_t pid)
{
	uint64_t until = pooled_now() + LONG_NS;

	while (pooled_alive(pid)) {
		if (pooled_now() > until)
			fail_msg("process %d lives on", (int)pid);
		pooled_nap(MS);
	}
}

int pooled_start(void **state)
{
	(void)state;
	return zygote_start(&pooled_zygote);
}

int pooled_stop(void **state)
{
	pid_t pid = zygote_pid(pooled_zygote);

	(void)state;
	zygote_stop(pooled_zygote);
	vec_free(&pooled_seen);
	return pooled_alive(pid);
}
