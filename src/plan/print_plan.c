/* SPDX-License-Identifier: GPL-2.0-or-later */
/* print_plan.c - a whole plan on paper, 80 columns wide */
#include "plan/print_plan.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "plan/print_demand.h"
#include "plan/print_step.h"
#include "plan/print_timeline.h"

/* ---- what the world is ---------------------------------------------------------------------- */

static void put_rate(struct buf *out, const char *name, uint64_t bps)
{
	buf_puts(out, name);
	fmt_size(out, bps);
	buf_puts(out, "/s");
}

static void print_machine(const struct machine *m, struct buf *out)
{
	struct buf text = {0};

	buf_puts(&text, "memory ");
	fmt_size(&text, m->memory_bytes);
	buf_printf(&text, "; cpus %" PRIu32 "; fault ", m->cpus);
	fmt_duration(&text, m->fault_ns);
	put_rate(&text, "; reclaim ", m->reclaim_bps);
	put_rate(&text, "; disk ", m->disk_bps);
	put_rate(&text, "; swapout ", m->swapout_bps);
	/* What few scenarios change stands only where one does. */
	if (m->huge_ns) {
		buf_puts(&text, "; huge ");
		fmt_duration(&text, m->huge_ns);
	}
	if (m->free_ns != machine_default.free_ns) {
		buf_puts(&text, "; free ");
		fmt_duration(&text, m->free_ns);
	}
	if (m->process_bytes != machine_default.process_bytes) {
		buf_puts(&text, "; process ");
		fmt_size(&text, m->process_bytes);
	}
	if (m->reaction_ns != machine_default.reaction_ns) {
		buf_puts(&text, "; reaction ");
		fmt_duration(&text, m->reaction_ns);
	}
	buf_puts(&text, "; noise ");
	fmt_ratio(&text, (struct ratio){m->noise_ppm / 10000, 1});
	if (m->noise_ppm % 10000)
		buf_printf(&text, ".%04" PRIu32, m->noise_ppm % 10000);
	buf_putc(&text, '%');
	buf_puts(out, "machine");
	print_wrapped(out, 10, buf_str(&text));
	buf_free(&text);
}

/* Attributes of the cgroup that are the same under every policy. */
static uint32_t common_attrs(const struct plan *p, uint32_t cgroup)
{
	uint32_t mask = 0;

	for (unsigned a = 0; a < CGA_COUNT; a++) {
		bool same = true;

		for (uint32_t i = 1; i < p->npolicies && same; i++)
			same = attr_same(&p->policies[0].attrs[cgroup],
					 &p->policies[i].attrs[cgroup], (enum cg_attr)a);
		if (same)
			mask |= CGA_BIT(a);
	}
	return mask;
}

static uint32_t attrs_set(const struct plan *p, uint32_t cgroup)
{
	uint32_t set = 0;

	for (uint32_t i = 0; i < p->npolicies; i++)
		set |= p->policies[i].attrs[cgroup].set;
	return set;
}

static void put_worker_names(const struct plan *p, uint32_t cgroup, struct buf *out)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->nworkers; i++) {
		const struct worker_spec *w = &p->workers[i];

		if (w->cgroup != cgroup)
			continue;
		buf_printf(out, "%s%s", n++ ? ", " : "  [", *w->name ? w->name : "main");
	}
	if (n)
		buf_putc(out, ']');
}

static size_t name_column(const struct plan *p, const uint32_t *depth)
{
	size_t widest = 0;

	for (uint32_t c = 0; c < p->ncgroups; c++) {
		size_t n = 2 + 2 * depth[c] + strlen(p->cgroups[c].name) + 2;

		widest = n > widest ? n : widest;
	}
	return widest < 30 ? widest : 30;
}

static void print_cgroups(const struct plan *p, struct buf *out)
{
	uint32_t *depth = mem_alloc(p->ncgroups * sizeof *depth);
	struct buf text = {0};
	size_t column;

	for (uint32_t c = 1; c < p->ncgroups; c++)
		depth[c] = depth[p->cgroups[c].parent] + 1;
	column = name_column(p, depth);
	buf_printf(out, "\ncgroups%s  [workers]\n",
		   p->npolicies > 1 ? ": what is the same under every policy" : "");
	for (uint32_t c = 0; c < p->ncgroups; c++) {
		uint32_t mask = common_attrs(p, c) & attrs_set(p, c);

		buf_pad(out, ' ', 2 + 2 * depth[c]);
		buf_puts(out, p->cgroups[c].name);
		buf_clear(&text);
		print_attrs(&p->policies[0].attrs[c], mask, &text);
		put_worker_names(p, c, &text);
		if (text.n)
			print_wrapped(out, column, buf_str(&text) + (mask ? 0 : 2));
		else
			buf_putc(out, '\n');
	}
	buf_free(&text);
	free(depth);
}

static void print_policies(const struct plan *p, struct buf *out)
{
	struct buf text = {0};

	if (p->mechanism)
		buf_printf(out, "\nmechanism %s\n", p->mechanism);
	if (p->npolicies < 2) {
		if (p->policies[0].mechanism)
			buf_printf(out, "\npolicy %s: mechanism %s\n", p->policies[0].name,
				   p->policies[0].mechanism);
		return;
	}
	buf_puts(out, "\npolicies: what differs\n");
	for (uint32_t i = 0; i < p->npolicies; i++) {
		buf_printf(out, "  %s%s\n", p->policies[i].name,
			   p->baseline == (int32_t)i ? " (baseline)" : "");
		if (p->policies[i].mechanism)
			buf_printf(out, "    mechanism %s\n", p->policies[i].mechanism);
		for (uint32_t c = 0; c < p->ncgroups; c++) {
			uint32_t mask = ~common_attrs(p, c) & (CGA_BIT(CGA_COUNT) - 1);

			if (!mask)
				continue;
			buf_clear(&text);
			print_attrs(&p->policies[i].attrs[c], mask, &text);
			buf_printf(out, "    %s", p->cgroups[c].name);
			print_wrapped(out, 16, buf_str(&text));
		}
	}
	buf_free(&text);
}

/* ---- how it ends, what is claimed ----------------------------------------------------------- */

/* As written, with every run of white space as one space. */
static void put_source(const struct plan *p, struct span at, struct buf *out)
{
	size_t n;
	const char *s = sources_text(p->sources, at, &n);

	for (size_t i = 0; i < n; i++) {
		bool space = strchr(" \t\r\n", s[i]) && s[i];

		if (!space)
			buf_putc(out, s[i]);
		else if (i && out->s[out->n - 1] != ' ')
			buf_putc(out, ' ');
	}
}

static void print_end(const struct plan *p, struct buf *out)
{
	struct buf text = {0};

	buf_puts(out, "\nthe run\n");
	if (p->finish_when) {
		buf_puts(&text, "finish when ");
		put_source(p, p->finish_when->at, &text);
		if (p->finish_ns != NEVER) {
			buf_puts(&text, " by ");
			fmt_duration(&text, p->finish_ns);
		}
	} else if (p->finish_ns != NEVER) {
		buf_puts(&text, "finish at ");
		fmt_duration(&text, p->finish_ns);
	} else {
		buf_puts(&text, "when every worker is done");
	}
	print_wrapped(out, 2, buf_str(&text));
	for (uint32_t i = 0; i < p->naborts; i++) {
		buf_clear(&text);
		buf_printf(&text, "abort when %s", p->abort_texts[i]);
		print_wrapped(out, 2, buf_str(&text));
	}
	if (p->measured) {
		buf_puts(out, "  measure each ");
		fmt_duration(out, p->sample_ns);
		buf_putc(out, '\n');
	}
	buf_clear(&text);
	buf_printf(&text, "repeat %" PRIu32, p->repeat);
	if (p->repeat_max > p->repeat)
		buf_printf(&text, "..%" PRIu32, p->repeat_max);
	if (p->repeat_until) {
		char width[32];

		buf_puts(&text, " until ci(");
		put_source(p, p->repeat_until->at, &text);
		snprintf(width, sizeof width, ") < %g%%", 100 * p->repeat_width);
		buf_puts(&text, width);
	}
	if (p->interleave_random)
		buf_puts(&text, " interleave random");
	buf_printf(&text, " seed %" PRIu64, p->seed);
	if (p->npolicies > 1 || p->uses_alone)
		buf_printf(&text, ": %" PRIu32 " polic%s%s", p->npolicies,
			   p->npolicies == 1 ? "y" : "ies",
			   p->uses_alone ? ", and sessions alone" : "");
	print_wrapped(out, 2, buf_str(&text));
	buf_free(&text);
}

static void print_claims(const struct plan *p, struct buf *out)
{
	const char *claim = NULL;
	struct buf text = {0};

	if (p->nexpects)
		buf_puts(out, "\nclaims\n");
	for (uint32_t i = 0; i < p->nexpects; i++) {
		const struct plan_expect *e = &p->expects[i];
		bool same =
		    i && (e->claim == claim || (e->claim && claim && !strcmp(e->claim, claim)));

		claim = e->claim;
		if (claim && !same)
			buf_printf(out, "  %s\n", claim);
		buf_clear(&text);
		buf_printf(&text, "expect %s", e->text);
		if (e->confidence > 0) {
			char percent[32];

			snprintf(percent, sizeof percent, " confidence %g%%", 100 * e->confidence);
			buf_puts(&text, percent);
		}
		if (e->warn_only)
			buf_puts(&text, " else warn");
		if (e->each_policy && p->npolicies > 1)
			buf_puts(&text, " (under each policy)");
		print_wrapped(out, claim ? 4 : 2, buf_str(&text));
	}
	buf_free(&text);
}

static void print_traces(const struct plan *p, struct buf *out)
{
	if (p->ntraces)
		buf_puts(out, "\ntraces\n");
	for (uint32_t i = 0; i < p->ntraces; i++) {
		const struct plan_trace *t = &p->traces[i];
		struct buf text = {0};

		buf_printf(&text, "\"%s\"", t->path);
		if (t->nsamples) {
			buf_printf(&text, ", %" PRIu32 " samples (%s MB), peak ", t->nsamples,
				   t->units);
			fmt_size_short(&text, t->peak_bytes);
			buf_puts(&text, ", mean ");
			fmt_size_short(&text, t->mean_bytes);
		}
		if (t->ncalls)
			buf_printf(&text, ", %" PRIu32 " calls", t->ncalls);
		buf_puts(&text, ", ");
		fmt_seconds_short(&text, (double)t->duration_ns / 1e9);
		buf_printf(&text, ", digest %016" PRIx64, t->digest);
		buf_printf(out, "  %s", t->name);
		print_wrapped(out, 12, buf_str(&text));
		buf_free(&text);
	}
}

static void print_sweeps(const struct plan *p, struct buf *out)
{
	uint64_t n = 1;

	if (!p->nsweeps)
		return;
	for (uint32_t i = 0; i < p->nsweeps; i++)
		n *= p->sweeps[i].nvalues;
	buf_printf(out, "\nsweep: %" PRIu64 " experiments; what follows is of the values above\n",
		   n);
	for (uint32_t i = 0; i < p->nsweeps; i++) {
		const struct plan_sweep *s = &p->sweeps[i];
		struct buf text = {0};

		for (uint32_t k = 0; k < s->nvalues; k++)
			buf_printf(&text, "%s%s", k ? ", " : "", s->values[k]);
		buf_printf(out, "  %s", s->param);
		print_wrapped(out, 12, buf_str(&text));
		buf_free(&text);
	}
}

static void print_params(const struct plan *p, struct buf *out)
{
	struct buf text = {0};

	if (p->nparams)
		buf_puts(out, "\nparameters\n");
	for (uint32_t i = 0; i < p->nparams; i++) {
		const struct plan_param *q = &p->params[i];

		buf_clear(&text);
		buf_printf(&text, "%s = %s", q->name, q->value);
		if (q->range)
			buf_printf(&text, " in %s", q->range);
		if (q->overridden)
			buf_puts(&text, " (-p)");
		buf_printf(out, "  %s", buf_str(&text));
		if (q->doc)
			print_wrapped(out, 36, q->doc);
		else
			buf_putc(out, '\n');
	}
	buf_free(&text);
}

/* ---- interface ------------------------------------------------------------------------------ */

void plan_print(const struct plan *p, struct buf *out)
{
	buf_printf(out, "%s\n", p->title);
	buf_printf(out, "%s, digest %016" PRIx64 "\n", p->path, p->digest);
	print_machine(&p->machine, out);
	print_params(p, out);
	print_sweeps(p, out);
	print_traces(p, out);
	print_cgroups(p, out);
	print_policies(p, out);
	print_timeline(p, out);
	print_triggers(p, out);
	print_end(p, out);
	print_claims(p, out);
	print_demand(p, out);
}

void plan_print_help(const struct plan *p, struct buf *out)
{
	buf_printf(out, "%s\n", p->title);
	print_params(p, out);
	if (!p->nparams)
		buf_puts(out, "\nno parameters\n");
	buf_puts(out, "\npolicies\n");
	for (uint32_t i = 0; i < p->npolicies; i++)
		buf_printf(out, "  %s%s\n", p->policies[i].name,
			   p->baseline == (int32_t)i ? " (baseline)" : "");
	print_claims(p, out);
}
