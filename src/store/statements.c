/* SPDX-License-Identifier: GPL-2.0-or-later */
/* statements.c - prepared once (statements.h) */
#include "store/statements.h"

#include <errno.h>

#include "base/buf.h"
#include "store/schema.h"

static const char *const texts[STATEMENTS] = {
    [STATEMENT_BEGIN] = "BEGIN IMMEDIATE",
    [STATEMENT_COMMIT] = "COMMIT",
    [STATEMENT_WORD] = "INSERT INTO word (experiment, kind, nr, text) VALUES (?, ?, ?, ?)",
    [STATEMENT_FILE_FIND] = "SELECT id, bytes FROM file WHERE digest = ?",
    [STATEMENT_FILE] = "INSERT INTO file (digest, bytes) VALUES (?, ?)",
    [STATEMENT_EXPERIMENT_FILE] = "INSERT INTO experiment_file (experiment, nr, path, real, file)"
				  " VALUES (?, ?, ?, ?, ?)",
    [STATEMENT_CGROUP] = "INSERT INTO cgroup (experiment, nr, name) VALUES (?, ?, ?)",
    [STATEMENT_EXPERIMENT] =
	"INSERT OR IGNORE INTO experiment (name, state, begun, pid, pid_start, boot, version,"
	" title, path, cwd, digest, plan_digest, seed, repeat, backend, mechanism, kernel, host,"
	" host_kernel, architecture, cpus, memory_bytes, machine_memory_bytes, machine_cpus,"
	" planned) VALUES (?1, 'running', ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13,"
	" ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, 0)",
    [STATEMENT_CONTINUE] = "UPDATE experiment SET state = 'running', pid = ?2, pid_start = ?3,"
			   " boot = ?4 WHERE id = ?1",
    [STATEMENT_MOMENT] = "INSERT INTO moment (run, kind, nr, at_ns) VALUES (?, ?, ?, ?)",
    [STATEMENT_TIMELINE] = "INSERT INTO timeline (run, packed) VALUES (?, ?)",
    [STATEMENT_PLANNED] = "UPDATE experiment SET planned = ?2 WHERE id = ?1",
    [STATEMENT_END] = "UPDATE experiment SET state = ?2, ended = ?3, planned = ?4, verdict = ?5,"
		      " exit_status = ?6 WHERE id = ?1",
};

static void columns(struct buf *sql, const char *head, int nhead, const struct schema_column *c,
		    size_t n)
{
	buf_puts(sql, head);
	for (size_t i = 0; i < n; i++)
		buf_printf(sql, ", %s", c[i].name);
	buf_puts(sql, ") VALUES (?");
	for (size_t i = 1; i < n + (size_t)nhead; i++)
		buf_puts(sql, ", ?");
	buf_putc(sql, ')');
}

sqlite3_stmt *statement(struct store *s, enum statement which)
{
	struct buf sql = {0};
	sqlite3_stmt **st = &s->statements[which];

	if (*st) {
		sqlite3_clear_bindings(*st);
		return *st;
	}
	if (which == STATEMENT_RUN)
		columns(&sql,
			"INSERT OR REPLACE INTO run"
			" (experiment, name, policy, alone, mechanism, kernel",
			6, schema_run, schema_nrun);
	else if (which == STATEMENT_CGROUP_RUN)
		columns(&sql, "INSERT INTO cgroup_run (run, cgroup", 2, schema_cgroup_run,
			schema_ncgroup_run);
	else
		buf_puts(&sql, texts[which]);
	if (sqlite3_prepare_v3(s->db, buf_str(&sql), -1, SQLITE_PREPARE_PERSISTENT, st, NULL) !=
	    SQLITE_OK)
		access_fail(s, E_STORE_WRITE, "cannot be written");
	buf_free(&sql);
	return *st;
}

int statement_run(struct store *s, sqlite3_stmt *st)
{
	int rc = sqlite3_step(st), err = 0;

	/* COMMIT counts as a statement that only reads: all that is said here is to write. */
	if (rc != SQLITE_DONE)
		err = access_fail(s, E_STORE_WRITE, "cannot be written");
	sqlite3_reset(st);
	return err;
}

void statement_text(sqlite3_stmt *st, int i, const char *text)
{
	sqlite3_bind_text(st, i, text, -1, SQLITE_STATIC);
}

static int run_plain(struct store *s, enum statement which)
{
	sqlite3_stmt *st = statement(s, which);

	return st ? statement_run(s, st) : -EIO;
}

int statement_begin(struct store *s)
{
	return run_plain(s, STATEMENT_BEGIN);
}

int statement_conclude(struct store *s, int err)
{
	if (!err)
		err = run_plain(s, STATEMENT_COMMIT);
	if (err)
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	return err;
}
