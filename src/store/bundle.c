/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bundle.c - one experiment as a file of its own (store.h) */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/access.h"

/* Both have the same schema, made by the same steps, so that columns are in the same order. */
static const char *const copies[] = {
    "INSERT INTO main.experiment SELECT * FROM origin.experiment WHERE id = ?1",
    "INSERT INTO main.file SELECT * FROM origin.file WHERE id IN"
    " (SELECT file FROM origin.experiment_file WHERE experiment = ?1)",
    "INSERT INTO main.word SELECT * FROM origin.word WHERE experiment = ?1",
    "INSERT INTO main.experiment_file SELECT * FROM origin.experiment_file WHERE experiment = ?1",
    "INSERT INTO main.cgroup SELECT * FROM origin.cgroup WHERE experiment = ?1",
    "INSERT INTO main.run SELECT * FROM origin.run WHERE experiment = ?1",
    "INSERT INTO main.moment SELECT * FROM origin.moment WHERE run IN"
    " (SELECT id FROM origin.run WHERE experiment = ?1)",
    "INSERT INTO main.timeline SELECT * FROM origin.timeline WHERE run IN"
    " (SELECT id FROM origin.run WHERE experiment = ?1)",
    "INSERT INTO main.cgroup_run SELECT * FROM origin.cgroup_run WHERE run IN"
    " (SELECT id FROM origin.run WHERE experiment = ?1)",
};

static int attach(struct store *out, const char *path)
{
	sqlite3_stmt *st = access_prepare(out, "ATTACH ? AS origin");
	char *uri = access_uri(path, "?mode=ro");
	int rc = SQLITE_ERROR;

	if (st) {
		sqlite3_bind_text(st, 1, uri, -1, SQLITE_STATIC);
		rc = access_step(out, st);
	}
	sqlite3_finalize(st);
	free(uri);
	return rc == SQLITE_DONE ? 0 : -EIO;
}

static int copy(struct store *out, int64_t experiment)
{
	int err = access_exec(out, "BEGIN IMMEDIATE");

	for (size_t i = 0; i < sizeof copies / sizeof *copies && !err; i++) {
		sqlite3_stmt *st = access_prepare(out, copies[i]);

		if (st) {
			sqlite3_bind_int64(st, 1, experiment);
			err = access_step(out, st) == SQLITE_DONE ? 0 : -EIO;
		} else {
			err = -EIO;
		}
		sqlite3_finalize(st);
	}
	return err ? err : access_exec(out, "COMMIT");
}

int store_bundle(struct store *s, int64_t experiment, const char *path)
{
	struct store *out;
	int err;

	if (!access(path, F_OK)) {
		diag_file(s->diags, E_OUTPUT, path, 0, 0, "there is a file of this name already");
		return -EEXIST;
	}
	err = store_open(path, STORE_CREATE, s->diags, &out);
	if (err)
		return err;
	err = attach(out, s->path);
	if (!err)
		err = copy(out, experiment);
	/* No files beside it, wherever it is taken. */
	if (!err)
		err = access_exec(out, "DETACH origin; PRAGMA journal_mode = DELETE");
	store_close(out);
	if (err)
		unlink(path);
	return err;
}
