/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * access.h - what the parts of the store share.
 */
#ifndef AGENTCG_STORE_ACCESS_H
#define AGENTCG_STORE_ACCESS_H

#include <sqlite3.h>

#include "store/store.h"

/*
 * What writing an experiment says (statements.h); bound from 1 on in the order of their columns.
 */
enum statement {
	STATEMENT_BEGIN,
	STATEMENT_COMMIT,
	STATEMENT_WORD,
	STATEMENT_FILE_FIND, /* by digest: id, bytes */
	STATEMENT_FILE,
	STATEMENT_EXPERIMENT_FILE,
	STATEMENT_CGROUP,
	STATEMENT_EXPERIMENT, /* nothing where the name is taken */
	STATEMENT_CONTINUE,   /* experiment, pid, pid_start, boot */
	STATEMENT_RUN,	      /* then schema_run */
	STATEMENT_CGROUP_RUN, /* then schema_cgroup_run */
	STATEMENT_MOMENT,
	STATEMENT_TIMELINE,
	STATEMENT_PLANNED, /* experiment, planned */
	STATEMENT_END,	   /* experiment, state, ended, planned, verdict, exit_status */
	STATEMENTS,
};

struct store {
	sqlite3 *db;
	char *path;
	struct diags *diags;
	sqlite3_stmt *statements[STATEMENTS]; /* NULL: not prepared yet */
};

/* Report that `doing` failed by what SQLite says; returns -EIO. */
int access_fail(struct store *s, enum diag_code code, const char *doing);
/* NULL, reported. */
sqlite3_stmt *access_prepare(struct store *s, const char *sql);
/* SQLITE_ROW, SQLITE_DONE, or another, reported. */
int access_step(struct store *s, sqlite3_stmt *st);
int access_exec(struct store *s, const char *sql);
/* What SQLite takes for this file and nothing else, with a query behind it; to free(). */
char *access_uri(const char *path, const char *query);
/* A process as one of this boot can be told from another. */
void access_process(int32_t pid, uint64_t *start, char boot[64]);

#endif
