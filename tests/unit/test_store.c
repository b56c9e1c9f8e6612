/* SPDX-License-Identifier: GPL-2.0-or-later */
/* what is kept comes back: every member of a summary, timelines, older schemas; and what is refused
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/rng.h"
#include "store/schema.h"
#include "store/store.h"
#include "store/timeline.h"
#include "tests/unit/made.h"

struct kit {
	char dir[64], path[80];
	struct diags d;
	struct made *made;
	struct files files;
	struct rng rng;
	struct arena a;
};

static int set_up(void **state)
{
	struct kit *w = mem_alloc(sizeof(*w));

	strcpy(w->dir, "/tmp/agentcg-store.XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	snprintf(w->path, sizeof w->path, "%s/sub/x.db", w->dir);
	diags_init(&w->d, NULL);
	w->made = made_new();
	rng_init(&w->rng, 7, RNG_TEST, 0);
	files_add(&w->files, "x.acg", "/real/x.acg", "text\0more", 9);
	files_add(&w->files, "empty", NULL, "", 0);
	files_add(&w->files, "other/x.acg", "/real/x.acg", NULL, 0);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	static const char *const names[] = {"sub/x.db", "sub/x.db-wal", "sub/x.db-shm"};
	struct kit *w = *state;
	char path[128];

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(path, sizeof path, "%s/%s", w->dir, names[i]);
		unlink(path);
	}
	snprintf(path, sizeof path, "%s/sub", w->dir);
	rmdir(path);
	rmdir(w->dir);
	diags_free(&w->d);
	files_free(&w->files);
	made_free(w->made);
	arena_free(&w->a);
	free(w);
	return 0;
}

static struct store *opened(struct kit *w, enum store_mode mode)
{
	struct store *s;

	assert_int_equal(store_open(w->path, mode, &w->d, &s), 0);
	return s;
}

/* Any number that the columns hold, also those beyond INT64_MAX, and moments that never come. */
static uint64_t any(struct kit *w)
{
	uint64_t v = rng_next(&w->rng);

	return v % 5 ? v >> v % 64 : NEVER;
}

static void set_any(struct kit *w, const struct schema_column *c, size_t n, void *to)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t v = any(w);
		uint32_t v32 = (uint32_t)v;
		char *at = (char *)to + c[i].offset;

		if (c[i].size == sizeof v)
			memcpy(at, &v, sizeof v);
		else if (c[i].size == sizeof v32)
			memcpy(at, &v32, sizeof v32);
		else
			*(bool *)at = v & 1;
	}
}

static void assert_same(const struct schema_column *c, size_t n, const void *a, const void *b)
{
	for (size_t i = 0; i < n; i++)
		if (memcmp((const char *)a + c[i].offset, (const char *)b + c[i].offset, c[i].size))
			fail_msg("%s is not what it was", c[i].name);
}

static const struct plan_override overrides[] = {{"pause", "2s"}, {"name", "a=b"}};
static const struct plan_options options = {
    .overrides = overrides, .noverrides = 2, .repeat = 3, .has_seed = true, .seed = 1};
static const char *const words[] = {"run", "--save", ""};

static struct saving *begun(struct kit *w, struct store *s, bool unhurried)
{
	const struct store_origin o = {
	    .version = "9.9",
	    .arguments = words,
	    .narguments = 3,
	    .options = &options,
	    .library = words,
	    .nlibrary = 1,
	    .files = &w->files,
	    .unhurried = unhurried,
	};
	struct saving *v;

	assert_int_equal(store_begin(s, &o, w->made->results, &v), 0);
	assert_int_equal(strlen(saving_name(v)), 8);
	return v;
}

/* Padding aside, a member that no column holds would come back as 0, and nobody would notice. */
static void test_columns_hold_all(void **state)
{
	unsigned char held[sizeof(struct cg_summary)] = {0};
	size_t missing = 0;

	(void)state;
	for (size_t i = 0; i < schema_ncgroup_run; i++)
		for (uint32_t k = 0; k < schema_cgroup_run[i].size; k++)
			assert_int_equal(held[schema_cgroup_run[i].offset + k]++, 0);
	for (size_t i = 0; i < sizeof held; i++)
		missing += !held[i];
	/*
	 * Six bools before a number of 64 bits; pauses, which no allocation has; ops in flight,
	 * which the end has added to what was spent.
	 */
	assert_int_equal(missing, 2 + sizeof(uint64_t) + sizeof(struct obs_held));
}

static void test_runs_come_back(void **state)
{
	struct kit *w = *state;
	struct results *r = w->made->results;
	struct run_summary *back;
	struct store *s = opened(w, STORE_CREATE);
	struct saving *v = begun(w, s, false);
	struct store_experiment x;
	uint32_t n;

	r->seed = UINT64_MAX - 1;
	for (uint32_t i = 0; i < r->nruns; i++) {
		struct run_summary *run = &w->made->runs[i];

		for (uint32_t k = 0; k < MADE_CGROUPS; k++)
			set_any(w, schema_cgroup_run, schema_ncgroup_run,
				&w->made->sums[i * MADE_CGROUPS + k]);
		run->end_ns = any(w);
		run->latest_ns = any(w) >> 1;
		run->events = (uint32_t)any(w);
		run->late_p50_ns = i ? any(w) >> 1 : NEVER;
		run->late_p99_ns = any(w) >> 1;
		run->clock = i % 3;
		run->contended = i & 1;
		run->mechanism = i % 3 ? "freeze" : NULL;
		run->kernel = "6.1";
		saving_run(v, run, r->nruns);
	}
	if (saving_end(v, r))
		fail_msg("%s", w->d.list.v[0].text);
	store_close(s);

	s = opened(w, STORE_READ);
	assert_int_equal(store_find(s, "last", &w->a, &x), 0);
	assert_string_equal(x.state, "complete");
	assert_string_equal(x.version, "9.9");
	assert_int_equal(x.repeat, 3);
	assert_int_equal(x.runs, r->nruns);
	assert_int_equal(store_runs(s, x.id, r->plan, &w->a, &back, &n), 0);
	assert_int_equal(n, r->nruns);
	for (uint32_t i = 0; i < n; i++) {
		const struct run_summary *was = &r->runs[i];

		assert_int_equal(back[i].policy, was->policy);
		if (was->policy == PX_ALONE)
			assert_int_equal(back[i].alone, was->alone);
		assert_same(schema_run, schema_nrun, &back[i], was);
		for (uint32_t k = 0; k < MADE_CGROUPS; k++)
			assert_same(schema_cgroup_run, schema_ncgroup_run, &back[i].cgroups[k],
				    &was->cgroups[k]);
		assert_int_equal(!back[i].mechanism, !was->mechanism);
		assert_string_equal(back[i].kernel, "6.1");
		assert_null(back[i].timeline);
	}
	store_close(s);
	assert_int_equal(w->d.list.n, 0);
}

static void test_words_and_files(void **state)
{
	struct kit *w = *state;
	struct store *s = opened(w, STORE_CREATE);
	struct store_experiment x;
	struct files f;
	const char **got;
	size_t n;

	assert_int_equal(saving_end(begun(w, s, false), NULL), 0);
	assert_int_equal(saving_end(begun(w, s, false), NULL), 0);
	assert_int_equal(store_find(s, "last", &w->a, &x), 0);
	assert_string_equal(x.state, "failed");
	assert_int_equal(x.exit_status, -1);
	assert_int_equal(store_words(s, x.id, "argument", &w->a, &got, &n), 0);
	assert_int_equal(n, 3);
	assert_string_equal(got[2], "");
	assert_int_equal(store_words(s, x.id, "param", &w->a, &got, &n), 0);
	assert_int_equal(n, 2);
	assert_string_equal(got[1], "name=a=b");
	assert_int_equal(store_files(s, x.id, &f), 0);
	assert_int_equal(f.list.n, 3);
	assert_true(f.replay);
	assert_int_equal(f.list.v[0].len, 9);
	assert_memory_equal(f.list.v[0].bytes, "text\0more", 9);
	assert_non_null(f.list.v[1].bytes);
	assert_int_equal(f.list.v[1].len, 0);
	assert_null(f.list.v[1].real);
	assert_null(f.list.v[2].bytes);
	assert_int_equal(files_access(&f, "other/x.acg"), 0);
	assert_int_equal(files_access(&f, "/etc/passwd"), -ENOENT);
	assert_true(files_is_folder(&f, "other/") || !f.list.v[2].bytes);
	files_free(&f);
	store_close(s);
}

/* ---- timelines ------------------------------------------------------------------------------- */

static struct timeline_bucket buckets[MADE_CGROUPS][3];
static struct timeline_bin bins[2] = {{100, 1}, {1 << 20, UINT64_MAX}};
static struct timeline_cgroup cgs[MADE_CGROUPS];
static const struct timeline_slow slow[1] = {
    {UINT64_MAX, 1 << 20, 99, {1, 2, 3, 4, 5, 6, UINT64_MAX, 0}, 1, OP_ALLOC}};
static struct timeline_event events[] = {
    {5, 9, 100, 0, 1, UINT32_MAX, TIMELINE_DELAY, 0},
    {7, 7, 0, 3, 2, 1, TIMELINE_KILL, 2},
    {8, 19, 4096, 2, 2, 1, TIMELINE_COMMAND, DONE_TIMEOUT},
    {UINT64_MAX - 1, UINT64_MAX, UINT64_MAX, UINT64_MAX, 0, 0, TIMELINE_ACTION, 255},
};

static struct timeline made_timeline(struct kit *w)
{
	for (uint32_t i = 0; i < MADE_CGROUPS; i++) {
		for (uint32_t k = 0; k < 3; k++)
			buckets[i][k] = (struct timeline_bucket){any(w), any(w), (uint32_t)any(w)};
		cgs[i] = (struct timeline_cgroup){buckets[i], bins, i % 3, slow, i % 2};
	}
	return (struct timeline){.width_ns = 1000,
				 .nbuckets = 3,
				 .cgroups = cgs,
				 .events = events,
				 .nevents = 4,
				 .left_out = 4};
}

static void test_timelines_come_back(void **state)
{
	struct kit *w = *state;
	struct results *r = w->made->results;
	struct timeline t = made_timeline(w);
	struct store *s = opened(w, STORE_CREATE);
	struct saving *v = begun(w, s, true);
	struct store_experiment x;
	struct run_summary *back;
	const struct timeline *u;
	uint32_t n;

	w->made->runs[0].timeline = &t;
	saving_run(v, &w->made->runs[0], 1);
	/* Written at once, before the end. */
	assert_int_equal(store_find(s, "last", &w->a, &x), 0);
	assert_string_equal(x.state, "running");
	assert_int_equal(store_runs(s, x.id, r->plan, &w->a, &back, &n), 0);
	assert_int_equal(n, 1);
	u = back[0].timeline;
	assert_non_null(u);
	assert_int_equal(u->width_ns, 1000);
	assert_int_equal(u->left_out, 4);
	assert_int_equal(u->nevents, 4);
	assert_memory_equal(u->events, events, 4 * sizeof *events);
	for (uint32_t i = 0; i < MADE_CGROUPS; i++) {
		for (uint32_t k = 0; k < 3; k++) {
			assert_true(u->cgroups[i].buckets[k].min_bytes == buckets[i][k].min_bytes);
			assert_true(u->cgroups[i].buckets[k].max_bytes == buckets[i][k].max_bytes);
			assert_int_equal(u->cgroups[i].buckets[k].samples, buckets[i][k].samples);
		}
		assert_int_equal(u->cgroups[i].nlatency, i % 3);
		assert_memory_equal(u->cgroups[i].latency, bins, i % 3 * sizeof *bins);
		assert_int_equal(u->cgroups[i].nslow, i % 2);
		for (uint32_t k = 0; k < i % 2; k++) {
			assert_true(u->cgroups[i].slow[k].end_ns == UINT64_MAX);
			assert_int_equal(u->cgroups[i].slow[k].latency_ns, 99);
			assert_memory_equal(&u->cgroups[i].slow[k].held, &slow[k].held,
					    sizeof slow[k].held);
			assert_int_equal(u->cgroups[i].slow[k].op, OP_ALLOC);
		}
	}
	assert_int_equal(saving_end(v, NULL), 0);
	store_close(s);
}

/* Cut anywhere or changed anywhere: refused or something that fits, never a step beyond. */
static void test_timelines_damaged(void **state)
{
	struct kit *w = *state;
	const struct plan *p = w->made->results->plan;
	struct timeline t = made_timeline(w);
	const struct timeline *u;
	struct buf b = {0};

	timeline_pack(&t, MADE_CGROUPS, &b);
	assert_int_equal(timeline_unpack(b.s, b.n, p, &w->a, &u), 0);
	for (size_t n = 0; n < b.n; n++) {
		char *cut = mem_realloc(NULL, n + 1);

		memcpy(cut, b.s, n);
		cut = mem_realloc(cut, n ? n : 1);
		assert_int_equal(timeline_unpack(cut, n, p, &w->a, &u), -EINVAL);
		free(cut);
	}
	for (size_t n = 0; n < b.n; n++) {
		char was = b.s[n];

		b.s[n] = (char)(was ^ 0xff);
		if (!timeline_unpack(b.s, b.n, p, &w->a, &u))
			for (uint32_t i = 0; i < u->nevents; i++)
				assert_true(u->events[i].cgroup == UINT32_MAX ||
					    u->events[i].cgroup < MADE_CGROUPS);
		b.s[n] = was;
	}
	buf_free(&b);
}

/* ---- other files ----------------------------------------------------------------------------- */

static void run_sql(struct kit *w, const char *sql)
{
	sqlite3 *db;
	char *why = NULL;

	assert_int_equal(sqlite3_open(w->path, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s", why);
	sqlite3_close(db);
}

static void make_folder(struct kit *w)
{
	struct store *s = opened(w, STORE_CREATE);

	store_close(s);
	assert_int_equal(unlink(w->path), 0);
}

static void test_version_1_is_brought_up(void **state)
{
	struct kit *w = *state;
	struct store_experiment x;
	struct run_summary *back;
	struct store *s;
	uint32_t n;

	make_folder(w);
	run_sql(w, schema_steps[0]);
	run_sql(w, "PRAGMA application_id = 1633904498; PRAGMA user_version = 1;"
		   "INSERT INTO experiment (id, name, state, begun, pid, pid_start, boot, version,"
		   " title, path, cwd, digest, plan_digest, seed, repeat, backend, host,"
		   " host_kernel, architecture, cpus, memory_bytes, planned)"
		   " VALUES (1, 'abcdef01', 'running', 5, 1, 1, 'x', '0.1.0', 't', 'p', '/', 'd',"
		   " 'e', 1, 0, 'sim', 'h', 'k', 'm', 2, 3, 40);"
		   "INSERT INTO run (id, experiment, name, policy, rep, \"end\", end_ns, abort,"
		   " limits_not_in_force, events, late_events, latest_ns, contended)"
		   " VALUES (1, 1, 'none', 0, 0, 0, 9, 0, 0, 0, 0, 0, 0);"
		   "INSERT INTO cgroup_run (run, cgroup, time_ns) VALUES (1, 0, 1), (1, 1, 2),"
		   " (1, 2, 3), (1, 3, 4);");
	run_sql(w, "INSERT INTO experiment (id, name, state, begun, pid, pid_start, boot, version,"
		   " title, path, cwd, digest, plan_digest, seed, repeat, backend, host,"
		   " host_kernel, architecture, cpus, memory_bytes, planned)"
		   " VALUES (2, 'cdef0123', 'complete', 6, 1, 1, 'x', '0.1.0', 't', 'p', '/', 'd',"
		   " 'e', 1, 0, 'vm', 'h', 'k', 'm', 2, 3, 3);"
		   "INSERT INTO run (id, experiment, name, policy, rep, \"end\", end_ns, abort,"
		   " limits_not_in_force, events, late_events, latest_ns, contended, kernel)"
		   " VALUES (2, 2, 'none', 0, 0, 0, 9, 0, 0, 7, 0, 8, 0, '6.1 (emulated)'),"
		   " (3, 2, 'none', 0, 1, 0, 9, 0, 0, 7, 0, 8, 0, '6.1 (KVM)'),"
		   " (4, 2, 'none', 0, 2, 0, 9, 0, 0, 7, 0, 8, 0, NULL);"
		   "INSERT INTO cgroup_run (run, cgroup) VALUES (2, 0), (2, 1), (2, 2), (2, 3),"
		   " (3, 0), (3, 1), (3, 2), (3, 3), (4, 0), (4, 1), (4, 2), (4, 3);");
	/* Also when it is only to be read. */
	s = opened(w, STORE_READ);
	assert_int_equal(store_find(s, "abc", &w->a, &x), 0);
	assert_string_equal(x.state, "killed");
	assert_int_equal(x.machine_memory_bytes, 0);
	assert_int_equal(store_runs(s, x.id, w->made->results->plan, &w->a, &back, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(back[0].cgroups[3].time_ns, 4);
	assert_int_equal(back[0].cgroups[3].commands.n, 0);
	assert_int_equal(back[0].cgroups[3].short_bytes, 0);
	assert_int_equal(back[0].cgroups[3].held.disk_ns, 0);
	assert_int_equal(back[0].cgroups[3].spent.total_ns, NEVER);
	assert_int_equal(back[0].cgroups[3].counters.asked, 0);
	assert_null(back[0].timeline);
	assert_int_equal(back[0].clock, OBS_CLOCK_MODEL);
	/* Whose time it was can be told of what was kept, how late it was not. */
	assert_int_equal(store_find(s, "cdef", &w->a, &x), 0);
	assert_int_equal(store_runs(s, x.id, w->made->results->plan, &w->a, &back, &n), 0);
	assert_int_equal(n, 3);
	assert_int_equal(back[0].clock, OBS_CLOCK_EMULATED);
	assert_int_equal(back[1].clock, OBS_CLOCK_HARDWARE);
	assert_int_equal(back[2].clock, UINT32_MAX);
	assert_true(back[0].late_p50_ns == NEVER && back[0].late_p99_ns == NEVER);
	assert_int_equal(back[0].latest_ns, 8);
	store_close(s);
	assert_int_equal(w->d.list.n, 0);
}

static void assert_refused(struct kit *w, enum diag_code code)
{
	struct store *s;

	assert_int_not_equal(store_open(w->path, STORE_CREATE, &w->d, &s), 0);
	assert_int_equal(w->d.list.n, 1);
	assert_int_equal(w->d.list.v[0].code, code);
}

static void test_newer_is_left_alone(void **state)
{
	struct kit *w = *state;
	char sql[64];

	store_close(opened(w, STORE_CREATE));
	snprintf(sql, sizeof sql, "PRAGMA user_version = %d", schema_version + 1);
	run_sql(w, sql);
	assert_refused(w, E_STORE_NEWER);
}

static void test_foreign_is_left_alone(void **state)
{
	struct kit *w = *state;

	make_folder(w);
	run_sql(w, "CREATE TABLE bookmarks (id)");
	assert_refused(w, E_STORE_OPEN);
}

/* Rows that the plan has no place for are no reason to read beyond its arrays. */
static void test_damaged_rows(void **state)
{
	static const char *const harms[] = {
	    "UPDATE run SET policy = 99",
	    "UPDATE run SET policy = -1",
	    "UPDATE run SET policy = -2, alone = 4",
	    "UPDATE run SET \"end\" = 9",
	    "UPDATE run SET \"end\" = 2, abort = 7",
	    "UPDATE cgroup_run SET cgroup = 4 WHERE cgroup = 3",
	    "DELETE FROM cgroup_run WHERE cgroup = 0",
	    "INSERT INTO moment (run, kind, nr, at_ns) SELECT id, 'mark', 50, 1 FROM run",
	    "INSERT INTO timeline (run, packed) SELECT id, x'ff' FROM run",
	};
	struct kit *w = *state;

	for (size_t i = 0; i < ARRAY_LEN(harms); i++) {
		struct store *s = opened(w, STORE_CREATE);
		struct saving *v = begun(w, s, true);
		struct store_experiment x;
		struct run_summary *back;
		uint32_t n;

		saving_run(v, &w->made->runs[0], 1);
		assert_int_equal(saving_end(v, w->made->results), 0);
		assert_int_equal(store_find(s, "last", &w->a, &x), 0);
		assert_int_equal(store_runs(s, x.id, w->made->results->plan, &w->a, &back, &n), 0);
		store_close(s);
		run_sql(w, harms[i]);
		s = opened(w, STORE_READ);
		if (store_runs(s, x.id, w->made->results->plan, &w->a, &back, &n) != -EINVAL)
			fail_msg("%s was not noticed", harms[i]);
		store_close(s);
		unlink(w->path);
	}
}

/* A run that is made again takes the place of the first. */
static void test_made_again(void **state)
{
	struct kit *w = *state;
	struct results *r = w->made->results;
	struct store *s = opened(w, STORE_CREATE);
	struct saving *v = begun(w, s, true);
	struct store_experiment x;
	struct run_summary *back;
	uint32_t n;

	w->made->runs[0].end = END_INTERRUPTED;
	saving_run(v, &w->made->runs[0], 2);
	r->interrupted = true;
	assert_int_equal(saving_end(v, r), 0);
	assert_int_equal(store_find(s, "last", &w->a, &x), 0);
	assert_string_equal(x.state, "interrupted");
	assert_int_equal(x.exit_status, 130);
	assert_int_equal(store_continue(s, x.id, r->plan, true, &v), 0);
	w->made->runs[0].end = END_FINISHED;
	saving_run(v, &w->made->runs[0], 2);
	r->interrupted = false;
	assert_int_equal(saving_end(v, r), 0);
	assert_int_equal(store_runs(s, x.id, r->plan, &w->a, &back, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(back[0].end, END_FINISHED);
	store_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_columns_hold_all),
	    cmocka_unit_test_setup_teardown(test_runs_come_back, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_words_and_files, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_timelines_come_back, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_timelines_damaged, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_version_1_is_brought_up, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_newer_is_left_alone, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_foreign_is_left_alone, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_damaged_rows, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_made_again, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
