/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The mechanism `high`: the kernel's own throttle, with a memory.high that makes it as long as the
 * delay.
 *
 * While a priority-high cgroup is active, memory.high of a cgroup that has to wait is kept where
 * its batches sleep for the delay.  A batch later they would sleep for longer, as the cgroup has
 * grown; but a write takes back what is left of the batch that the tasks live on, and they have to
 * charge, and sleep, once more.  So it is written every CYCLE batches, such that the sleeps until
 * the next write add up to what is owed for these; in the midst of a sleep, as the kernel fixes
 * its length after some attempts to reclaim and must not see the new value during these.  What was
 * slept too little or too much is made up for by the next value, which is written before its turn
 * when it has become much.  It does become much: another cgroup that charges on the same CPU takes
 * the rest of a batch back too, and then a batch is a page of growth.
 *
 * Tasks wait singly, as with a hook in the kernel.  The batch that first goes over the cgroup's own
 * limit passes, as the kernel finds no reason to stop it before memory.high is written, and is paid
 * for by the next ones.  No sleep is longer than 2 s, and what can be reclaimed is reclaimed down
 * to the low memory.high: the price of this mechanism.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/cgroup/mechanisms.h"
#include "backend/cgroup/penalty.h"
#include "backend/cgroup/shield.h"
#include "backend/cgroup/trial.h"
#include "backend/cgroup/watch.h"
#include "base/diag.h"
#include "base/mem.h"

#define BATCH_BYTES (AGENTCG_BATCH_PAGES * PAGE_BYTES)
#define LOOK_NS	    (50 * NS_PER_MS) /* is it still over its own limit? */
#define CYCLE	    2
#define DEBT_MAX_NS INT64_C(10000000000)

struct throttle {
	int usage_fd;	     /* -1: it never had a delay */
	bool on;	     /* memory.high is ours */
	uint64_t high_bytes; /* what we wrote */
	uint64_t base_bytes; /* usage then */
	uint64_t peak_bytes; /* highest usage at a charge */
	bool drained;	     /* by our write: the next batch replaces what was taken back */
	uint64_t write_ns;   /* when to write again; NEVER */
	uint64_t look_ns;    /* when to look again, while on */
	int64_t owed_ns;     /* for charges, less what was slept; negative: slept too much */
	int64_t planned_ns;  /* owed_ns when last written */
	uint64_t charged;    /* bytes of batches that had to wait: the delays */
	uint64_t slept_ns;
	uint64_t awake_ns;		  /* end of the latest sleep */
	uint64_t settled_ns, measured_ns; /* slept_ns, and what BPF measured, when last compared */
};

struct high {
	const struct mech_host *h;
	const struct watch *watch;
	void *watching;
	struct shield *shield;
	struct throttle *of; /* [h->n] */
	uint64_t until_ns;   /* some cgroup is active until then, as far as asked; 0: none is */
};

/* ---- what a cgroup holds --------------------------------------------------------------------- */

static int usage_of(const struct throttle *t, uint64_t *bytes)
{
	char text[32];
	ssize_t n = pread(t->usage_fd, text, sizeof text - 1, 0);

	if (n < 0)
		return -errno;
	text[n] = '\0';
	*bytes = strtoull(text, NULL, 10);
	return 0;
}

/* The cgroup whose delay it is: the nearest upwards that says something about it. */
static uint32_t delayed_by(const struct high *m, uint32_t i)
{
	const struct mech_cgroup *g = m->h->cgroups;

	while (i && !(g[i].attrs->set & CGA_BIT(CGA_DELAY)) && !g[i].attrs->delay_ns)
		i = g[i].parent;
	return i;
}

static bool any_active(struct high *m, uint64_t now_ns)
{
	if (now_ns < m->until_ns)
		return true;
	m->until_ns = 0;
	for (uint32_t i = 0; i < m->h->n; i++) {
		uint64_t until = m->watch->active_until(m->watching, i, now_ns);

		if (until > m->until_ns)
			m->until_ns = until;
	}
	return m->until_ns > now_ns;
}

/* ---- throttling ------------------------------------------------------------------------------ */

/* Would the next batch have to wait? */
static bool applies(const struct high *m, uint32_t i, uint64_t usage)
{
	const struct cg_attrs *a = m->h->cgroups[i].attrs;

	return a->delay_ns && (a->delay_always || usage + BATCH_BYTES > a->high_bytes);
}

static int let_go(struct high *m, uint32_t i)
{
	struct throttle *t = &m->of[i];
	int err;

	if (!t->on)
		return 0;
	err = m->h->restore(m->h->ctx, i, CGA_HIGH);
	if (err && err != -ENOENT && err != -ENODEV)
		return err;
	t->on = false;
	t->owed_ns = 0;
	t->write_ns = NEVER;
	return 0;
}

static uint64_t delay_of(const struct high *m, uint32_t i)
{
	uint64_t ns = m->h->cgroups[i].attrs->delay_ns;

	return ns < PENALTY_MAX_NS ? ns : PENALTY_MAX_NS;
}

/*
 * Tasks owe the delay for each batch that they charge, in proportion.  Of one that they had to
 * charge because our write took the last one back, what they grew by is theirs.
 */
static void account(struct high *m, uint32_t i, uint32_t pages, uint64_t usage, uint64_t slept_ns)
{
	struct throttle *t = &m->of[i];
	uint64_t grown = usage > t->peak_bytes ? usage - t->peak_bytes : 0;
	uint64_t bytes = pages * PAGE_BYTES;

	if (t->drained && grown < bytes)
		bytes = grown;
	t->drained = false;
	t->peak_bytes += grown;
	t->charged += bytes;
	t->owed_ns += (int64_t)mul_div(delay_of(m, i), bytes, BATCH_BYTES);
	t->owed_ns -= (int64_t)slept_ns;
	if (t->owed_ns > DEBT_MAX_NS)
		t->owed_ns = DEBT_MAX_NS;
	if (t->owed_ns < -DEBT_MAX_NS)
		t->owed_ns = -DEBT_MAX_NS;
}

/* What BPF has measured that tasks of the cgroup slept; they are added when they end. */
static uint64_t measured_sleep(const struct high *m, uint32_t i)
{
	uint64_t ns = 0;

	for (uint32_t k = i; k < m->h->n; k++) {
		struct cg_counters one = {0};

		if (!watch_below(m->h, k, i))
			continue;
		m->watch->count(m->watching, k, &one);
		ns += one.throttled_ns;
	}
	return ns;
}

/* Where sleeps are measured, the measure replaces what was foreseen, once nobody sleeps. */
static void settle(struct high *m, uint32_t i, uint64_t now_ns)
{
	struct throttle *t = &m->of[i];
	uint64_t measured;
	int64_t more;

	if (m->watch != &watch_bpf || !t->on || now_ns < t->awake_ns)
		return;
	measured = measured_sleep(m, i);
	more = (int64_t)(measured - t->measured_ns) - (int64_t)(t->slept_ns - t->settled_ns);
	t->owed_ns -= more;
	t->slept_ns += (uint64_t)more;
	t->settled_ns = t->slept_ns;
	t->measured_ns = measured;
}

/* memory.high for the next cycle, from usage on. */
static uint64_t next_high(struct high *m, uint32_t i, uint64_t usage)
{
	const struct throttle *t = &m->of[i];
	uint64_t end = usage + CYCLE * BATCH_BYTES, own = m->h->cgroups[i].attrs->high_bytes, bytes;
	int64_t total = t->owed_ns;

	if (end > t->peak_bytes)
		total += (int64_t)mul_div(delay_of(m, i), end - t->peak_bytes, BATCH_BYTES);
	bytes = penalty_high(usage + BATCH_BYTES, CYCLE, total > 0 ? (uint64_t)total : 0);
	/* A delay adds to what the scenario's own memory.high asks for; it never takes from it. */
	return bytes < own ? bytes : own;
}

static void begin(struct high *m, uint32_t i, uint64_t usage)
{
	struct throttle *t = &m->of[i];

	t->owed_ns = 0;
	t->drained = false;
	t->peak_bytes = usage;
	t->settled_ns = t->slept_ns;
	t->measured_ns = measured_sleep(m, i);
}

static int tighten(struct high *m, uint32_t i, uint64_t now_ns)
{
	struct throttle *t = &m->of[i];
	uint64_t usage, bytes, before = 0;
	int err = usage_of(t, &usage);

	if (err)
		return err;
	t->write_ns = NEVER;
	t->look_ns = now_ns + LOOK_NS;
	if (!applies(m, i, usage))
		return let_go(m, i);
	/* The first write takes back what is left of a batch; the second knows the usage then. */
	for (int turn = 0; turn < 2; turn++) {
		bytes = next_high(m, i, usage);
		if (bytes == before)
			break;
		err = m->h->limit(m->h->ctx, i, CGA_HIGH, bytes);
		if (err)
			return err;
		t->on = true;
		t->high_bytes = before = bytes;
		t->base_bytes = usage;
		err = usage_of(t, &usage);
		if (err)
			return err;
		t->drained = t->drained || usage < t->base_bytes;
		t->base_bytes = usage;
	}
	t->planned_ns = t->owed_ns;
	return 0;
}

/* Was slept so much more or less than planned that the next value cannot wait for its turn? */
static bool astray(const struct high *m, uint32_t i)
{
	const struct throttle *t = &m->of[i];
	int64_t delay_ns = (int64_t)delay_of(m, i);

	return t->owed_ns < -delay_ns || t->owed_ns > t->planned_ns + delay_ns;
}

/* A batch was charged: what does the kernel make of it, and what is still owed? */
static int batch(struct high *m, const struct watch_event *e, uint64_t now_ns)
{
	uint32_t i = delayed_by(m, e->cgroup);
	struct throttle *t = &m->of[i];
	const struct cg_attrs *a = m->h->cgroups[i].attrs;
	uint64_t usage, slept = 0;
	int err = usage_of(t, &usage);

	if (err)
		return err;
	if (!t->on)
		begin(m, i, usage);
	if (!a->delay_always && usage <= a->high_bytes)
		return tighten(m, i, now_ns); /* over ours, not over its own */
	if (!t->on) {
		account(m, i, e->pages, usage, 0);
		return tighten(m, i, now_ns);
	}
	settle(m, i, e->t_ns);
	slept = penalty_ns(usage, t->high_bytes, e->pages);
	account(m, i, e->pages, usage, slept);
	t->slept_ns += slept;
	t->awake_ns = e->t_ns + slept;
	if (slept)
		m->h->delayed(m->h->ctx, i, e->t_ns, slept);
	if (usage + BATCH_BYTES / 2 < t->base_bytes + CYCLE * BATCH_BYTES && !astray(m, i))
		return 0;
	t->write_ns = e->t_ns + slept / 2;
	return t->write_ns > now_ns ? 0 : tighten(m, i, now_ns);
}

/* What is due by itself: beginning and end of activity, the next value. */
static int tend(struct high *m, uint32_t i, bool active, uint64_t now_ns)
{
	struct throttle *t = &m->of[i];
	uint64_t usage;
	int err;

	if (t->usage_fd < 0)
		return 0;
	if (!active)
		return let_go(m, i);
	if (t->on && now_ns >= t->write_ns)
		return tighten(m, i, now_ns);
	if (t->on && now_ns < t->look_ns)
		return 0;
	t->look_ns = now_ns + LOOK_NS;
	err = usage_of(t, &usage);
	if (err)
		return err;
	if (!applies(m, i, usage))
		return let_go(m, i);
	if (!t->on)
		begin(m, i, usage);
	/* Also when it has become smaller, or grew without being told of. */
	if (!t->on || usage + 2 * BATCH_BYTES < t->base_bytes ||
	    usage > t->base_bytes + (CYCLE + 1) * BATCH_BYTES)
		return tighten(m, i, now_ns);
	return 0;
}

static int high_step(void *run, uint64_t now_ns)
{
	struct high *m = run;
	struct watch_event e;
	bool active;
	int err;

	while ((err = m->watch->next(m->watching, now_ns, &e)) > 0) {
		err = batch(m, &e, now_ns);
		if (err)
			return err;
	}
	active = !err && any_active(m, now_ns);
	for (uint32_t i = 0; !err && i < m->h->n; i++)
		err = tend(m, i, active, now_ns);
	return err ? err : shield_step(m->shield, now_ns);
}

/* ---- life ------------------------------------------------------------------------------------ */

static int watch_usage(struct high *m, uint32_t i)
{
	struct throttle *t = &m->of[i];

	if (t->usage_fd >= 0 || !m->h->cgroups[i].attrs->delay_ns)
		return 0;
	t->usage_fd = openat(m->h->cgroups[i].dirfd, "memory.current", O_RDONLY | O_CLOEXEC);
	return t->usage_fd < 0 ? -errno : 0;
}

static int high_set(void *run, uint32_t cgroup, uint32_t mask)
{
	struct high *m = run;
	int err = m->watch->set(m->watching, cgroup, mask);

	m->until_ns = 0;
	if (!err)
		err = watch_usage(m, cgroup);
	/* Another delay, or another limit of its own: what is in force is computed anew. */
	if (!err && (mask & (CGA_BIT(CGA_DELAY) | CGA_BIT(CGA_HIGH))) && m->of[cgroup].on) {
		m->of[cgroup].on = false;
		m->of[cgroup].write_ns = NEVER;
		err = m->h->restore(m->h->ctx, cgroup, CGA_HIGH);
	}
	return err ? err : shield_set(m->shield, cgroup);
}

static int high_fd(void *run)
{
	struct high *m = run;

	return m->watch->fd(m->watching);
}

static uint64_t high_due(void *run)
{
	struct high *m = run;
	uint64_t due = m->watch->due(m->watching), lowered = shield_due(m->shield);

	if (lowered < due)
		due = lowered;
	for (uint32_t i = 0; i < m->h->n; i++) {
		const struct throttle *t = &m->of[i];

		if (!t->on)
			continue;
		if (t->write_ns < due)
			due = t->write_ns;
		if (t->look_ns < due)
			due = t->look_ns;
		if (m->until_ns < due)
			due = m->until_ns;
	}
	return due;
}

static void high_count(void *run, uint32_t cgroup, uint64_t now_ns, struct cg_counters *c)
{
	struct high *m = run;
	uint64_t native_ns = 0;

	c->delays = c->delayed_ns = c->protections = 0;
	for (uint32_t i = cgroup; i < m->h->n; i++) {
		struct throttle *t = &m->of[i];
		struct cg_counters one = {0};

		if (!watch_below(m->h, i, cgroup))
			continue;
		settle(m, i, now_ns);
		c->delays += (t->charged + BATCH_BYTES / 2) / BATCH_BYTES;
		c->delayed_ns += t->slept_ns;
		if (t->awake_ns > now_ns)
			c->delayed_ns -= t->awake_ns - now_ns;
		c->protections += shield_count(m->shield, i);
		m->watch->count(m->watching, i, &one);
		native_ns += one.throttled_ns;
		if (i == cgroup && one.faults)
			c->faults = one.faults;
	}
	/* It is all the kernel's sleep: what is not ours is memory.high as the scenario has it. */
	if (native_ns)
		c->throttled_ns = native_ns > c->delayed_ns ? native_ns - c->delayed_ns : 0;
}

static void high_close(void *run)
{
	struct high *m = run;

	if (!m)
		return;
	for (uint32_t i = 0; i < m->h->n; i++) {
		(void)let_go(m, i);
		if (m->of[i].usage_fd >= 0)
			close(m->of[i].usage_fd);
	}
	shield_close(m->shield);
	m->watch->close(m->watching);
	free(m->of);
	free(m);
}

/* BPF sees each batch as it happens; without it, growth has to do. */
static int high_open(const struct mech_host *h, struct diags *d, void **out)
{
	struct high *m = mem_alloc(sizeof *m);
	char why[256];
	int err;

	*out = NULL;
	m->h = h;
	m->watch = &watch_bpf;
	err = m->watch->open(h, why, sizeof why, &m->watching);
	if (err) {
		m->watch = &watch_poll;
		err = m->watch->open(h, why, sizeof why, &m->watching);
	}
	if (err) {
		diag_file(d, E_RUN_FAILED, NULL, 0, 0, "mechanism `%s`: %s", mech_high.name, why);
		free(m);
		return err;
	}
	m->shield = shield_open(h, m->watch, m->watching);
	shield_warn(h, d);
	m->of = mem_alloc(h->n * sizeof *m->of);
	for (uint32_t i = 0; i < h->n; i++) {
		m->of[i].usage_fd = -1;
		m->of[i].write_ns = NEVER;
	}
	for (uint32_t i = 0; !err && i < h->n; i++)
		err = watch_usage(m, i);
	if (err) {
		diag_file(d, E_RUN_FAILED, NULL, 0, 0, "mechanism `%s`: memory.current: %s",
			  mech_high.name, strerror(-err));
		high_close(m);
		return err;
	}
	*out = m;
	return 0;
}

static int high_probe(int parent_dirfd, char *why, size_t why_size)
{
	return mech_trial(&mech_high, parent_dirfd, why, why_size);
}

const struct mechanism mech_high = {
    .name = "high",
    .caps = CAP_DELAY | CAP_DELAY_ALWAYS | CAP_PROTECT,
    .probe = high_probe,
    .open = high_open,
    .set = high_set,
    .fd = high_fd,
    .due = high_due,
    .step = high_step,
    .count = high_count,
    .close = high_close,
};
