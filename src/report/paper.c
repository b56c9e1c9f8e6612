/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * paper.c - the comparison for a page of Markdown, and for a paper (LaTeX with booktabs).
 *
 * Both end with what a reader needs to get the same figures: backend, mechanism, kernel, seed,
 * digest.
 */
#include <inttypes.h>
#include <string.h>

#include "report/cells.h"
#include "report/claims.h"
#include "report/paper.h"
#include "report/pool.h"
#include "report/report.h"

static void put_origin(const struct results *r, struct buf *out)
{
	struct buf b = {0};

	pool_mechanisms(r, &b);
	buf_printf(out, "%s, %s", r->backend, b.n ? buf_str(&b) : "no policy mechanism");
	buf_free(&b);
	if (r->kernel)
		buf_printf(out, ", kernel %s", r->kernel);
	buf_printf(out, "; seed %" PRIu64 ", digest %016" PRIx64, r->seed, r->digest);
}

static void put_params(const struct results *r, struct buf *out)
{
	for (uint32_t i = 0; i < r->plan->nparams; i++)
		buf_printf(out, "%s%s = %s", i ? ", " : "", r->plan->params[i].name,
			   r->plan->params[i].value);
}

static bool has_mark(const struct cells_row *rows, uint32_t n, char mark)
{
	for (uint32_t i = 0; i < n; i++)
		for (unsigned int c = 0; c < CELLS_COLUMNS; c++)
			if (strchr(rows[i].cells[c], mark))
				return true;
	return false;
}

static const char partial_note[] =
    "mean of the runs in which it finished: killed or cut off, it has no time";

static const char outlier_note[] = "some run lies far outside of the others, and is counted";

/* What a figure of a claim reads like: "1 == 1"; "" without sides. */
static void put_sides(const struct expect_result *x, struct buf *out)
{
	if (x->has_sides)
		claims_put_sides(x, out);
}

/* ---- Markdown ------------------------------------------------------------------------------- */

void paper_put_md(struct buf *out, const char *s)
{
	for (; *s; s++) {
		if (*s == '\n' || *s == '\r') {
			buf_putc(out, ' ');
			continue;
		}
		if (strchr("\\`*_{}[]<>#|~&", *s))
			buf_putc(out, '\\');
		buf_putc(out, *s);
	}
}

void paper_put_origin_md(const struct results *r, struct buf *out)
{
	struct buf text = {0};

	put_origin(r, &text);
	paper_put_md(out, buf_str(&text));
	buf_clear(&text);
	put_params(r, &text);
	if (text.n) {
		buf_puts(out, "; ");
		paper_put_md(out, buf_str(&text));
	}
	buf_free(&text);
}

static void md_claims(const struct results *r, struct buf *out)
{
	struct buf sides = {0};

	if (!r->nclaims)
		return;
	buf_puts(out, "\n| claim | verdict | expected | measured |\n|---|---|---|---|\n");
	for (uint32_t i = 0; i < r->nclaims; i++)
		for (uint32_t k = 0; k < r->claims[i].nexpects; k++) {
			const struct expect_result *x = &r->claims[i].expects[k];

			buf_puts(out, "| ");
			paper_put_md(out, r->claims[i].name ? r->claims[i].name : "");
			buf_printf(out, " | %s | ", verdict_name(x->verdict));
			paper_put_md(out, x->expect->text);
			if (x->policy != PX_ANY_POLICY && r->plan->baseline >= 0) {
				buf_puts(out, " (");
				paper_put_md(out, pool_name(r, x->policy));
				buf_putc(out, ')');
			}
			buf_puts(out, " | ");
			put_sides(x, &sides);
			paper_put_md(out, buf_str(&sides));
			if (x->why) {
				buf_puts(out, sides.n ? "; " : "");
				paper_put_md(out, x->why);
			}
			buf_puts(out, " |\n");
			buf_clear(&sides);
		}
	buf_free(&sides);
}

static void md_contrasts(const struct results *r, struct arena *a, struct buf *out)
{
	const struct cells_contrast *rows;
	uint32_t n = cells_contrasts(r, a, &rows);

	if (!n)
		return;
	buf_puts(out, "\nAgainst ");
	paper_put_md(out, r->plan->policies[r->plan->baseline].name);
	buf_puts(out, ", by repetition:\n\n| policy | sessions | metric |");
	for (unsigned int c = 0; c < CELLS_CONTRASTS; c++)
		buf_printf(out, " %s |", cells_contrast_head(c));
	buf_puts(out, "\n|---|---|---|");
	for (unsigned int c = 0; c < CELLS_CONTRASTS; c++)
		buf_puts(out, "--:|");
	buf_putc(out, '\n');
	for (uint32_t i = 0; i < n; i++) {
		buf_puts(out, "| ");
		paper_put_md(out, rows[i].policy);
		buf_printf(out, " | %s | %s", rows[i].role, rows[i].metric);
		for (unsigned int c = 0; c < CELLS_CONTRASTS; c++) {
			buf_puts(out, " | ");
			paper_put_md(out, rows[i].cells[c]);
		}
		buf_puts(out, " |\n");
	}
}

void report_markdown(const struct results *r, struct buf *out)
{
	const struct cells_row *rows;
	struct arena a = {0};
	uint32_t n = cells_make(r, &a, &rows);

	buf_puts(out, "## ");
	paper_put_md(out, r->plan->title);
	buf_puts(out, "\n\n");
	if (r->verdict != VERDICT_NONE)
		buf_printf(out, "**%s**\n\n", verdict_name(r->verdict));
	for (uint32_t i = 0; i < r->nreasons; i++) {
		buf_puts(out, "- ");
		paper_put_md(out, r->reasons[i]);
		buf_puts(out, i + 1 < r->nreasons ? "\n" : "\n\n");
	}
	if (n) {
		buf_puts(out, "| policy | session |");
		for (unsigned int c = 0; c < CELLS_COLUMNS; c++) {
			const struct cells_column *h = cells_column(c);

			buf_printf(out, *h->unit ? " %s (%s) |" : " %s |", h->head, h->unit);
		}
		buf_puts(out, "\n|---|---|");
		for (unsigned int c = 0; c < CELLS_COLUMNS; c++)
			buf_puts(out, "--:|");
		buf_putc(out, '\n');
	}
	for (uint32_t i = 0; i < n; i++) {
		buf_puts(out, "| ");
		paper_put_md(out, rows[i].policy);
		buf_puts(out, rows[i].baseline ? " (baseline) | " : " | ");
		paper_put_md(out, rows[i].session);
		for (unsigned int c = 0; c < CELLS_COLUMNS; c++) {
			buf_puts(out, " | ");
			paper_put_md(out, rows[i].cells[c]);
		}
		buf_puts(out, " |\n");
	}
	if (has_mark(rows, n, '*'))
		buf_printf(out, "\n\\* %s\n", partial_note);
	if (has_mark(rows, n, '!'))
		buf_printf(out, "\n! %s\n", outlier_note);
	md_contrasts(r, &a, out);
	md_claims(r, out);
	buf_puts(out, "\n");
	paper_put_origin_md(r, out);
	buf_putc(out, '\n');
	arena_free(&a);
}

/* ---- LaTeX ---------------------------------------------------------------------------------- */

void paper_put_tex(struct buf *out, const char *s)
{
	static const struct {
		char c;
		const char *tex;
	} special[] = {
	    {'\\', "\\textbackslash{}"},
	    {'~', "\\textasciitilde{}"},
	    {'^', "\\textasciicircum{}"},
	    {'<', "\\textless{}"},
	    {'>', "\\textgreater{}"},
	    {'&', "\\&"},
	    {'%', "\\%"},
	    {'$', "\\$"},
	    {'#', "\\#"},
	    {'_', "\\_"},
	    {'{', "\\{"},
	    {'}', "\\}"},
	};

	for (; *s; s++) {
		const char *tex = NULL;

		for (size_t i = 0; i < sizeof special / sizeof *special; i++)
			if (special[i].c == *s)
				tex = special[i].tex;
		if (tex)
			buf_puts(out, tex);
		else if ((unsigned char)*s < 0x20 || *s == 0x7f)
			buf_putc(out, ' ');
		else
			buf_putc(out, *s);
	}
}

static void tex_head(struct buf *out)
{
	buf_puts(out, "\\begin{tabular}{ll");
	buf_pad(out, 'r', CELLS_COLUMNS);
	buf_puts(out, "}\n\\toprule\npolicy & session");
	for (unsigned int c = 0; c < CELLS_COLUMNS; c++) {
		buf_puts(out, " & ");
		paper_put_tex(out, cells_column(c)->head);
	}
	buf_puts(out, " \\\\\n &");
	for (unsigned int c = 0; c < CELLS_COLUMNS; c++) {
		buf_puts(out, " & ");
		paper_put_tex(out, cells_column(c)->unit);
	}
	buf_puts(out, " \\\\\n");
}

static void tex_contrasts(const struct results *r, struct arena *a, struct buf *out)
{
	const struct cells_contrast *rows;
	uint32_t n = cells_contrasts(r, a, &rows);

	if (!n)
		return;
	buf_puts(out, "\\begin{table}\n\\centering\n\\small\n\\begin{tabular}{lll");
	buf_pad(out, 'r', CELLS_PAPER);
	buf_puts(out, "}\n\\toprule\npolicy & sessions & metric");
	for (unsigned int c = 0; c < CELLS_PAPER; c++) {
		buf_puts(out, " & ");
		paper_put_tex(out, cells_contrast_head(c));
	}
	buf_puts(out, " \\\\\n");
	for (uint32_t i = 0; i < n; i++) {
		if (rows[i].first) {
			buf_puts(out, "\\midrule\n");
			paper_put_tex(out, rows[i].policy);
		}
		buf_printf(out, " & %s & ", rows[i].role);
		paper_put_tex(out, rows[i].metric);
		for (unsigned int c = 0; c < CELLS_PAPER; c++) {
			const char *v = rows[i].cells[c];

			buf_puts(out, " & ");
			paper_put_tex(out, strcmp(v, "-") ? v : "--");
		}
		buf_puts(out, " \\\\\n");
	}
	buf_puts(out, "\\bottomrule\n\\end{tabular}\n\\caption{");
	paper_put_tex(out, r->plan->title);
	buf_puts(out, ": each policy against ");
	paper_put_tex(out, r->plan->policies[r->plan->baseline].name);
	buf_puts(out, ", paired by repetition. p: randomisation test of pairs; A: Vargha and "
		      "Delaney's, 1 when always larger. *: of the sessions and repetitions that "
		      "have it under both.}\n\\end{table}\n");
}

void report_latex(const struct results *r, struct buf *out)
{
	const struct cells_row *rows;
	struct arena a = {0};
	uint32_t n = cells_make(r, &a, &rows);
	struct buf text = {0};

	buf_puts(out, "% needs \\usepackage{booktabs}\n% ");
	put_origin(r, &text);
	paper_put_tex(out, buf_str(&text));
	buf_puts(out, "\n\\begin{table}\n\\centering\n\\small\n");
	tex_head(out);
	for (uint32_t i = 0; i < n; i++) {
		if (rows[i].first) {
			buf_puts(out, "\\midrule\n");
			paper_put_tex(out, rows[i].policy);
		}
		buf_puts(out, " & ");
		paper_put_tex(out, rows[i].session);
		for (unsigned int c = 0; c < CELLS_COLUMNS; c++) {
			const char *v = rows[i].cells[c];

			buf_puts(out, " & ");
			paper_put_tex(out, strcmp(v, "-") ? v : "--");
		}
		buf_puts(out, " \\\\\n");
	}
	buf_puts(out, "\\bottomrule\n\\end{tabular}\n\\caption{");
	paper_put_tex(out, r->plan->title);
	buf_puts(out, ". ");
	buf_clear(&text);
	put_params(r, &text);
	if (text.n) {
		paper_put_tex(out, buf_str(&text));
		buf_puts(out, "; ");
	}
	buf_printf(out, "%u %s of each policy", r->plan->repeat,
		   r->plan->repeat == 1 ? "run" : "runs");
	if (r->verdict != VERDICT_NONE)
		buf_printf(out, "; verdict %s", verdict_name(r->verdict));
	buf_puts(out, ". \\textit{alive}: runs in which no OOM killer ended the session.");
	if (has_mark(rows, n, '*'))
		buf_printf(out, " *: %s.", partial_note);
	if (has_mark(rows, n, '!'))
		buf_printf(out, " !: %s.", outlier_note);
	buf_printf(out, "}\n\\label{tab:agentcg-%016" PRIx64 "}\n\\end{table}\n", r->digest);
	tex_contrasts(r, &a, out);
	buf_free(&text);
	arena_free(&a);
}
