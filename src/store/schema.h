/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * schema.h - the tables of agentcg-store(5), how older ones become them, and how summaries lie in
 * them.
 */
#ifndef AGENTCG_STORE_SCHEMA_H
#define AGENTCG_STORE_SCHEMA_H

#include <stddef.h>
#include <stdint.h>

#include <sqlite3.h>

#define SCHEMA_APPLICATION 0x61636772 /* "acgr" */

/* The newest version, and what makes version i + 1 of version i. */
extern const char *const schema_steps[];
extern const int schema_version;

/*
 * A column for each member of a struct, by its place.  Whole numbers of 64 bits are the same 64
 * bits as SQLite's, so that those beyond INT64_MAX are negative there; NEVER is NULL.
 */
struct schema_column {
	const char *name;
	uint32_t offset, size;
};
extern const struct schema_column schema_cgroup_run[]; /* of struct cg_summary */
extern const size_t schema_ncgroup_run;
extern const struct schema_column schema_run[]; /* of struct run_summary, its numbers */
extern const size_t schema_nrun;

/* Parameters first, first + 1...; columns likewise. */
void schema_bind(sqlite3_stmt *st, int first, const struct schema_column *c, size_t n,
		 const void *from);
void schema_read(sqlite3_stmt *st, int first, const struct schema_column *c, size_t n, void *to);

#endif
