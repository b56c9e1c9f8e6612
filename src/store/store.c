/* SPDX-License-Identifier: GPL-2.0-or-later */
/* store.c - the file, and its schema brought up to date (store.h) */
#include "store/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/access.h"
#include "store/schema.h"

int access_fail(struct store *s, enum diag_code code, const char *doing)
{
	int primary = sqlite3_errcode(s->db) & 0xff;

	diag_file(s->diags, code, s->path, 0, 0, "%s: %s", doing, sqlite3_errmsg(s->db));
	switch (primary) {
	case SQLITE_BUSY:
		diag_hint(s->diags, "another process has been writing for %d s",
			  STORE_BUSY_MS / 1000);
		break;
	case SQLITE_CORRUPT:
		diag_hint(s->diags, "`sqlite3 FILE .recover` saves what can be saved");
		break;
	default:
		break;
	}
	return -EIO;
}

sqlite3_stmt *access_prepare(struct store *s, const char *sql)
{
	sqlite3_stmt *st = NULL;

	if (sqlite3_prepare_v2(s->db, sql, -1, &st, NULL) == SQLITE_OK)
		return st;
	access_fail(s, E_STORE_READ, "cannot be read");
	return NULL;
}

int access_step(struct store *s, sqlite3_stmt *st)
{
	int rc = sqlite3_step(st);

	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		access_fail(s, sqlite3_stmt_readonly(st) ? E_STORE_READ : E_STORE_WRITE,
			    sqlite3_stmt_readonly(st) ? "cannot be read" : "cannot be written");
	return rc;
}

int access_exec(struct store *s, const char *sql)
{
	if (sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK)
		return 0;
	return access_fail(s, E_STORE_WRITE, "cannot be written");
}

void access_process(int32_t pid, uint64_t *start, char boot[64])
{
	char path[64], text[1024];
	unsigned long long ticks = 0;
	const char *after;
	FILE *f;
	size_t n;

	*start = 0;
	boot[0] = '\0';
	f = fopen("/proc/sys/kernel/random/boot_id", "re");
	if (f) {
		if (!fgets(boot, 64, f))
			boot[0] = '\0';
		boot[strcspn(boot, "\n")] = '\0';
		fclose(f);
	}
	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	f = fopen(path, "re");
	if (!f)
		return;
	n = fread(text, 1, sizeof text - 1, f);
	text[n] = '\0';
	fclose(f);
	/* Its name may hold anything, but after the last ')' come the numbers; the 22nd is it. */
	after = strrchr(text, ')');
	if (after && sscanf(after + 1,
			    " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d "
			    "%*d %*d %llu",
			    &ticks) == 1)
		*start = ticks;
}

/* ---- the schema ------------------------------------------------------------------------------ */

static int pragma(struct store *s, const char *name, int64_t *out)
{
	char sql[64];
	sqlite3_stmt *st;
	int rc;

	snprintf(sql, sizeof sql, "PRAGMA %s", name);
	if (sqlite3_prepare_v2(s->db, sql, -1, &st, NULL) != SQLITE_OK)
		return -EIO;
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		*out = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return rc == SQLITE_ROW ? 0 : -EIO;
}

/* -EIO: sqlite3_errmsg() says why. */
static int read_marks(struct store *s, int64_t *version, int64_t *application, int64_t *tables)
{
	sqlite3_stmt *st = NULL;
	int err = 0;

	if (pragma(s, "user_version", version) || pragma(s, "application_id", application) ||
	    sqlite3_prepare_v2(s->db, "SELECT count(*) FROM sqlite_master", -1, &st, NULL) !=
		SQLITE_OK ||
	    sqlite3_step(st) != SQLITE_ROW)
		err = -EIO;
	else
		*tables = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return err;
}

/* 0: nothing in it yet; negative: reported. */
static int version_of(struct store *s)
{
	int64_t version = 0, application = 0, tables = 0;
	int err = 0;

	/* One state: another process may make the tables between one look and the next. */
	if (sqlite3_exec(s->db, "SAVEPOINT look", NULL, NULL, NULL) != SQLITE_OK ||
	    read_marks(s, &version, &application, &tables))
		err = access_fail(s, E_STORE_OPEN, "cannot be opened");
	sqlite3_exec(s->db, "RELEASE look", NULL, NULL, NULL);
	if (err)
		return err;
	if (!tables && !version)
		return 0;
	if (application != SCHEMA_APPLICATION || version < 1) {
		diag_file(s->diags, E_STORE_OPEN, s->path, 0, 0,
			  "this database belongs to another program");
		return -EINVAL;
	}
	if (version > schema_version) {
		diag_file(s->diags, E_STORE_NEWER, s->path, 0, 0,
			  "written by a newer agentcg: its schema is version %d, known here is %d",
			  (int)version, schema_version);
		return -EINVAL;
	}
	return (int)version;
}

static int upgrade(struct store *s)
{
	char sql[80];
	int version, err = 0;

	/* Another process may be doing the same: what was read before the lock does not count. */
	err = access_exec(s, "BEGIN IMMEDIATE");
	if (err)
		return err;
	version = version_of(s);
	if (version < 0)
		err = version;
	for (; !err && version < schema_version; version++)
		err = access_exec(s, schema_steps[version]);
	snprintf(sql, sizeof sql, "PRAGMA application_id = %d; PRAGMA user_version = %d",
		 SCHEMA_APPLICATION, schema_version);
	if (!err)
		err = access_exec(s, sql);
	if (!err)
		err = access_exec(s, "COMMIT");
	if (err)
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	return err;
}

/* SQLite's busy handler does not wait for this one. */
static int set_wal(struct store *s)
{
	const struct timespec nap = {.tv_nsec = 10000000};

	for (int tries = 0; tries < STORE_BUSY_MS / 10; tries++) {
		int rc = sqlite3_exec(s->db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);

		if (rc == SQLITE_OK)
			return 0;
		if ((rc & 0xff) != SQLITE_BUSY)
			break;
		nanosleep(&nap, NULL);
	}
	return access_fail(s, E_STORE_OPEN, "cannot be opened");
}

/* ---- the file -------------------------------------------------------------------------------- */

static int make_folders(struct store *s)
{
	char *at = s->path;

	while ((at = strchr(at + 1, '/'))) {
		int rc;

		*at = '\0';
		rc = mkdir(s->path, 0777) && errno != EEXIST ? -errno : 0;
		*at = '/';
		if (rc) {
			diag_file(s->diags, E_STORE_OPEN, s->path, 0, 0,
				  "its folder cannot be made: %s", strerror(-rc));
			return rc;
		}
	}
	return 0;
}

/* A name that begins with "file:" is a name like any other; `?` and `%` too. */
char *access_uri(const char *path, const char *query)
{
	size_t n = strlen(path), k = 0;
	char *uri = mem_alloc(3 * n + strlen(query) + 16);

	k += (size_t)sprintf(uri, "file:%s", path[0] == '/' ? "" : "./");
	for (size_t i = 0; i < n; i++) {
		if (strchr("?#%", path[i]))
			k += (size_t)sprintf(uri + k, "%%%02x", (unsigned char)path[i]);
		else
			uri[k++] = path[i];
	}
	strcpy(uri + k, query);
	return uri;
}

static int try_open(struct store *s, int flags, const char *query)
{
	char *uri = access_uri(s->path, query);
	int rc;

	sqlite3_close(s->db);
	s->db = NULL;
	rc = sqlite3_open_v2(uri, &s->db, flags | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL);
	free(uri);
	if (!s->db)
		mem_exhausted(0);
	if (rc == SQLITE_OK)
		sqlite3_busy_timeout(s->db, STORE_BUSY_MS);
	return rc;
}

/* In a folder where nothing can be written a WAL file can only be read as what never changes. */
static int open_to_read(struct store *s)
{
	int64_t n;
	int rc;

	if (access(s->path, R_OK)) {
		diag_file(s->diags, E_STORE_OPEN, s->path, 0, 0, "cannot be opened: %s",
			  strerror(errno));
		return -errno;
	}
	if (try_open(s, SQLITE_OPEN_READONLY, "") == SQLITE_OK && !pragma(s, "user_version", &n))
		return 0;
	rc =
	    sqlite3_errcode(s->db) & 0xff; /* the latter where the file may not be written either */
	if ((rc == SQLITE_CANTOPEN || rc == SQLITE_READONLY) &&
	    try_open(s, SQLITE_OPEN_READONLY, "?immutable=1") == SQLITE_OK)
		return 0;
	return access_fail(s, E_STORE_OPEN, "cannot be opened");
}

static int open_to_write(struct store *s, enum store_mode mode)
{
	int flags = SQLITE_OPEN_READWRITE, err = 0;

	if (mode == STORE_CREATE) {
		flags |= SQLITE_OPEN_CREATE;
		err = make_folders(s);
	}
	if (err)
		return err;
	if (try_open(s, flags, "") != SQLITE_OK)
		return access_fail(s, E_STORE_OPEN, "cannot be opened");
	if (sqlite3_db_readonly(s->db, "main") == 1) {
		diag_file(s->diags, E_STORE_OPEN, s->path, 0, 0, "may only be read");
		return -EROFS;
	}
	return 0;
}

int store_open(const char *path, enum store_mode mode, struct diags *d, struct store **out)
{
	struct store *s = mem_alloc(sizeof(*s));
	int err, version;

	s->path = mem_strndup(path, strlen(path));
	s->diags = d;
	err = mode == STORE_READ ? open_to_read(s) : open_to_write(s, mode);
	version = err ? err : version_of(s);
	if (version < 0)
		err = version;
	if (!err && mode != STORE_READ) {
		if (!version)
			err = set_wal(s);
		/* Power may take the last runs then, never the file. */
		if (!err)
			err = access_exec(s, "PRAGMA synchronous = NORMAL");
		if (!err && version < schema_version)
			err = upgrade(s);
	} else if (!err && !version) {
		diag_file(d, E_STORE_OPEN, path, 0, 0, "there is nothing in this database yet");
		err = -ENOENT;
	} else if (!err && version < schema_version) {
		/* Reading an old one brings it up to date, where that may be written. */
		store_close(s);
		return store_open(path, STORE_WRITE, d, out);
	}
	if (err) {
		store_close(s);
		return err;
	}
	*out = s;
	return 0;
}

void store_leave(struct store *s)
{
	if (s)
		sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	store_close(s);
}

void store_close(struct store *s)
{
	if (!s)
		return;
	for (int i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(s->statements[i]);
	sqlite3_close(s->db);
	free(s->path);
	free(s);
}
