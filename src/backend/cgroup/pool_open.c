/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pool_open.c - a pool's beginning and end: shared memory, the orders to the zygote, and the wait
 * for the last worker.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "backend/cgroup/pool_state.h"
#include "base/mem.h"
#include "base/units.h"

#define RINGS_BYTES (16 * MIB) /* all rings together, within the two below */
#define RING_LEAST  64u
#define RING_MOST   2048u
#define CLOSE_MS    30000 /* a killed process that takes longer sits in a broken driver */

static uint32_t ring_length(uint32_t n)
{
	uint64_t want = RINGS_BYTES / sizeof(struct pool_event) / (n + !n);
	uint32_t len = RING_LEAST;

	while (len < RING_MOST && 2 * (uint64_t)len <= want)
		len *= 2;
	return len;
}

static uint64_t up_to_pages(uint64_t bytes)
{
	return (bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
}

static int make_shared(struct pool *p, const struct pool_worker *w, const struct pool_commands *c)
{
	struct pool_shared head = {.n = p->n, .ring = ring_length(p->n)};
	struct pool_shared *s;

	head.slots_at = up_to_pages(sizeof head + (p->n + 63) / 64 * sizeof(uint64_t));
	head.slot_bytes =
	    up_to_pages(sizeof(struct pool_slot) + head.ring * sizeof(struct pool_event));
	head.bytes = head.slots_at + p->n * head.slot_bytes;
	if (strlen(c->workdir ? c->workdir : "/") >= PATH_MAX ||
	    strlen(c->file_dir ? c->file_dir : "") >= PATH_MAX)
		return -ENAMETOOLONG;
	p->shared_fd = memfd_create("agentcg-pool", MFD_CLOEXEC);
	p->data_fd = memfd_create("agentcg-ops", MFD_CLOEXEC);
	if (p->shared_fd < 0 || p->data_fd < 0 || ftruncate(p->shared_fd, (off_t)head.bytes))
		return -errno;
	s = mmap(NULL, head.bytes, PROT_READ | PROT_WRITE, MAP_SHARED, p->shared_fd, 0);
	if (s == MAP_FAILED)
		return -errno;
	p->shared = s;
	/* Here, not where a worker first writes: the page is charged to who touches it first. */
	for (uint64_t at = 0; at < head.bytes; at += PAGE_BYTES)
		*((volatile char *)s + at) = 0;
	*s = head;
	s->as_other = !c->as_root && !geteuid();
	s->uid = c->uid;
	s->gid = c->gid;
	s->has_output = c->output_fd >= 0;
	s->call_timeout_ns = c->call_timeout_ns ? c->call_timeout_ns : NEVER;
	strcpy(s->workdir, c->workdir ? c->workdir : "/");
	strcpy(s->file_dir, c->file_dir ? c->file_dir : "");
	for (uint32_t i = 0; i < p->n; i++) {
		struct pool_slot *slot = shared_slot(s, i);

		strncpy(slot->name, w[i].name ? w[i].name : "", sizeof slot->name - 1);
		slot->oom_score_adj = w[i].oom_score_adj;
		slot->process_bytes = w[i].process_bytes;
		slot->file_bytes = s->file_dir[0] ? w[i].file_bytes : 0;
		atomic_store(&slot->thp, w[i].thp);
	}
	return 0;
}

static int watch(struct pool *p, int fd)
{
	struct epoll_event e = {.events = EPOLLIN | EPOLLRDHUP};

	return epoll_ctl(p->epoll_fd, EPOLL_CTL_ADD, fd, &e) ? -errno : 0;
}

/* Tell the zygote of the pool.  The writing end of life[] goes with it and to the workers. */
static int hand_over(struct pool *p, const struct pool_commands *c)
{
	struct zygote_message m = {.order = ZYGOTE_OPEN};
	int life[2], err;

	p->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	p->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (p->event_fd < 0 || p->epoll_fd < 0 || pipe2(life, O_CLOEXEC))
		return -errno;
	p->life_fd = life[0];

	int fds[ZYGOTE_MAX_FDS] = {p->shared_fd, p->data_fd, p->event_fd, life[1], c->output_fd};

	err = watch(p, p->event_fd);
	if (!err)
		err = watch(p, p->zygote->sock);
	if (!err)
		err = zygote_send(p->zygote, &m, fds, c->output_fd >= 0 ? 5 : 4);
	close(life[1]);
	return err;
}

static int order_workers(struct pool *p, const struct pool_worker *w)
{
	int err = 0;

	for (uint32_t i = 0; i < p->n && !err; i++) {
		struct zygote_message m = {.order = ZYGOTE_SPAWN,
					   .worker = i,
					   .has_cgroup = w[i].cgroup_dirfd >= 0,
					   .has_own = w[i].own_parent_fd >= 0};
		int fds[2];
		uint32_t nfds = 0;

		if (m.has_cgroup)
			fds[nfds++] = w[i].cgroup_dirfd;
		if (m.has_own)
			fds[nfds++] = w[i].own_parent_fd;
		p->members[i].has_own = m.has_own;
		err = zygote_send(p->zygote, &m, fds, nfds);
	}
	return err;
}

/* 1: ready; 0: not yet; -errno: it could not be made. */
static int is_ready(struct pool *p, uint32_t worker)
{
	struct pool_slot *s = shared_slot(p->shared, worker);
	int ended = (int)atomic_load(&s->ended), ready = atomic_load(&s->ready);

	if (atomic_load(&s->pid) < 0)
		return atomic_load(&s->pid);
	if (ready < 0)
		return ready;
	if (ended)
		return -ECHILD; /* killed while it was made */
	return ready && atomic_load(&s->pid) > 0;
}

static int await_workers(struct pool *p)
{
	struct pollfd fds[2] = {
	    {.fd = p->epoll_fd, .events = POLLIN},
	    {.fd = p->life_fd, .events = POLLIN},
	};
	eventfd_t n;

	for (uint32_t i = 0; i < p->n;) {
		int ready = is_ready(p, i);

		if (ready < 0)
			return ready;
		if (ready) {
			i++;
			continue;
		}
		if (!zygote_lives(p->zygote))
			return -EPIPE;
		if (poll(fds, 2, -1) < 0)
			return -errno; /* -EINTR: somebody has lost patience */
		if (fds[1].revents & (POLLHUP | POLLERR))
			return zygote_lives(p->zygote) ? -ENOMEM : -EPIPE;
		eventfd_read(p->event_fd, &n);
		for (uint32_t k = 0; k < (p->n + 63) / 64; k++)
			atomic_store(&p->shared->news[k], 0);
	}
	/* Who ended meanwhile has news that were thrown away. */
	for (uint32_t i = 0; i < p->n; i++)
		if (atomic_load(&shared_slot(p->shared, i)->ended))
			shared_signal(p->shared, i, p->event_fd);
	return 0;
}

int pool_open(struct zygote *z, const struct pool_worker *w, uint32_t n,
	      const struct pool_commands *commands, struct pool **out)
{
	struct pool *p;
	int err;

	if (z->in_use)
		return -EBUSY;
	p = mem_alloc(sizeof *p);
	z->in_use = true;
	p->zygote = z;
	p->n = n;
	p->shared_fd = p->data_fd = p->event_fd = p->life_fd = p->epoll_fd = -1;
	p->members = mem_alloc((n + !n) * sizeof *p->members);
	p->news = mem_alloc((n + 63) / 64 * sizeof *p->news + 1);
	p->may_command = geteuid() || commands->as_root || commands->uid;
	p->may_read = commands->file_dir;
	err = make_shared(p, w, commands);
	if (!err)
		err = hand_over(p, commands);
	if (!err)
		err = order_workers(p, w);
	if (!err)
		err = await_workers(p);
	if (err) {
		pool_close(p);
		return err;
	}
	*out = p;
	return 0;
}

/* Until nobody holds the other end of `life`: workers and zygote have gone or let go. */
static void await_end(struct pool *p)
{
	uint64_t until = shared_now() + CLOSE_MS * NS_PER_MS;
	struct pollfd fd = {.fd = p->life_fd, .events = POLLIN};

	for (;;) {
		uint64_t now = shared_now();

		if (now >= until || poll(&fd, 1, (int)((until - now) / NS_PER_MS) + 1) > 0)
			return;
	}
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

void pool_close(struct pool *p)
{
	struct zygote_message m = {.order = ZYGOTE_CLOSE};

	if (!p)
		return;
	if (p->life_fd >= 0) {
		kill(p->zygote->pid, SIGCONT);
		zygote_send(p->zygote, &m, NULL, 0);
		await_end(p);
	}
	close_fd(p->epoll_fd);
	close_fd(p->event_fd);
	close_fd(p->life_fd);
	close_fd(p->data_fd);
	close_fd(p->shared_fd);
	if (p->shared)
		munmap(p->shared, p->shared->bytes);
	p->zygote->in_use = false;
	free(p->members);
	free(p->news);
	free(p->sent);
	free(p);
}
