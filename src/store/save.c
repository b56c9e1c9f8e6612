/* SPDX-License-Identifier: GPL-2.0-or-later */
/* save.c - the runs of an experiment as they end, and its end (store.h) */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "base/mem.h"
#include "store/saving.h"
#include "store/schema.h"
#include "store/timeline.h"

/* Runs that end this soon after the one before are written together, this often. */
#define QUICK_NS (10 * NS_PER_MS)
#define WRITE_NS (50 * NS_PER_MS)

uint64_t saving_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS_PER_SEC + (uint64_t)t.tv_nsec;
}

const char *saving_name(const struct saving *v)
{
	return v->name;
}

/* ---- runs ------------------------------------------------------------------------------------ */

static int put_moments(struct saving *v, int64_t run, const char *kind, const uint64_t *at_ns,
		       uint32_t n)
{
	sqlite3_stmt *st = statement(v->store, STATEMENT_MOMENT);
	int err = st ? 0 : -EIO;

	for (uint32_t i = 0; i < n && !err; i++) {
		if (at_ns[i] == NEVER)
			continue;
		sqlite3_bind_int64(st, 1, run);
		statement_text(st, 2, kind);
		sqlite3_bind_int64(st, 3, i);
		sqlite3_bind_int64(st, 4, (int64_t)at_ns[i]);
		err = statement_run(v->store, st);
	}
	return err;
}

static int put_timeline(struct saving *v, int64_t run, const struct timeline *t)
{
	sqlite3_stmt *st = statement(v->store, STATEMENT_TIMELINE);
	struct buf packed = {0};
	int err = -EIO;

	timeline_pack(t, v->plan->ncgroups, &packed);
	if (st) {
		sqlite3_bind_int64(st, 1, run);
		sqlite3_bind_blob64(st, 2, packed.s, packed.n, SQLITE_STATIC);
		err = statement_run(v->store, st);
	}
	buf_free(&packed);
	return err;
}

static int put_run(struct saving *v, const struct run_summary *r)
{
	const struct plan *p = v->plan;
	sqlite3_stmt *st = statement(v->store, STATEMENT_RUN);
	sqlite3_stmt *cg = statement(v->store, STATEMENT_CGROUP_RUN);
	bool alone = r->policy == PX_ALONE;
	struct buf name = {0};
	int64_t run;
	int err;

	if (!st || !cg)
		return -EIO;
	if (alone)
		buf_printf(&name, "alone.%s", p->cgroups[r->alone].name);
	else
		buf_puts(&name, p->policies[r->policy].name);
	sqlite3_bind_int64(st, 1, v->experiment);
	statement_text(st, 2, buf_str(&name));
	sqlite3_bind_int64(st, 3, r->policy);
	if (alone)
		sqlite3_bind_int64(st, 4, r->alone);
	else
		sqlite3_bind_null(st, 4);
	statement_text(st, 5, r->mechanism);
	statement_text(st, 6, r->kernel);
	schema_bind(st, 7, schema_run, schema_nrun, r);
	err = statement_run(v->store, st);
	buf_free(&name);
	run = sqlite3_last_insert_rowid(v->store->db);
	for (uint32_t i = 0; i < p->ncgroups && !err; i++) {
		sqlite3_bind_int64(cg, 1, run);
		sqlite3_bind_int64(cg, 2, i);
		schema_bind(cg, 3, schema_cgroup_run, schema_ncgroup_run, &r->cgroups[i]);
		err = statement_run(v->store, cg);
	}
	if (!err)
		err = put_moments(v, run, "mark", r->marks_ns, p->nmarks);
	if (!err)
		err = put_moments(v, run, "trigger", r->fired_ns, p->ntriggers);
	if (!err && r->timeline && v->unhurried)
		err = put_timeline(v, run, r->timeline);
	return err;
}

/* Of an experiment that goes on. */
static int put_planned(struct saving *v, const struct results *r)
{
	sqlite3_stmt *st = statement(v->store, STATEMENT_PLANNED);

	(void)r;
	if (!st)
		return -EIO;
	sqlite3_bind_int64(st, 1, v->experiment);
	sqlite3_bind_int64(st, 2, v->planned);
	return statement_run(v->store, st);
}

/* What waits, and how far the experiment is, in one transaction. */
static void write_waiting(struct saving *v,
			  int (*put_state)(struct saving *v, const struct results *r),
			  const struct results *r)
{
	const struct run_summary *run;
	int err;

	if (v->failed)
		return;
	err = statement_begin(v->store);
	if (!err) {
		vec_foreach (run, &v->waiting)
			if (!err)
				err = put_run(v, run);
		if (!err)
			err = put_state(v, r);
		err = statement_conclude(v->store, err);
	}
	v->failed = err != 0;
	vec_clear(&v->waiting);
	v->written_ns = saving_now_ns();
}

void saving_run(struct saving *v, const struct run_summary *run, uint32_t planned)
{
	uint64_t now = saving_now_ns();
	bool slow = v->unhurried || now - v->last_ns >= QUICK_NS;

	if (v->failed)
		return;
	v->planned = planned;
	vec_push(&v->waiting, *run);
	if (slow || now - v->written_ns >= WRITE_NS)
		write_waiting(v, put_planned, NULL);
	v->last_ns = saving_now_ns();
}

/* ---- the end --------------------------------------------------------------------------------- */

static int put_end(struct saving *v, const struct results *r)
{
	sqlite3_stmt *st = statement(v->store, STATEMENT_END);

	if (!st)
		return -EIO;
	sqlite3_bind_int64(st, 1, v->experiment);
	statement_text(st, 2, !r ? "failed" : r->interrupted ? "interrupted" : "complete");
	sqlite3_bind_int64(st, 3, (int64_t)time(NULL));
	sqlite3_bind_int64(st, 4, r ? r->planned : v->planned);
	if (r) {
		statement_text(st, 5, verdict_name(r->verdict));
		sqlite3_bind_int64(st, 6, results_exit_status(r));
	}
	return statement_run(v->store, st);
}

int saving_end(struct saving *v, const struct results *r)
{
	int err;

	write_waiting(v, put_end, r);
	err = v->failed ? -EIO : 0;
	vec_free(&v->waiting);
	free(v);
	return err;
}
