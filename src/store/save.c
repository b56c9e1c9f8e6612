/* SPDX-License-Identifier: GPL-2.0-or-later */
/* save.c - an experiment, written while it goes on (store.h) */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/mem.h"
#include "store/access.h"
#include "store/schema.h"
#include "store/timeline.h"

/* Runs that end this soon after the one before are written together, this often. */
#define QUICK_NS (10 * NS_PER_MS)
#define WRITE_NS (50 * NS_PER_MS)

struct saving {
	struct store *store;
	const struct plan *plan;
	int64_t experiment;
	char name[9];
	bool unhurried, failed;
	uint32_t planned;
	uint64_t last_ns, written_ns; /* when the last run ended; when runs were written */
	sqlite3_stmt *run, *cgroup_run, *moment;
	VEC(struct run_summary) waiting;
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS_PER_SEC + (uint64_t)t.tv_nsec;
}

static void bind_text(sqlite3_stmt *st, int i, const char *s)
{
	/* Static: every text outlives the step. */
	sqlite3_bind_text(st, i, s, -1, SQLITE_STATIC);
}

/* One row, and ready for the next. */
static int insert(struct store *s, sqlite3_stmt *st)
{
	int rc = access_step(s, st);

	sqlite3_reset(st);
	return rc == SQLITE_DONE ? 0 : -EIO;
}

/* ---- the beginning --------------------------------------------------------------------------- */

static int put_words(struct store *s, int64_t experiment, const char *kind,
		     const char *const *words, size_t n)
{
	sqlite3_stmt *st =
	    access_prepare(s, "INSERT INTO word (experiment, kind, nr, text) VALUES (?, ?, ?, ?)");
	int err = st ? 0 : -EIO;

	for (size_t i = 0; i < n && !err; i++) {
		sqlite3_bind_int64(st, 1, experiment);
		bind_text(st, 2, kind);
		sqlite3_bind_int64(st, 3, (int64_t)i);
		bind_text(st, 4, words[i]);
		err = insert(s, st);
	}
	sqlite3_finalize(st);
	return err;
}

static int put_options(struct store *s, int64_t experiment, const struct plan_options *o)
{
	struct arena a = {0};
	const char **params = arena_array(&a, const char *, o->noverrides);
	int err;

	for (size_t i = 0; i < o->noverrides; i++)
		params[i] = arena_printf(&a, "%s=%s", o->overrides[i].name, o->overrides[i].value);
	err = put_words(s, experiment, "param", params, o->noverrides);
	if (!err)
		err = put_words(s, experiment, "policy", o->policies, o->npolicies);
	arena_free(&a);
	return err;
}

/* The id of these bytes: those that are there already, compared whole, else new ones. */
static int put_bytes(struct store *s, const struct file *f, int64_t *id)
{
	sqlite3_stmt *find = access_prepare(s, "SELECT id, bytes FROM file WHERE digest = ?");
	sqlite3_stmt *add = access_prepare(s, "INSERT INTO file (digest, bytes) VALUES (?, ?)");
	int err = find && add ? 0 : -EIO, rc;
	char digest[17];

	*id = -1;
	snprintf(digest, sizeof digest, "%016" PRIx64, digest_bytes(DIGEST_INIT, f->bytes, f->len));
	if (!err) {
		bind_text(find, 1, digest);
		while (*id < 0 && (rc = access_step(s, find)) == SQLITE_ROW)
			if ((size_t)sqlite3_column_bytes(find, 1) == f->len &&
			    (!f->len || !memcmp(sqlite3_column_blob(find, 1), f->bytes, f->len)))
				*id = sqlite3_column_int64(find, 0);
		if (*id < 0 && rc != SQLITE_DONE)
			err = -EIO;
	}
	if (!err && *id < 0) {
		bind_text(add, 1, digest);
		sqlite3_bind_blob64(add, 2, f->bytes, f->len, SQLITE_STATIC);
		err = insert(s, add);
		*id = sqlite3_last_insert_rowid(s->db);
	}
	sqlite3_finalize(find);
	sqlite3_finalize(add);
	return err;
}

static int put_files(struct store *s, int64_t experiment, const struct files *files)
{
	sqlite3_stmt *st = access_prepare(s, "INSERT INTO experiment_file"
					     " (experiment, nr, path, real, file)"
					     " VALUES (?, ?, ?, ?, ?)");
	int err = st ? 0 : -EIO;
	int64_t file;

	for (size_t i = 0; i < files->list.n && !err; i++) {
		const struct file *f = &files->list.v[i];

		sqlite3_bind_int64(st, 1, experiment);
		sqlite3_bind_int64(st, 2, (int64_t)i);
		bind_text(st, 3, f->path);
		bind_text(st, 4, f->real);
		sqlite3_bind_null(st, 5);
		if (f->bytes)
			err = put_bytes(s, f, &file);
		if (!err && f->bytes)
			sqlite3_bind_int64(st, 5, file);
		if (!err)
			err = insert(s, st);
	}
	sqlite3_finalize(st);
	return err;
}

static int put_cgroups(struct store *s, int64_t experiment, const struct plan *p)
{
	sqlite3_stmt *st =
	    access_prepare(s, "INSERT INTO cgroup (experiment, nr, name) VALUES (?, ?, ?)");
	int err = st ? 0 : -EIO;

	for (uint32_t i = 0; i < p->ncgroups && !err; i++) {
		sqlite3_bind_int64(st, 1, experiment);
		sqlite3_bind_int64(st, 2, i);
		bind_text(st, 3, p->cgroups[i].name);
		err = insert(s, st);
	}
	sqlite3_finalize(st);
	return err;
}

static void random_name(char name[9])
{
	static uint32_t calls;
	uint64_t h;
	uint32_t v;

	if (getrandom(&v, sizeof v, 0) != (ssize_t)sizeof v) {
		h = digest_u64(digest_u64(DIGEST_INIT, now_ns()), (uint64_t)getpid() + calls++);
		v = (uint32_t)(h ^ h >> 32);
	}
	snprintf(name, 9, "%08" PRIx32, v);
}

/* Why it is a SKIP, or which policies have no runs. */
static int put_reasons(struct store *s, int64_t experiment, const struct results *r)
{
	const struct plan *p = r->plan;
	struct arena a = {0};
	const char **words = arena_array(&a, const char *, r->nreasons + p->npolicies);
	size_t n = 0;
	int err;

	for (uint32_t i = 0; i < r->nreasons; i++)
		words[n++] = r->reasons[i];
	for (uint32_t i = 0; i < p->npolicies && !r->nreasons; i++)
		if (results_skipped(r, (int32_t)i))
			words[n++] = arena_printf(&a, RESULTS_SKIPPED, p->policies[i].name,
						  results_skipped(r, (int32_t)i));
	err = put_words(s, experiment, "reason", words, n);
	arena_free(&a);
	return err;
}

static int put_experiment(struct saving *v, const struct store_origin *o, const struct results *r)
{
	static const char sql[] =
	    "INSERT OR IGNORE INTO experiment (name, state, begun, pid, pid_start, boot, version,"
	    " title, path, cwd, digest, plan_digest, seed, repeat, backend, mechanism, kernel, "
	    "host,"
	    " host_kernel, architecture, cpus, memory_bytes, machine_memory_bytes, machine_cpus,"
	    " planned) VALUES (?1, 'running', ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13,"
	    " ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, 0)";
	struct store *s = v->store;
	sqlite3_stmt *st = access_prepare(s, sql);
	char digest[17], plan_digest[17], boot[64];
	struct utsname host = {0};
	struct sysinfo info = {0};
	char *cwd = getcwd(NULL, 0);
	uint64_t start;
	int err = st ? 0 : -EIO;

	snprintf(digest, sizeof digest, "%016" PRIx64, r->digest);
	snprintf(plan_digest, sizeof plan_digest, "%016" PRIx64, r->plan->digest);
	uname(&host);
	sysinfo(&info);
	access_process(getpid(), &start, boot);
	/* A name that is taken changes nothing: then another. */
	for (int tries = 0; !err && tries < 100; tries++) {
		random_name(v->name);
		bind_text(st, 1, v->name);
		sqlite3_bind_int64(st, 2, (int64_t)time(NULL));
		sqlite3_bind_int64(st, 3, getpid());
		sqlite3_bind_int64(st, 4, (int64_t)start);
		bind_text(st, 5, boot);
		bind_text(st, 6, o->version);
		bind_text(st, 7, r->plan->title);
		bind_text(st, 8, r->plan->path);
		bind_text(st, 9, cwd ? cwd : "");
		bind_text(st, 10, digest);
		bind_text(st, 11, plan_digest);
		sqlite3_bind_int64(st, 12, (int64_t)r->seed);
		sqlite3_bind_int64(st, 13, o->options->repeat);
		bind_text(st, 14, r->backend);
		bind_text(st, 15, r->mechanism);
		bind_text(st, 16, r->kernel);
		bind_text(st, 17, host.nodename);
		bind_text(st, 18, host.release);
		bind_text(st, 19, host.machine);
		sqlite3_bind_int64(st, 20, sysconf(_SC_NPROCESSORS_ONLN));
		sqlite3_bind_int64(st, 21, (int64_t)info.totalram * info.mem_unit);
		sqlite3_bind_int64(st, 22, (int64_t)r->plan->machine.memory_bytes);
		sqlite3_bind_int64(st, 23, r->plan->machine.cpus);
		err = insert(s, st);
		if (!err && sqlite3_changes(s->db))
			break;
	}
	v->experiment = sqlite3_last_insert_rowid(s->db);
	sqlite3_finalize(st);
	free(cwd);
	return err;
}

static int prepare_runs(struct saving *v)
{
	struct buf sql = {0};

	buf_puts(&sql, "INSERT OR REPLACE INTO run"
		       " (experiment, name, policy, alone, mechanism, kernel");
	for (size_t i = 0; i < schema_nrun; i++)
		buf_printf(&sql, ", %s", schema_run[i].name);
	buf_puts(&sql, ") VALUES (?, ?, ?, ?, ?, ?");
	for (size_t i = 0; i < schema_nrun; i++)
		buf_puts(&sql, ", ?");
	buf_putc(&sql, ')');
	v->run = access_prepare(v->store, buf_str(&sql));
	buf_clear(&sql);
	buf_puts(&sql, "INSERT INTO cgroup_run (run, cgroup");
	for (size_t i = 0; i < schema_ncgroup_run; i++)
		buf_printf(&sql, ", %s", schema_cgroup_run[i].name);
	buf_puts(&sql, ") VALUES (?, ?");
	for (size_t i = 0; i < schema_ncgroup_run; i++)
		buf_puts(&sql, ", ?");
	buf_putc(&sql, ')');
	v->cgroup_run = access_prepare(v->store, buf_str(&sql));
	buf_free(&sql);
	v->moment = access_prepare(v->store,
				   "INSERT INTO moment (run, kind, nr, at_ns) VALUES (?, ?, ?, ?)");
	return v->run && v->cgroup_run && v->moment ? 0 : -EIO;
}

static void discard(struct saving *v)
{
	sqlite3_finalize(v->run);
	sqlite3_finalize(v->cgroup_run);
	sqlite3_finalize(v->moment);
	vec_free(&v->waiting);
	free(v);
}

/* Ends a transaction: commits, or takes all of it back. */
static int conclude(struct store *s, int err)
{
	if (!err)
		err = access_exec(s, "COMMIT");
	if (err)
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	return err;
}

static struct saving *new_saving(struct store *s, const struct plan *p)
{
	struct saving *v = mem_alloc(sizeof(*v));

	v->store = s;
	v->plan = p;
	v->last_ns = v->written_ns = now_ns();
	return v;
}

int store_begin(struct store *s, const struct store_origin *o, const struct results *r,
		struct saving **out)
{
	struct saving *v = new_saving(s, r->plan);
	int err;

	v->unhurried = o->unhurried;
	err = access_exec(s, "BEGIN IMMEDIATE");
	if (!err) {
		err = put_experiment(v, o, r);
		if (!err)
			err = put_words(s, v->experiment, "argument", o->arguments, o->narguments);
		if (!err)
			err = put_options(s, v->experiment, o->options);
		if (!err)
			err = put_words(s, v->experiment, "library", o->library, o->nlibrary);
		if (!err)
			err = put_reasons(s, v->experiment, r);
		if (!err)
			err = put_files(s, v->experiment, o->files);
		if (!err)
			err = put_cgroups(s, v->experiment, r->plan);
		err = conclude(s, err);
	}
	if (!err)
		err = prepare_runs(v);
	if (err) {
		discard(v);
		return err;
	}
	*out = v;
	return 0;
}

int store_continue(struct store *s, int64_t experiment, const struct plan *p, bool unhurried,
		   struct saving **out)
{
	struct saving *v = new_saving(s, p);
	sqlite3_stmt *st = access_prepare(
	    s, "UPDATE experiment SET state = 'running', pid = ?2, pid_start = ?3, boot = ?4"
	       " WHERE id = ?1");
	char boot[64];
	uint64_t start;
	int err = st ? 0 : -EIO;

	/* What belongs to a run goes with it.  New rows need no look at what they belong to. */
	if (!err)
		err = access_exec(s, "PRAGMA foreign_keys = ON");
	v->experiment = experiment;
	v->unhurried = unhurried;
	access_process(getpid(), &start, boot);
	if (!err) {
		sqlite3_bind_int64(st, 1, experiment);
		sqlite3_bind_int64(st, 2, getpid());
		sqlite3_bind_int64(st, 3, (int64_t)start);
		bind_text(st, 4, boot);
		err = insert(s, st);
	}
	sqlite3_finalize(st);
	if (!err)
		err = prepare_runs(v);
	if (err) {
		discard(v);
		return err;
	}
	*out = v;
	return 0;
}

const char *saving_name(const struct saving *v)
{
	return v->name;
}

/* ---- runs ------------------------------------------------------------------------------------ */

static int put_moments(struct saving *v, int64_t run, const char *kind, const uint64_t *at_ns,
		       uint32_t n)
{
	int err = 0;

	for (uint32_t i = 0; i < n && !err; i++) {
		if (at_ns[i] == NEVER)
			continue;
		sqlite3_bind_int64(v->moment, 1, run);
		bind_text(v->moment, 2, kind);
		sqlite3_bind_int64(v->moment, 3, i);
		sqlite3_bind_int64(v->moment, 4, (int64_t)at_ns[i]);
		err = insert(v->store, v->moment);
	}
	return err;
}

static int put_timeline(struct saving *v, int64_t run, const struct timeline *t)
{
	sqlite3_stmt *st =
	    access_prepare(v->store, "INSERT INTO timeline (run, packed) VALUES (?, ?)");
	struct buf packed = {0};
	int err = -EIO;

	timeline_pack(t, v->plan->ncgroups, &packed);
	if (st) {
		sqlite3_bind_int64(st, 1, run);
		sqlite3_bind_blob64(st, 2, packed.s, packed.n, SQLITE_STATIC);
		err = insert(v->store, st);
	}
	sqlite3_finalize(st);
	buf_free(&packed);
	return err;
}

static int put_run(struct saving *v, const struct run_summary *r)
{
	const struct plan *p = v->plan;
	bool alone = r->policy == PX_ALONE;
	struct buf name = {0};
	int64_t run;
	int err;

	if (alone)
		buf_printf(&name, "alone.%s", p->cgroups[r->alone].name);
	else
		buf_puts(&name, p->policies[r->policy].name);
	sqlite3_bind_int64(v->run, 1, v->experiment);
	bind_text(v->run, 2, buf_str(&name));
	sqlite3_bind_int64(v->run, 3, r->policy);
	if (alone)
		sqlite3_bind_int64(v->run, 4, r->alone);
	else
		sqlite3_bind_null(v->run, 4);
	bind_text(v->run, 5, r->mechanism);
	bind_text(v->run, 6, r->kernel);
	schema_bind(v->run, 7, schema_run, schema_nrun, r);
	err = insert(v->store, v->run);
	buf_free(&name);
	run = sqlite3_last_insert_rowid(v->store->db);
	for (uint32_t i = 0; i < p->ncgroups && !err; i++) {
		sqlite3_bind_int64(v->cgroup_run, 1, run);
		sqlite3_bind_int64(v->cgroup_run, 2, i);
		schema_bind(v->cgroup_run, 3, schema_cgroup_run, schema_ncgroup_run,
			    &r->cgroups[i]);
		err = insert(v->store, v->cgroup_run);
	}
	if (!err)
		err = put_moments(v, run, "mark", r->marks_ns, p->nmarks);
	if (!err)
		err = put_moments(v, run, "trigger", r->fired_ns, p->ntriggers);
	if (!err && r->timeline && v->unhurried)
		err = put_timeline(v, run, r->timeline);
	return err;
}

static int put_planned(struct saving *v)
{
	char sql[96];

	snprintf(sql, sizeof sql, "UPDATE experiment SET planned = %" PRIu32 " WHERE id = %" PRId64,
		 v->planned, v->experiment);
	return access_exec(v->store, sql);
}

static void write_waiting(struct saving *v)
{
	struct run_summary *r;
	int err;

	if (v->failed || !v->waiting.n)
		return;
	err = access_exec(v->store, "BEGIN IMMEDIATE");
	if (!err) {
		vec_foreach (r, &v->waiting)
			if (!err)
				err = put_run(v, r);
		if (!err)
			err = put_planned(v);
		err = conclude(v->store, err);
	}
	v->failed = err != 0;
	vec_clear(&v->waiting);
	v->written_ns = now_ns();
}

void saving_run(struct saving *v, const struct run_summary *run, uint32_t planned)
{
	uint64_t now = now_ns();
	bool slow = v->unhurried || now - v->last_ns >= QUICK_NS;

	if (v->failed)
		return;
	v->planned = planned;
	vec_push(&v->waiting, *run);
	if (slow || now - v->written_ns >= WRITE_NS)
		write_waiting(v);
	v->last_ns = now_ns();
}

/* ---- the end --------------------------------------------------------------------------------- */

static int put_end(struct saving *v, const struct results *r)
{
	sqlite3_stmt *st = access_prepare(
	    v->store, "UPDATE experiment SET state = ?2, ended = ?3, planned = ?4, verdict = ?5,"
		      " exit_status = ?6 WHERE id = ?1");
	int err;

	if (!st)
		return -EIO;
	sqlite3_bind_int64(st, 1, v->experiment);
	bind_text(st, 2, !r ? "failed" : r->interrupted ? "interrupted" : "complete");
	sqlite3_bind_int64(st, 3, (int64_t)time(NULL));
	sqlite3_bind_int64(st, 4, r ? r->planned : v->planned);
	if (r) {
		bind_text(st, 5, verdict_name(r->verdict));
		sqlite3_bind_int64(st, 6, results_exit_status(r));
	}
	err = insert(v->store, st);
	sqlite3_finalize(st);
	return err;
}

int saving_end(struct saving *v, const struct results *r)
{
	int err;

	write_waiting(v);
	err = v->failed ? -EIO : put_end(v, r);
	discard(v);
	return err;
}
