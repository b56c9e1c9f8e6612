/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/grid.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "report/text.h"

/* Columns that are shown next to each other under one heading. */
static bool joined(const struct grid *g, unsigned int left, unsigned int right)
{
	return g->columns[left].group && g->columns[left].group == g->columns[right].group;
}

static int before(const bool *shown, unsigned int column)
{
	while (column-- > 0)
		if (shown[column])
			return (int)column;
	return -1;
}

static unsigned int gap_before(const struct grid *g, const bool *shown, unsigned int column,
			       unsigned int gap)
{
	int left = before(shown, column);

	if (left < 0)
		return 0;
	return joined(g, (unsigned int)left, column) ? 1 : gap;
}

static unsigned int cell_width(const struct grid *g, unsigned int column)
{
	unsigned int width = text_columns(g->columns[column].head);

	for (size_t i = 0; i < g->rows.n; i++) {
		unsigned int w;

		if (g->rows.v[i].title)
			continue;
		w = text_columns(g->rows.v[i].cells[column]);
		if (w > width)
			width = w;
	}
	return width;
}

/* One past the last shown column that shares the heading of `first`; its width in *span. */
static unsigned int group_end(const struct grid *g, const bool *shown, const unsigned int *widths,
			      unsigned int first, unsigned int *span)
{
	unsigned int end = first + 1, last = first;

	*span = widths[first];
	for (; end < g->ncolumns; end++) {
		if (!shown[end])
			continue;
		if (!joined(g, last, end))
			break;
		*span += 1 + widths[end];
		last = end;
	}
	return end;
}

/* A heading wider than its columns widens the first of them. */
static void widen(const struct grid *g, const bool *shown, unsigned int *widths)
{
	unsigned int span;

	for (unsigned int c = 0, end; c < g->ncolumns; c = end) {
		end = c + 1;
		if (!shown[c])
			continue;
		end = group_end(g, shown, widths, c, &span);
		if (g->columns[c].group && text_columns(g->columns[c].group) > span)
			widths[c] += text_columns(g->columns[c].group) - span;
	}
}

static unsigned int total_width(const struct grid *g, const bool *shown, const unsigned int *cells,
				unsigned int gap, unsigned int *widths)
{
	unsigned int total = 0;

	memcpy(widths, cells, g->ncolumns * sizeof(*widths));
	widen(g, shown, widths);
	for (unsigned int c = 0; c < g->ncolumns; c++)
		if (shown[c])
			total += widths[c] + gap_before(g, shown, c, gap);
	return total;
}

/* The hidden column of the lowest rank above `rank`; -1 when there is none. */
static int next_by_rank(const struct grid *g, const bool *seen)
{
	int best = -1;

	for (unsigned int c = 0; c < g->ncolumns; c++)
		if (!seen[c] && !g->columns[c].hidden &&
		    (best < 0 || g->columns[c].rank < g->columns[best].rank))
			best = (int)c;
	return best;
}

static void choose(const struct grid *g, unsigned int width, const unsigned int *cells,
		   unsigned int *widths, bool *shown)
{
	bool *seen = mem_alloc(g->ncolumns * sizeof(*seen));
	int c;

	memset(shown, 0, g->ncolumns * sizeof(*shown));
	while ((c = next_by_rank(g, seen)) >= 0) {
		seen[c] = true;
		shown[c] = true;
		if (g->columns[c].rank &&
		    total_width(g, shown, cells, g->columns[c].spare ? 2 : 1, widths) > width)
			shown[c] = false;
	}
	free(seen);
}

static void put_cell(struct buf *out, const char *s, unsigned int width, bool left)
{
	unsigned int columns = text_columns(s), pad = columns < width ? width - columns : 0;

	if (!left)
		buf_pad(out, ' ', pad);
	text_fit(out, s, width);
	if (left)
		buf_pad(out, ' ', pad);
}

static void end_line(struct buf *out)
{
	while (out->n && out->s[out->n - 1] == ' ')
		out->s[--out->n] = '\0';
	buf_putc(out, '\n');
}

static void put_groups(const struct grid *g, const bool *shown, const unsigned int *widths,
		       unsigned int gap, struct buf *out)
{
	unsigned int span;

	for (unsigned int c = 0, end; c < g->ncolumns; c = end) {
		const char *group = g->columns[c].group ? g->columns[c].group : "";
		unsigned int w;

		end = c + 1;
		if (!shown[c])
			continue;
		end = group_end(g, shown, widths, c, &span);
		buf_pad(out, ' ', gap_before(g, shown, c, gap));
		/* Centred over several columns, adjusted with the cells over one. */
		w = span > widths[c] ? (span + text_columns(group) + 1) / 2 : span;
		put_cell(out, group, w, g->columns[c].left);
		buf_pad(out, ' ', span - w);
	}
	end_line(out);
}

void grid_print(const struct grid *g, unsigned int width, bool *shown, struct buf *out)
{
	unsigned int *cells = mem_alloc(g->ncolumns * sizeof(*cells));
	unsigned int *widths = mem_alloc(g->ncolumns * sizeof(*widths));
	unsigned int gap = 2;

	for (unsigned int c = 0; c < g->ncolumns; c++)
		cells[c] = cell_width(g, c);
	choose(g, width, cells, widths, shown);
	if (total_width(g, shown, cells, gap, widths) > width) {
		gap = 1;
		total_width(g, shown, cells, gap, widths);
	}
	put_groups(g, shown, widths, gap, out);
	for (size_t i = 0; i <= g->rows.n; i++) {
		const struct grid_row *row = i ? &g->rows.v[i - 1] : NULL;

		if (row && row->title) {
			text_fit(out, row->title, width);
			end_line(out);
			continue;
		}
		for (unsigned int c = 0; c < g->ncolumns; c++) {
			if (!shown[c])
				continue;
			buf_pad(out, ' ', gap_before(g, shown, c, gap));
			put_cell(out, row ? row->cells[c] : g->columns[c].head, widths[c],
				 g->columns[c].left);
		}
		end_line(out);
	}
	free(cells);
	free(widths);
}
