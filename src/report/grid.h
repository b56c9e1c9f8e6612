/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * grid.h - columns that fit: the widest layout of a table that a width allows.
 *
 * Columns are taken in order of their rank as long as they fit and shown in the order given.
 * Between groups there are two blanks where there is room, else one; spare columns are only taken
 * where there is room for two.  Rows never wrap.
 */
#ifndef AGENTCG_REPORT_GRID_H
#define AGENTCG_REPORT_GRID_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/vec.h"

struct grid_column {
	const char
	    *group;	  /* first heading, shared by neighbours of the same group (same pointer) */
	const char *head; /* second heading */
	unsigned int rank; /* 0: always shown */
	bool left;	   /* adjusted to the left */
	bool spare, hidden;
};

struct grid_row {
	const char *title;	  /* a row of its own, over all columns; or NULL and */
	const char *const *cells; /* [ncolumns]; each of at most the width that fits */
};

struct grid {
	const struct grid_column *columns;
	unsigned int ncolumns;
	VEC(struct grid_row) rows;
};

/* shown[ncolumns] says which columns there was room for. */
void grid_print(const struct grid *g, unsigned int width, bool *shown, struct buf *out);

#endif
