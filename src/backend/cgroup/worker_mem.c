/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * worker_mem.c - the memory of a worker: one range of addresses, used like a stack.
 *
 * The range is reserved without access and made writable as it grows, so that a kernel that does
 * not overcommit counts what is used and no more.  Commands that the worker forks do not get it.
 *
 * It grows by one batch of the kernel's charging at a time.  A larger populate would have
 * memory.high handled for several batches at once, with a penalty multiplied and then clamped as if
 * for one. Each page gets a word that is not zero: kernels neither write zero pages to swap nor
 * read them.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "backend/cgroup/worker.h"
#include "base/units.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

#define RESERVE_MOST  (UINT64_C(16) << 40)
#define RESERVE_LEAST (UINT64_C(1) << 28)
#define HUGE_BYTES    (WORKER_HUGE_PAGES * PAGE_BYTES)
#define CPU_CHUNKS    64 /* the CPU clock is read after so many chunks: it is a system call */

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t pages_of(uint64_t bytes)
{
	return bytes / PAGE_BYTES + (bytes % PAGE_BYTES != 0);
}

static char *page(const struct hand *w, uint64_t i)
{
	return w->base + i * PAGE_BYTES;
}

/* Its first line is a heading. */
static bool has_swap(void)
{
	char text[1024];
	int fd = open("/proc/swaps", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text - 1);

	if (fd < 0)
		return errno != ENOENT;
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return strchr(text, '\n') != strrchr(text, '\n');
}

int worker_mem_init(struct hand *w)
{
	uint64_t bytes;
	char *p = MAP_FAILED;

	for (bytes = RESERVE_MOST; bytes >= RESERVE_LEAST; bytes /= 2) {
		p = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
			 0);
		if (p != MAP_FAILED)
			break;
	}
	if (p == MAP_FAILED)
		return -errno;
	w->base = p + (HUGE_BYTES - (uintptr_t)p % HUGE_BYTES) % HUGE_BYTES;
	w->reserved_bytes = bytes - HUGE_BYTES;
	w->swap = has_swap();
	/* Kernels without huge pages know no such advice, and need none. */
	madvise(w->base, w->reserved_bytes, MADV_NOHUGEPAGE);
	return madvise(w->base, w->reserved_bytes, MADV_DONTFORK) ? -errno : 0;
}

int worker_mem_process(uint64_t bytes)
{
	size_t more = bytes > WORKER_OWN_BYTES ? bytes - WORKER_OWN_BYTES : 0;
	char *p;

	if (!more)
		return 0;
	p = mmap(NULL, more, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return -errno;
	madvise(p, more, MADV_NOHUGEPAGE);
	/* Commands do not get it either.  Where it may not be locked it can be swapped out. */
	if (madvise(p, more, MADV_DONTFORK))
		return -errno;
	mlock(p, more);
	for (size_t i = 0; i < more; i += PAGE_BYTES)
		*(volatile char *)(p + i) = 1; /* a sanitizer's mlock() does nothing */
	return 0;
}

static void make_writable(struct hand *w, uint64_t pages)
{
	uint64_t bytes = (pages * PAGE_BYTES + HUGE_BYTES - 1) / HUGE_BYTES * HUGE_BYTES;

	if (bytes <= w->writable_bytes)
		return;
	if (bytes > w->reserved_bytes)
		worker_fail(w, -ENOMEM);
	if (mprotect(w->base + w->writable_bytes, bytes - w->writable_bytes,
		     PROT_READ | PROT_WRITE))
		worker_fail(w, -errno);
	w->writable_bytes = bytes;
}

/* Aligned blocks that this growth fills get huge pages, what is before and after them does not. */
static void choose_pages(struct hand *w)
{
	bool thp = atomic_load_explicit(&w->slot->thp, memory_order_relaxed);
	uint64_t from = (w->pages + WORKER_HUGE_PAGES - 1) / WORKER_HUGE_PAGES * WORKER_HUGE_PAGES;
	uint64_t to = w->goal / WORKER_HUGE_PAGES * WORKER_HUGE_PAGES;
	uint64_t first = w->pages / WORKER_HUGE_PAGES * WORKER_HUGE_PAGES;
	uint64_t end = w->writable_bytes / PAGE_BYTES;

	w->huge_from = w->huge_to = 0;
	if (!thp && !w->was_thp)
		return;
	w->was_thp = true;
	if (!thp || from >= to) {
		madvise(page(w, first), (end - first) * PAGE_BYTES, MADV_NOHUGEPAGE);
		return;
	}
	if (first < from)
		madvise(page(w, first), HUGE_BYTES, MADV_NOHUGEPAGE);
	if (to < end)
		madvise(page(w, to), (end - to) * PAGE_BYTES, MADV_NOHUGEPAGE);
	if (madvise(page(w, from), (to - from) * PAGE_BYTES, MADV_HUGEPAGE))
		return;
	w->huge_from = from;
	w->huge_to = to;
}

void worker_mem_aim(struct hand *w, uint64_t bytes)
{
	w->grow_bytes = bytes - least(bytes, w->want_bytes);
	w->want_bytes = bytes;
	w->goal = pages_of(bytes);
	w->step_ns = shared_now();
	w->step_wait_ns = 0;
	w->step_cpu_ns = w->cpu_ns = worker_cpu();
	w->cpu_wall_ns = 0;
	w->short_noted = false;
	if (w->goal > w->pages) {
		make_writable(w, w->goal);
		choose_pages(w);
	}
}

__attribute__((no_sanitize("address"))) void worker_mem_touch(struct hand *w, uint64_t from,
							      uint64_t to)
{
	for (uint64_t i = from; i < to; i++)
		*(volatile uint64_t *)(void *)page(w, i) = i + 1;
}

static void populate(struct hand *w, uint64_t from, uint64_t to)
{
	struct timespec ms = {.tv_nsec = (long)NS_PER_MS};

	while (!w->no_populate &&
	       madvise(page(w, from), (to - from) * PAGE_BYTES, MADV_POPULATE_WRITE)) {
		switch (errno) {
		case EINVAL: /* a kernel before 5.14 */
			w->no_populate = true;
			break;
		case EINTR:
		case EAGAIN:
			break;
		case ENOMEM: /* a charge failed and nobody could be killed: a fault would try on,
				too */
			nanosleep(&ms, NULL);
			break;
		default:
			worker_fail(w, -errno);
		}
	}
}

/* It is behind when its time is over and so much is missing. */
static void note_short(struct hand *w, uint64_t now_ns, uint64_t pages)
{
	uint64_t bytes;

	if (w->short_noted || now_ns < w->next_due_ns || w->goal <= pages)
		return;
	bytes = (w->goal - pages) * PAGE_BYTES;
	if (bytes > w->short_bytes)
		w->short_bytes = bytes;
	w->short_noted = true;
}

/*
 * One that was slow is told at once, with its share of CPU time: what the clock says, less what
 * went to the chunks since it was last read.  Those were fast, so they computed all the time.
 */
static void account_chunk(struct hand *w, uint64_t bytes, uint64_t begin_ns, uint64_t end_ns)
{
	uint64_t ns = end_ns - begin_ns, cpu, since;
	struct pool_event e = {.kind = POOL_CHUNK, .t_ns = end_ns};

	if (ns < POOL_SLOW_NS) {
		w->cpu_wall_ns += ns;
		return;
	}
	cpu = worker_cpu();
	since = cpu - w->cpu_ns;
	e.step.bytes = bytes;
	e.step.latency_ns = ns;
	e.step.cpu_ns = least(ns, since - least(since, w->cpu_wall_ns));
	w->cpu_ns = cpu;
	w->cpu_wall_ns = 0;
	worker_emit(w, &e);
}

static void grow_chunk(struct hand *w)
{
	uint64_t from = w->pages, begin, end;
	uint64_t n = least(w->goal - from, WORKER_CHUNK_PAGES);

	if (from >= w->huge_from && from < w->huge_to)
		n = WORKER_HUGE_PAGES;
	else if (from < w->huge_from)
		n = least(n, w->huge_from - from);
	if (w->cpu_wall_ns && from / WORKER_CHUNK_PAGES % CPU_CHUNKS == 0) {
		w->cpu_ns = worker_cpu();
		w->cpu_wall_ns = 0;
	}
	begin = shared_now();
	populate(w, from, from + n);
	if (n == WORKER_HUGE_PAGES || w->swap || w->no_populate)
		worker_mem_touch(w, from, from + n);
	end = shared_now();
	w->pages += n;
	note_short(w, end, from);
	account_chunk(w, n * PAGE_BYTES, begin, end);
	if (w->command.pid)
		worker_command_look(w);
}

static void shrink(struct hand *w)
{
	/* Of writable private memory the kernel refuses this to nobody. */
	while (madvise(page(w, w->goal), (w->pages - w->goal) * PAGE_BYTES, MADV_DONTNEED))
		if (errno != EAGAIN && errno != EINTR)
			worker_fail(w, -errno);
	w->pages = w->goal;
}

void worker_mem_hold(struct hand *w)
{
	note_short(w, w->step_ns, w->pages);
	while (w->pages < w->goal)
		grow_chunk(w);
	if (w->pages > w->goal)
		shrink(w);
}

void worker_mem_paced(struct hand *w)
{
	uint64_t from = w->pages;

	while (w->pages < w->goal) {
		uint64_t due = worker_pace(w, w->pages - from, w->goal - from);
		uint64_t now = shared_now();

		if (due > now)
			w->step_wait_ns += worker_rest(w, due) - now;
		grow_chunk(w);
	}
}

void worker_mem_report(struct hand *w, uint64_t late_ns)
{
	struct pool_event e = {.kind = POOL_STEP, .t_ns = shared_now()};

	if (!w->grow_bytes)
		return;
	w->done_bytes += w->grow_bytes;
	e.step.bytes = w->grow_bytes;
	e.step.latency_ns = e.t_ns - w->step_ns - w->step_wait_ns;
	e.step.late_ns = late_ns;
	e.step.cpu_ns = least(e.step.latency_ns, worker_cpu() - w->step_cpu_ns);
	worker_emit(w, &e);
}
