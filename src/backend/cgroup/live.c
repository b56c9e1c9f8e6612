/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live.c - the backend on a running kernel: the contract's functions, and the waiting.
 *
 * The coordinator has one thread.  It sleeps in ppoll on workers, mechanism and a timerfd with an
 * absolute deadline: the timeouts of poll and epoll themselves get a slack of a thousandth of their
 * length (fs/select.c, select_estimate_accuracy), a timerfd has none.  Signals are let in only
 * there, so that none is missed between looking at the flag and sleeping.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "backend/cgroup/cgfs.h"
#include "backend/cgroup/host.h"
#include "backend/cgroup/remove.h"
#include "backend/cgroup/run.h"
#include "base/diag.h"
#include "base/mem.h"

#define CHECK_NS       NS_PER_SEC /* how often limits are looked at */
#define WORKER_OOM_ADJ 1000	  /* if the machine runs out of memory, workers go first */

/* ---- what a mechanism does to cgroups -------------------------------------------------------- */

static int host_freeze(void *ctx, uint32_t cgroup, bool on)
{
	struct live_run *r = ctx;

	return tree_hold(&r->tree, cgroup, on);
}

static int host_limit(void *ctx, uint32_t cgroup, enum cg_attr attr, uint64_t bytes)
{
	struct live_run *r = ctx;

	return tree_move_limit(&r->tree, cgroup, attr, bytes);
}

static int host_restore(void *ctx, uint32_t cgroup, enum cg_attr attr)
{
	struct live_run *r = ctx;

	return tree_restore_limit(&r->tree, cgroup, attr);
}

static void tell_delay(struct live_run *r, uint32_t cgroup, uint64_t t_ns, uint64_t ns,
		       uint64_t lag_ns)
{
	blame_delay(r, cgroup, t_ns, t_ns + ns);
	tell(r, t_ns,
	     (struct obs){.kind = OBS_DELAY,
			  .cgroup = cgroup,
			  .worker = UINT32_MAX,
			  .delay = {.ns = ns, .lag_ns = lag_ns}});
}

static void host_stopped(void *ctx, uint32_t cgroup, uint64_t t_ns, uint64_t ns, uint64_t at_ns)
{
	if (!at_ns)
		at_ns = host_now_ns();
	tell_delay(ctx, cgroup, t_ns, ns, at_ns > t_ns ? at_ns - t_ns : 0);
}

static void host_delayed(void *ctx, uint32_t cgroup, uint64_t t_ns, uint64_t ns)
{
	tell_delay(ctx, cgroup, t_ns, ns, 0);
}

/* What is not in force any more is the delay of each cgroup that has one. */
static void host_lost(void *ctx, const char *why)
{
	struct live_run *r = ctx;

	diag_file(r->d, W_MECHANISM_LOST, NULL, 0, 0, "mechanism `%s`: %s", r->mech->name, why);
	for (uint32_t i = 0; i < r->world.ncgroups; i++)
		if (r->tree.v[i].attrs.delay_ns)
			tell(r, host_now_ns(),
			     (struct obs){.kind = OBS_LIMIT,
					  .cgroup = i,
					  .worker = UINT32_MAX,
					  .limit = {.attr = CGA_DELAY,
						    .asked = r->tree.v[i].attrs.delay_ns}});
}

static int open_mechanism(struct live_run *r)
{
	const struct live_session *s = r->session;
	const struct mechanism *m = s->mech;
	const char *name = r->world.mechanism;
	int err;

	/* A policy's own has been tried before its first run. */
	if (name && !(s->mech_name && !strcmp(name, s->mech_name)))
		m = mech_find(name);
	if (!m)
		return 0;
	r->mech_cgroups = mem_alloc(r->world.ncgroups * sizeof *r->mech_cgroups);
	for (uint32_t i = 0; i < r->world.ncgroups; i++) {
		const struct tree_cgroup *c = &r->tree.v[i];

		r->mech_cgroups[i] = (struct mech_cgroup){.name = c->spec->name,
							  .dirfd = c->dirfd,
							  .id = c->id,
							  .parent = c->spec->parent,
							  .attrs = &c->attrs};
	}
	r->host = (struct mech_host){.ctx = r,
				     .cgroups = r->mech_cgroups,
				     .n = r->world.ncgroups,
				     .freeze = host_freeze,
				     .limit = host_limit,
				     .restore = host_restore,
				     .delayed = host_delayed,
				     .lost = host_lost,
				     .stopped = host_stopped};
	err = m->open(&r->host, r->d, &r->mech_run);
	if (!err)
		r->mech = m;
	return err;
}

/* ---- opening --------------------------------------------------------------------------------- */

static int open_workers(struct live_run *r)
{
	const struct world *w = &r->world;
	struct pool_worker *v = mem_alloc((w->nworkers + !w->nworkers) * sizeof *v);
	char(*names)[256] = mem_alloc((w->nworkers + !w->nworkers) * sizeof *names);
	int err;

	for (uint32_t i = 0; i < w->nworkers; i++) {
		const struct worker_spec *s = &w->workers[i];
		const struct tree_cgroup *c = &r->tree.v[s->cgroup];

		snprintf(names[i], sizeof names[i], "%s%s%s", c->spec->name,
			 s->name[0] ? " as " : "", s->name);
		v[i] = (struct pool_worker){.name = names[i],
					    .cgroup_dirfd = c->homefd,
					    .own_parent_fd = c->spec->nests ? c->dirfd : -1,
					    .thp = c->attrs.thp,
					    .oom_score_adj = WORKER_OOM_ADJ,
					    .file_bytes = s->read_bytes,
					    .process_bytes = r->world.machine.process_bytes};
	}
	err = pool_open(r->session->zygote, v, w->nworkers, &r->session->commands, &r->pool);
	if (err)
		diag_at(r->d, E_LIVE_KERNEL, (struct span){0}, "cannot make %u worker%s: %s",
			w->nworkers, w->nworkers == 1 ? "" : "s",
			cgfs_why(CGFS_WRITE, "cgroup.procs", err));
	free(names);
	free(v);
	return err;
}

/* What was counted while the world was made does not belong to the run. */
static int begin_counting(struct live_run *r)
{
	for (uint32_t i = 0; i < r->world.ncgroups; i++) {
		struct tree_cgroup *c = &r->tree.v[i];
		int err = sampler_base(&c->sampler, host_now_ns());

		if (!err)
			err = sampler_level(&c->sampler, &r->levels[i].seen);
		if (err)
			return err;
	}
	return 0;
}

static int open_world(struct live_run *r)
{
	struct live_session *s = r->session;
	char name[32];
	int err;

	r->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (r->timer < 0)
		return -errno;
	snprintf(name, sizeof name, "run%u", ++s->runs);
	err = tree_make(&r->tree, s->dirfd, name, &r->world, s->cpu, r->d);
	if (!err)
		err = open_workers(r);
	if (!err)
		err = open_mechanism(r);
	if (!err && r->mech && r->mech->workers)
		err = r->mech->workers(r->mech_run);
	if (!err)
		err = begin_counting(r);
	return err;
}

static int live_open(const struct world *w, uint64_t seed, uint32_t rep, struct obs_sink sink,
		     struct diags *d, void **run)
{
	struct live_session *s = live_session_current();
	struct live_run *r;
	int err;

	/* A kernel has its own noise. */
	(void)seed, (void)rep;
	if (!s || s->dirfd < 0 || s->busy)
		return -EBUSY;
	r = mem_alloc(sizeof *r);
	*run = r;
	s->busy = true;
	r->session = s;
	r->world = *w;
	r->sink = sink;
	r->d = d;
	r->timer = -1;
	r->ends_ns = NEVER;
	r->slack = prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0);
	prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
	r->levels = mem_alloc(w->ncgroups * sizeof *r->levels);
	r->throttled_ns = mem_alloc(w->ncgroups * sizeof *r->throttled_ns);
	r->workers = mem_alloc((w->nworkers + !w->nworkers) * sizeof *r->workers);
	err = open_world(r);
	r->origin_ns = host_now_ns();
	r->check_ns = r->origin_ns + CHECK_NS;
	return err;
}

static uint64_t live_now(void *run)
{
	const struct live_run *r = run;

	return host_now_ns() - r->origin_ns;
}

/* ---- operations ------------------------------------------------------------------------------ */

static bool is_below(const struct world *w, uint32_t c, uint32_t top)
{
	while (c > top)
		c = w->cgroups[c].parent;
	return c == top;
}

static int op_set(struct live_run *r, uint32_t cgroup, const struct cg_attrs *set)
{
	int err = tree_set(&r->tree, cgroup, set);

	if (err)
		return err;
	if (set->set & CGA_BIT(CGA_THP))
		for (uint32_t i = 0; i < r->world.nworkers; i++)
			if (r->world.workers[i].cgroup == cgroup)
				pool_set_thp(r->pool, i, set->thp);
	return r->mech ? r->mech->set(r->mech_run, cgroup, set->set) : 0;
}

static int op_kill(struct live_run *r, uint32_t cgroup)
{
	for (uint32_t i = 0; i < r->world.nworkers; i++)
		if (is_below(&r->world, r->world.workers[i].cgroup, cgroup))
			r->workers[i].ordered = true;
	return remove_processes(r->tree.v[cgroup].dirfd);
}

static int op_reclaim(struct live_run *r, uint32_t cgroup, uint64_t bytes)
{
	int err = cgfs_write_value(r->tree.v[cgroup].dirfd, "memory.reclaim", bytes);

	return err == -EAGAIN ? 0 : err; /* not all of it could be reclaimed */
}

static int begin_op(struct live_run *r, const struct op *op, uint64_t due_ns)
{
	struct live_worker *w = &r->workers[op->target];
	int err;

	if (w->dead || w->busy)
		return w->dead ? -ESRCH : -EBUSY;
	err = pool_begin(r->pool, op->target, op, due_ns + r->origin_ns);
	if (err == -EPERM) {
		diag_at(r->d, E_LIVE_PERMISSION, (struct span){0}, "commands are not run as root");
		diag_hint(r->d, "run agentcg by sudo from another user, or allow it: `--as-root`");
	}
	if (err)
		return err;
	w->busy = true;
	w->start_ns = host_now_ns();
	w->held = w->op_held = (struct obs_held){0};
	r->busy++;
	return 0;
}

static int op_freeze(struct live_run *r, uint32_t cgroup, bool on)
{
	int err = tree_freeze(&r->tree, cgroup, on);

	if (!err)
		blame_freezer(r, host_now_ns());
	return err;
}

static int live_apply(void *run, const struct op *op, uint64_t due_ns)
{
	struct live_run *r = run;

	switch ((enum op_kind)op->kind) {
	case OP_ALLOC:
	case OP_FREE:
	case OP_HOLD:
	case OP_TOUCH:
	case OP_READ:
	case OP_SLEEP:
	case OP_REPLAY:
	case OP_TOOLS:
	case OP_EXEC:
		return begin_op(r, op, due_ns);
	case OP_SET:
		return op_set(r, op->target, op->set);
	case OP_FREEZE:
	case OP_THAW:
		return op_freeze(r, op->target, op->kind == OP_FREEZE);
	case OP_KILL:
		return op_kill(r, op->target);
	case OP_RECLAIM:
		return op_reclaim(r, op->target, op->bytes);
	case OP_SAMPLE:
		return tell_sample(r, op->target);
	case OP_COUNT:
		break;
	}
	return -EINVAL;
}

/* ---- waiting --------------------------------------------------------------------------------- */

/* Nothing happens by itself any more: nobody works, or all who do are frozen by the scenario. */
static bool is_quiet(const struct live_run *r)
{
	if (!r->busy)
		return true;
	for (uint32_t i = 0; i < r->world.nworkers; i++)
		if (r->workers[i].busy && !tree_is_frozen(&r->tree, r->world.workers[i].cgroup))
			return false;
	return true;
}

static int set_timer(const struct live_run *r, uint64_t mono_ns)
{
	struct itimerspec t = {.it_value = {.tv_sec = (time_t)(mono_ns / NS_PER_SEC),
					    .tv_nsec = (long)(mono_ns % NS_PER_SEC)}};

	return timerfd_settime(r->timer, TFD_TIMER_ABSTIME, &t, NULL) ? -errno : 0;
}

/* Sleep until then, or until workers or mechanism have something to say, or a signal comes. */
static int sleep_until(const struct live_run *r, uint64_t mono_ns)
{
	struct pollfd fds[3] = {{.fd = r->timer, .events = POLLIN},
				{.fd = pool_fd(r->pool), .events = POLLIN},
				{.fd = -1, .events = POLLIN}};
	const volatile sig_atomic_t *stop = r->session->options.stop;
	sigset_t all, old;
	int err = set_timer(r, mono_ns);

	if (err)
		return err;
	if (r->mech)
		fds[2].fd = r->mech->fd(r->mech_run);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	if (stop && *stop)
		err = -EINTR;
	else if (ppoll(fds, 3, NULL, &old) < 0)
		err = -errno;
	sigprocmask(SIG_SETMASK, &old, NULL);
	/* Some other signal was handled: look around and go on. */
	return err == -EINTR && !(stop && *stop) ? 0 : err;
}

static uint64_t earliest(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* What is due by now, of the mechanism and of ourselves. */
static int look_around(struct live_run *r)
{
	uint64_t now = host_now_ns();
	int err;

	if (r->mech) {
		err = r->mech->step(r->mech_run, now);
		if (err)
			return err;
	}
	if (now >= r->check_ns) {
		tell_limits(r, now);
		r->check_ns = now + CHECK_NS;
	}
	err = tell_pool(r);
	if (!err)
		tell_ends(r, now);
	return err;
}

static int live_advance(void *run, uint64_t until_ns)
{
	struct live_run *r = run;
	uint64_t until = until_ns > NEVER - r->origin_ns ? NEVER : until_ns + r->origin_ns;

	r->told = false;
	for (;;) {
		uint64_t next = earliest(until, r->check_ns);
		int err = look_around(r);

		if (err < 0)
			return err;
		if (r->told)
			return 0;
		if (until == NEVER ? is_quiet(r) : host_now_ns() >= until)
			return is_quiet(r);
		next = earliest(next, r->ends_ns);
		if (r->mech)
			next = earliest(next, r->mech->due(r->mech_run));
		err = sleep_until(r, next);
		if (err)
			return err;
	}
}

/* ---- closing --------------------------------------------------------------------------------- */

static void live_close(void *run)
{
	struct live_run *r = run;

	if (!r)
		return;
	if (r->mech)
		r->mech->close(r->mech_run);
	pool_close(r->pool);
	(void)tree_remove(&r->tree); /* reported */
	if (r->timer >= 0)
		close(r->timer);
	if (r->slack > 0)
		prctl(PR_SET_TIMERSLACK, (unsigned long)r->slack, 0, 0, 0);
	free(r->mech_cgroups);
	free(r->levels);
	free(r->throttled_ns);
	free(r->workers);
	vec_free(&r->ends);
	r->session->busy = false;
	free(r);
}

const struct backend backend_live = {
    .name = "live",
    .mechanism = "none",
    .caps = CAP_MEMORY | CAP_EXEC | CAP_LIKE,
    .clock = OBS_CLOCK_HARDWARE,
    .probe = live_probe,
    .open = live_open,
    .now = live_now,
    .apply = live_apply,
    .advance = live_advance,
    .close = live_close,
};
