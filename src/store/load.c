/* SPDX-License-Identifier: GPL-2.0-or-later */
/* load.c - what is in the file (store.h) */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/access.h"
#include "store/schema.h"
#include "store/timeline.h"

static const char *text(struct arena *a, sqlite3_stmt *st, int col)
{
	const char *s = (const char *)sqlite3_column_text(st, col);

	return s ? arena_strndup(a, s, strlen(s)) : NULL;
}

#define EXPERIMENT                                                                                 \
	"SELECT id, name, state, begun, pid, pid_start, boot, version, title, path, cwd, digest,"  \
	" plan_digest, seed, repeat, backend, mechanism, kernel, host, host_kernel, architecture," \
	" cpus, memory_bytes, planned, verdict, exit_status,"                                      \
	" (SELECT count(*) FROM run WHERE run.experiment = experiment.id),"                        \
	" machine_memory_bytes, machine_cpus FROM experiment "

static bool lives(sqlite3_stmt *st)
{
	const char *boot = (const char *)sqlite3_column_text(st, 6);
	char ours[64];
	uint64_t start;

	access_process(sqlite3_column_int(st, 4), &start, ours);
	return start && boot && !strcmp(boot, ours) &&
	       start == (uint64_t)sqlite3_column_int64(st, 5);
}

static void read_experiment(struct arena *a, sqlite3_stmt *st, struct store_experiment *x)
{
	*x = (struct store_experiment){
	    .id = sqlite3_column_int64(st, 0),
	    .name = text(a, st, 1),
	    .state = text(a, st, 2),
	    .begun = sqlite3_column_int64(st, 3),
	    .version = text(a, st, 7),
	    .title = text(a, st, 8),
	    .path = text(a, st, 9),
	    .cwd = text(a, st, 10),
	    .digest = text(a, st, 11),
	    .plan_digest = text(a, st, 12),
	    .seed = (uint64_t)sqlite3_column_int64(st, 13),
	    .repeat = (uint32_t)sqlite3_column_int64(st, 14),
	    .backend = text(a, st, 15),
	    .mechanism = text(a, st, 16),
	    .kernel = text(a, st, 17),
	    .host = text(a, st, 18),
	    .host_kernel = text(a, st, 19),
	    .architecture = text(a, st, 20),
	    .cpus = (uint32_t)sqlite3_column_int64(st, 21),
	    .memory_bytes = (uint64_t)sqlite3_column_int64(st, 22),
	    .planned = (uint32_t)sqlite3_column_int64(st, 23),
	    .verdict = text(a, st, 24),
	    .exit_status =
		sqlite3_column_type(st, 25) == SQLITE_NULL ? -1 : sqlite3_column_int(st, 25),
	    .runs = (uint32_t)sqlite3_column_int64(st, 26),
	    .machine_memory_bytes = (uint64_t)sqlite3_column_int64(st, 27),
	    .machine_cpus = (uint32_t)sqlite3_column_int64(st, 28),
	};
	if (!strcmp(x->state, "running") && !lives(st))
		x->state = "killed";
}

int store_list(struct store *s, struct arena *a, struct store_experiment **out, size_t *n)
{
	VEC(struct store_experiment) list = {0};
	sqlite3_stmt *st = access_prepare(s, EXPERIMENT "ORDER BY begun, id");
	struct store_experiment x;
	int rc = SQLITE_ERROR;

	while (st && (rc = access_step(s, st)) == SQLITE_ROW) {
		read_experiment(a, st, &x);
		vec_push(&list, x);
	}
	sqlite3_finalize(st);
	if (rc == SQLITE_DONE) {
		*out = arena_dup(a, list.v, list.n * sizeof(*list.v));
		*n = list.n;
	}
	vec_free(&list);
	return rc == SQLITE_DONE ? 0 : -EIO;
}

/* What is no part of a name is no pattern either. */
static bool is_prefix(const char *what)
{
	size_t n = strspn(what, "0123456789abcdef");

	return n && !what[n];
}

int store_find(struct store *s, const char *what, struct arena *a, struct store_experiment *out)
{
	bool last = !strcmp(what, "last");
	sqlite3_stmt *st;
	struct store_experiment x, second;
	int rc;

	if (!last && !is_prefix(what)) {
		diag_file(s->diags, E_STORE_FIND, s->path, 0, 0, "no experiment is called `%s`",
			  what);
		diag_hint(s->diags, "a name, or its beginning, as `agentcg runs` shows it; or "
				    "`last`");
		return -ENOENT;
	}
	st = access_prepare(s, last ? EXPERIMENT "ORDER BY begun DESC, id DESC LIMIT 1"
				    : EXPERIMENT "WHERE name GLOB ?1 || '*' ORDER BY begun, id");
	if (!st)
		return -EIO;
	if (!last)
		sqlite3_bind_text(st, 1, what, -1, SQLITE_STATIC);
	rc = access_step(s, st);
	if (rc == SQLITE_ROW) {
		read_experiment(a, st, &x);
		rc = access_step(s, st);
		if (rc == SQLITE_ROW && strcmp(x.name, what)) {
			read_experiment(a, st, &second);
			sqlite3_finalize(st);
			diag_file(s->diags, E_STORE_FIND, s->path, 0, 0,
				  "several experiments begin with `%s`: `%s`, `%s`", what, x.name,
				  second.name);
			return -ENOENT;
		}
		sqlite3_finalize(st);
		if (rc != SQLITE_DONE && rc != SQLITE_ROW)
			return -EIO;
		*out = x;
		return 0;
	}
	sqlite3_finalize(st);
	if (rc != SQLITE_DONE)
		return -EIO;
	if (last)
		diag_file(s->diags, E_STORE_FIND, s->path, 0, 0, "there is no experiment in it");
	else
		diag_file(s->diags, E_STORE_FIND, s->path, 0, 0, "no experiment begins with `%s`",
			  what);
	return -ENOENT;
}

int store_files(struct store *s, int64_t experiment, struct files *out)
{
	sqlite3_stmt *st = access_prepare(s, "SELECT path, real, file, bytes FROM experiment_file"
					     " LEFT JOIN file ON file.id = experiment_file.file"
					     " WHERE experiment = ? ORDER BY nr");
	int rc = SQLITE_ERROR;

	*out = (struct files){0};
	if (st)
		sqlite3_bind_int64(st, 1, experiment);
	while (st && (rc = access_step(s, st)) == SQLITE_ROW) {
		const char *bytes = sqlite3_column_blob(st, 3);

		/* An empty blob is NULL. */
		if (!bytes && sqlite3_column_type(st, 2) != SQLITE_NULL)
			bytes = "";
		files_add(out, (const char *)sqlite3_column_text(st, 0),
			  (const char *)sqlite3_column_text(st, 1), bytes,
			  (size_t)sqlite3_column_bytes(st, 3));
	}
	sqlite3_finalize(st);
	out->replay = true;
	return rc == SQLITE_DONE ? 0 : -EIO;
}

int store_words(struct store *s, int64_t experiment, const char *kind, struct arena *a,
		const char ***words, size_t *n)
{
	VEC(const char *) list = {0};
	sqlite3_stmt *st = access_prepare(s, "SELECT text FROM word WHERE experiment = ?"
					     " AND kind = ? ORDER BY nr");
	int rc = SQLITE_ERROR;

	if (st) {
		sqlite3_bind_int64(st, 1, experiment);
		sqlite3_bind_text(st, 2, kind, -1, SQLITE_STATIC);
	}
	while (st && (rc = access_step(s, st)) == SQLITE_ROW)
		vec_push(&list, text(a, st, 0));
	sqlite3_finalize(st);
	if (rc == SQLITE_DONE) {
		*words = arena_dup(a, list.v, list.n * sizeof(*list.v));
		*n = list.n;
	}
	vec_free(&list);
	return rc == SQLITE_DONE ? 0 : -EIO;
}

/* ---- runs ------------------------------------------------------------------------------------ */

struct reading {
	struct store *s;
	const struct plan *plan;
	struct arena *a;
	sqlite3_stmt *cgroups, *moments, *timelines;
};

/* What the plan has no place for means that the file is not what it was. */
static int damaged(struct reading *x, const char *what)
{
	diag_file(x->s->diags, E_STORE_READ, x->s->path, 0, 0, "%s that its plan does not have",
		  what);
	return -EINVAL;
}

static int read_cgroups(struct reading *x, int64_t run, struct run_summary *r)
{
	struct cg_summary *cgs = arena_array(x->a, struct cg_summary, x->plan->ncgroups);
	uint32_t seen = 0;
	int rc;

	sqlite3_reset(x->cgroups);
	sqlite3_bind_int64(x->cgroups, 1, run);
	while ((rc = access_step(x->s, x->cgroups)) == SQLITE_ROW) {
		int64_t nr = sqlite3_column_int64(x->cgroups, 0);

		if (nr < 0 || nr >= x->plan->ncgroups)
			return damaged(x, "a run has a cgroup");
		schema_read(x->cgroups, 1, schema_cgroup_run, schema_ncgroup_run, &cgs[nr]);
		seen++;
	}
	r->cgroups = cgs;
	if (rc == SQLITE_DONE && seen != x->plan->ncgroups)
		return damaged(x, "a run lacks a cgroup, or has one,");
	return rc == SQLITE_DONE ? 0 : -EIO;
}

static int read_moments(struct reading *x, int64_t run, struct run_summary *r)
{
	const struct plan *p = x->plan;
	uint64_t *marks = arena_array(x->a, uint64_t, p->nmarks);
	uint64_t *fired = arena_array(x->a, uint64_t, p->ntriggers);
	int rc;

	for (uint32_t i = 0; i < p->nmarks; i++)
		marks[i] = NEVER;
	for (uint32_t i = 0; i < p->ntriggers; i++)
		fired[i] = NEVER;
	sqlite3_reset(x->moments);
	sqlite3_bind_int64(x->moments, 1, run);
	while ((rc = access_step(x->s, x->moments)) == SQLITE_ROW) {
		bool mark = !strcmp((const char *)sqlite3_column_text(x->moments, 0), "mark");
		int64_t nr = sqlite3_column_int64(x->moments, 1);

		if (nr < 0 || nr >= (mark ? p->nmarks : p->ntriggers))
			return damaged(x, "a run has a mark or trigger");
		(mark ? marks : fired)[nr] = (uint64_t)sqlite3_column_int64(x->moments, 2);
	}
	r->marks_ns = marks;
	r->fired_ns = fired;
	return rc == SQLITE_DONE ? 0 : -EIO;
}

static int read_timeline(struct reading *x, int64_t run, struct run_summary *r)
{
	int rc;

	sqlite3_reset(x->timelines);
	sqlite3_bind_int64(x->timelines, 1, run);
	rc = access_step(x->s, x->timelines);
	if (rc == SQLITE_ROW && timeline_unpack(sqlite3_column_blob(x->timelines, 0),
						(size_t)sqlite3_column_bytes(x->timelines, 0),
						x->plan, x->a, &r->timeline))
		return damaged(x, "a timeline has something");
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : -EIO;
}

static int read_run(struct reading *x, sqlite3_stmt *st, struct run_summary *r)
{
	const struct plan *p = x->plan;
	int64_t id = sqlite3_column_int64(st, 0), policy = sqlite3_column_int64(st, 1);
	int err;

	*r = (struct run_summary){.policy = (int32_t)policy, .alone = UINT32_MAX};
	if (policy == PX_ALONE) {
		r->alone = (uint32_t)sqlite3_column_int64(st, 2);
		if (r->alone >= p->ncgroups)
			return damaged(x, "a run is of a cgroup");
	} else if (policy < 0 || policy >= p->npolicies) {
		return damaged(x, "a run is of a policy");
	}
	r->mechanism = text(x->a, st, 3);
	r->kernel = text(x->a, st, 4);
	schema_read(st, 5, schema_run, schema_nrun, r);
	if (r->end > END_INTERRUPTED || (r->end == END_ABORTED && r->abort >= p->naborts))
		return damaged(x, "a run has an end");
	err = read_cgroups(x, id, r);
	if (!err)
		err = read_moments(x, id, r);
	return err ? err : read_timeline(x, id, r);
}

static sqlite3_stmt *prepare(struct store *s, const char *head, const struct schema_column *c,
			     size_t n, const char *tail)
{
	struct buf sql = {0};
	sqlite3_stmt *st;

	buf_puts(&sql, head);
	for (size_t i = 0; i < n; i++)
		buf_printf(&sql, ", %s", c[i].name);
	buf_puts(&sql, tail);
	st = access_prepare(s, buf_str(&sql));
	buf_free(&sql);
	return st;
}

int store_runs(struct store *s, int64_t experiment, const struct plan *p, struct arena *a,
	       struct run_summary **runs, uint32_t *n)
{
	struct reading x = {.s = s, .plan = p, .a = a};
	VEC(struct run_summary) list = {0};
	struct run_summary r;
	sqlite3_stmt *st = prepare(s, "SELECT id, policy, alone, mechanism, kernel", schema_run,
				   schema_nrun, " FROM run WHERE experiment = ? ORDER BY id");
	int rc = SQLITE_ERROR, err = -EIO;

	x.cgroups = prepare(s, "SELECT cgroup", schema_cgroup_run, schema_ncgroup_run,
			    " FROM cgroup_run WHERE run = ?");
	x.moments = access_prepare(s, "SELECT kind, nr, at_ns FROM moment WHERE run = ?");
	x.timelines = access_prepare(s, "SELECT packed FROM timeline WHERE run = ?");
	if (st && x.cgroups && x.moments && x.timelines) {
		sqlite3_bind_int64(st, 1, experiment);
		err = 0;
	}
	while (!err && (rc = access_step(s, st)) == SQLITE_ROW) {
		err = read_run(&x, st, &r);
		vec_push(&list, r);
	}
	if (!err && rc != SQLITE_DONE)
		err = -EIO;
	sqlite3_finalize(st);
	sqlite3_finalize(x.cgroups);
	sqlite3_finalize(x.moments);
	sqlite3_finalize(x.timelines);
	if (!err) {
		*runs = arena_dup(a, list.v, list.n * sizeof(*list.v));
		*n = (uint32_t)list.n;
	}
	vec_free(&list);
	return err;
}
