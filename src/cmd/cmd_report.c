/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_report.c - agentcg report: one report over several kept experiments */
#include <string.h>

#include "cmd/compare.h"
#include "cmd/keeping.h"
#include "cmd/output.h"
#include "report/beside.h"

struct gathered {
	struct cmd *c;
	struct arena a;
	uint32_t n;
	struct kept *kept;	  /* [n] */
	struct results **results; /* [n] */
	struct pair *pairs;	  /* [n]; the first is none */
	struct beside_one *ones;  /* [n] */
};

static int load(struct gathered *g, struct store *s)
{
	bool timelines = g->c->opt.reports[REPORT_HTML];
	int status = STATUS_OK;

	for (uint32_t i = 0; i < g->n && status == STATUS_OK; i++) {
		status = kept_load(g->c, s, g->c->opt.operands.v[i], &g->kept[i]);
		if (status == STATUS_OK)
			status = kept_results(g->c, &g->kept[i], timelines, &g->results[i]);
	}
	return status;
}

/* "params pause: 2s, 500ms; kernel 6.1, 6.12", or NULL */
static const char *differences(struct gathered *g, const struct pair *p)
{
	const struct unlike *u;
	struct buf b = {0};
	const char *s = NULL;

	vec_foreach (u, &p->unlike)
		buf_printf(&b, "%s%s %s", b.n ? "; " : "", u->kind, u->text);
	if (b.n)
		s = arena_strndup(&g->a, buf_str(&b), b.n);
	buf_free(&b);
	return s;
}

/* Each against the first; every difference that is not meant is told before anything is refused. */
static bool hold(struct gathered *g)
{
	bool ok = true;

	for (uint32_t i = 0; i < g->n; i++) {
		const struct kept *k = &g->kept[i];
		struct pair *p = &g->pairs[i];

		if (i) {
			p->c = g->c;
			p->before = &g->kept[0];
			p->after = &g->kept[i];
			p->ra = g->results[0];
			p->rb = g->results[i];
			ok &= pair_make(p);
			/* A wrong word of --across is as wrong for the next. */
			if (!ok && !p->unlike.n)
				return false;
		}
		g->ones[i] = (struct beside_one){
		    .r = g->results[i],
		    .name = k->x.name,
		    .state = k->x.state,
		    .digest = k->x.digest,
		    .mechanism = k->x.mechanism,
		    .kernel = k->x.kernel,
		    .differs = differences(g, p),
		    .paired = p->paired,
		};
	}
	return ok;
}

static int write_all(struct cmd *c, const struct beside *b)
{
	static const struct {
		enum report_kind kind;
		void (*write)(const struct beside *b, struct buf *out);
	} writers[] = {{REPORT_JSON, beside_json},
		       {REPORT_MARKDOWN, beside_markdown},
		       {REPORT_HTML, beside_html}};
	struct report_style style = output_style(c);
	struct buf out = {0};
	int status = STATUS_OK;
	bool table = true;

	for (size_t i = 0; i < sizeof writers / sizeof *writers; i++) {
		const char *path = c->opt.reports[writers[i].kind];

		if (!path)
			continue;
		writers[i].write(b, &out);
		status = status_of_both(status, output_file(c, path, &out));
		buf_clear(&out);
		table &= strcmp(path, "-") != 0;
	}
	if (table) {
		beside_table(b, &style, &out);
		status = status_of_both(status, output_stdout(c, &out));
	}
	buf_free(&out);
	return status;
}

static int report_several(struct cmd *c)
{
	struct gathered g = {.c = c, .n = (uint32_t)c->opt.operands.n};
	struct store *s = NULL;
	int status = STATUS_INTERNAL;
	const char *path;

	g.kept = arena_array(&g.a, struct kept, g.n);
	g.results = arena_array(&g.a, struct results *, g.n);
	g.pairs = arena_array(&g.a, struct pair, g.n);
	g.ones = arena_array(&g.a, struct beside_one, g.n);
	path = keeping_path(c, &g.a);
	if (path && !store_open(path, STORE_READ, &c->diags, &s)) {
		status = load(&g, s);
		if (status == STATUS_OK && !hold(&g))
			status = STATUS_USAGE;
		if (status == STATUS_OK)
			status = write_all(c, &(struct beside){g.ones, g.n});
	}
	for (uint32_t i = 0; i < g.n; i++) {
		results_free(g.results[i]);
		pair_free(&g.pairs[i]);
		kept_free(&g.kept[i]);
	}
	store_close(s);
	arena_free(&g.a);
	return status;
}

int cmd_report(struct cmd *c)
{
	size_t n = c->opt.operands.n;

	if (n == 1)
		return cmd_show(c);
	if (n && n <= BESIDE_MOST)
		return report_several(c);
	if (!n)
		diag_at(&c->diags, E_USE_FILES, (struct span){0},
			"`agentcg report` takes at least one kept experiment");
	else
		diag_at(&c->diags, E_USE_FILES, (struct span){0},
			"`agentcg report` takes at most %d kept experiments, not %zu", BESIDE_MOST,
			n);
	diag_hint(&c->diags, "agentcg report [OPTION...] A [B...]");
	return STATUS_USAGE;
}
