/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The mechanism `memcg_bpf`: BPF programs behind the kernel's own hook (hook.h) say how long a task
 * waits for a batch that it has charged, and whom reclaim passes over.  Nothing has to be done
 * in time here: the kernel asks, the task sleeps by itself, once a batch.
 *
 * A link holds for a cgroup and all below it, and nowhere else in a line from a leaf to the root
 * may be a second one.  So links are made for the uppermost cgroups that have something to say, and
 * the programs find the nearest cgroup with an entry by themselves.
 */
#include "backend/cgroup/mechanisms.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"

#include "backend/cgroup/watch.h"
#include "base/diag.h"

#if HAVE_BPF

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "backend/cgroup/hook.h"
#include "base/mem.h"
#include "bpf/memcg_ops.h"

/* As in bpf/active.bpf.h. */
struct counted {
	struct bpf_spin_lock lock;
	uint32_t pad;
	struct agentcg_window window;
	uint64_t faults;
};

struct hook_cgroup {
	struct agentcg_policy policy;
	bool speaks;	 /* has had a delay or a protection: stays so */
	bool watched;	 /* has an entry in windows */
	uint64_t faults; /* of entries in windows that are gone */
	int link;	 /* fd; -1: none */
};

struct hooked {
	const struct mech_host *h;
	struct hook hook;
	struct ring_buffer *ring;
	struct hook_cgroup *cg; /* [h->n] */
};

/* ---- maps ------------------------------------------------------------------------------------ */

static int put(const struct bpf_map *map, const uint64_t *id, const void *value, size_t size)
{
	return bpf_map__update_elem(map, id, sizeof *id, value, size, BPF_ANY);
}

static bool look(const struct bpf_map *map, const uint64_t *id, void *value, size_t size,
		 uint64_t flags)
{
	return !bpf_map__lookup_elem(map, id, sizeof *id, value, size, flags);
}

/* A window begins with priority high and ends with it. */
static int set_window(struct hooked *k, uint32_t cgroup)
{
	const uint64_t *id = &k->h->cgroups[cgroup].id;
	struct hook_cgroup *c = &k->cg[cgroup];
	bool high = c->policy.flags & AGENTCG_PRIORITY_HIGH;
	static const struct counted none;
	struct counted last;
	int err;

	if (high && !c->watched) {
		err = put(k->hook.windows, id, &none, sizeof none);
		if (err)
			return err;
	} else if (!high && c->watched) {
		if (look(k->hook.windows, id, &last, sizeof last, BPF_F_LOCK))
			c->faults += last.faults;
		(void)bpf_map__delete_elem(k->hook.windows, id, sizeof *id, 0);
	}
	c->watched = high;
	return 0;
}

/* ---- links ----------------------------------------------------------------------------------- */

static bool is_below_speaker(const struct hooked *k, uint32_t i)
{
	while (i) {
		i = k->h->cgroups[i].parent;
		if (k->cg[i].speaks)
			return true;
	}
	return false;
}

static void unlink_one(struct hook_cgroup *c)
{
	if (c->link < 0)
		return;
	/* At once, whoever else may have inherited the descriptor. */
	(void)bpf_link_detach(c->link);
	close(c->link);
	c->link = -1;
}

/* Make links what is said at the top of this file.  *at is the cgroup that an error is about. */
static int relink(struct hooked *k, uint32_t *at)
{
	for (uint32_t i = 0; i < k->h->n; i++)
		if (is_below_speaker(k, i))
			unlink_one(&k->cg[i]);
	for (uint32_t i = 0; i < k->h->n; i++) {
		struct hook_cgroup *c = &k->cg[i];

		if (!c->speaks || c->link >= 0 || is_below_speaker(k, i))
			continue;
		*at = i;
		c->link = memcg_ops_attach(&k->hook.type, bpf_object__btf_fd(k->hook.object),
					   k->hook.progs, k->h->cgroups[i].dirfd);
		if (c->link < 0) {
			int err = c->link;

			c->link = -1;
			return err;
		}
	}
	return 0;
}

static int hook_set_policy(struct hooked *k, uint32_t cgroup, uint32_t mask)
{
	const struct mech_cgroup *g = &k->h->cgroups[cgroup];
	struct hook_cgroup *c = &k->cg[cgroup];
	int err;

	watch_policy(&c->policy, g->attrs, mask);
	c->speaks |=
	    c->policy.delay_ns || (c->policy.flags & (AGENTCG_PROTECT_LOW | AGENTCG_PROTECT_MIN));
	err = put(k->hook.policies, &g->id, &c->policy, sizeof c->policy);
	return err ? err : set_window(k, cgroup);
}

static int hook_set(void *m, uint32_t cgroup, uint32_t mask)
{
	uint32_t at;
	int err = hook_set_policy(m, cgroup, mask);

	return err ? err : relink(m, &at);
}

static void say_link(const char *cgroup, int err, char *why, size_t why_size)
{
	switch (-err) {
	case EBUSY:
		snprintf(why, why_size,
			 "another program is attached to the hook of `%s`, or of a cgroup above or "
			 "below it; the kernel lets there be one",
			 cgroup);
		break;
	case ENODEV:
		snprintf(why, why_size, "the cgroup `%s` has no memory controller", cgroup);
		break;
	default:
		snprintf(why, why_size, "the hook of `%s` cannot be attached to: %s", cgroup,
			 strerror(-err));
	}
}

/* ---- events ---------------------------------------------------------------------------------- */

static int on_event(void *run, void *data, size_t size)
{
	struct hooked *k = run;
	const struct agentcg_event *e = data;

	if (size < sizeof *e)
		return 0;
	for (uint32_t i = 0; i < k->h->n; i++) {
		if (k->h->cgroups[i].id != e->cgroup)
			continue;
		k->h->delayed(k->h->ctx, i, e->t_ns, e->delay_ns);
		break;
	}
	return 0;
}

static int hook_fd(void *m)
{
	return ring_buffer__epoll_fd(((struct hooked *)m)->ring);
}

static uint64_t hook_due(void *m)
{
	(void)m;
	return NEVER;
}

static int hook_step(void *m, uint64_t now_ns)
{
	int err = ring_buffer__consume(((struct hooked *)m)->ring);

	(void)now_ns;
	return err < 0 && err != -EINTR ? err : 0;
}

/* ---- counting -------------------------------------------------------------------------------- */

/* Those who sleep right now. */
static void count_sleepers(const struct hooked *k, uint64_t cgroup_id, uint64_t now_ns,
			   struct agentcg_hook_counts *sum)
{
	struct agentcg_visit v;
	uint32_t key, *last = NULL;

	while (!bpf_map__get_next_key(k->hook.visits, last, &key, sizeof key)) {
		last = &key;
		if (bpf_map__lookup_elem(k->hook.visits, &key, sizeof key, &v, sizeof v, 0) ||
		    v.cgroup != cgroup_id || !v.asleep_ns || now_ns < v.asleep_ns)
			continue;
		if (v.hooks) {
			sum->delays++;
			sum->delayed_ns += now_ns - v.asleep_ns;
		} else {
			sum->throttled_ns += now_ns - v.asleep_ns;
		}
	}
}

static bool is_at_or_below(const struct mech_host *h, uint32_t i, uint32_t ancestor)
{
	while (i > ancestor) /* parents come first */
		i = h->cgroups[i].parent;
	return i == ancestor;
}

static void hook_count(void *m, uint32_t cgroup, uint64_t now_ns, struct cg_counters *out)
{
	const struct hooked *k = m;
	struct agentcg_hook_counts sum = {0}, one;
	struct counted w;

	for (uint32_t i = cgroup; i < k->h->n; i++) {
		const uint64_t *id = &k->h->cgroups[i].id;

		if (!is_at_or_below(k->h, i, cgroup) ||
		    !look(k->hook.counts, id, &one, sizeof one, 0))
			continue;
		count_sleepers(k, *id, now_ns, &one);
		sum.delays += one.delays;
		sum.delayed_ns += one.delayed_ns;
		sum.throttled_ns += one.throttled_ns;
		sum.protections += one.protections;
		sum.calls += one.calls;
		sum.given += one.given;
		sum.given_ms += one.given_ms;
	}
	out->asked = sum.calls;
	out->given = sum.given;
	out->given_ns = sum.given_ms * NS_PER_MS;
	out->delays = sum.delays;
	out->delayed_ns = sum.delayed_ns;
	out->protections = sum.protections;
	out->throttled_ns = sum.throttled_ns;
	if (k->cg[cgroup].watched &&
	    look(k->hook.windows, &k->h->cgroups[cgroup].id, &w, sizeof w, BPF_F_LOCK))
		out->faults = k->cg[cgroup].faults + w.faults;
}

/* ---- life ------------------------------------------------------------------------------------ */

/* What the kernel asked, what the programs answered, and what came of it. */
static void tell_counts(const struct hooked *k)
{
	struct agentcg_hook_counts n;

	for (uint32_t i = 0; mech_verbose && k->hook.counts && i < k->h->n; i++)
		if (look(k->hook.counts, &k->h->cgroups[i].id, &n, sizeof n, 0) &&
		    (n.calls || n.protections))
			fprintf(mech_verbose,
				"# BPF: %s: asked for %" PRIu64 " batches, %" PRIu64
				" to wait, for %" PRIu64 " ms; %" PRIu64 " slept as long, %" PRIu64
				" ms; %" PRIu64 " times protected; %" PRIu64 " events lost\n",
				k->h->cgroups[i].name, (uint64_t)n.calls, (uint64_t)n.given,
				(uint64_t)n.given_ms, (uint64_t)n.delays,
				(uint64_t)n.delayed_ns / NS_PER_MS, (uint64_t)n.protections,
				(uint64_t)n.lost);
}

static void hook_close(void *m)
{
	struct hooked *k = m;

	if (!k)
		return;
	tell_counts(k);
	for (uint32_t i = 0; i < k->h->n; i++)
		unlink_one(&k->cg[i]);
	ring_buffer__free(k->ring);
	hook_unload(&k->hook);
	free(k->cg);
	free(k);
}

static int fill(struct hooked *k, char *why, size_t why_size)
{
	static const struct agentcg_hook_counts none;
	uint32_t at;
	int err;

	for (uint32_t i = 0; i < k->h->n; i++) {
		err = put(k->hook.counts, &k->h->cgroups[i].id, &none, sizeof none);
		if (!err)
			err = hook_set_policy(k, i, ~UINT32_C(0));
		if (err) {
			snprintf(why, why_size,
				 "the policy of `%s` cannot be given to the BPF programs: %s",
				 k->h->cgroups[i].name, strerror(-err));
			return err;
		}
	}
	k->ring = ring_buffer__new(bpf_map__fd(k->hook.events), on_event, k, NULL);
	if (!k->ring) {
		err = -errno;
		snprintf(why, why_size, "the BPF programs' ring buffer cannot be read: %s",
			 strerror(-err));
		return err;
	}
	err = relink(k, &at);
	if (err)
		say_link(k->h->cgroups[at].name, err, why, why_size);
	return err;
}

static int hook_try_open(const struct mech_host *h, char *why, size_t why_size, struct hooked **out)
{
	struct hooked *k = mem_alloc(sizeof *k);
	int err;

	k->h = h;
	k->cg = mem_alloc(h->n * sizeof *k->cg);
	for (uint32_t i = 0; i < h->n; i++)
		k->cg[i].link = -1;
	err = hook_load(&k->hook, h->n, why, why_size);
	if (!err)
		err = fill(k, why, why_size);
	if (err) {
		hook_close(k);
		return err;
	}
	*out = k;
	return 0;
}

/* What the kernel does not carry out as it is written. */
static void warn(const struct mech_host *h, struct diags *d)
{
	for (uint32_t i = 0; i < h->n; i++) {
		uint64_t delay_ns = h->cgroups[i].attrs->delay_ns;

		if (delay_ns > AGENTCG_LONGEST_MS * NS_PER_MS)
			diag_file(d, W_DELAY_KERNEL, NULL, 0, 0,
				  "the delay of `%s` is %g s, and the kernel lets its hook delay a "
				  "batch for 2 s at most",
				  h->cgroups[i].name, (double)delay_ns / 1e9);
		else if (delay_ns && delay_ns <= AGENTCG_SHORTEST_MS * NS_PER_MS)
			diag_file(d, W_DELAY_KERNEL, NULL, 0, 0,
				  "the delay of `%s` is %g ms, and the kernel leaves out delays of "
				  "up to 10 ms",
				  h->cgroups[i].name, (double)delay_ns / 1e6);
	}
}

static int hook_open(const struct mech_host *h, struct diags *d, void **m)
{
	struct hooked *k = NULL;
	char why[256];
	int err = hook_try_open(h, why, sizeof why, &k);

	if (err)
		diag_file(d, E_RUN_FAILED, NULL, 0, 0, "mechanism `memcg_bpf`: %s", why);
	else
		warn(h, d);
	*m = k;
	return err;
}

/* Attached, it works: the kernel's side of it is not ours to try. */
static int hook_probe(int parent_dirfd, char *why, size_t why_size)
{
	struct cg_attrs attrs = cg_attrs_default;
	struct mech_cgroup cgroup = {.attrs = &attrs};
	struct mech_host host = {.cgroups = &cgroup, .n = 1};
	struct hooked *k = NULL;
	struct stat st;
	char name[48];
	int err;

	*why = '\0';
	snprintf(name, sizeof name, "agentcg-try-memcg_bpf-%ld", (long)getpid());
	cgroup.name = name;
	attrs.priority = PRIORITY_HIGH;
	attrs.delay_ns = NS_PER_SEC;
	if (mkdirat(parent_dirfd, name, 0755)) {
		snprintf(why, why_size, "a cgroup to try it on cannot be made: %s",
			 strerror(errno));
		return 0;
	}
	cgroup.dirfd = openat(parent_dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (cgroup.dirfd < 0 || fstat(cgroup.dirfd, &st)) {
		err = -errno;
		snprintf(why, why_size, "the cgroup to try it on cannot be opened: %s",
			 strerror(errno));
	} else {
		cgroup.id = st.st_ino;
		err = hook_try_open(&host, why, why_size, &k);
	}
	hook_close(k);
	if (cgroup.dirfd >= 0)
		close(cgroup.dirfd);
	(void)unlinkat(parent_dirfd, name, AT_REMOVEDIR);
	return !err;
}

#else

static int hook_probe(int parent_dirfd, char *why, size_t why_size)
{
	(void)parent_dirfd;
	snprintf(why, why_size, "this agentcg was built without BPF (./configure says why)");
	return 0;
}

static int hook_open(const struct mech_host *h, struct diags *d, void **m)
{
	(void)h;
	diag_file(
	    d, E_RUN_FAILED, NULL, 0, 0,
	    "mechanism `memcg_bpf`: this agentcg was built without BPF (./configure says why)");
	*m = NULL;
	return -ENOSYS;
}

/* Nothing else is ever called, as nothing was opened; close is, with NULL. */
static int hook_set(void *m, uint32_t cgroup, uint32_t mask)
{
	(void)m;
	(void)cgroup;
	(void)mask;
	return -ENOSYS;
}

#define hook_fd	   NULL
#define hook_due   NULL
#define hook_step  NULL
#define hook_count NULL

static void hook_close(void *m)
{
	(void)m;
}

#endif

const struct mechanism mech_memcg_bpf = {
    .name = "memcg_bpf",
    .caps = CAP_DELAY | CAP_DELAY_ALWAYS | CAP_PROTECT,
    .probe = hook_probe,
    .open = hook_open,
    .set = hook_set,
    .fd = hook_fd,
    .due = hook_due,
    .step = hook_step,
    .count = hook_count,
    .close = hook_close,
};
