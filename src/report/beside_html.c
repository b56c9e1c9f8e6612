/* SPDX-License-Identifier: GPL-2.0-or-later */
/* beside_html.c - several experiments on one page (beside.h) */
#include <string.h>

#include "report/beside.h"
#include "report/html.h"
#include "report/text.h"
#include "report/xml.h"
#include "stat/contrast.h"

static void put_td(struct buf *out, const char *class, const char *text)
{
	buf_puts(out, "<td");
	if (class)
		buf_printf(out, " class=\"%s\"", class);
	buf_putc(out, '>');
	xml_puts(out, text);
	buf_puts(out, "</td>");
}

static void put_experiments(const struct beside *b, struct buf *out)
{
	buf_puts(out, "<section aria-labelledby=\"experiments\">\n"
		      "<h2 id=\"experiments\">Experiments</h2>\n");
	html_begin_table(NULL, "experiments", out);
	buf_puts(out,
		 "<table>\n<thead><tr><th></th><th class=\"l\">name</th>"
		 "<th class=\"l\">title</th><th class=\"l\">verdict</th>"
		 "<th class=\"l\">differs from A in</th>"
		 "<th class=\"l\">backend</th><th class=\"l\">mechanism</th>"
		 "<th class=\"l\">kernel</th><th>runs</th><th class=\"l\">digest</th></tr></thead>"
		 "\n<tbody>\n");
	for (uint32_t i = 0; i < b->n; i++) {
		const struct beside_one *x = &b->v[i];
		const char *letter = beside_letter(i);

		buf_printf(out, "<tr><th class=\"l\" scope=\"row\"><a href=\"#of-%s\">%s</a></th>",
			   letter, letter);
		put_td(out, "l", x->name);
		put_td(out, "l wrap", x->r->plan->title);
		buf_puts(out, "<td class=\"l\">");
		if (x->r->verdict != VERDICT_NONE)
			buf_printf(out, "<b class=\"%s\">%s</b>", verdict_name(x->r->verdict),
				   verdict_name(x->r->verdict));
		buf_puts(out, "</td>");
		put_td(out, "l wrap", !i ? "" : x->differs ? x->differs : "nothing");
		put_td(out, "l", x->r->backend);
		put_td(out, "l", x->mechanism ? x->mechanism : "none");
		put_td(out, "l", x->kernel ? x->kernel : "-");
		buf_printf(out, "<td>%u of %u", x->r->nruns, x->r->planned);
		if (strcmp(x->state, "complete") != 0) {
			buf_puts(out, ", ");
			xml_puts(out, x->state);
		}
		buf_puts(out, "</td>");
		put_td(out, "l", x->digest);
		buf_puts(out, "</tr>\n");
	}
	buf_puts(out, "</tbody>\n</table>\n</div>\n</section>\n");
}

static void put_mean(struct arena *a, const struct beside_row *row, uint32_t i, struct buf *out)
{
	const struct beside_cell *c = &row->cells[i];
	bool dead = row->metric == M_COUNT && c->there && c->survived < c->runs;

	buf_puts(out, dead ? "<td class=\"dead\">" : "<td>");
	xml_puts(out, beside_mean(a, row, i));
	if (row->metric != M_COUNT && c->mean_in.there) {
		enum dim dim = metric_info[row->metric].dim;

		buf_puts(out, " <span class=\"soft\">[");
		text_value(out, c->mean_in.lo, dim);
		buf_puts(out, ", ");
		text_value(out, c->mean_in.hi, dim);
		buf_puts(out, "]</span>");
	}
	buf_puts(out, "</td>");
}

static void put_versus(struct arena *a, const struct beside_cell *c, struct buf *out)
{
	buf_puts(out, "<td>");
	xml_puts(out, beside_ratio(a, c));
	if (c->vs.ratio_in.there) {
		buf_puts(out, " <span class=\"soft\">[");
		xml_puts(out, beside_interval(a, c));
		buf_puts(out, "]</span>");
	}
	buf_puts(out, "</td>");
	put_td(out, NULL, beside_p(a, c));
}

static void put_metric(const struct beside *b, const struct beside_row *rows, uint32_t n,
		       enum metric m, struct arena *a, struct buf *out)
{
	const char *policy = NULL;
	const char *name = beside_metric(m);
	bool versus = m != M_COUNT, any = false;

	for (uint32_t k = 0; k < n; k++)
		any |= rows[k].metric == m;
	if (!any)
		return;
	buf_printf(out, "<section aria-labelledby=\"beside-%s\">\n<h3 id=\"beside-%s\">%s</h3>\n",
		   name, name, name);
	html_begin_table(NULL, name, out);
	buf_puts(out,
		 "<table>\n<thead><tr><th class=\"l\">policy</th><th class=\"l\">session</th>");
	for (uint32_t i = 0; i < b->n; i++) {
		buf_printf(out, "<th>%s</th>", beside_letter(i));
		if (i && versus)
			buf_printf(out, "<th>%s / A</th><th>p</th>", beside_letter(i));
	}
	buf_puts(out, "</tr></thead>\n");
	for (uint32_t k = 0; k < n; k++) {
		const struct beside_row *row = &rows[k];
		bool first = !policy || strcmp(policy, row->policy) != 0;

		if (row->metric != m)
			continue;
		if (first)
			buf_printf(out, "%s<tbody class=\"first\">\n", policy ? "</tbody>\n" : "");
		policy = row->policy;
		buf_puts(out, "<tr><th class=\"l\" scope=\"row\">");
		xml_puts(out, first ? policy : "");
		buf_puts(out, "</th>");
		put_td(out, "l", row->session);
		for (uint32_t i = 0; i < b->n; i++) {
			put_mean(a, row, i, out);
			if (i && versus)
				put_versus(a, &row->cells[i], out);
		}
		buf_puts(out, "</tr>\n");
	}
	buf_puts(out, "</tbody>\n</table>\n</div>\n</section>\n");
}

static void put_side_by_side(const struct beside *b, struct buf *out)
{
	const struct beside_row *rows;
	struct arena a = {0};
	uint32_t n = beside_rows(b, &a, &rows);

	buf_puts(out, "<section aria-labelledby=\"figures\">\n"
		      "<h2 id=\"figures\">Side by side</h2>\n");
	put_metric(b, rows, n, M_COUNT, &a, out);
	for (unsigned int k = 0; k < CONTRAST_METRICS; k++)
		put_metric(b, rows, n, contrast_metrics[k], &a, out);
	buf_puts(out, "<p class=\"soft\">Means over the runs, and ratios to the mean of A, with "
		      "95% intervals; none of fewer than 6 runs. p is not corrected for how many "
		      "are looked at. *: of the runs that have it; killed or cut off, a session "
		      "has none. +: of the repetitions that have it in both.</p>\n");
	for (uint32_t i = 1; i < b->n; i++)
		buf_printf(out, "<p class=\"soft\">%s is compared with A %s.</p>\n",
			   beside_letter(i), beside_how(&b->v[i]));
	buf_puts(out, "</section>\n");
	arena_free(&a);
}

static bool same_cgroups(const struct results *x, const struct results *y)
{
	const struct plan *p = x->plan, *q = y->plan;

	if (p->ncgroups != q->ncgroups || x->nsessions != y->nsessions)
		return false;
	for (uint32_t c = 0; c < p->ncgroups; c++)
		if (strcmp(p->cgroups[c].name, q->cgroups[c].name) != 0)
			return false;
	for (uint32_t s = 0; s < x->nsessions; s++)
		if (x->sessions[s] != y->sessions[s])
			return false;
	return true;
}

/* Is there something to draw?  Else it is said why not. */
static bool put_timelines(const struct beside *b, struct buf *out)
{
	bool any = false;
	uint32_t other = 1;

	for (uint32_t i = 0; i < b->n; i++)
		any |= html_has_timelines(b->v[i].r);
	while (other < b->n && same_cgroups(b->v[0].r, b->v[other].r))
		other++;
	if (any && other == b->n) {
		html_put_charts(out);
	} else {
		buf_puts(out, "<section aria-labelledby=\"timelines\">\n"
			      "<h2 id=\"timelines\">Timelines</h2>\n");
		if (!any)
			buf_puts(out, "<p>No run was kept with its timeline.</p>\n");
		else
			buf_printf(out,
				   "<p>Timelines are not shown side by side: A and %s do not have "
				   "the same cgroups. <code>agentcg show NAME --html FILE</code> "
				   "draws those of one experiment.</p>\n",
				   beside_letter(other));
		buf_puts(out, "</section>\n");
		return false;
	}
	for (uint32_t i = 0; i < b->n; i++)
		if (!html_has_timelines(b->v[i].r))
			buf_printf(out, "<p class=\"soft\">%s was kept without timelines.</p>\n",
				   beside_letter(i));
	return true;
}

static void put_one(const struct beside *b, uint32_t i, struct buf *out)
{
	const struct html_of of = {b->v[i].r, beside_letter(i)};

	buf_printf(out, "<section aria-labelledby=\"of-%s\">\n<h2 id=\"of-%s\">%s: ", of.letter,
		   of.letter, of.letter);
	xml_puts(out, of.r->plan->title);
	buf_puts(out, " <span class=\"soft\">");
	xml_puts(out, b->v[i].name);
	buf_puts(out, "</span></h2>\n");
	html_put_verdict(of.r, out);
	html_put_claims(&of, out);
	html_put_figures(&of, out);
	html_put_contrasts(&of, out);
	html_put_environment(&of, out);
	buf_puts(out, "</section>\n");
}

void beside_html(const struct beside *b, struct buf *out)
{
	struct html_of of[BESIDE_MOST];
	struct buf title = {0};
	bool drawn;

	for (uint32_t i = 0; i < b->n; i++) {
		of[i] = (struct html_of){b->v[i].r, beside_letter(i)};
		if (!i || strcmp(b->v[i].r->plan->title, b->v[i - 1].r->plan->title) != 0)
			buf_printf(&title, "%s%s", i ? " / " : "", b->v[i].r->plan->title);
	}
	html_put_head(buf_str(&title), out);
	buf_puts(out, "</header>\n<main>\n");
	put_experiments(b, out);
	put_side_by_side(b, out);
	drawn = put_timelines(b, out);
	for (uint32_t i = 0; i < b->n; i++)
		put_one(b, i, out);
	buf_puts(out, "</main>\n");
	/* Without charts the program finds nothing to draw, and keeps to light and dark. */
	html_put_data(of, drawn ? b->n : 0, out);
	html_put_end(out);
	buf_free(&title);
}
