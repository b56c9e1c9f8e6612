/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_compare.c - agentcg compare: two kept experiments side by side */
#include <stdlib.h>
#include <string.h>

#include "cmd/compare.h"
#include "cmd/keeping.h"
#include "cmd/output.h"
#include "report/fields.h"
#include "report/grid.h"
#include "report/json_value.h"
#include "report/text.h"
#include "stat/contrast.h"

/* ---- for people ------------------------------------------------------------------------------ */

static const struct grid_column columns[] = {
    {"", "", 0, true, false, false},	 {"", "", 0, true, false, false},
    {"A", "n", 2, false, false, false},	 {"A", "mean", 0, false, false, false},
    {"B", "n", 2, false, false, false},	 {"B", "mean", 0, false, false, false},
    {"B/A", "", 0, false, false, false}, {"95%", "", 1, false, false, false},
    {"p", "", 3, false, false, false},	 {"B > A", "", 4, false, false, false},
};
#define NCOLUMNS (sizeof columns / sizeof *columns)

static const char *value(struct arena *a, double v, enum dim dim)
{
	struct buf b = {0};
	const char *s;

	text_value(&b, v, dim);
	s = arena_strndup(a, buf_str(&b), b.n);
	buf_free(&b);
	return s;
}

static void fill(const struct pair *p, struct arena *a, const struct compare_side *x,
		 const struct compare_side *y, enum metric m, const char **cells)
{
	struct comparison c = compare_metric(x, y, m, COMPARE_CONFIDENCE, p->paired);
	enum dim dim = metric_info[m].dim;
	bool both = c.a_n && c.b_n;

	cells[1] = metric_info[m].spelling;
	cells[2] = arena_printf(a, "%u", c.a_n);
	cells[3] = c.a_n ? value(a, c.a, dim) : "-";
	cells[4] = arena_printf(a, "%u", c.b_n);
	cells[5] = c.b_n ? value(a, c.b, dim) : "-";
	cells[6] = both && c.a != 0 ? arena_printf(a, "%.3f", c.ratio) : "-";
	cells[7] =
	    c.ratio_in.there ? arena_printf(a, "%.3f..%.3f", c.ratio_in.lo, c.ratio_in.hi) : "-";
	cells[8] = both ? arena_printf(a, c.p < 0.001 ? "<0.001" : "%.3f", c.p) : "-";
	cells[9] = both ? arena_printf(a, "%.2f", c.b_larger) : "-";
}

static void fill_alive(struct arena *a, const struct compare_side *x, const struct compare_side *y,
		       const char **cells)
{
	uint32_t runs, survived;

	cells[1] = "alive";
	compare_alive(x, &runs, &survived);
	cells[2] = arena_printf(a, "%u", runs);
	cells[3] = arena_printf(a, "%u/%u", survived, runs);
	compare_alive(y, &runs, &survived);
	cells[4] = arena_printf(a, "%u", runs);
	cells[5] = arena_printf(a, "%u/%u", survived, runs);
	for (size_t i = 6; i < NCOLUMNS; i++)
		cells[i] = "";
}

/* Rows of one policy; false: one of them does not have it, or no run of it. */
static bool add_policy(const struct pair *p, struct grid *g, struct arena *a, const char *policy)
{
	bool any = false;

	for (uint32_t i = 0; i < p->rb->nsessions; i++) {
		const char *name = p->rb->plan->cgroups[p->rb->sessions[i]].name;
		struct compare_side x, y;

		if (!compare_find(p->ra, policy, name, &x) ||
		    !compare_find(p->rb, policy, name, &y))
			continue;
		if (!any)
			vec_push(&g->rows, (struct grid_row){.title = policy});
		any = true;
		for (int m = -1; m < CONTRAST_METRICS; m++) {
			const char **cells = arena_array(a, const char *, NCOLUMNS);

			cells[0] = m < 0 ? arena_printf(a, "  %s", name) : "";
			if (m < 0)
				fill_alive(a, &x, &y, cells);
			else
				fill(p, a, &x, &y, contrast_metrics[m], cells);
			vec_push(&g->rows, (struct grid_row){.cells = cells});
		}
	}
	return any;
}

static void put_origin(struct buf *out, const char *which, const struct store_experiment *x)
{
	buf_printf(out, "%s %s  ", which, x->name);
	text_fit(out, x->title, 60);
	buf_printf(out, "\n           %s, %s", x->backend,
		   x->mechanism ? x->mechanism : "no policy mechanism");
	if (x->kernel)
		buf_printf(out, ", kernel %s", x->kernel);
	buf_printf(out, "; %u of %u runs, %s\n", x->runs, x->planned, x->state);
}

static void put_left_out(const struct pair *p, struct buf *out)
{
	for (uint32_t i = 0; compare_policy(p->ra, i); i++) {
		bool there = false;

		for (uint32_t k = 0; compare_policy(p->rb, k); k++)
			there |= !strcmp(compare_policy(p->ra, i), compare_policy(p->rb, k));
		if (!there)
			buf_printf(out, "only A has the policy %s\n", compare_policy(p->ra, i));
	}
}

static const char *verdict_word(enum verdict v)
{
	return v == VERDICT_FAIL ? "FAIL" : v == VERDICT_PASS ? "PASS" : "UNDECIDED";
}

static void put_conditions(const struct pair *p, struct buf *out)
{
	const struct condition *k;

	vec_foreach (k, &p->conditions)
		buf_printf(out, "%-9s  fail if %s, under %s: %s\n", verdict_word(k->verdict),
			   k->text, k->policy, k->why);
	if (p->verdict != VERDICT_NONE)
		buf_printf(out, "\nverdict: %s\n", verdict_word(p->verdict));
}

void pair_table(const struct pair *p, const struct report_style *style, struct buf *out)
{
	struct grid g = {.columns = columns, .ncolumns = NCOLUMNS};
	const struct unlike *u;
	struct arena a = {0};
	struct buf only = {0};
	bool shown[NCOLUMNS];

	put_origin(out, "A", &p->before->x);
	put_origin(out, "B", &p->after->x);
	vec_foreach (u, &p->unlike)
		buf_printf(out, "across %s: %s\n", u->kind, u->text);
	buf_printf(out, "%s\n\n",
		   p->paired ? "compared by repetition: one seed, simulated"
			     : "compared as independent samples");
	for (uint32_t i = 0; compare_policy(p->rb, i); i++)
		if (!add_policy(p, &g, &a, compare_policy(p->rb, i)))
			buf_printf(&only, "only B has the policy %s\n", compare_policy(p->rb, i));
	grid_print(&g, style->width, shown, out);
	put_left_out(p, &only);
	buf_putc(out, '\n');
	buf_puts(out, buf_str(&only));
	put_conditions(p, out);
	buf_free(&only);
	vec_free(&g.rows);
	arena_free(&a);
}

/* ---- for pages ------------------------------------------------------------------------------- */

void pair_markdown(const struct pair *p, struct buf *out)
{
	const struct condition *k;
	const struct unlike *u;
	struct arena a = {0};

	buf_printf(out, "Comparison of %s (A) and %s (B), by %s.\n\n", p->before->x.name,
		   p->after->x.name, p->paired ? "repetition" : "independent samples");
	vec_foreach (u, &p->unlike) {
		buf_printf(out, "- across %s: ", u->kind);
		text_markdown(out, u->text);
		buf_putc(out, '\n');
	}
	if (p->unlike.n)
		buf_putc(out, '\n');
	buf_puts(out, "| policy | session | | A: n | mean | B: n | mean | B/A | 95% | p | B > A |\n"
		      "|---|---|---|--:|--:|--:|--:|--:|--:|--:|--:|\n");
	for (uint32_t i = 0; compare_policy(p->rb, i); i++) {
		const char *name = "";
		struct grid g = {.columns = columns, .ncolumns = NCOLUMNS};
		struct grid_row *row;

		add_policy(p, &g, &a, compare_policy(p->rb, i));
		vec_foreach (row, &g.rows) {
			if (row->title)
				continue;
			name = *row->cells[0] ? row->cells[0] + 2 : name;
			buf_puts(out, "| ");
			text_markdown(out, compare_policy(p->rb, i));
			buf_puts(out, " | ");
			text_markdown(out, name);
			for (size_t c = 1; c < NCOLUMNS; c++) {
				buf_puts(out, " | ");
				text_markdown(out, row->cells[c]);
			}
			buf_puts(out, " |\n");
		}
		vec_free(&g.rows);
	}
	if (p->conditions.n)
		buf_puts(out, "\n| verdict | fail if | under | found |\n|---|---|---|---|\n");
	vec_foreach (k, &p->conditions) {
		const char *const cells[] = {verdict_word(k->verdict), k->text, k->policy, k->why};

		for (size_t i = 0; i < 4; i++) {
			buf_puts(out, i ? " | " : "| ");
			text_markdown(out, cells[i]);
		}
		buf_puts(out, " |\n");
	}
	arena_free(&a);
}

/* ---- for programs ---------------------------------------------------------------------------- */

static json_t *json_side(const struct store_experiment *x)
{
	json_t *o = json_object();

	json_put(o, "name", json_text(x->name));
	json_put(o, "title", json_text(x->title));
	json_put(o, "digest", json_text(x->digest));
	json_put(o, "state", json_text(x->state));
	return o;
}

static json_t *json_metric(const struct pair *p, const struct compare_side *x,
			   const struct compare_side *y, enum metric m)
{
	struct comparison c = compare_metric(x, y, m, COMPARE_CONFIDENCE, p->paired);
	bool both = c.a_n && c.b_n;
	json_t *o = json_object();

	json_put(o, "a_n", json_count(c.a_n));
	json_put(o, "a_missing", json_count(c.a_missing));
	json_put(o, "a_mean", c.a_n ? json_value(c.a) : json_null());
	json_put(o, "b_n", json_count(c.b_n));
	json_put(o, "b_missing", json_count(c.b_missing));
	json_put(o, "b_mean", c.b_n ? json_value(c.b) : json_null());
	json_put(o, "difference", both ? json_value(c.change) : json_null());
	json_put(o, "difference_ci95", json_interval(&c.change_in));
	json_put(o, "ratio", both && c.a != 0 ? json_value(c.ratio) : json_null());
	json_put(o, "ratio_ci95", json_interval(&c.ratio_in));
	json_put(o, "p", both ? json_value(c.p) : json_null());
	json_put(o, "b_larger", both ? json_value(c.b_larger) : json_null());
	return o;
}

static void add_json(const struct pair *p, const char *policy, json_t *list)
{
	for (uint32_t i = 0; i < p->rb->nsessions; i++) {
		const char *name = p->rb->plan->cgroups[p->rb->sessions[i]].name;
		struct compare_side x, y;
		uint32_t runs, survived;
		json_t *o, *figures;

		if (!compare_find(p->ra, policy, name, &x) ||
		    !compare_find(p->rb, policy, name, &y))
			continue;
		o = json_object();
		figures = json_object();
		json_put(o, "policy", json_text(policy));
		json_put(o, "cgroup", json_text(name));
		compare_alive(&x, &runs, &survived);
		json_put(o, "a_runs", json_count(runs));
		json_put(o, "a_survived", json_count(survived));
		compare_alive(&y, &runs, &survived);
		json_put(o, "b_runs", json_count(runs));
		json_put(o, "b_survived", json_count(survived));
		for (enum metric m = 0; m < M_COUNT; m++)
			json_put(figures, field_name(m), json_metric(p, &x, &y, m));
		json_put(o, "figures", figures);
		json_add(list, o);
	}
}

void pair_json(const struct pair *p, struct buf *out)
{
	json_t *o = json_object(), *unlike = json_array(), *list = json_array();
	json_t *conditions = json_array();
	const struct condition *k;
	const struct unlike *u;

	vec_foreach (u, &p->unlike) {
		json_t *one = json_object();

		json_put(one, "kind", json_text(u->kind));
		json_put(one, "what", json_text(u->text));
		json_add(unlike, one);
	}
	for (uint32_t i = 0; compare_policy(p->rb, i); i++)
		add_json(p, compare_policy(p->rb, i), list);
	vec_foreach (k, &p->conditions) {
		json_t *one = json_object();

		json_put(one, "fail_if", json_text(k->text));
		json_put(one, "policy", json_text(k->policy));
		json_put(one, "verdict", json_text(verdict_word(k->verdict)));
		json_put(one, "found", json_text(k->why));
		json_add(conditions, one);
	}
	json_put(o, "a", json_side(&p->before->x));
	json_put(o, "b", json_side(&p->after->x));
	json_put(o, "across", unlike);
	json_put(o, "paired", json_boolean(p->paired));
	json_put(o, "sessions", list);
	json_put(o, "conditions", conditions);
	json_put(o, "verdict",
		 p->verdict == VERDICT_NONE ? json_null() : json_text(verdict_word(p->verdict)));
	json_write(o, out);
	json_decref(o);
}

/* ---- the command ----------------------------------------------------------------------------- */

static int write_pair(struct pair *p)
{
	struct cmd *c = p->c;
	struct report_style style = output_style(c);
	const char *json = c->opt.reports[REPORT_JSON], *page = c->opt.reports[REPORT_MARKDOWN];
	bool table = !(json && !strcmp(json, "-")) && !(page && !strcmp(page, "-"));
	struct buf out = {0};
	int status = STATUS_OK;

	if (json) {
		pair_json(p, &out);
		status = output_file(c, json, &out);
		buf_clear(&out);
	}
	if (page) {
		pair_markdown(p, &out);
		status = status_of_both(status, output_file(c, page, &out));
		buf_clear(&out);
	}
	if (table) {
		pair_table(p, &style, &out);
		status = status_of_both(status, output_stdout(c, &out));
	}
	buf_free(&out);
	return status;
}

static int compare(struct pair *p, struct store *s)
{
	struct cmd *c = p->c;
	int status = kept_load(c, s, c->opt.operands.v[0], p->before);

	if (status == STATUS_OK)
		status = kept_load(c, s, c->opt.operands.v[1], p->after);
	if (status == STATUS_OK)
		status = kept_results(c, p->before, false, &p->ra);
	if (status == STATUS_OK)
		status = kept_results(c, p->after, false, &p->rb);
	if (status != STATUS_OK)
		return status;
	if (!pair_make(p) || !conditions_judge(p))
		return STATUS_USAGE;
	status = write_pair(p);
	if (p->verdict == VERDICT_FAIL || p->verdict == VERDICT_UNDECIDED)
		status = status_of_both(status, STATUS_FAIL);
	return status;
}

int cmd_compare(struct cmd *c)
{
	struct kept before = {0}, after = {0};
	struct pair p = {.c = c, .before = &before, .after = &after};
	struct store *s = NULL;
	const char *path;
	int status = STATUS_INTERNAL;

	if (c->opt.operands.n != 2) {
		diag_at(&c->diags, E_USE_FILES, (struct span){0},
			"`agentcg compare` takes two kept experiments");
		diag_hint(&c->diags, "agentcg compare [OPTION...] A B");
		return STATUS_USAGE;
	}
	path = keeping_path(c, &p.a);
	if (path && !store_open(path, STORE_READ, &c->diags, &s))
		status = compare(&p, s);
	results_free(p.ra);
	results_free(p.rb);
	kept_free(&before);
	kept_free(&after);
	store_close(s);
	vec_free(&p.conditions);
	pair_free(&p);
	return status;
}
