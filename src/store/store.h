/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store.h - experiments in an SQLite file, so that they can be shown, compared and completed later.
 *
 * What is kept is what was measured and what it was measured of: the texts and recordings that the
 * plan was made from, the options, the backend, one summary a run.  Verdicts and figures are made
 * from these again by whoever asks, the same as at first.
 *
 * Runs are written as they end.  The file is in WAL mode: a process that is killed loses nothing
 * it has written, several may write at a time, and one waits for the other for STORE_BUSY_MS.
 *
 * Every failure is reported (E68x), with the file's name.
 */
#ifndef AGENTCG_STORE_STORE_H
#define AGENTCG_STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/files.h"
#include "plan/plan.h"
#include "stat/results.h"

#define STORE_BUSY_MS 20000

struct store;

enum store_mode {
	STORE_READ,
	STORE_WRITE,  /* it must be there */
	STORE_CREATE, /* made where there is none, with its folders */
};

/* An older schema is brought up to date, unless only reading is asked for: then it must be new. */
int store_open(const char *path, enum store_mode mode, struct diags *d, struct store **out);
void store_close(struct store *s); /* NULL is fine */
/*
 * Close without moving what was written from the WAL file into the database, which waits for the
 * disk: for one of many short processes, of which somebody closes properly when all have ended.
 */
void store_leave(struct store *s);

/* ---- writing --------------------------------------------------------------------------------- */

/* What is known before the first run, besides the results' head. */
struct store_origin {
	const char *version;	      /* of agentcg */
	const char *const *arguments; /* the command line's, from argv[1] on */
	size_t narguments;
	const struct plan_options *options; /* which the plan was lowered with */
	const char *const *library;	    /* where `use` looked */
	size_t nlibrary;
	const struct files *files; /* what was read */
	/* Runs take real time: each is written at once, not with its neighbours, and its timeline.
	 */
	bool unhurried;
};

struct saving;

/* A new experiment.  `name` says it from now on: eight hexadecimal digits. */
int store_begin(struct store *s, const struct store_origin *o, const struct results *r,
		struct saving **out);
/* Go on with one that is there: what is written replaces runs of the same place. */
int store_continue(struct store *s, int64_t experiment, const struct plan *p, bool unhurried,
		   struct saving **out);
const char *saving_name(const struct saving *v);
/*
 * A run has ended.  After a failure, which is reported, no more is written.  Of runs that end
 * quickly one after the other several are written together; what they point to must live until
 * saving_end.
 */
void saving_run(struct saving *v, const struct run_summary *run, uint32_t planned);
/* The end; r NULL: it has failed.  0, or -EIO when something could not be written.  Frees v. */
int saving_end(struct saving *v, const struct results *r);

/* ---- reading --------------------------------------------------------------------------------- */

struct store_experiment {
	int64_t id;
	const char *name,
	    *state;    /* "running" only while it does; "killed" when its process is gone */
	int64_t begun; /* seconds since 1970 */
	const char *version, *title, *path, *cwd, *digest, *plan_digest;
	uint64_t seed;
	uint32_t repeat; /* --repeat; 0: as the file says */
	const char *backend, *mechanism, *kernel;
	const char *host, *host_kernel, *architecture;
	uint32_t cpus;
	uint64_t memory_bytes;
	uint64_t machine_memory_bytes; /* as the plan had it; 0 where that was not kept */
	uint32_t machine_cpus;
	uint32_t planned, runs;
	const char *verdict; /* NULL before the end */
	int32_t exit_status; /* -1 */
};

/* All, oldest first, as an array of *n in `a`. */
int store_list(struct store *s, struct arena *a, struct store_experiment **out, size_t *n);
/*
 * The one whose name begins with `what`, or "last".  -ENOENT, reported, also when there are
 * several.
 */
int store_find(struct store *s, const char *what, struct arena *a, struct store_experiment *out);
/* What it was made from, for replaying; files_free it in any case. */
int store_files(struct store *s, int64_t experiment, struct files *out);
/* Words of a kind: argument, param, policy, library, reason. */
int store_words(struct store *s, int64_t experiment, const char *kind, struct arena *a,
		const char ***words, size_t *n);
/* The runs of an experiment with this plan, in order of writing. */
int store_runs(struct store *s, int64_t experiment, const struct plan *p, struct arena *a,
	       struct run_summary **runs, uint32_t *n);

/*
 * All of an experiment as a database of its own, which is this one file.  -EEXIST, reported, where
 * there is a file of that name; nothing is left behind on failure.
 */
int store_bundle(struct store *s, int64_t experiment, const char *path);

#endif
