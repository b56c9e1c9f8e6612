/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The mechanism `sched_ext`: a scheduler of our own (bpf/hold.bpf.c) holds the task that charged
 * until the delay is over; BPF programs watch, as for `freeze`.
 *
 * A task is held and not its cgroup, once for every batch, and nothing has to be done in time here.
 * All workers and what they start are scheduled by it, the important ones too: the kernel runs
 * tasks of SCHED_EXT only when no other wants the CPU, and were only some of them of that policy,
 * they would lose more than their delays.
 *
 * The kernel may end the scheduler at any time: when another task kept one of its own off the CPUs
 * for 30 s, say, or by SysRq-S.  Its tasks go on as if they were of SCHED_OTHER.
 */
#include "backend/cgroup/mechanisms.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"

#include "backend/cgroup/trial.h"
#include "base/diag.h"
#include "bpf/hold.h"

#if HAVE_BPF

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "backend/cgroup/libbpf_log.h"
#include "backend/cgroup/scheduler.h"
#include "backend/cgroup/shield.h"
#include "backend/cgroup/watch_bpf.h"
#include "base/mem.h"
#include "bpf/hold.skel.h"

struct holder {
	const struct mech_host *h;
	void *watching;
	struct shield *shield;
	struct bpf_map *holds, *counts;
	int link;
	int let_go;	 /* program; looks who is due */
	uint64_t due_ns; /* when it has to be run: where the kernel has no timer for it; NEVER */
	bool lost;
};

/* ---- counting -------------------------------------------------------------------------------- */

static bool hold_look(const struct holder *k, uint32_t cgroup, struct agentcg_hold_counts *n)
{
	const uint64_t *id = &k->h->cgroups[cgroup].id;

	return !bpf_map__lookup_elem(k->counts, id, sizeof *id, n, sizeof *n, 0);
}

/* Those who are held right now. */
static void count_held(const struct holder *k, uint64_t cgroup_id, uint64_t now_ns,
		       struct agentcg_hold_counts *sum)
{
	struct agentcg_hold one;
	uint32_t key, *last = NULL;

	while (!bpf_map__get_next_key(k->holds, last, &key, sizeof key)) {
		uint64_t until;

		last = &key;
		if (bpf_map__lookup_elem(k->holds, &key, sizeof key, &one, sizeof one, 0) ||
		    one.cgroup != cgroup_id || !one.held_ns)
			continue;
		until = now_ns < one.due_ns ? now_ns : one.due_ns;
		sum->delays += one.batches;
		if (until > one.since_ns)
			sum->delayed_ns += until - one.since_ns;
	}
}

static void hold_count(void *m, uint32_t cgroup, uint64_t now_ns, struct cg_counters *c)
{
	const struct holder *k = m;
	uint64_t throttled_ns = 0;

	c->delays = c->delayed_ns = c->protections = 0;
	c->asked = c->given = c->given_ns = 0;
	for (uint32_t i = cgroup; i < k->h->n; i++) {
		struct agentcg_hold_counts n = {0};
		struct cg_counters one = {0};

		if (!watch_below(k->h, i, cgroup) || !hold_look(k, i, &n))
			continue;
		count_held(k, k->h->cgroups[i].id, now_ns, &n);
		c->delays += n.delays;
		c->delayed_ns += n.delayed_ns;
		c->protections += shield_count(k->shield, i);
		watch_bpf.count(k->watching, i, &one);
		throttled_ns += one.throttled_ns;
		c->asked += one.asked;
		c->given += one.given;
		c->given_ns += one.given_ns;
		if (i == cgroup && one.faults)
			c->faults = one.faults;
	}
	if (throttled_ns)
		c->throttled_ns = throttled_ns;
}

/* ---- running --------------------------------------------------------------------------------- */

static int adopt(struct holder *k)
{
	int err = k->lost ? 0 : scheduler_adopt(k->h->cgroups[0].dirfd);

	return err < 0 ? err : 0;
}

static int hold_workers(void *m)
{
	return adopt(m);
}

static int hold_set(void *m, uint32_t cgroup, uint32_t mask)
{
	struct holder *k = m;
	int err = watch_bpf.set(k->watching, cgroup, mask);

	return err ? err : shield_set(k->shield, cgroup);
}

/* The kernel has ended it; the first reason is the one that counts. */
static void ejected(struct holder *k)
{
	struct bpf_map *map =
	    bpf_object__find_map_by_name(watch_bpf_object(k->watching), "ejections");
	struct agentcg_ejection e = {0};
	const uint32_t zero = 0;
	char why[384];

	if (k->lost)
		return;
	k->lost = true;
	(void)bpf_map__lookup_elem(map, &zero, sizeof zero, &e, sizeof e, 0);
	e.reason[sizeof e.reason - 1] = e.message[sizeof e.message - 1] = '\0';
	snprintf(why, sizeof why, "the kernel has ended the scheduler: %s%s%s%s",
		 *e.reason ? e.reason : "it does not say why", *e.message ? " (" : "", e.message,
		 *e.message ? ")" : "");
	k->h->lost(k->h->ctx, why);
}

static int hold_fd(void *m)
{
	return watch_bpf.fd(((struct holder *)m)->watching);
}

static uint64_t hold_due(void *m)
{
	struct holder *k = m;
	uint64_t due = watch_bpf.due(k->watching), lowered = shield_due(k->shield);

	if (lowered < due)
		due = lowered;
	return k->due_ns < due ? k->due_ns : due;
}

static int let_go(struct holder *k, uint64_t now_ns)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts);

	if (now_ns < k->due_ns)
		return 0;
	if (bpf_prog_test_run_opts(k->let_go, &opts))
		return -errno;
	k->due_ns = opts.retval ? now_ns + opts.retval : NEVER;
	return 0;
}

static int hold_step(void *m, uint64_t now_ns)
{
	struct holder *k = m;
	struct watch_event e;
	bool foreign = false;
	int err;

	while ((err = watch_bpf.next(k->watching, now_ns, &e)) > 0) {
		if (e.kind == AGENTCG_EVENT_EJECTED)
			ejected(k);
		else if (e.kind == AGENTCG_EVENT_FOREIGN)
			foreign = true;
		else if (e.kind == AGENTCG_EVENT_HOLD)
			k->due_ns = now_ns;
		else if (k->h->stopped)
			k->h->stopped(k->h->ctx, e.cgroup, e.t_ns, e.delay_ns, e.t_ns + e.lag_ns);
		else
			k->h->delayed(k->h->ctx, e.cgroup, e.t_ns, e.delay_ns);
	}
	/* Somebody has moved a task in: it is held from the moment that it changes over. */
	if (!err && foreign)
		err = adopt(k);
	if (!err && !k->lost)
		err = let_go(k, now_ns);
	return err ? err : shield_step(k->shield, now_ns);
}

/* ---- life ------------------------------------------------------------------------------------ */

static void tell_counts(const struct holder *k)
{
	struct agentcg_hold_counts n;

	for (uint32_t i = 0; mech_verbose && i < k->h->n; i++)
		if (hold_look(k, i, &n) && (n.delays || n.hidden))
			fprintf(mech_verbose,
				"# BPF: %s: held for %" PRIu64 " batches, %" PRIu64 " ms; %" PRIu64
				" times while it ran, %.2f ms after the charge; "
				"%" PRIu64 " delays were over before; %" PRIu64 " events lost\n",
				k->h->cgroups[i].name, (uint64_t)n.delays,
				(uint64_t)n.delayed_ns / NS_PER_MS, (uint64_t)n.stopped,
				n.stopped ? (double)n.stop_ns / (double)n.stopped / 1e6 : 0,
				(uint64_t)n.hidden, (uint64_t)n.lost);
}

static void hold_close(void *m)
{
	struct holder *k = m;

	if (!k)
		return;
	if (k->counts)
		tell_counts(k);
	if (k->link >= 0) {
		(void)scheduler_release(k->h->cgroups[0].dirfd);
		/* At once, whoever else may have inherited the descriptor. */
		(void)bpf_link_detach(k->link);
		close(k->link);
	}
	shield_close(k->shield);
	watch_bpf.close(k->watching);
	free(k);
}

static int fill(struct holder *k, char *why, size_t why_size)
{
	static const struct agentcg_hold_counts none;
	struct bpf_object *o = watch_bpf_object(k->watching);

	k->holds = bpf_object__find_map_by_name(o, "holds");
	k->counts = bpf_object__find_map_by_name(o, "hold_counts");
	for (uint32_t i = 0; i < k->h->n; i++) {
		const uint64_t *id = &k->h->cgroups[i].id;
		int err =
		    bpf_map__update_elem(k->counts, id, sizeof *id, &none, sizeof none, BPF_ANY);

		if (!err)
			continue;
		snprintf(why, why_size, "%s cannot be counted for: %s", k->h->cgroups[i].name,
			 strerror(-err));
		return err;
	}
	k->let_go = bpf_program__fd(bpf_object__find_program_by_name(o, "let_go"));
	k->link = scheduler_attach(o, why, why_size);
	return k->link < 0 ? k->link : 0;
}

/* It makes a queue, which allocates; libbpf 1.1 has no section name that says so. */
static void prepare(struct bpf_object *o)
{
	(void)bpf_program__set_flags(bpf_object__find_program_by_name(o, "hold_init"),
				     BPF_F_SLEEPABLE);
}

static const struct watch_object programs = {.bytes = hold_bpf__elf_bytes, .prepare = prepare};

static int hold_try_open(const struct mech_host *h, char *why, size_t why_size, struct holder **out)
{
	struct holder *k = mem_alloc(sizeof *k);
	int err = scheduler_find(why, why_size);

	k->h = h;
	k->link = -1;
	k->due_ns = NEVER;
	if (!err)
		err = watch_bpf_open(&programs, h, why, why_size, &k->watching);
	if (err) {
		free(k);
		return err;
	}
	k->shield = shield_open(h, &watch_bpf, k->watching);
	err = fill(k, why, why_size);
	if (err) {
		hold_close(k);
		return err;
	}
	*out = k;
	return 0;
}

static int hold_open(const struct mech_host *h, struct diags *d, void **m)
{
	struct holder *k = NULL;
	char why[256];
	int err = hold_try_open(h, why, sizeof why, &k);

	if (err)
		diag_file(d, E_RUN_FAILED, NULL, 0, 0, "mechanism `sched_ext`: %s", why);
	else
		shield_warn(h, d);
	for (uint32_t i = 0; !err && i < h->n; i++)
		if (h->cgroups[i].attrs->delay_ns > AGENTCG_HOLD_MAX_NS)
			diag_file(d, W_DELAY_KERNEL, NULL, 0, 0,
				  "the delay of `%s` is %g s, and a task is held for %d s at most: "
				  "the kernel ends a scheduler that lets one wait for 30 s",
				  h->cgroups[i].name, (double)h->cgroups[i].attrs->delay_ns / 1e9,
				  AGENTCG_HOLD_MAX_S);
	*m = k;
	return err;
}

static int hold_probe(int parent_dirfd, char *why, size_t why_size)
{
	return mech_trial(&mech_sched_ext, parent_dirfd, why, why_size);
}

#else

static int hold_probe(int parent_dirfd, char *why, size_t why_size)
{
	(void)parent_dirfd;
	snprintf(why, why_size, "this agentcg was built without BPF (./configure says why)");
	return 0;
}

static int hold_open(const struct mech_host *h, struct diags *d, void **m)
{
	(void)h;
	diag_file(
	    d, E_RUN_FAILED, NULL, 0, 0,
	    "mechanism `sched_ext`: this agentcg was built without BPF (./configure says why)");
	*m = NULL;
	return -ENOSYS;
}

/* Nothing else is ever called, as nothing was opened; close is, with NULL. */
static int hold_set(void *m, uint32_t cgroup, uint32_t mask)
{
	(void)m;
	(void)cgroup;
	(void)mask;
	return -ENOSYS;
}

#define hold_workers NULL
#define hold_fd	     NULL
#define hold_due     NULL
#define hold_step    NULL
#define hold_count   NULL

static void hold_close(void *m)
{
	(void)m;
}

#endif

const struct mechanism mech_sched_ext = {
    .name = "sched_ext",
    .caps = CAP_DELAY | CAP_DELAY_ALWAYS | CAP_PROTECT,
    .probe = hold_probe,
    .open = hold_open,
    .workers = hold_workers,
    .set = hold_set,
    .fd = hold_fd,
    .due = hold_due,
    .step = hold_step,
    .count = hold_count,
    .close = hold_close,
};
