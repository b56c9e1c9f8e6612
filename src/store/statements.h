/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * statements.h - what writing an experiment says to SQLite, prepared once for every open file.
 */
#ifndef AGENTCG_STORE_STATEMENTS_H
#define AGENTCG_STORE_STATEMENTS_H

#include "store/access.h"

/* With nothing bound; the store's, which finalizes it.  NULL, reported. */
sqlite3_stmt *statement(struct store *s, enum statement which);
/* Of one that returns no rows: carried out, and ready for the next.  0 or -EIO, reported. */
int statement_run(struct store *s, sqlite3_stmt *st);
/* A text that outlives the step. */
void statement_text(sqlite3_stmt *st, int i, const char *text);

/* A transaction; it ends by committing, or with err by taking all of it back.  0 or err. */
int statement_begin(struct store *s);
int statement_conclude(struct store *s, int err);

#endif
