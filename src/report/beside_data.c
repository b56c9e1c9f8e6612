/* SPDX-License-Identifier: GPL-2.0-or-later */
/* beside_data.c - several experiments as Markdown and as JSON (beside.h) */
#include "report/beside.h"
#include "report/fields.h"
#include "report/json_value.h"
#include "report/text.h"

/* ---- for pages ------------------------------------------------------------------------------- */

void beside_markdown(const struct beside *b, struct buf *out)
{
	const struct beside_row *rows;
	struct arena a = {0};
	uint32_t n = beside_rows(b, &a, &rows);

	buf_puts(out, "| | experiment | title | verdict | backend | mechanism | kernel | runs | "
		      "state | digest | differs from A in |\n"
		      "|---|---|---|---|---|---|---|--:|---|---|---|\n");
	for (uint32_t i = 0; i < b->n; i++) {
		const struct beside_one *x = &b->v[i];
		const char *const cells[] = {
		    beside_letter(i),
		    x->name,
		    x->r->plan->title,
		    x->r->verdict == VERDICT_NONE ? "" : verdict_name(x->r->verdict),
		    x->r->backend,
		    x->mechanism ? x->mechanism : "",
		    x->kernel ? x->kernel : "",
		    arena_printf(&a, "%u of %u", x->r->nruns, x->r->planned),
		    x->state,
		    x->digest,
		    !i		 ? ""
		    : x->differs ? x->differs
				 : "nothing"};

		for (size_t c = 0; c < sizeof cells / sizeof *cells; c++) {
			buf_puts(out, c ? " | " : "| ");
			text_markdown(out, cells[c]);
		}
		buf_puts(out, " |\n");
	}
	buf_puts(out, "\n| policy | session | |");
	for (uint32_t i = 0; i < b->n; i++)
		buf_printf(out, i ? " %s | /A | 95%% | p |" : " %s |", beside_letter(i));
	buf_puts(out, "\n|---|---|---|");
	for (uint32_t i = 0; i < b->n; i++)
		buf_puts(out, i ? "--:|--:|--:|--:|" : "--:|");
	buf_putc(out, '\n');
	for (uint32_t k = 0; k < n; k++) {
		const struct beside_row *row = &rows[k];

		buf_puts(out, "| ");
		text_markdown(out, row->policy);
		buf_puts(out, " | ");
		text_markdown(out, row->session);
		buf_printf(out, " | %s |", beside_metric(row->metric));
		for (uint32_t i = 0; i < b->n; i++) {
			const struct beside_cell *c = &row->cells[i];

			buf_putc(out, ' ');
			text_markdown(out, beside_mean(&a, row, i));
			buf_puts(out, " |");
			if (i && row->metric == M_COUNT)
				buf_puts(out, " | | |");
			else if (i)
				buf_printf(out, " %s | %s | %s |", beside_ratio(&a, c),
					   beside_interval(&a, c),
					   c->vs.p < 0.001 && beside_compared(c) ? "\\<0.001"
										 : beside_p(&a, c));
		}
		buf_putc(out, '\n');
	}
	arena_free(&a);
}

/* ---- for programs ---------------------------------------------------------------------------- */

static json_t *json_one(const struct beside *b, uint32_t i)
{
	const struct beside_one *x = &b->v[i];
	json_t *o = json_object();

	json_put(o, "letter", json_text(beside_letter(i)));
	json_put(o, "name", json_text(x->name));
	json_put(o, "title", json_text(x->r->plan->title));
	json_put(o, "verdict", json_text(verdict_name(x->r->verdict)));
	json_put(o, "backend", json_text(x->r->backend));
	json_put(o, "mechanism", json_text(x->mechanism));
	json_put(o, "kernel", json_text(x->kernel));
	json_put(o, "runs", json_count(x->r->nruns));
	json_put(o, "planned", json_count(x->r->planned));
	json_put(o, "state", json_text(x->state));
	json_put(o, "digest", json_text(x->digest));
	json_put(o, "across", json_text(x->differs));
	json_put(o, "paired", i ? json_boolean(x->paired) : json_null());
	return o;
}

static json_t *json_cell(const struct beside_row *row, uint32_t i)
{
	const struct beside_cell *c = &row->cells[i];
	bool both = beside_compared(c);
	json_t *o = json_object();

	if (row->metric == M_COUNT) {
		json_put(o, "runs", json_count(c->runs));
		json_put(o, "survived", json_count(c->survived));
		return o;
	}
	json_put(o, "n", json_count(c->d.n));
	json_put(o, "missing", json_count(c->d.missing));
	json_put(o, "mean", c->d.n ? json_value(c->d.mean) : json_null());
	json_put(o, "mean_ci95", json_interval(&c->mean_in));
	if (!i)
		return o;
	json_put(o, "compared_n", json_count(both ? c->vs.b_n : 0));
	json_put(o, "ratio", both && c->vs.a != 0 ? json_value(c->vs.ratio) : json_null());
	json_put(o, "ratio_ci95", json_interval(&c->vs.ratio_in));
	json_put(o, "p", both ? json_value(c->vs.p) : json_null());
	return o;
}

void beside_json(const struct beside *b, struct buf *out)
{
	json_t *o = json_object(), *list = json_array(), *figures = json_array();
	const struct beside_row *rows;
	struct arena a = {0};
	uint32_t n = beside_rows(b, &a, &rows);

	for (uint32_t i = 0; i < b->n; i++)
		json_add(list, json_one(b, i));
	for (uint32_t k = 0; k < n; k++) {
		json_t *row = json_object(), *cells = json_array();

		json_put(row, "policy", json_text(rows[k].policy));
		json_put(row, "cgroup", json_text(rows[k].session));
		json_put(
		    row, "metric",
		    json_text(rows[k].metric == M_COUNT ? "alive" : field_name(rows[k].metric)));
		for (uint32_t i = 0; i < b->n; i++)
			json_add(cells,
				 rows[k].cells[i].there ? json_cell(&rows[k], i) : json_null());
		json_put(row, "experiments", cells);
		json_add(figures, row);
	}
	json_put(o, "experiments", list);
	json_put(o, "figures", figures);
	json_write(o, out);
	json_decref(o);
	arena_free(&a);
}
