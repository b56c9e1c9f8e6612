/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/chart.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/units.h"
#include "report/text.h"

#define ROWS	     12
#define NOTHING	     ' '
#define LINE	     '-'
#define MAX_COLUMNS  120
#define LAYER_NAME   (CHART_GUTTER - 3)
#define NCOLOURS     6
#define TICK_COLUMNS 15 /* at least between two times on the axis */

unsigned int chart_columns(const struct report_style *style)
{
	unsigned int n = style->width > CHART_GUTTER + 1 ? style->width - CHART_GUTTER - 1 : 1;

	return n < MAX_COLUMNS ? n : MAX_COLUMNS;
}

static char letter(unsigned int layer)
{
	return (char)(layer < 26 ? 'a' + layer : '?');
}

/* A step that people count in, so that at most ROWS of them reach `top`. */
static uint64_t row_bytes(uint64_t top)
{
	static const unsigned int nice[] = {1,	2,  3,	 5,   10,  15,	20,  25,
					    30, 50, 100, 150, 200, 250, 300, 500};

	for (uint64_t unit = KIB; unit <= GIB * 1024; unit *= 1024)
		for (size_t i = 0; i < sizeof nice / sizeof *nice; i++)
			if (unit * nice[i] * ROWS >= top)
				return unit * nice[i];
	return top / ROWS + 1;
}

/*
 * The layers of a column may peak at different moments, so that their sum is more than was ever
 * held: they share out what was.
 */
static uint64_t share(const struct chart *c, unsigned int column, unsigned int layer, uint64_t sum)
{
	uint64_t bytes = c->layers[layer].bytes[column];

	return sum ? mul_div(bytes, c->total[column], sum) : 0;
}

static void fill_column(const struct chart *c, unsigned int column, uint64_t step, char *cells)
{
	uint64_t sum = 0, upto = 0;
	unsigned int row = 0;

	for (unsigned int i = 0; i < c->nlayers; i++)
		sum += c->layers[i].bytes[column];
	for (unsigned int i = 0; i < c->nlayers; i++) {
		unsigned int to;

		upto += share(c, column, i, sum);
		to = (unsigned int)((upto + step / 2) / step);
		for (; row < to && row < ROWS; row++)
			cells[row * c->ncolumns + column] = letter(i);
	}
}

static void put_axis(const struct chart *c, struct buf *out)
{
	uint64_t span = c->to_ns - c->from_ns;
	unsigned int ticks = c->ncolumns / TICK_COLUMNS, at = 0;

	ticks = ticks < 1 ? 1 : ticks;
	buf_pad(out, ' ', CHART_GUTTER);
	for (unsigned int i = 0; i <= ticks; i++) {
		unsigned int column = c->ncolumns * i / ticks;
		uint64_t ns = c->from_ns + mul_div(span, i, ticks);
		struct buf label = {0};
		unsigned int width;

		if (span >= 10 * NS_PER_SEC)
			ns -= ns % NS_PER_SEC;
		if (ns % NS_PER_SEC)
			fmt_seconds_short(&label, (double)ns / (double)NS_PER_SEC);
		else
			fmt_duration(&label, ns);
		width = (unsigned int)label.n;
		/* The last one ends where the chart ends. */
		if (column + width > c->ncolumns)
			column = c->ncolumns > width ? c->ncolumns - width : 0;
		if (column >= at + (i != 0)) {
			buf_pad(out, ' ', column - at);
			buf_puts(out, buf_str(&label));
			at = column + width;
		}
		buf_free(&label);
	}
	buf_putc(out, '\n');
}

static void put_gutter(struct buf *out, const char *text)
{
	struct buf fitted = {0};
	unsigned int width;

	text_fit(&fitted, text, CHART_GUTTER - 2);
	width = text_columns(buf_str(&fitted));
	buf_pad(out, ' ', CHART_GUTTER - 2 - width);
	buf_puts(out, buf_str(&fitted));
	buf_puts(out, " |");
	buf_free(&fitted);
}

/* A run of equal cells at a time, so that colours cost little. */
static void put_cells(struct buf *out, const char *cells, unsigned int n, bool colour)
{
	while (n && cells[n - 1] == NOTHING)
		n--;
	for (unsigned int i = 0; i < n;) {
		unsigned int k = i + 1;
		bool layer = cells[i] >= 'a' && cells[i] <= 'z';

		while (k < n && cells[k] == cells[i])
			k++;
		if (colour && layer)
			buf_printf(out, "\033[3%um", 1 + (unsigned int)(cells[i] - 'a') % NCOLOURS);
		buf_put(out, cells + i, k - i);
		if (colour && layer)
			buf_puts(out, "\033[0m");
		i = k;
	}
	buf_putc(out, '\n');
}

static void put_events(const struct chart *c, struct buf *out)
{
	for (unsigned int i = 0; i < c->nlayers; i++) {
		const struct chart_layer *l = &c->layers[i];
		struct buf name = {0};

		if (!l->events || strspn(l->events, " ") >= c->ncolumns)
			continue;
		buf_printf(&name, "%c ", letter(i));
		text_fit(&name, l->name, LAYER_NAME - 1);
		put_gutter(out, buf_str(&name));
		put_cells(out, l->events, c->ncolumns, false);
		buf_free(&name);
	}
}

static void put_legend(const struct chart *c, const struct report_style *style, struct buf *out)
{
	struct buf line = {0};

	for (unsigned int i = 0; i < c->nlayers; i++)
		buf_printf(&line, "%s%c %s%s%s%s", i ? "; " : "", letter(i), c->layers[i].name,
			   c->layers[i].note ? " (" : "",
			   c->layers[i].note ? c->layers[i].note : "",
			   c->layers[i].note ? ")" : "");
	if (c->limit_bytes != NO_LIMIT) {
		buf_printf(&line, "; %c%c %s ", LINE, LINE, c->limit_label);
		fmt_size(&line, c->limit_bytes);
	}
	text_wrap(out, buf_str(&line), 0, 2, style->width);
	buf_free(&line);
}

void chart_print(const struct chart *c, const struct report_style *style, struct buf *out)
{
	char *cells = mem_alloc((size_t)ROWS * c->ncolumns);
	uint64_t top = c->limit_bytes == NO_LIMIT ? 0 : c->limit_bytes, step;
	unsigned int limit_row = ROWS;

	for (unsigned int i = 0; i < c->ncolumns; i++)
		top = c->total[i] > top ? c->total[i] : top;
	if (!top) {
		buf_puts(out, "nothing was held, and nothing limited\n");
		free(cells);
		return;
	}
	step = row_bytes(top + top / (2 * ROWS)); /* room for what is a little above the limit */
	memset(cells, NOTHING, (size_t)ROWS * c->ncolumns);
	for (unsigned int i = 0; i < c->ncolumns; i++)
		fill_column(c, i, step, cells);
	if (c->limit_bytes != NO_LIMIT) {
		/* Drawn over the row whose upper edge it is. */
		limit_row = (unsigned int)((c->limit_bytes + step / 2) / step);
		limit_row -= limit_row > 0;
		for (unsigned int i = 0; i < c->ncolumns && limit_row < ROWS; i++)
			if (cells[limit_row * c->ncolumns + i] == NOTHING)
				cells[limit_row * c->ncolumns + i] = LINE;
	}
	for (unsigned int row = ROWS; row-- > 0;) {
		struct buf label = {0};

		if ((uint64_t)row * step > top && row > limit_row)
			continue;
		if (row % 2 == 1 || row == limit_row)
			fmt_size_short(&label,
				       row == limit_row ? c->limit_bytes : (row + 1) * step);
		put_gutter(out, buf_str(&label));
		put_cells(out, cells + (size_t)row * c->ncolumns, c->ncolumns, style->colour);
		buf_free(&label);
	}
	put_axis(c, out);
	put_events(c, out);
	put_legend(c, style, out);
	free(cells);
}
