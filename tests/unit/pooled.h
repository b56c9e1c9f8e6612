/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pooled.h - workers of a live run under test: made, driven, and looked at from outside */
#ifndef AGENTCG_TESTS_POOLED_H
#define AGENTCG_TESTS_POOLED_H

#include "tests/unit/unit.h"

#include <stdbool.h>
#include <sys/types.h>

#include "backend/cgroup/pool.h"
#include "base/vec.h"

#define MS	NS_PER_MS
#define LONG_NS (60 * NS_PER_SEC) /* what is waited for longer does not come */

extern struct zygote *pooled_zygote;
extern const struct pool_commands pooled_plain; /* no files; output goes nowhere */

/* Group setup and teardown: start it; stop it, see it gone. */
int pooled_start(void **state);
int pooled_stop(void **state);

uint64_t pooled_now(void);
void pooled_nap(uint64_t ns);

struct pool *pooled_open_as(const struct pool_worker *w, uint32_t n, const struct pool_commands *c);
/* n workers that stay in the zygote's cgroup. */
struct pool *pooled_open(uint32_t n, const struct pool_commands *c, bool thp);
struct pool *pooled_open_plain(uint32_t n);
void pooled_close(struct pool *p);
int pooled_after(void **state); /* teardown of a test: close what it left open as it failed */
#define pooled_test(f) cmocka_unit_test_teardown(f, pooled_after)

struct pool_event pooled_event(struct pool *p); /* the next */
/* Collect events until an op of this worker ends, or the worker; returns the last. */
struct pool_event pooled_until(struct pool *p, uint32_t worker);
struct pool_event pooled_run(struct pool *p, uint32_t worker, struct op op); /* begin, until */
extern struct pooled_events {
	struct pool_event *v;
	size_t n, cap;
} pooled_seen;			     /* since the last pooled_until began */
uint32_t pooled_count(uint8_t kind); /* in pooled_seen */

int64_t pooled_held(pid_t pid); /* resident memory that ops have asked for, bytes */
bool pooled_alive(pid_t pid);
void pooled_assert_gone(pid_t pid); /* within LONG_NS */

#endif
