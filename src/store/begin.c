/* SPDX-License-Identifier: GPL-2.0-or-later */
/* begin.c - what is known of an experiment before its first run (store.h) */
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
#include "store/saving.h"

static int put_words(struct store *s, int64_t experiment, const char *kind,
		     const char *const *words, size_t n)
{
	sqlite3_stmt *st = statement(s, STATEMENT_WORD);
	int err = st ? 0 : -EIO;

	for (size_t i = 0; i < n && !err; i++) {
		sqlite3_bind_int64(st, 1, experiment);
		statement_text(st, 2, kind);
		sqlite3_bind_int64(st, 3, (int64_t)i);
		statement_text(st, 4, words[i]);
		err = statement_run(s, st);
	}
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
	sqlite3_stmt *find = statement(s, STATEMENT_FILE_FIND);
	sqlite3_stmt *add = statement(s, STATEMENT_FILE);
	int err = find && add ? 0 : -EIO, rc;
	char digest[17];

	*id = -1;
	snprintf(digest, sizeof digest, "%016" PRIx64, digest_bytes(DIGEST_INIT, f->bytes, f->len));
	if (!err) {
		statement_text(find, 1, digest);
		while (*id < 0 && (rc = access_step(s, find)) == SQLITE_ROW)
			if ((size_t)sqlite3_column_bytes(find, 1) == f->len &&
			    (!f->len || !memcmp(sqlite3_column_blob(find, 1), f->bytes, f->len)))
				*id = sqlite3_column_int64(find, 0);
		if (*id < 0 && rc != SQLITE_DONE)
			err = -EIO;
		sqlite3_reset(find); /* its text is gone soon, and a row of it bars others */
	}
	if (!err && *id < 0) {
		statement_text(add, 1, digest);
		sqlite3_bind_blob64(add, 2, f->bytes, f->len, SQLITE_STATIC);
		err = statement_run(s, add);
		*id = sqlite3_last_insert_rowid(s->db);
	}
	return err;
}

static int put_files(struct store *s, int64_t experiment, const struct files *files)
{
	sqlite3_stmt *st = statement(s, STATEMENT_EXPERIMENT_FILE);
	int err = st ? 0 : -EIO;
	int64_t file;

	for (size_t i = 0; i < files->list.n && !err; i++) {
		const struct file *f = &files->list.v[i];

		sqlite3_bind_int64(st, 1, experiment);
		sqlite3_bind_int64(st, 2, (int64_t)i);
		statement_text(st, 3, f->path);
		statement_text(st, 4, f->real);
		sqlite3_bind_null(st, 5);
		if (f->bytes)
			err = put_bytes(s, f, &file);
		if (!err && f->bytes)
			sqlite3_bind_int64(st, 5, file);
		if (!err)
			err = statement_run(s, st);
	}
	return err;
}

static int put_cgroups(struct store *s, int64_t experiment, const struct plan *p)
{
	sqlite3_stmt *st = statement(s, STATEMENT_CGROUP);
	int err = st ? 0 : -EIO;

	for (uint32_t i = 0; i < p->ncgroups && !err; i++) {
		sqlite3_bind_int64(st, 1, experiment);
		sqlite3_bind_int64(st, 2, i);
		statement_text(st, 3, p->cgroups[i].name);
		err = statement_run(s, st);
	}
	return err;
}

static void random_name(char name[9])
{
	static uint32_t calls;
	uint64_t h;
	uint32_t v;

	if (getrandom(&v, sizeof v, 0) != (ssize_t)sizeof v) {
		h = digest_u64(digest_u64(DIGEST_INIT, saving_now_ns()),
			       (uint64_t)getpid() + calls++);
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
	struct store *s = v->store;
	sqlite3_stmt *st = statement(s, STATEMENT_EXPERIMENT);
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
		statement_text(st, 1, v->name);
		sqlite3_bind_int64(st, 2, (int64_t)time(NULL));
		sqlite3_bind_int64(st, 3, getpid());
		sqlite3_bind_int64(st, 4, (int64_t)start);
		statement_text(st, 5, boot);
		statement_text(st, 6, o->version);
		statement_text(st, 7, r->plan->title);
		statement_text(st, 8, r->plan->path);
		statement_text(st, 9, cwd ? cwd : "");
		statement_text(st, 10, digest);
		statement_text(st, 11, plan_digest);
		sqlite3_bind_int64(st, 12, (int64_t)r->seed);
		sqlite3_bind_int64(st, 13, o->options->repeat);
		statement_text(st, 14, r->backend);
		statement_text(st, 15, r->mechanism);
		statement_text(st, 16, r->kernel);
		statement_text(st, 17, host.nodename);
		statement_text(st, 18, host.release);
		statement_text(st, 19, host.machine);
		sqlite3_bind_int64(st, 20, sysconf(_SC_NPROCESSORS_ONLN));
		sqlite3_bind_int64(st, 21, (int64_t)info.totalram * info.mem_unit);
		sqlite3_bind_int64(st, 22, (int64_t)r->plan->machine.memory_bytes);
		sqlite3_bind_int64(st, 23, r->plan->machine.cpus);
		err = statement_run(s, st);
		if (!err && sqlite3_changes(s->db))
			break;
	}
	v->experiment = sqlite3_last_insert_rowid(s->db);
	free(cwd);
	return err;
}

static struct saving *new_saving(struct store *s, const struct plan *p)
{
	struct saving *v = mem_alloc(sizeof(*v));

	v->store = s;
	v->plan = p;
	v->last_ns = v->written_ns = saving_now_ns();
	return v;
}

int store_begin(struct store *s, const struct store_origin *o, const struct results *r,
		struct saving **out)
{
	struct saving *v = new_saving(s, r->plan);
	int err;

	v->unhurried = o->unhurried;
	err = statement_begin(s);
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
		err = statement_conclude(s, err);
	}
	if (err) {
		free(v);
		return err;
	}
	*out = v;
	return 0;
}

int store_continue(struct store *s, int64_t experiment, const struct plan *p, bool unhurried,
		   struct saving **out)
{
	struct saving *v = new_saving(s, p);
	sqlite3_stmt *st = statement(s, STATEMENT_CONTINUE);
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
		statement_text(st, 4, boot);
		err = statement_run(s, st);
	}
	if (err) {
		free(v);
		return err;
	}
	*out = v;
	return 0;
}
