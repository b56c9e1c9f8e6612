/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Watching by BPF programs (bpf/watch.bpf.c): open, size and fill the maps, load, attach, ring
 * buffer, and one way out.
 *
 * What the programs hang on has other names on other kernels.  Whether one works is found out by
 * loading and attaching it: a name in the kernel's type information may be that of a function that
 * was inlined everywhere.
 */
#include "backend/cgroup/watch_bpf.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "config.h"

#if HAVE_BPF

#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "backend/cgroup/libbpf_log.h"
#include "base/mem.h"
#include "base/vec.h"
#include "bpf/watch.skel.h"

/* As in bpf/active.bpf.h. */
struct counted {
	struct bpf_spin_lock lock;
	uint32_t pad;
	struct agentcg_window window;
	uint64_t faults;
};

enum hook {
	FAULTS_OLD,
	FAULTS_NEW,
	ENTER_OLD,
	ENTER_NEW,
	EXIT_OLD,
	EXIT_NEW,
	RECLAIMED,
	CHARGING,
	HOOKS,
};
#define HOOK(h) (1U << (h))

/* Which go together; the likeliest first: since 7.x, and up to 6.12. */
static const unsigned int choices[] = {
    HOOK(FAULTS_NEW) | HOOK(ENTER_NEW) | HOOK(EXIT_NEW),
    HOOK(FAULTS_OLD) | HOOK(ENTER_OLD) | HOOK(EXIT_OLD),
    HOOK(FAULTS_NEW) | HOOK(ENTER_OLD) | HOOK(EXIT_OLD),
    HOOK(FAULTS_OLD) | HOOK(ENTER_NEW) | HOOK(EXIT_NEW),
};
#define ALWAYS_THERE (HOOK(RECLAIMED) | HOOK(CHARGING))

struct cgroup_state {
	struct agentcg_policy policy;
	bool watched;	     /* has an entry in windows */
	bool counts_batches; /* has one in charged */
	uint64_t faults;     /* of entries in windows that are gone */
};

struct watcher {
	const struct mech_host *h;
	const struct watch_object *object;
	struct bpf_object *bpf;
	struct bpf_map *policies, *windows, *counts, *charged, *events; /* bpf/watch.bpf.h */
	struct ring_buffer *ring;
	struct bpf_link *links[HOOKS];
	struct cgroup_state *cg; /* [h->n] */
	VEC(struct watch_event) queue;
	size_t taken; /* of queue */
};

/* ---- loading --------------------------------------------------------------------------------- */

static struct bpf_program *program(const struct watcher *w, enum hook k)
{
	static const char *const names[HOOKS] = {
	    [FAULTS_OLD] = "faults_old",	 [FAULTS_NEW] = "faults_new",
	    [ENTER_OLD] = "over_high_enter_old", [ENTER_NEW] = "over_high_enter_new",
	    [EXIT_OLD] = "over_high_exit_old",	 [EXIT_NEW] = "over_high_exit_new",
	    [RECLAIMED] = "reclaimed",		 [CHARGING] = "charging",
	};

	return bpf_object__find_program_by_name(w->bpf, names[k]);
}

static void detach(struct watcher *w)
{
	for (int k = HOOKS; k-- > 0;) {
		bpf_link__destroy(w->links[k]); /* NULL is fine */
		w->links[k] = NULL;
	}
	bpf_object__close(w->bpf); /* NULL is fine */
	w->bpf = NULL;
}

static int attach_one(struct watcher *w, enum hook k)
{
	struct bpf_link *link;

	if (w->links[k])
		return 0;
	link = bpf_program__attach(program(w, k));
	if (!link)
		return -errno;
	w->links[k] = link;
	return 0;
}

/* Load the programs of a mask and attach all of them but CHARGING.  0 or -errno, nothing left. */
static int attach(struct watcher *w, unsigned int hooks)
{
	const void *bytes;
	size_t n;
	int err;

	bytes = w->object->bytes(&n);
	w->bpf = bpf_object__open_mem(bytes, n, NULL);
	if (!w->bpf)
		return -errno;
	w->policies = bpf_object__find_map_by_name(w->bpf, "policies");
	w->windows = bpf_object__find_map_by_name(w->bpf, "windows");
	w->counts = bpf_object__find_map_by_name(w->bpf, "counts");
	w->charged = bpf_object__find_map_by_name(w->bpf, "charged");
	w->events = bpf_object__find_map_by_name(w->bpf, "events");
	if (w->object->prepare)
		w->object->prepare(w->bpf);
	for (enum hook k = 0; k < HOOKS; k++)
		bpf_program__set_autoload(program(w, k), hooks & HOOK(k));
	bpf_map__set_max_entries(w->policies, w->h->n);
	bpf_map__set_max_entries(w->windows, w->h->n);
	bpf_map__set_max_entries(w->counts, w->h->n);
	bpf_map__set_max_entries(w->charged, w->h->n);
	err = bpf_object__load(w->bpf);
	for (enum hook k = 0; !err && k < HOOKS; k++)
		if ((hooks & HOOK(k)) && k != CHARGING)
			err = attach_one(w, k);
	if (err)
		detach(w);
	return err;
}

static void explain(int err, const char *which, char *why, size_t why_size)
{
	switch (-err) {
	case EPERM:
		snprintf(why, why_size,
			 "loading BPF programs is not permitted: that takes root, or CAP_BPF and "
			 "CAP_PERFMON");
		return;
	case ENOSYS:
		snprintf(why, why_size, "this kernel has no BPF");
		return;
	case ENOMEM:
		snprintf(why, why_size, "there is no memory for the BPF programs' maps");
		return;
	}
	if (access("/sys/kernel/btf/vmlinux", R_OK))
		snprintf(why, why_size,
			 "this kernel shows no type information for BPF (/sys/kernel/btf/vmlinux)");
	else if (!which)
		snprintf(why, why_size, "the BPF programs load only one by one: %s",
			 strerror(-err));
	else if (err == -ESRCH || err == -ENOENT)
		snprintf(why, why_size,
			 "this kernel has no function that the BPF program `%s` can hang on",
			 which);
	else if (err == -EACCES || err == -EINVAL || err == -E2BIG)
		snprintf(why, why_size, "this kernel refuses the BPF program `%s`: %s", which,
			 strerror(-err));
	else
		snprintf(why, why_size, "the BPF program `%s` cannot be attached: %s", which,
			 strerror(-err));
}

/* None of the choices worked: which program is it that does not?  Alternatives count once. */
static void blame(struct watcher *w, int err, char *why, size_t why_size)
{
	static const struct {
		unsigned int hooks;
		const char *name;
	} parts[] = {
	    {HOOK(FAULTS_NEW), NULL},	    {HOOK(FAULTS_OLD), "faults"},
	    {HOOK(ENTER_NEW), NULL},	    {HOOK(ENTER_OLD), "over_high_enter"},
	    {HOOK(EXIT_NEW), NULL},	    {HOOK(EXIT_OLD), "over_high_exit"},
	    {HOOK(RECLAIMED), "reclaimed"}, {HOOK(CHARGING), "charging"},
	};
	bool works = false;

	if (err != -EPERM && w->object->prepare) {
		int rest;

		libbpf_log_forget();
		rest = attach(w, 0);
		if (rest) {
			snprintf(why, why_size, "this kernel refuses the BPF programs: %s",
				 strerror(-rest));
			return;
		}
		detach(w);
	}
	if (err != -EPERM) {
		for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
			int one;

			if (works && !parts[i].name)
				works = false;
			libbpf_log_forget();
			one = works ? 0 : attach(w, parts[i].hooks);
			if (!one)
				detach(w);
			works = !one && !parts[i].name;
			if (one && parts[i].name) {
				explain(one, parts[i].name, why, why_size);
				return;
			}
		}
	}
	explain(err, NULL, why, why_size);
}

/* ---- maps ------------------------------------------------------------------------------------ */

static int put(const struct bpf_map *map, const uint64_t *id, const void *value, size_t size)
{
	return bpf_map__update_elem(map, id, sizeof *id, value, size, BPF_ANY);
}

static void drop(const struct bpf_map *map, const uint64_t *id)
{
	bpf_map__delete_elem(map, id, sizeof *id, 0);
}

static bool look(const struct bpf_map *map, const uint64_t *id, void *value, size_t size,
		 uint64_t flags)
{
	return !bpf_map__lookup_elem(map, id, sizeof *id, value, size, flags);
}

static int watcher_set(void *run, uint32_t cgroup, uint32_t mask)
{
	struct watcher *w = run;
	const struct mech_cgroup *g = &w->h->cgroups[cgroup];
	struct cgroup_state *s = &w->cg[cgroup];
	bool high, batches;
	int err;

	watch_policy(&s->policy, g->attrs, mask);
	high = s->policy.flags & AGENTCG_PRIORITY_HIGH;
	batches = s->policy.delay_ns && (s->policy.flags & AGENTCG_ALWAYS);
	err = put(w->policies, &g->id, &s->policy, sizeof s->policy);
	if (!err && high && !s->watched) {
		static const struct counted none;

		err = put(w->windows, &g->id, &none, sizeof none);
		s->watched = !err;
	} else if (!high && s->watched) {
		struct counted c;

		if (look(w->windows, &g->id, &c, sizeof c, BPF_F_LOCK))
			s->faults += c.faults;
		drop(w->windows, &g->id);
		s->watched = false;
	}
	if (!err && batches && !s->counts_batches) {
		static const uint64_t none;

		err = put(w->charged, &g->id, &none, sizeof none);
		s->counts_batches = !err;
		if (!err)
			err = attach_one(w, CHARGING);
	} else if (!batches && s->counts_batches) {
		drop(w->charged, &g->id);
		s->counts_batches = false;
	}
	return err;
}

/* ---- events ---------------------------------------------------------------------------------- */

static int on_event(void *run, void *data, size_t size)
{
	struct watcher *w = run;
	const struct agentcg_event *e = data;

	if (size < sizeof *e || e->kind == AGENTCG_EVENT_ACTIVE)
		return 0; /* that only wakes us */
	for (uint32_t i = 0; i < w->h->n; i++) {
		if (w->h->cgroups[i].id != e->cgroup && e->kind != AGENTCG_EVENT_EJECTED)
			continue;
		vec_push(&w->queue, (struct watch_event){
					.kind = e->kind,
					.cgroup = i,
					.task = e->task,
					.batches = 1,
					.pages = e->pages,
					.t_ns = e->t_ns,
					.delay_ns = e->delay_ns,
					.lag_ns = (uint64_t)e->lag_us * NS_PER_US,
				    });
		break;
	}
	return 0;
}

static int watcher_next(void *run, uint64_t now_ns, struct watch_event *e)
{
	struct watcher *w = run;
	int err;

	(void)now_ns;
	if (w->taken == w->queue.n) {
		w->taken = 0;
		vec_clear(&w->queue);
		err = ring_buffer__consume(w->ring);
		if (err < 0 && err != -EINTR)
			return err;
	}
	if (w->taken == w->queue.n)
		return 0;
	*e = w->queue.v[w->taken++];
	return 1;
}

static int watcher_fd(void *run)
{
	return ring_buffer__epoll_fd(((struct watcher *)run)->ring);
}

static uint64_t watcher_due(void *run)
{
	struct watcher *w = run;

	return w->taken < w->queue.n ? 0 : NEVER;
}

static uint64_t watcher_active_until(void *run, uint32_t cgroup, uint64_t now_ns)
{
	struct watcher *w = run;
	struct counted c;
	uint64_t until;

	if (!w->cg[cgroup].watched ||
	    !look(w->windows, &w->h->cgroups[cgroup].id, &c, sizeof c, BPF_F_LOCK) ||
	    !agentcg_window_active(&c.window, &w->cg[cgroup].policy, now_ns))
		return 0;
	if (__builtin_add_overflow(c.window.trigger_ns, w->cg[cgroup].policy.window_ns, &until))
		return NEVER;
	return until;
}

static void watcher_count(void *run, uint32_t cgroup, struct cg_counters *out)
{
	struct watcher *w = run;
	const uint64_t *id = &w->h->cgroups[cgroup].id;
	struct agentcg_counts n;
	struct counted c;

	if (look(w->counts, id, &n, sizeof n, 0)) {
		out->throttled_ns = n.throttled_ns;
		out->asked = n.over_high;
		out->given = n.delays + n.lost;
		out->given_ns = n.delays_ns;
	}
	if (w->cg[cgroup].watched && look(w->windows, id, &c, sizeof c, BPF_F_LOCK))
		out->faults = w->cg[cgroup].faults + c.faults;
}

/* ---- life ------------------------------------------------------------------------------------ */

/* How many batches the programs saw, and whether user space heard of all that had to wait. */
static void tell_counts(struct watcher *w)
{
	struct agentcg_counts n;

	for (uint32_t i = 0; mech_verbose && w->bpf && i < w->h->n; i++)
		if (look(w->counts, &w->h->cgroups[i].id, &n, sizeof n, 0) && n.over_high)
			fprintf(mech_verbose,
				"# BPF: %s: %" PRIu64 " batches over memory.high, %" PRIu64
				" to wait, %" PRIu64 " events lost\n",
				w->h->cgroups[i].name, (uint64_t)n.over_high, (uint64_t)n.delays,
				(uint64_t)n.lost);
}

static void watcher_close(void *run)
{
	struct watcher *w = run;

	if (!w)
		return;
	tell_counts(w);
	ring_buffer__free(w->ring);
	detach(w);
	vec_free(&w->queue);
	free(w->cg);
	free(w);
}

int watch_bpf_open(const struct watch_object *o, const struct mech_host *h, char *why,
		   size_t why_size, void **out)
{
	struct watcher *w = mem_alloc(sizeof *w);
	int err = -EINVAL;

	libbpf_log_begin();
	w->h = h;
	w->object = o;
	w->cg = mem_alloc(h->n * sizeof *w->cg);
	for (size_t i = 0; err && err != -EPERM && i < sizeof choices / sizeof *choices; i++) {
		libbpf_log_forget();
		err = attach(w, choices[i] | ALWAYS_THERE);
	}
	if (err) {
		blame(w, err, why, why_size);
		libbpf_log_print();
		goto fail;
	}
	w->ring = ring_buffer__new(bpf_map__fd(w->events), on_event, w, NULL);
	if (!w->ring) {
		err = -errno;
		snprintf(why, why_size, "the BPF programs' ring buffer cannot be read: %s",
			 strerror(-err));
		goto fail;
	}
	for (uint32_t i = 0; i < h->n; i++) {
		static const struct agentcg_counts none;

		err = put(w->counts, &h->cgroups[i].id, &none, sizeof none);
		if (!err)
			err = watcher_set(w, i, ~UINT32_C(0));
		if (err) {
			snprintf(why, why_size,
				 "the policy of %s cannot be given to the BPF programs: %s",
				 h->cgroups[i].name, strerror(-err));
			goto fail;
		}
	}
	libbpf_log_end();
	*out = w;
	return 0;
fail:
	libbpf_log_end();
	watcher_close(w);
	return err;
}

static int watcher_open(const struct mech_host *h, char *why, size_t why_size, void **out)
{
	static const struct watch_object alone = {.bytes = watch_bpf__elf_bytes};

	return watch_bpf_open(&alone, h, why, why_size, out);
}

struct bpf_object *watch_bpf_object(void *run)
{
	return ((struct watcher *)run)->bpf;
}

const struct watch watch_bpf = {
    .open = watcher_open,
    .set = watcher_set,
    .fd = watcher_fd,
    .due = watcher_due,
    .next = watcher_next,
    .active_until = watcher_active_until,
    .count = watcher_count,
    .close = watcher_close,
};

#else

static int watcher_open(const struct mech_host *h, char *why, size_t why_size, void **out)
{
	(void)h;
	(void)out;
	snprintf(why, why_size, "this agentcg was built without BPF (./configure says why)");
	return -ENOSYS;
}

/* Nothing else is ever called, as nothing was opened. */
const struct watch watch_bpf = {.open = watcher_open};

#endif
