/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/cgroup/shared.h"

#include <linux/futex.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/units.h"

void shared_signal(struct pool_shared *s, uint32_t worker, int event_fd)
{
	uint64_t bit = UINT64_C(1) << worker % 64;

	if (!(atomic_fetch_or(&s->news[worker / 64], bit) & bit))
		eventfd_write(event_fd, 1);
}

void shared_wait(_Atomic uint32_t *word, uint32_t seen)
{
	syscall(SYS_futex, word, FUTEX_WAIT, seen, NULL, NULL, 0);
}

void shared_wake(_Atomic uint32_t *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

uint64_t shared_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS_PER_SEC + (uint64_t)t.tv_nsec;
}
