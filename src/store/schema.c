/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "store/schema.h"

#include <stdbool.h>
#include <string.h>

#include "base/units.h"
#include "stat/results.h"

/*
 * A step, once released, is never changed: it says what files of that version look like.
 * agentcg-store(5) describes the sum of them.
 */
static const char version_1[] =
    "CREATE TABLE experiment ("
    " id INTEGER PRIMARY KEY,"
    " name TEXT NOT NULL UNIQUE,"
    " state TEXT NOT NULL CHECK (state IN ('running', 'complete', 'interrupted', 'failed')),"
    " begun INTEGER NOT NULL,"
    " ended INTEGER,"
    " pid INTEGER NOT NULL,"
    " pid_start INTEGER NOT NULL,"
    " boot TEXT NOT NULL,"
    " version TEXT NOT NULL,"
    " title TEXT NOT NULL,"
    " path TEXT NOT NULL,"
    " cwd TEXT NOT NULL,"
    " digest TEXT NOT NULL,"
    " plan_digest TEXT NOT NULL,"
    " seed INTEGER NOT NULL,"
    " repeat INTEGER NOT NULL,"
    " backend TEXT NOT NULL,"
    " mechanism TEXT,"
    " kernel TEXT,"
    " host TEXT NOT NULL,"
    " host_kernel TEXT NOT NULL,"
    " architecture TEXT NOT NULL,"
    " cpus INTEGER NOT NULL,"
    " memory_bytes INTEGER NOT NULL,"
    " planned INTEGER NOT NULL,"
    " verdict TEXT,"
    " exit_status INTEGER);"
    "CREATE INDEX experiment_begun ON experiment (begun);"
    "CREATE INDEX experiment_digest ON experiment (digest);"

    "CREATE TABLE word ("
    " experiment INTEGER NOT NULL REFERENCES experiment ON DELETE CASCADE,"
    " kind TEXT NOT NULL CHECK (kind IN ('argument', 'param', 'policy', 'library', 'reason')),"
    " nr INTEGER NOT NULL,"
    " text TEXT NOT NULL,"
    " PRIMARY KEY (experiment, kind, nr)) WITHOUT ROWID;"

    "CREATE TABLE file ("
    " id INTEGER PRIMARY KEY,"
    " digest TEXT NOT NULL,"
    " bytes BLOB NOT NULL);"
    "CREATE INDEX file_digest ON file (digest);"

    "CREATE TABLE experiment_file ("
    " experiment INTEGER NOT NULL REFERENCES experiment ON DELETE CASCADE,"
    " nr INTEGER NOT NULL,"
    " path TEXT NOT NULL,"
    " real TEXT,"
    " file INTEGER REFERENCES file,"
    " PRIMARY KEY (experiment, nr)) WITHOUT ROWID;"
    "CREATE INDEX experiment_file_file ON experiment_file (file);"

    "CREATE TABLE cgroup ("
    " experiment INTEGER NOT NULL REFERENCES experiment ON DELETE CASCADE,"
    " nr INTEGER NOT NULL,"
    " name TEXT NOT NULL,"
    " PRIMARY KEY (experiment, nr)) WITHOUT ROWID;"

    "CREATE TABLE run ("
    " id INTEGER PRIMARY KEY,"
    " experiment INTEGER NOT NULL REFERENCES experiment ON DELETE CASCADE,"
    " name TEXT NOT NULL,"
    " policy INTEGER NOT NULL,"
    " alone INTEGER,"
    " rep INTEGER NOT NULL,"
    " \"end\" INTEGER NOT NULL,"
    " end_ns INTEGER,"
    " abort INTEGER NOT NULL,"
    " limits_not_in_force INTEGER NOT NULL,"
    " events INTEGER NOT NULL,"
    " late_events INTEGER NOT NULL,"
    " latest_ns INTEGER NOT NULL,"
    " contended INTEGER NOT NULL,"
    " mechanism TEXT,"
    " kernel TEXT,"
    " UNIQUE (experiment, name, rep));"

    "CREATE TABLE moment ("
    " run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,"
    " kind TEXT NOT NULL CHECK (kind IN ('mark', 'trigger')),"
    " nr INTEGER NOT NULL,"
    " at_ns INTEGER NOT NULL,"
    " PRIMARY KEY (run, kind, nr)) WITHOUT ROWID;"

    "CREATE TABLE cgroup_run ("
    " run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,"
    " cgroup INTEGER NOT NULL,"
    " has_workers INTEGER, oom_killed INTEGER, other_killed INTEGER, done INTEGER,"
    " finished INTEGER, has_time INTEGER, time_ns INTEGER, stall_ns INTEGER, span_ns INTEGER,"
    " alloc_n INTEGER, alloc_mean_ns INTEGER, alloc_p50_ns INTEGER, alloc_p90_ns INTEGER,"
    " alloc_p95_ns INTEGER, alloc_p99_ns INTEGER, alloc_p999_ns INTEGER, alloc_max_ns INTEGER,"
    " held_cpu_ns INTEGER, held_throttle_ns INTEGER, held_delay_ns INTEGER,"
    " held_reclaim_ns INTEGER, bytes_done INTEGER, dropped INTEGER, short_allocs INTEGER,"
    " killed_ns INTEGER,"
    " usage_bytes INTEGER, peak_bytes INTEGER, swap_bytes INTEGER, anon_bytes INTEGER,"
    " file_bytes INTEGER, ev_low INTEGER, ev_high INTEGER, ev_max INTEGER, ev_oom INTEGER,"
    " ev_oom_kill INTEGER, reclaimed_bytes INTEGER, refault_bytes INTEGER, faults INTEGER,"
    " delays INTEGER, delayed_ns INTEGER, protections INTEGER, throttled_ns INTEGER,"
    " psi_some_ns INTEGER, psi_full_ns INTEGER,"
    " PRIMARY KEY (run, cgroup)) WITHOUT ROWID;";

#define ADD_COUNT(name) "ALTER TABLE cgroup_run ADD COLUMN " name " INTEGER DEFAULT 0;"

/*
 * The machine that runs were made on where the scenario leaves that open: budgets depend on it.
 * Timelines, as store/timeline.h packs them.  Real commands, and replays that lag: there were none.
 */
static const char version_2[] =
    "ALTER TABLE experiment ADD COLUMN machine_memory_bytes INTEGER;"
    "ALTER TABLE experiment ADD COLUMN machine_cpus INTEGER;"
    "CREATE TABLE timeline ("
    " run INTEGER PRIMARY KEY REFERENCES run ON DELETE CASCADE,"
    " packed BLOB NOT NULL);" ADD_COUNT("commands") ADD_COUNT("commands_failed")
	ADD_COUNT("commands_killed") ADD_COUNT("commands_timed_out") ADD_COUNT("commands_time_ns")
	    ADD_COUNT("commands_longest_ns") ADD_COUNT("commands_peak_bytes")
		ADD_COUNT("short_bytes");

/* How late actions were noticed, and in whose time; the latter can be told of what is kept. */
static const char version_3[] =
    "ALTER TABLE run ADD COLUMN late_p50_ns INTEGER;"
    "ALTER TABLE run ADD COLUMN late_p99_ns INTEGER;"
    "ALTER TABLE run ADD COLUMN clock INTEGER;"
    "UPDATE run SET clock = CASE (SELECT backend FROM experiment WHERE id = run.experiment)"
    " WHEN 'sim' THEN 0 WHEN 'vm' THEN 1 + (kernel LIKE '%(emulated%') ELSE 1 END;";

/* How soon the first delay was in force; of what was kept before, nobody knows. */
static const char version_4[] = "ALTER TABLE cgroup_run ADD COLUMN reaction_ns INTEGER;";

#define ADD(name) "ALTER TABLE cgroup_run ADD COLUMN " name " INTEGER;"

/* Where a session's time went; NULL: not recorded. */
static const char version_5[] = ADD_COUNT("held_ready_ns") ADD_COUNT("held_disk_ns")
    ADD_COUNT("held_frozen_ns") ADD("spent_ns") ADD("spent_due_ns") ADD("spent_cpu_ns")
	ADD("spent_throttle_ns") ADD("spent_delay_ns") ADD("spent_reclaim_ns") ADD("spent_ready_ns")
	    ADD("spent_disk_ns") ADD("spent_frozen_ns") ADD("spent_pace_ns");

/* What mechanisms were asked and answered. */
static const char version_6[] = ADD_COUNT("asked") ADD_COUNT("given") ADD_COUNT("given_ns");

const char *const schema_steps[] = {version_1, version_2, version_3,
				    version_4, version_5, version_6};
const int schema_version = sizeof schema_steps / sizeof *schema_steps;

#define COLUMN(type, name, member)                                                                 \
	{                                                                                          \
		name, offsetof(struct type, member), sizeof(((struct type *)0)->member)            \
	}
#define CG(member)	 COLUMN(cg_summary, #member, member)
#define ALLOC(which)	 COLUMN(cg_summary, "alloc_" #which "_ns", alloc_##which)
#define HELD(which)	 COLUMN(cg_summary, "held_" #which "_ns", held.which##_ns)
#define SPENT(which)	 COLUMN(cg_summary, "spent_" #which "_ns", spent.in.which##_ns)
#define COMMANDS(member) COLUMN(cg_summary, "commands_" #member, commands.member)
#define COUNTER(member)	 COLUMN(cg_summary, #member, counters.member)

const struct schema_column schema_cgroup_run[] = {
    CG(has_workers),
    CG(oom_killed),
    CG(other_killed),
    CG(done),
    CG(finished),
    CG(has_time),
    CG(time_ns),
    CG(stall_ns),
    CG(span_ns),
    CG(alloc_n),
    ALLOC(mean),
    ALLOC(p50),
    ALLOC(p90),
    ALLOC(p95),
    ALLOC(p99),
    ALLOC(p999),
    ALLOC(max),
    HELD(cpu),
    HELD(throttle),
    HELD(delay),
    HELD(reclaim),
    HELD(ready),
    HELD(disk),
    HELD(frozen),
    COLUMN(cg_summary, "spent_ns", spent.total_ns),
    COLUMN(cg_summary, "spent_due_ns", spent.due_ns),
    SPENT(cpu),
    SPENT(throttle),
    SPENT(delay),
    SPENT(reclaim),
    SPENT(ready),
    SPENT(disk),
    SPENT(frozen),
    SPENT(pace),
    CG(bytes_done),
    CG(dropped),
    CG(short_allocs),
    COLUMN(cg_summary, "commands", commands.n),
    COMMANDS(failed),
    COMMANDS(killed),
    COMMANDS(timed_out),
    COMMANDS(time_ns),
    COMMANDS(longest_ns),
    COMMANDS(peak_bytes),
    CG(short_bytes),
    CG(killed_ns),
    CG(reaction_ns),
    COUNTER(usage_bytes),
    COUNTER(peak_bytes),
    COUNTER(swap_bytes),
    COUNTER(anon_bytes),
    COUNTER(file_bytes),
    COUNTER(ev_low),
    COUNTER(ev_high),
    COUNTER(ev_max),
    COUNTER(ev_oom),
    COUNTER(ev_oom_kill),
    COUNTER(reclaimed_bytes),
    COUNTER(refault_bytes),
    COUNTER(faults),
    COUNTER(delays),
    COUNTER(delayed_ns),
    COUNTER(protections),
    COUNTER(throttled_ns),
    COUNTER(psi_some_ns),
    COUNTER(psi_full_ns),
    COUNTER(asked),
    COUNTER(given),
    COUNTER(given_ns),
};
const size_t schema_ncgroup_run = sizeof schema_cgroup_run / sizeof *schema_cgroup_run;

#define RUN(member) COLUMN(run_summary, #member, member)

const struct schema_column schema_run[] = {
    RUN(rep),
    COLUMN(run_summary, "\"end\"", end),
    RUN(end_ns),
    RUN(abort),
    RUN(limits_not_in_force),
    RUN(events),
    RUN(late_events),
    RUN(latest_ns),
    RUN(late_p50_ns),
    RUN(late_p99_ns),
    RUN(clock),
    RUN(contended),
};
const size_t schema_nrun = sizeof schema_run / sizeof *schema_run;

void schema_bind(sqlite3_stmt *st, int first, const struct schema_column *c, size_t n,
		 const void *from)
{
	for (size_t i = 0; i < n; i++) {
		const char *at = (const char *)from + c[i].offset;
		uint64_t v = 0;

		if (c[i].size == sizeof(uint64_t)) {
			memcpy(&v, at, sizeof v);
		} else if (c[i].size == sizeof(uint32_t)) {
			uint32_t v32;

			memcpy(&v32, at, sizeof v32);
			v = v32;
		} else {
			v = *(const bool *)at;
		}
		/* What this binds is checked when the statement is carried out. */
		if (c[i].size == sizeof(uint64_t) && v == NEVER)
			sqlite3_bind_null(st, first + (int)i);
		else
			sqlite3_bind_int64(st, first + (int)i, (int64_t)v);
	}
}

void schema_read(sqlite3_stmt *st, int first, const struct schema_column *c, size_t n, void *to)
{
	for (size_t i = 0; i < n; i++) {
		int col = first + (int)i;
		char *at = (char *)to + c[i].offset;
		uint64_t v = (uint64_t)sqlite3_column_int64(st, col);

		if (sqlite3_column_type(st, col) == SQLITE_NULL)
			v = NEVER;
		if (c[i].size == sizeof(uint64_t)) {
			memcpy(at, &v, sizeof v);
		} else if (c[i].size == sizeof(uint32_t)) {
			uint32_t v32 = (uint32_t)v;

			memcpy(at, &v32, sizeof v32);
		} else {
			*(bool *)at = v != 0;
		}
	}
}
