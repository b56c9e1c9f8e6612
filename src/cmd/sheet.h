/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sheet.h - a printed table, read again: which of its lines are what, and what its figures say.
 */
#ifndef AGENTCG_CMD_SHEET_H
#define AGENTCG_CMD_SHEET_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/vec.h"
#include "report/sessions.h"

enum line_kind {
	LINE_TEXT,
	LINE_HEADING,  /* the two lines that name the columns */
	LINE_ROW,      /* the figures of one session */
	LINE_ROOM,     /* says which columns there was no room for */
	LINE_CONTRAST, /* of the comparison with the baseline, which follows from the rows */
	LINE_SIDES,    /* ends with the two sides of a claim that were compared */
};

struct figure {
	bool missing; /* `-` */
	bool partial; /* 28.6*: of some runs only */
	double value; /* in seconds, bytes, fractions */
	double half;  /* of the last digit written: the value lies that close */
};

struct sheet_line {
	enum line_kind kind;
	const char *s; /* with its newline, which the last line may lack */
	size_t n;
	/* ROW: name; CONTRAST: what must be the same; SIDES: what stands before; else NULL */
	const char *key;
	union {
		struct {
			const char *const *cells; /* [ncolumns], as printed */
			const char *title;	  /* the line above this policy's rows */
		};
		struct {
			const char *sides[2], *op;
			bool counts; /* the claim is about survivors or kills */
		};
	};
};

struct sheet {
	VEC(struct sheet_line) lines;
	/* Those that this table shows, by their index for sessions_column. */
	unsigned int columns[SESSIONS_MAX_COLUMNS], ncolumns;
	const char *units[SESSIONS_MAX_COLUMNS]; /* "" where there is none */
};

/*
 * Lines point into text, the rest lies in the arena.  False, with all lines LINE_TEXT, when there
 * is no table of sessions in it.  sheet_free in any case.
 */
bool sheet_read(const struct buf *text, struct arena *a, struct sheet *out);
void sheet_free(struct sheet *s);

/* What a cell says, in that unit ("" for none).  False when it is no figure. */
bool figure_read(const char *cell, const char *unit, struct figure *out);
/* The same of one side of a claim, which carries its unit: 81.8ms, 1.12G/s, 0.667. */
bool figure_read_side(const char *side, struct figure *out);

#endif
