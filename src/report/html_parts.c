/* SPDX-License-Identifier: GPL-2.0-or-later */
/* html_parts.c - what is read of one experiment: verdict, claims, figures, environment (html.h) */
#include <inttypes.h>

#include "report/asked.h"
#include "report/cells.h"
#include "report/claims.h"
#include "report/html.h"
#include "report/lateness.h"
#include "report/pool.h"
#include "report/xml.h"

void html_begin_table(const char *letter, const char *label, struct buf *out)
{
	buf_puts(out, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"");
	if (letter)
		buf_printf(out, "%s: ", letter);
	buf_printf(out, "%s\">\n", label);
}

/* Under a letter a section is a part of that experiment's. */
static void begin(const struct html_of *of, const char *id, const char *title, const char *more,
		  struct buf *out)
{
	const char *dash = of->letter ? "-" : "", *letter = of->letter ? of->letter : "";
	int level = of->letter ? 3 : 2;

	buf_printf(out, "<section aria-labelledby=\"%s%s%s\">\n<h%d id=\"%s%s%s\">", id, dash,
		   letter, level, id, dash, letter);
	if (of->letter)
		buf_printf(out, "%s: ", letter);
	buf_puts(out, title);
	xml_puts(out, more ? more : "");
	buf_printf(out, "</h%d>\n", level);
}

void html_put_verdict(const struct results *r, struct buf *out)
{
	if (r->verdict != VERDICT_NONE)
		buf_printf(out, "<p><span class=\"badge %s\">%s</span></p>\n",
			   verdict_name(r->verdict), verdict_name(r->verdict));
	for (uint32_t i = 0; i < r->nreasons; i++) {
		buf_puts(out, "<p>");
		xml_puts(out, r->reasons[i]);
		buf_puts(out, "</p>\n");
	}
}

void html_put_claims(const struct html_of *of, struct buf *out)
{
	const struct results *r = of->r;
	struct buf sides = {0};

	if (!r->nclaims)
		return;
	begin(of, "claims", "Claims", NULL, out);
	html_begin_table(of->letter, "claims", out);
	buf_puts(out, "<table>\n<thead><tr><th class=\"l\">claim</th><th class=\"l\">verdict</th>"
		      "<th class=\"l\">expected</th><th>measured</th></tr></thead>\n<tbody>\n");
	for (uint32_t i = 0; i < r->nclaims; i++)
		for (uint32_t k = 0; k < r->claims[i].nexpects; k++) {
			const struct expect_result *x = &r->claims[i].expects[k];

			buf_puts(out, "<tr><td class=\"l\">");
			xml_puts(out, r->claims[i].name && !k ? r->claims[i].name : "");
			buf_printf(out, "</td><td class=\"l\"><b class=\"%s\">%s</b></td>",
				   verdict_name(x->verdict), verdict_name(x->verdict));
			buf_puts(out, "<td class=\"l wrap\">");
			xml_puts(out, x->expect->text);
			if (x->policy != PX_ANY_POLICY && r->plan->baseline >= 0) {
				buf_puts(out, " (");
				xml_puts(out, pool_name(r, x->policy));
				buf_putc(out, ')');
			}
			if (x->why) {
				buf_puts(out, "<br><span class=\"soft\">");
				xml_puts(out, x->why);
				buf_puts(out, "</span>");
			}
			buf_puts(out, "</td><td>");
			if (x->has_sides)
				claims_put_sides(x, &sides);
			xml_puts(out, buf_str(&sides));
			buf_puts(out, "</td></tr>\n");
			buf_clear(&sides);
		}
	buf_puts(out, "</tbody>\n</table>\n</div>\n</section>\n");
	buf_free(&sides);
}

void html_put_figures(const struct html_of *of, struct buf *out)
{
	const struct results *r = of->r;
	const struct cells_row *rows;
	struct arena a = {0};
	uint32_t n = cells_make(r, &a, &rows);

	begin(of, "figures", "Figures", NULL, out);
	html_begin_table(of->letter, "figures", out);
	buf_puts(out,
		 "<table>\n<thead><tr><th class=\"l\">policy</th><th class=\"l\">session</th>");
	for (unsigned int c = 0; c < CELLS_COLUMNS; c++) {
		const struct cells_column *h = cells_column(c);

		buf_printf(out, "<th>%s", h->head);
		if (*h->unit)
			buf_printf(out, " <span class=\"unit\">%s</span>", h->unit);
		buf_puts(out, "</th>");
	}
	buf_puts(out, "</tr></thead>\n");
	for (uint32_t i = 0; i < n; i++) {
		if (rows[i].first)
			buf_printf(out, "%s<tbody class=\"first\">\n", i ? "</tbody>\n" : "");
		buf_puts(out, "<tr><th class=\"l\" scope=\"row\">");
		xml_puts(out, rows[i].first ? rows[i].policy : "");
		buf_puts(out, rows[i].first && rows[i].baseline ? " (baseline)" : "");
		buf_puts(out, "</th><td class=\"l\">");
		xml_puts(out, rows[i].session);
		buf_puts(out, "</td>");
		for (unsigned int c = 0; c < CELLS_COLUMNS; c++)
			buf_printf(out, "<td%s>%s</td>",
				   !c && rows[i].survived < rows[i].runs ? " class=\"dead\"" : "",
				   rows[i].cells[c]);
		buf_puts(out, "</tr>\n");
	}
	buf_puts(out, n ? "</tbody>\n" : "");
	buf_puts(out,
		 "</table>\n</div>\n<p class=\"soft\">Means over the runs. alive: runs in which "
		 "no OOM killer ended the session. *: of the runs in which it finished; "
		 "killed or cut off, it has no time. !: some run lies far outside of the "
		 "others; it is named above, and counted.</p>\n</section>\n");
	arena_free(&a);
}

void html_put_contrasts(const struct html_of *of, struct buf *out)
{
	const struct results *r = of->r;
	const struct cells_contrast *rows;
	struct arena a = {0};
	uint32_t n = cells_contrasts(r, &a, &rows);

	if (!n) {
		arena_free(&a);
		return;
	}
	begin(of, "contrasts", "Against ", r->plan->policies[r->plan->baseline].name, out);
	html_begin_table(of->letter, "comparison with the baseline", out);
	buf_puts(out, "<table>\n<thead><tr>"
		      "<th class=\"l\">policy</th><th class=\"l\">sessions</th>"
		      "<th class=\"l\">metric</th>");
	for (unsigned int c = 0; c < CELLS_CONTRASTS; c++)
		buf_printf(out, "<th>%s</th>", cells_contrast_head(c));
	buf_puts(out, "</tr></thead>\n");
	for (uint32_t i = 0; i < n; i++) {
		if (rows[i].first)
			buf_printf(out, "%s<tbody class=\"first\">\n", i ? "</tbody>\n" : "");
		buf_puts(out, "<tr><th class=\"l\" scope=\"row\">");
		xml_puts(out, rows[i].first ? rows[i].policy : "");
		buf_printf(out, "</th><td class=\"l\">%s</td><td class=\"l\">%s</td>", rows[i].role,
			   rows[i].metric);
		for (unsigned int c = 0; c < CELLS_CONTRASTS; c++) {
			buf_puts(out, "<td>");
			xml_puts(out, rows[i].cells[c]);
			buf_puts(out, "</td>");
		}
		buf_puts(out, "</tr>\n");
	}
	buf_puts(out,
		 "</tbody>\n</table>\n</div>\n<p class=\"soft\">Paired by repetition. p: "
		 "randomisation test of pairs, not corrected for how many are looked at. A: the "
		 "chance that a run is larger than one of the baseline, half where equal; the "
		 "difference is the mean less that of "
		 "the baseline. *: of "
		 "the sessions and repetitions that have it under both.</p>\n</section>\n");
	arena_free(&a);
}

static void put_term(struct buf *out, const char *term, const char *text)
{
	buf_printf(out, "<dt>%s</dt><dd>", term);
	xml_puts(out, text);
	buf_puts(out, "</dd>\n");
}

void html_put_environment(const struct html_of *of, struct buf *out)
{
	const struct results *r = of->r;
	const struct plan *p = r->plan;
	struct buf b = {0};

	begin(of, "environment", "Where this comes from", NULL, out);
	buf_puts(out, "<dl class=\"env\">\n");
	put_term(out, "backend", r->backend);
	pool_mechanisms(r, &b);
	put_term(out, "mechanism", b.n ? buf_str(&b) : "none");
	buf_clear(&b);
	for (uint32_t i = 0; i < p->npolicies; i++) {
		for (uint32_t c = 0; c < p->ncgroups; c++) {
			struct asked asked;

			if (!asked_of(r, (int32_t)i, c, &asked))
				continue;
			buf_printf(&b, "%s.%s: ", p->policies[i].name, p->cgroups[c].name);
			asked_text(&asked, &b);
			put_term(out, "delays", buf_str(&b));
			buf_clear(&b);
		}
	}
	if (r->kernel)
		put_term(out, "kernel", r->kernel);
	lateness_text(r, &b);
	if (b.n)
		put_term(out, "time", buf_str(&b));
	buf_clear(&b);
	buf_printf(&b, "%" PRIu64, r->seed);
	put_term(out, "seed", buf_str(&b));
	buf_clear(&b);
	buf_printf(&b, "%016" PRIx64, r->digest);
	put_term(out, "digest", buf_str(&b));
	buf_clear(&b);
	buf_printf(&b, "%u of %u%s", r->nruns, r->planned, r->interrupted ? ", interrupted" : "");
	put_term(out, "runs", buf_str(&b));
	for (uint32_t i = 0; i < p->nparams; i++) {
		buf_clear(&b);
		buf_printf(&b, "%s = %s%s", p->params[i].name, p->params[i].value,
			   p->params[i].overridden ? " (given)" : "");
		put_term(out, "parameter", buf_str(&b));
	}
	for (uint32_t i = 0; i < p->ntraces; i++) {
		buf_clear(&b);
		buf_printf(&b, "%s: %s, %s units, %016" PRIx64, p->traces[i].name,
			   p->traces[i].path, p->traces[i].units, p->traces[i].digest);
		put_term(out, "trace", buf_str(&b));
	}
	buf_puts(out, "</dl>\n");
	for (size_t i = 0; p->sources && i < p->sources->list.n; i++) {
		const struct source *s = p->sources->list.v[i];

		buf_puts(out, i || of->letter ? "<details><summary>" : "<details open><summary>");
		xml_puts(out, s->path);
		buf_puts(out, "</summary>\n<pre>");
		xml_put(out, s->text, s->len, false);
		buf_puts(out, "</pre></details>\n");
	}
	buf_puts(out, "</section>\n");
	buf_free(&b);
}
