/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * diag.h - everything a user is told about a scenario, a trace or a run.
 *
 *     scenarios/x.acg:3:14: error[E301]: a size needs a unit
 *         3 | at 30s alloc 300 in low
 *           |              ^~~ write 300M for 300 MiB
 *
 * Checks collect: a reported error stops nothing by itself.  Diagnostics are printed in order of
 * their place (file by file in order of loading, then offset, then order of report; those without a
 * place in a text come last), errors capped at 20 with a count of the rest.  JSON is for programs
 * and has them all.
 *
 * Every diagnostic has a stable code, listed in diag_codes.def, which agentcg(5) documents and of
 * which tests/ has a golden .err each.
 */
#ifndef AGENTCG_BASE_DIAG_H
#define AGENTCG_BASE_DIAG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/source.h"

enum diag_code {
#define DIAG(name, code, summary) name,
#include "base/diag_codes.def"
#undef DIAG
	DIAG_NCODES
};

const char *diag_code_name(enum diag_code c);	 /* "E301" */
const char *diag_code_summary(enum diag_code c); /* one line, for agentcg(5) and tests */
bool diag_code_is_error(enum diag_code c);	 /* E... is an error, W... a warning */

struct diag {
	enum diag_code code;
	struct span at;	    /* or none, then `path` may name a file that is no source text */
	const char *path;   /* data files (traces): NULL otherwise */
	uint32_t line, col; /* in path; 0 = unknown */
	uint32_t seq;
	const char *text;    /* one line, no full stop, `code words` in backquotes */
	const char *hint;    /* or NULL: shown at the caret */
	struct span note_at; /* a second place, with its text ("first defined here") */
	const char *note;
};

struct diags {
	struct arena arena;
	const struct sources *sources; /* may be NULL: then only path/line places are printed */
	VEC(struct diag) list;
	uint32_t errors, warnings;
	uint32_t *seen; /* hash table of list indexes + 1, to find a second report of one place */
	size_t nseen;
	bool dropped; /* the latest report was such a second one */
};

void diags_init(struct diags *d, const struct sources *s);
void diags_free(struct diags *d);

/* Report at a place in a source text.  Two reports of one code at one span count once. */
void diag_at(struct diags *d, enum diag_code code, struct span at, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* Report about another file: a trace, an output file. line and col 0 = unknown. */
void diag_file(struct diags *d, enum diag_code code, const char *path, uint32_t line, uint32_t col,
	       const char *fmt, ...) __attribute__((format(printf, 6, 7)));
/* Add to the latest report. No-ops when that report was dropped as a duplicate. */
void diag_hint(struct diags *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void diag_note(struct diags *d, struct span at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

enum diag_format {
	DIAG_TEXT,
	DIAG_TEXT_COLOUR,
	DIAG_JSON, /* one object a line; man agentcg(5) has its fields */
};
/* All diagnostics, ordered; does not change d. */
void diags_print(const struct diags *d, enum diag_format format, struct buf *out);

/*
 * The candidate nearest to word, or NULL when none is near enough to be worth suggesting (Damerau-
 * Levenshtein distance at most a third of the length, at least 1; ties go to the earlier
 * candidate).
 */
const char *diag_nearest(const char *word, const char *const *candidates, size_t n);

#endif
