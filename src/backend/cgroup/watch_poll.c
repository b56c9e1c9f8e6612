/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Watching without BPF.
 *
 * memory.events of a cgroup with a delay becomes readable when it was over its memory.high; faults
 * of priority-high cgroups are read from memory.stat now and then.  The kernel holds such
 * notifications back for up to 12 ms, and the tasks run on meanwhile.  So what is counted is not
 * the notifications, but by how much the cgroup has grown: 64 pages are a batch, wherever they were
 * seen.  Which task it was is not known, so the cgroup that has the delay waits as a whole.
 */
#include "backend/cgroup/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/mem.h"

#define BATCH_BYTES   (AGENTCG_BATCH_PAGES * PAGE_BYTES)
#define STAT_BYTES    8192
#define LOOK_NS	      (50 * NS_PER_MS) /* between two looks at faults: 0.1 ms each */
#define LOOK_SOON_NS  (5 * NS_PER_MS)  /* while a batch below memory.high matters */
#define LOOK_FRESH_NS NS_PER_MS	       /* an answer that is younger is not asked for again */

struct cgroup_state {
	struct agentcg_policy policy;
	struct agentcg_window window;
	uint64_t faults;		  /* as last read */
	uint64_t seen_bytes;		  /* usage up to which batches have been counted */
	int events_fd, usage_fd, stat_fd; /* -1: not needed so far */
	bool look;			  /* it was notified */
};

struct poller {
	const struct mech_host *h;
	struct cgroup_state *cg; /* [h->n] */
	int epoll_fd;
	uint64_t due_ns;   /* of the next look at everything */
	uint64_t fresh_ns; /* when faults were read last */
	uint32_t next;	   /* cgroup to look at in this round; h->n: the round is over */
	bool all;	   /* in this round, not only those that were notified */
	bool any_high, any_always;
};

/* ---- files ----------------------------------------------------------------------------------- */

static int open_file(const struct mech_cgroup *g, const char *name, int *fd)
{
	if (*fd >= 0)
		return 0;
	*fd = openat(g->dirfd, name, O_RDONLY | O_CLOEXEC);
	return *fd < 0 ? -errno : 0;
}

/* The file from its start, NUL-terminated; length or -errno. */
static int read_file(int fd, char *text, size_t size)
{
	ssize_t n = pread(fd, text, size - 1, 0);

	if (n < 0)
		return -errno;
	text[n] = '\0';
	return (int)n;
}

static int read_usage(const struct cgroup_state *s, uint64_t *bytes)
{
	char text[32];
	int n = read_file(s->usage_fd, text, sizeof text);

	if (n < 0)
		return n;
	*bytes = strtoull(text, NULL, 10);
	return 0;
}

static int read_faults(const struct cgroup_state *s, uint64_t *faults)
{
	char text[STAT_BYTES];
	const char *line;
	int n = read_file(s->stat_fd, text, sizeof text);

	if (n < 0)
		return n;
	line = strstr(text, "\npgfault ");
	if (!line)
		return -EPROTO;
	*faults = strtoull(line + strlen("\npgfault "), NULL, 10);
	return 0;
}

/* ---- who is active --------------------------------------------------------------------------- */

static int read_activity(struct poller *p, uint64_t now_ns)
{
	if (p->fresh_ns && now_ns - p->fresh_ns < LOOK_FRESH_NS)
		return 0;
	for (uint32_t i = 0; i < p->h->n; i++) {
		struct cgroup_state *s = &p->cg[i];
		uint64_t faults;
		int err;

		if (!(s->policy.flags & AGENTCG_PRIORITY_HIGH))
			continue;
		err = read_faults(s, &faults);
		if (err)
			return err;
		if (faults > s->faults)
			agentcg_window_add(&s->window, &s->policy, now_ns, faults - s->faults);
		s->faults = faults;
	}
	p->fresh_ns = now_ns;
	return 0;
}

static bool any_active(const struct poller *p, uint64_t now_ns)
{
	for (uint32_t i = 0; i < p->h->n; i++)
		if ((p->cg[i].policy.flags & AGENTCG_PRIORITY_HIGH) &&
		    agentcg_window_active(&p->cg[i].window, &p->cg[i].policy, now_ns))
			return true;
	return false;
}

/* ---- who has to wait ------------------------------------------------------------------------- */

uint32_t watch_batches(uint64_t *seen_bytes, uint64_t usage_bytes, uint64_t base_bytes)
{
	uint64_t n;

	if (usage_bytes <= base_bytes || usage_bytes <= *seen_bytes) {
		*seen_bytes = usage_bytes;
		return 0;
	}
	if (*seen_bytes <= base_bytes) {
		/* The one that crossed the limit was over it, by however little. */
		n = (usage_bytes - base_bytes + BATCH_BYTES - 1) / BATCH_BYTES;
		*seen_bytes = usage_bytes;
	} else {
		/* Odd pages are the kernel's own; they add up to a batch some day. */
		n = (usage_bytes - *seen_bytes + BATCH_BYTES / 2) / BATCH_BYTES;
		*seen_bytes = n ? usage_bytes : *seen_bytes;
	}
	return n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

/* 1: *e is due; 0: nothing; -errno. */
static int look(struct poller *p, uint32_t i, uint64_t now_ns, struct watch_event *e)
{
	struct cgroup_state *s = &p->cg[i];
	const struct cg_attrs *a = p->h->cgroups[i].attrs;
	bool always = s->policy.flags & AGENTCG_ALWAYS;
	uint64_t usage;
	uint32_t batches;
	int err = read_usage(s, &usage);

	if (err)
		return err;
	batches = watch_batches(&s->seen_bytes, usage, always ? 0 : a->high_bytes);
	if (!batches || !s->policy.delay_ns)
		return 0;
	err = read_activity(p, now_ns);
	if (err)
		return err;
	if (!any_active(p, now_ns))
		return 0;
	*e = (struct watch_event){
	    .cgroup = i,
	    .batches = batches,
	    .pages = batches * AGENTCG_BATCH_PAGES,
	    .t_ns = now_ns,
	    .delay_ns = s->policy.delay_ns,
	};
	return 1;
}

/* Which were notified?  Reading memory.events is what makes the kernel notify again. */
static int collect(struct poller *p)
{
	struct epoll_event ready[32];
	char text[256];
	int n = epoll_wait(p->epoll_fd, ready, sizeof ready / sizeof *ready, 0);

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	for (int i = 0; i < n; i++) {
		struct cgroup_state *s = &p->cg[ready[i].data.u32];

		s->look = true;
		(void)read_file(s->events_fd, text, sizeof text);
	}
	return n;
}

static int poller_next(void *run, uint64_t now_ns, struct watch_event *e)
{
	struct poller *p = run;
	int err;

	if (p->next == p->h->n) { /* a new round */
		err = collect(p);
		if (err < 0)
			return err;
		p->all = now_ns >= p->due_ns;
		if (!err && !p->all)
			return 0;
		if (p->all) {
			err = p->any_high ? read_activity(p, now_ns) : 0;
			if (err)
				return err;
			p->due_ns = now_ns + (p->any_always && any_active(p, now_ns) ? LOOK_SOON_NS
										     : LOOK_NS);
		}
		p->next = 0;
	}
	while (p->next < p->h->n) {
		uint32_t i = p->next++;
		struct cgroup_state *s = &p->cg[i];

		if (s->events_fd < 0 || !(p->all || s->look))
			continue;
		s->look = false;
		err = look(p, i, now_ns, e);
		if (err)
			return err;
	}
	return 0;
}

/* ---- life ------------------------------------------------------------------------------------ */

static int watch_cgroup(struct poller *p, uint32_t i)
{
	const struct mech_cgroup *g = &p->h->cgroups[i];
	struct cgroup_state *s = &p->cg[i];
	struct epoll_event want = {.events = EPOLLPRI, .data.u32 = i};
	int err;

	if (s->events_fd >= 0)
		return 0;
	err = open_file(g, "memory.current", &s->usage_fd);
	if (!err)
		err = read_usage(s, &s->seen_bytes);
	if (!err)
		err = open_file(g, "memory.events", &s->events_fd);
	if (!err && epoll_ctl(p->epoll_fd, EPOLL_CTL_ADD, s->events_fd, &want))
		err = -errno;
	return err;
}

static int poller_set(void *run, uint32_t cgroup, uint32_t mask)
{
	struct poller *p = run;
	const struct mech_cgroup *g = &p->h->cgroups[cgroup];
	struct cgroup_state *s = &p->cg[cgroup];
	bool was_high = s->policy.flags & AGENTCG_PRIORITY_HIGH;
	int err = 0;

	watch_policy(&s->policy, g->attrs, mask);
	if (s->policy.delay_ns)
		err = watch_cgroup(p, cgroup);
	if (!err && !was_high && (s->policy.flags & AGENTCG_PRIORITY_HIGH)) {
		memset(&s->window, 0, sizeof s->window);
		err = open_file(g, "memory.stat", &s->stat_fd);
		if (!err)
			err = read_faults(s, &s->faults);
	}
	p->any_high = p->any_always = false;
	for (uint32_t i = 0; i < p->h->n; i++) {
		const struct agentcg_policy *q = &p->cg[i].policy;

		p->any_high |= !!(q->flags & AGENTCG_PRIORITY_HIGH);
		p->any_always |= q->delay_ns && (q->flags & AGENTCG_ALWAYS);
	}
	p->due_ns = 0;
	return err;
}

static int poller_fd(void *run)
{
	return ((struct poller *)run)->epoll_fd;
}

static uint64_t poller_due(void *run)
{
	struct poller *p = run;

	return p->next < p->h->n ? 0 : p->any_high ? p->due_ns : NEVER;
}

static uint64_t poller_active_until(void *run, uint32_t cgroup, uint64_t now_ns)
{
	const struct cgroup_state *s = &((struct poller *)run)->cg[cgroup];
	uint64_t until;

	if (!(s->policy.flags & AGENTCG_PRIORITY_HIGH) ||
	    !agentcg_window_active(&s->window, &s->policy, now_ns))
		return 0;
	if (__builtin_add_overflow(s->window.trigger_ns, s->policy.window_ns, &until))
		return NEVER;
	return until;
}

/* Nothing that the files do not say. */
static void poller_count(void *run, uint32_t cgroup, struct cg_counters *c)
{
	(void)run;
	(void)cgroup;
	(void)c;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void poller_close(void *run)
{
	struct poller *p = run;

	if (!p)
		return;
	for (uint32_t i = 0; i < p->h->n; i++) {
		close_fd(p->cg[i].events_fd);
		close_fd(p->cg[i].usage_fd);
		close_fd(p->cg[i].stat_fd);
	}
	close_fd(p->epoll_fd);
	free(p->cg);
	free(p);
}

static int poller_open(const struct mech_host *h, char *why, size_t why_size, void **out)
{
	struct poller *p = mem_alloc(sizeof *p);
	int err = 0;

	p->h = h;
	p->next = h->n;
	p->cg = mem_alloc(h->n * sizeof *p->cg);
	for (uint32_t i = 0; i < h->n; i++)
		p->cg[i].events_fd = p->cg[i].usage_fd = p->cg[i].stat_fd = -1;
	p->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (p->epoll_fd < 0) {
		err = -errno;
		snprintf(why, why_size, "no epoll descriptor: %s", strerror(-err));
	}
	for (uint32_t i = 0; !err && i < h->n; i++) {
		err = poller_set(p, i, ~UINT32_C(0));
		if (err)
			snprintf(why, why_size, "the files of %s cannot be watched: %s",
				 h->cgroups[i].name, strerror(-err));
	}
	if (err) {
		poller_close(p);
		return err;
	}
	*out = p;
	return 0;
}

const struct watch watch_poll = {
    .open = poller_open,
    .set = poller_set,
    .fd = poller_fd,
    .due = poller_due,
    .next = poller_next,
    .active_until = poller_active_until,
    .count = poller_count,
    .close = poller_close,
};
