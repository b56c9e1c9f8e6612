/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * print_timeline.c - every event of the plan in the order in which it is due.
 *
 * What `every` expanded is folded again when it is long: the same step at equal distances, more
 * than FOLD_ABOVE times, is one line.  (The plan does not know where its events came from; a
 * hundred lines that say the same are no clearer for having been written one by one.)
 */
#include "plan/print_timeline.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/sort.h"
#include "base/vec.h"
#include "plan/print_demand.h"
#include "plan/print_plan.h"

#define FOLD_ABOVE 20
#define TIME_WIDTH 18 /* "  30s +/- 2s      " */

void print_wrapped(struct buf *out, size_t indent, const char *text)
{
	size_t line = out->n, column, word;

	while (line && out->s[line - 1] != '\n')
		line--;
	column = out->n - line;
	if (column < indent)
		buf_pad(out, ' ', indent - column);
	else if (column > indent)
		buf_putc(out, ' ');
	for (bool first = true; *text; first = false) {
		word = strcspn(text, " ");
		if (!first && out->n - line + 1 + word > PRINT_COLUMNS) {
			while (out->s[out->n - 1] == ' ')
				out->n--;
			buf_putc(out, '\n');
			line = out->n;
			buf_pad(out, ' ', indent + 2);
		} else if (!first) {
			buf_putc(out, ' ');
		}
		buf_put(out, text, word);
		text += word + (text[word] == ' ');
	}
	buf_putc(out, '\n');
}

/* ---- folding -------------------------------------------------------------------------------- */

struct row {
	uint64_t at_ns, period_ns;
	uint32_t event, times; /* times 1: once */
};

/* Orders steps so that the same action on the same target is together; 0: the same. */
static int step_cmp(const struct plan_step *a, const struct plan_step *b)
{
#define BY(x, y)                                                                                   \
	do {                                                                                       \
		if ((x) != (y))                                                                    \
			return (x) < (y) ? -1 : 1;                                                 \
	} while (0)
	BY(a->kind, b->kind);
	BY(a->at.beg, b->at.beg);
	BY(a->at.end, b->at.end);
	if (a->kind == STEP_MARK) {
		BY(a->mark, b->mark);
		return 0;
	}
	BY(a->op.kind, b->op.kind);
	BY(a->op.target, b->op.target);
	BY(a->op.bytes, b->op.bytes);
	BY(a->op.ns, b->op.ns);
#undef BY
	return 0;
}

/* Steps that compare equal may still differ in what they point to. */
static bool same_step(const struct plan_event *a, const struct plan_event *b)
{
	const struct plan_step *x = &a->step, *y = &b->step;

	if (step_cmp(x, y) || a->jitter_ns != b->jitter_ns)
		return false;
	if (x->kind == STEP_MARK)
		return true;
	if (x->kind == STEP_START)
		return x->body == y->body && x->nbody == y->nbody;
	return x->op.each_ns == y->op.each_ns || x->op.series == y->op.series;
}

struct keyed {
	const struct plan_event *e;
	uint32_t index;
};

static int by_step(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;
	int c = step_cmp(&x->e->step, &y->e->step);

	if (c)
		return c;
	if (x->e->at_ns != y->e->at_ns)
		return x->e->at_ns < y->e->at_ns ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

static int by_row(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->at_ns != y->at_ns)
		return x->at_ns < y->at_ns ? -1 : 1;
	return x->event < y->event ? -1 : x->event > y->event;
}

/* How many of v[0..n) are the same step at equal distances. */
static size_t run_length(const struct keyed *v, size_t n)
{
	size_t len = 1;

	if (n < 2 || !same_step(v[0].e, v[1].e) || v[1].e->at_ns == v[0].e->at_ns)
		return 1;
	while (len < n && same_step(v[0].e, v[len].e) &&
	       v[len].e->at_ns - v[len - 1].e->at_ns == v[1].e->at_ns - v[0].e->at_ns)
		len++;
	return len;
}

static struct row *fold(const struct plan *p, size_t *nrows)
{
	struct keyed *v = mem_alloc((p->nevents + 1) * sizeof *v);
	struct row *rows = mem_alloc((p->nevents + 1) * sizeof *rows);
	size_t n = 0;

	for (uint32_t i = 0; i < p->nevents; i++)
		v[i] = (struct keyed){&p->events[i], i};
	sort_ordered(v, p->nevents, sizeof *v, by_step);
	for (size_t i = 0, len; i < p->nevents; i += len) {
		len = run_length(v + i, p->nevents - i);
		if (len <= FOLD_ABOVE)
			len = 1;
		rows[n++] = (struct row){
		    .at_ns = v[i].e->at_ns,
		    .period_ns = len > 1 ? v[i + 1].e->at_ns - v[i].e->at_ns : 0,
		    .event = v[i].index,
		    .times = (uint32_t)len,
		};
	}
	free(v);
	sort_ordered(rows, n, sizeof *rows, by_row);
	*nrows = n;
	return rows;
}

/* ---- printing ------------------------------------------------------------------------------- */

void print_timeline(const struct plan *p, struct buf *out)
{
	struct buf text = {0};
	size_t n;
	struct row *rows = fold(p, &n);

	buf_printf(out, "\ntimeline: %" PRIu32 " action%s\n", p->nevents,
		   p->nevents == 1 ? "" : "s");
	for (size_t i = 0; i < n; i++) {
		const struct plan_event *e = &p->events[rows[i].event];

		buf_puts(out, "  ");
		print_seconds(out, rows[i].at_ns);
		if (e->jitter_ns) {
			buf_puts(out, " +/- ");
			fmt_duration(out, e->jitter_ns);
		}
		buf_clear(&text);
		if (rows[i].times > 1) {
			buf_puts(&text, "every ");
			fmt_duration(&text, rows[i].period_ns);
			buf_printf(&text, " x%" PRIu32 " until ", rows[i].times);
			print_seconds(&text,
				      rows[i].at_ns + (rows[i].times - 1) * rows[i].period_ns);
			buf_puts(&text, ": ");
		}
		plan_print_step(p, &e->step, &text);
		print_wrapped(out, TIME_WIDTH, buf_str(&text));
	}
	buf_free(&text);
	free(rows);
}

void print_triggers(const struct plan *p, struct buf *out)
{
	struct buf text = {0};

	if (p->ntriggers)
		buf_puts(out, "\nreactions\n");
	for (uint32_t i = 0; i < p->ntriggers; i++) {
		const struct plan_trigger *t = &p->triggers[i];

		buf_clear(&text);
		buf_printf(&text, "%s %s", t->kind == TRIGGER_WHEN ? "when" : "after", t->text);
		if (t->hold_ns) {
			buf_puts(&text, t->kind == TRIGGER_WHEN ? " for " : " + ");
			fmt_duration(&text, t->hold_ns);
		}
		if (t->within_ns != NEVER) {
			buf_puts(&text, " within ");
			fmt_duration(&text, t->within_ns);
		}
		print_wrapped(out, 2, buf_str(&text));
		for (uint32_t k = 0; k < t->nsteps; k++) {
			buf_clear(&text);
			plan_print_step(p, &t->steps[k], &text);
			print_wrapped(out, TIME_WIDTH, buf_str(&text));
		}
	}
	buf_free(&text);
}
