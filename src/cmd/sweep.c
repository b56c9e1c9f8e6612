/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sweep.c - every combination of a scenario's sweeps (sweep.h) */
#include "cmd/sweep.h"

#include <inttypes.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "cmd/output.h"
#include "cmd/signals.h"
#include "report/csv.h"
#include "report/fields.h"
#include "report/json_value.h"
#include "stat/contrast.h"

static uint32_t cpus(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof set, &set) ? 2 : (uint32_t)CPU_COUNT(&set);
}

static bool count_cells(struct cmd *c, const struct plan *p, size_t *n)
{
	*n = 1;
	for (uint32_t i = 0; i < p->nsweeps; i++) {
		*n *= p->sweeps[i].nvalues;
		if (*n <= SWEEP_MAX_CELLS)
			continue;
		diag_at(&c->diags, E_RUN_SWEEP, (struct span){0},
			"the sweeps multiply to more than %d experiments", SWEEP_MAX_CELLS);
		return false;
	}
	return true;
}

static void make_cells(const struct plan *p, struct sweep *s, struct plan_override *params,
		       bool whole)
{
	for (size_t i = 0; i < s->ncells; i++) {
		struct plan_override *own = &params[i * p->nsweeps];
		size_t rest = i;

		for (uint32_t k = p->nsweeps; k-- > 0;) {
			const struct plan_sweep *sw = &p->sweeps[k];

			own[k] = (struct plan_override){sw->param, sw->values[rest % sw->nvalues]};
			rest /= sw->nvalues;
		}
		s->cells[i] = (struct cell){.params = own, .nparams = p->nsweeps, .whole = whole};
	}
}

struct telling {
	size_t n;
	bool on, terminal;
};

static void tell(void *ctx, size_t i, size_t done)
{
	struct telling *t = ctx;
	struct buf line = {0};

	(void)i;
	if (!t->on)
		return;
	if (t->terminal)
		buf_printf(&line, "\rexperiment %zu of %zu%s", done, t->n,
			   done == t->n ? "\r\033[K" : "\033[K");
	else
		buf_printf(&line, "experiment %zu of %zu\n", done, t->n);
	(void)buf_write_fd(&line, STDERR_FILENO);
	buf_free(&line);
}

/* Of one experiment, not of a table of them. */
static bool reports_there(struct cmd *c)
{
	for (int i = 0; i < REPORT_COUNT; i++) {
		if (!c->opt.reports[i] || i == REPORT_JSON || i == REPORT_CSV)
			continue;
		diag_at(&c->diags, E_RUN_SWEEP, (struct span){0},
			"a sweep is reported as a table, `--json` or `--csv`");
		diag_hint(&c->diags, "give each parameter a value with -p for other reports");
		return false;
	}
	return true;
}

/* On a real kernel experiments share what they measure, so that only one can be made at a time. */
static bool options_fit(struct cmd *c)
{
	if (c->opt.backend && c->opt.jobs > 1) {
		diag_at(&c->diags, E_RUN_SWEEP, (struct span){0},
			"with `%s` the experiments of a sweep are run one after the other, and `-j "
			"%u` asks for several at a time",
			c->opt.backend, c->opt.jobs);
		diag_hint(&c->diags, "experiments that share a machine disturb each other");
		return false;
	}
	if (c->opt.and_sim) {
		diag_at(&c->diags, E_RUN_SWEEP, (struct span){0},
			"`--and-sim` is for one experiment, and this is a sweep of several");
		diag_hint(&c->diags, "without `%s` the same sweep is simulated", c->opt.backend);
		return false;
	}
	return true;
}

static int report(struct cmd *c, const struct sweep *s)
{
	const struct options *o = &c->opt;
	struct report_style style = output_style(c);
	struct buf out = {0};
	bool table = !o->quiet;
	int status = STATUS_OK;

	for (int i = 0; i < REPORT_COUNT; i++) {
		if (!o->reports[i])
			continue;
		i == REPORT_JSON ? sweep_json(s, &out) : sweep_csv(s, &out);
		status = status_of_both(status, output_file(c, o->reports[i], &out));
		buf_clear(&out);
		table &= strcmp(o->reports[i], "-") != 0;
	}
	if (table) {
		sweep_print(s, &style, &out);
		status = status_of_both(status, output_stdout(c, &out));
	}
	buf_free(&out);
	return status;
}

int sweep_run(struct cmd *c, const struct plan *p, const char *path)
{
	struct telling telling = {
	    /* On a real kernel each says itself that it begins. */
	    .on = !c->opt.backend && (c->opt.verbose || (!c->opt.quiet && isatty(STDERR_FILENO))),
	    .terminal = !c->opt.verbose && isatty(STDERR_FILENO),
	};
	struct sweep s = {.plan = p};
	struct plan_override *params;
	uint32_t jobs = c->opt.backend ? 1 : c->opt.jobs ? c->opt.jobs : cpus();
	int status = STATUS_OK;

	if (!strcmp(path, "-")) {
		diag_at(&c->diags, E_RUN_SWEEP, (struct span){0},
			"a sweep reads its text for each value, which `-` does not give twice");
		return STATUS_USAGE;
	}
	if (!options_fit(c))
		return STATUS_USAGE;
	if (!reports_there(c) || !count_cells(c, p, &s.ncells))
		return STATUS_USAGE;
	s.cells = mem_alloc(s.ncells * sizeof(*s.cells));
	params = mem_alloc(s.ncells * p->nsweeps * sizeof(*params));
	make_cells(p, &s, params, c->opt.reports[REPORT_JSON] != NULL);
	signals_catch();
	telling.n = s.ncells;
	if (!cells_run(c, path, s.cells, s.ncells, jobs, tell, &telling))
		status = STATUS_USAGE;
	else
		status = report(c, &s);
	for (size_t i = 0; i < s.ncells; i++) {
		status = status_of_both(status, s.cells[i].status);
		json_decref(s.cells[i].found);
	}
	free(s.cells);
	free(params);
	return signals_stop ? STATUS_INTERRUPTED : status;
}

/* ---- for programs -----------------------------------------------------------------------------
 */

void sweep_json(const struct sweep *s, struct buf *out)
{
	const struct plan *p = s->plan;
	json_t *o = json_object(), *sweeps = json_array(), *cells = json_array();

	for (uint32_t i = 0; i < p->nsweeps; i++) {
		json_t *sw = json_object(), *values = json_array();

		json_put(sw, "param", json_text(p->sweeps[i].param));
		for (uint32_t k = 0; k < p->sweeps[i].nvalues; k++)
			json_add(values, json_text(p->sweeps[i].values[k]));
		json_put(sw, "values", values);
		json_add(sweeps, sw);
	}
	for (size_t i = 0; i < s->ncells; i++) {
		json_t *cell = json_object();

		for (size_t k = 0; k < s->cells[i].nparams; k++)
			json_put(cell, s->cells[i].params[k].name,
				 json_text(s->cells[i].params[k].value));
		json_t *one = json_object();

		json_put(one, "params", cell);
		json_put(one, "found",
			 s->cells[i].found ? json_incref(s->cells[i].found) : json_null());
		json_add(cells, one);
	}
	json_put(o, "title", json_text(p->title));
	json_put(o, "sweeps", sweeps);
	json_put(o, "cells", cells);
	json_write(o, out);
	json_decref(o);
}

static void put_csv_number(struct buf *out, json_t *v)
{
	buf_putc(out, ',');
	if (json_is_number(v))
		buf_printf(out, "%.12g", json_number_value(v));
}

static void put_csv_role(const struct sweep *s, size_t i, json_t *policy, json_t *role,
			 struct buf *out)
{
	const struct cell *cell = &s->cells[i];
	json_t *figures = json_object_get(role, "figures");

	for (unsigned int m = 0; m < CONTRAST_METRICS; m++) {
		const char *name = field_name(contrast_metrics[m]);
		json_t *f = json_object_get(figures, name), *in = json_object_get(f, "mean_ci95");

		for (size_t k = 0; k < cell->nparams; k++) {
			csv_text(out, cell->params[k].value);
			buf_putc(out, ',');
		}
		buf_printf(out, "%s,", cell_verdict(cell));
		csv_text(out, json_string_value(json_object_get(policy, "name")));
		buf_printf(out, ",%s", json_string_value(json_object_get(role, "role")));
		put_csv_number(out, json_object_get(role, "runs"));
		put_csv_number(out, json_object_get(role, "survived"));
		buf_printf(out, ",%s", name);
		put_csv_number(out, json_object_get(f, "n"));
		put_csv_number(out, json_object_get(f, "mean"));
		put_csv_number(out, json_array_get(in, 0));
		put_csv_number(out, json_array_get(in, 1));
		buf_putc(out, '\n');
	}
}

void sweep_csv(const struct sweep *s, struct buf *out)
{
	for (uint32_t k = 0; k < s->plan->nsweeps; k++) {
		csv_text(out, s->plan->sweeps[k].param);
		buf_putc(out, ',');
	}
	buf_puts(out, "verdict,policy,role,runs,survived,metric,n,mean,mean_low,mean_high\n");
	for (size_t i = 0; i < s->ncells; i++)
		for (size_t q = 0; q < s->plan->npolicies; q++) {
			json_t *policy = cell_policy(&s->cells[i], q), *role;
			size_t r;

			json_array_foreach(json_object_get(policy, "roles"), r, role)
			    put_csv_role(s, i, policy, role, out);
		}
}
