/* SPDX-License-Identifier: GPL-2.0-or-later */
/* doctor.c - what a live run would find here, by trying it on cgroups made for that (live.h) */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "backend/cgroup/cgfs.h"
#include "backend/cgroup/host.h"
#include "backend/cgroup/limits.h"
#include "backend/cgroup/remove.h"
#include "backend/cgroup/session.h"

#define TRIAL	    "trial"
#define PATIENCE_NS (2 * NS_PER_SEC)

struct doctor {
	live_say *say;
	void *ctx;
	struct live_session *s;
	int fd; /* of a cgroup to try things on */
};

static void say(const struct doctor *x, const char *what, int yes, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

static void say(const struct doctor *x, const char *what, int yes, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	x->say(x->ctx, what, yes, text);
}

/* The first report of d, and how to get it. */
static void say_refusal(const struct doctor *x, const char *what, const struct diags *d)
{
	const struct diag *g = d->list.n ? &d->list.v[0] : NULL;

	if (!g)
		say(x, what, 0, "for an unknown reason");
	else
		say(x, what, 0, "%s%s%s", g->text, g->hint ? "; " : "", g->hint ? g->hint : "");
}

/* ---- the files of a cgroup ------------------------------------------------------------------- */

static void try_limits(const struct doctor *x)
{
	static const enum cg_attr each[] = {CGA_MIN,  CGA_LOW, CGA_HIGH,   CGA_MAX,
					    CGA_SWAP, CGA_OOM, CGA_WEIGHT, CGA_CPU};
	const struct cg_attrs a = {.min_bytes = MIB,
				   .low_bytes = MIB,
				   .high_bytes = 64 * MIB,
				   .max_bytes = 64 * MIB,
				   .oom_group = true,
				   .weight = 50,
				   .cpu_ppm = 500000};
	char works[256] = "", lacks[256] = "";
	struct limits l;
	int err = limits_begin(&l, x->fd);

	if (err) {
		say(x, "limits", 0, "%s", cgfs_why(CGFS_READ, "memory.max", err));
		return;
	}
	for (size_t i = 0; i < sizeof each / sizeof *each; i++) {
		struct limit_miss miss;
		bool ok = l.there & CGA_BIT(each[i]) &&
			  !limits_write(&l, x->fd, &a, CGA_BIT(each[i]), &miss);
		char *to = ok ? works : lacks;
		size_t n = strlen(to);

		snprintf(to + n, sizeof works - n, "%s%s", n ? " " : "", limits_file(each[i]));
	}
	say(x, "limits", !lacks[0], "%s%s%s", works[0] ? works : "none",
	    lacks[0] ? "; not: " : " written and read back", lacks);
}

static void try_file(const struct doctor *x, const char *what, const char *file, const char *order,
		     const char *since)
{
	int err = cgfs_write(x->fd, file, order);

	/* -EAGAIN: an empty cgroup has nothing to reclaim. */
	if (!err || err == -EAGAIN)
		say(x, what, 1, "%s", file);
	else if (err == -ENOENT)
		say(x, what, 0, "the kernel has no %s (%s)", file, since);
	else
		say(x, what, 0, "%s: %s", file, cgfs_why(CGFS_WRITE, file, err));
}

static void try_freeze(const struct doctor *x)
{
	char text[256];
	uint64_t frozen = 0;
	int err = cgfs_write(x->fd, "cgroup.freeze", "1");

	if (!err)
		err = cgfs_read(x->fd, "cgroup.events", text, sizeof text);
	if (err) {
		say(x, "freezing", 0, "%s", cgfs_why(CGFS_WRITE, "cgroup.freeze", err));
		return;
	}
	(void)cgfs_key(text, "frozen", &frozen);
	say(x, "freezing", frozen != 0, "cgroup.freeze%s", frozen ? "" : " has no effect");
	(void)cgfs_write(x->fd, "cgroup.freeze", "0");
}

static void try_measures(const struct doctor *x)
{
	static const struct {
		const char *what, *file, *else_;
	} each[] = {
	    {"peak", "memory.peak", "since 5.19; the highest sample is taken instead"},
	    {"local events", "memory.events.local", "since 5.2; kills are not told apart without"},
	    {"memory pressure", "memory.pressure", "boot with psi=1"},
	};
	char text[1024];

	for (size_t i = 0; i < sizeof each / sizeof *each; i++) {
		int err = cgfs_read(x->fd, each[i].file, text, sizeof text);

		say(x, each[i].what, !err, "%s%s%s%s", each[i].file, err ? " cannot be read (" : "",
		    err ? each[i].else_ : "", err ? ")" : "");
	}
}

/* ---- processes ------------------------------------------------------------------------------- */

/* A worker made straight into the cgroup, and killed by it. */
static void try_worker(const struct doctor *x)
{
	const struct pool_worker w = {
	    .name = "trial", .cgroup_dirfd = x->fd, .own_parent_fd = -1, .oom_score_adj = 1000};
	const struct op sleep = {.kind = OP_SLEEP, .ns = 60 * NS_PER_SEC};
	struct pool *p = NULL;
	struct pool_event e;
	char pids[256];
	int err = pool_open(x->s->zygote, &w, 1, &x->s->commands, &p);

	if (err) {
		say(x, "workers", 0, "%s", cgfs_why(CGFS_WRITE, "cgroup.procs", err));
		return;
	}
	cgfs_name_pids(x->fd, pids, sizeof pids);
	say(x, "workers", pids[0] != '\0', "%s",
	    pids[0] ? "a process was made in a cgroup" : "a process is not in its cgroup");
	err = pool_begin(p, 0, &sleep, host_now_ns());
	if (!err)
		err = remove_processes(x->fd);
	if (err) {
		say(x, "killing", 0, "%s", cgfs_why(CGFS_WRITE, "cgroup.kill", err));
	} else {
		uint64_t end = host_now_ns() + PATIENCE_NS;
		bool dead = false;

		while (!dead && host_now_ns() < end) {
			while (pool_next(p, &e) > 0)
				dead |= e.kind == POOL_EXIT;
			if (!dead)
				usleep(1000);
		}
		say(x, "killing", dead, "%s%s",
		    cgfs_there(x->fd, "cgroup.kill") ? "cgroup.kill" : "one by one (before 5.14)",
		    dead ? "" : ": the process lives on");
	}
	pool_close(p);
}

static void try_mechanisms(const struct doctor *x)
{
	char what[64], why[512];

	if (!mech_nth(0))
		say(x, "mechanisms", 0, "none is in this build");
	for (size_t i = 0; mech_nth(i); i++) {
		const struct mechanism *m = mech_nth(i);
		int works;

		why[0] = '\0';
		works = m->probe(x->s->dirfd, why, sizeof why) > 0;
		snprintf(what, sizeof what, "mechanism %s", m->name);
		say(x, what, works, "%s", why[0] ? why : works ? "works" : "does not work");
	}
}

static void try_files(const struct doctor *x)
{
	const char *dir = x->s->commands.file_dir ? x->s->commands.file_dir : "/var/tmp";
	char why[256] = "";
	int yes = pool_file_probe(dir, why, sizeof why) > 0;

	say(x, "files to read", yes, "%s%s%s", dir, yes ? "" : ": ", why);
}

/* ---- all of it ------------------------------------------------------------------------------- */

static void try_all(struct doctor *x)
{
	int err = cgfs_mkdir(x->s->dirfd, TRIAL);
	char why[320];

	if (!err) {
		x->fd = cgfs_open(x->s->dirfd, TRIAL);
		err = x->fd < 0 ? x->fd : 0;
	}
	if (err) {
		say(x, "making cgroups", 0, "%s", cgfs_why(CGFS_MKDIR, TRIAL, err));
		return;
	}
	say(x, "making cgroups", 1, "in %s", x->s->place.parent);
	say(x, "controllers", 1, "memory%s",
	    x->s->cpu ? ", cpu" : "; without cpu, `weight` and `cpu` cannot be used");
	say(x, "protection", -1, "%s",
	    place_mounted_with("memory_recursiveprot")
		? "what memory.low and .min of a parent leave over goes to its children"
		: "each cgroup needs its own memory.low or .min (without memory_recursiveprot)");
	try_limits(x);
	try_measures(x);
	try_freeze(x);
	try_file(x, "reclaiming", "memory.reclaim", "4096", "since 5.19");
	(void)cgfs_write(x->fd, "memory.high", "max");
	(void)cgfs_write(x->fd, "memory.max", "max");
	try_worker(x);
	say(x, "swap", host_swap_bytes() > 0, "%s",
	    host_swap_bytes() ? "there is some" : "none: anonymous memory cannot be reclaimed");
	say(x, "huge pages", host_thp(), "%s", host_thp() ? "allowed" : "switched off");
	try_files(x);
	try_mechanisms(x);
	close(x->fd);
	if (remove_subtree(x->s->dirfd, TRIAL, PATIENCE_NS, why, sizeof why))
		say(x, "removing cgroups", 0, "%s", why);
	else
		say(x, "removing cgroups", 1, "all of them are gone again");
}

void live_doctor(const struct live_options *o, live_say *tell, void *ctx)
{
	struct doctor x = {.say = tell, .ctx = ctx, .fd = -1};
	const struct live_needs needs = {.caps = CAP_MEMORY | CAP_CPU};
	struct diags d;

	diags_init(&d, NULL);
	if (live_session_open(o, &d, &x.s) || live_session_prepare(x.s, &needs, &d)) {
		say_refusal(&x, "live runs", &d);
	} else {
		say(&x, "live runs", 1, "possible with --live; tried here:");
		try_all(&x);
	}
	live_session_close(x.s, &d);
	diags_free(&d);
}
