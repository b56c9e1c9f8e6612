/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fidelity.c - prediction beside observation (fidelity.h) */
#include "report/fidelity.h"

#include <inttypes.h>
#include <math.h>

#include "report/fields.h"
#include "report/json_value.h"
#include "report/pool.h"
#include "report/text.h"

/* In the order of the table; survivors and kills are counted over runs. */
enum {
	SURVIVED = M_COUNT,
	KILLED
};
static const int compared[] = {SURVIVED,    KILLED,    M_TIME,	 M_STALL,   M_ALLOC_P50,
			       M_ALLOC_P99, M_PEAK,    M_DELAYS, M_DELAYED, M_THROTTLED,
			       M_EV_LOW,    M_EV_HIGH, M_EV_MAX, M_EV_OOM,  M_EV_OOM_KILL};
#define NCOMPARED (sizeof compared / sizeof *compared)

#define NAME_COLUMNS   16
#define METRIC_COLUMNS 16
#define VALUE_COLUMNS  12

struct pair {
	bool has_predicted, has_observed;
	double predicted, observed;
};

/* Both sides ran the same plan, so indexes are the same. */
static bool one_side(const struct results *r, int32_t policy, uint32_t cgroup, int what,
		     double *out)
{
	if (what < M_COUNT) {
		struct dist d = results_dist(r, policy, cgroup, (enum metric)what);

		*out = d.mean;
		return d.n > 0;
	}

	struct pool p = pool_of(r, policy, cgroup);

	*out = p.runs ? (double)(what == SURVIVED ? p.survived : p.killed) / p.runs : 0;
	return p.runs > 0;
}

static struct pair pair_of(const struct results *r, int32_t policy, uint32_t cgroup, int what)
{
	struct pair p = {0};

	p.has_predicted = one_side(r->prediction, policy, cgroup, what, &p.predicted);
	p.has_observed = one_side(r, policy, cgroup, what, &p.observed);
	return p;
}

static bool says_nothing(const struct pair *p)
{
	return !(p->has_predicted && p->predicted > 0) && !(p->has_observed && p->observed > 0);
}

/* Of the observation; false where there is none, or it is 0. */
static bool error_of(const struct pair *p, double *out)
{
	if (!p->has_predicted || !p->has_observed || !(p->observed > 0))
		return false;
	*out = (p->predicted - p->observed) / p->observed;
	return true;
}

static const char *name_of(int what)
{
	if (what == SURVIVED)
		return "survived";
	return what == KILLED ? "killed" : metric_info[what].spelling;
}

static enum dim dim_of(int what)
{
	return what < M_COUNT ? metric_info[what].dim : DIM_NUMBER;
}

/* ---- the table ---------------------------------------------------------------------------------
 */

static void put_value(struct buf *out, bool has, double v, enum dim dim)
{
	struct buf b = {0};

	if (has)
		text_value(&b, v, dim);
	else
		buf_putc(&b, '-');
	buf_pad(out, ' ', b.n < VALUE_COLUMNS ? VALUE_COLUMNS - b.n : 1);
	buf_put(out, b.s, b.n);
	buf_free(&b);
}

static void put_error(struct buf *out, const struct pair *p)
{
	double e;

	if (error_of(p, &e))
		buf_printf(out, "%+9.1f%%", 100 * e);
	else if (p->has_predicted && p->has_observed)
		buf_printf(out, "%10s", "unseen"); /* predicted, and it did not happen */
	else
		buf_printf(out, "%10s", "-");
}

static void put_name(struct buf *out, const char *name, unsigned columns)
{
	struct buf b = {0};
	unsigned shown;

	text_fit(&b, name, columns - 1);
	shown = text_columns(buf_str(&b));
	buf_put(out, b.s, b.n);
	buf_pad(out, ' ', columns - shown);
	buf_free(&b);
}

static void put_cgroup(const struct results *r, int32_t policy, uint32_t cgroup, struct buf *out)
{
	const char *name = r->plan->cgroups[cgroup].name;

	for (size_t i = 0; i < NCOMPARED; i++) {
		struct pair p = pair_of(r, policy, cgroup, compared[i]);

		if (says_nothing(&p))
			continue;
		buf_puts(out, "  ");
		put_name(out, name, NAME_COLUMNS);
		put_name(out, name_of(compared[i]), METRIC_COLUMNS);
		put_value(out, p.has_predicted, p.predicted, dim_of(compared[i]));
		put_value(out, p.has_observed, p.observed, dim_of(compared[i]));
		put_error(out, &p);
		buf_putc(out, '\n');
		name = "";
	}
}

/* Was the simulator told of another machine than the scenario's? */
static bool is_calibrated(const struct results *r)
{
	const struct machine *a = &r->plan->machine, *b = &r->prediction->plan->machine;

	return a->fault_ns != b->fault_ns || a->huge_ns != b->huge_ns || a->free_ns != b->free_ns ||
	       a->reclaim_bps != b->reclaim_bps || a->disk_bps != b->disk_bps ||
	       a->process_bytes != b->process_bytes || a->noise_ppm != b->noise_ppm;
}

static void put_machine(const struct results *r, unsigned width, struct buf *out)
{
	const struct machine *m = &r->prediction->plan->machine;
	struct buf line = {0};

	buf_puts(&line, "machine < memory ");
	fmt_size(&line, m->memory_bytes);
	buf_printf(&line, "; cpus %u; fault %" PRIu64 "ns; ", m->cpus, m->fault_ns);
	if (m->huge_ns)
		buf_printf(&line, "huge %" PRIu64 "ns; ", m->huge_ns);
	buf_printf(&line,
		   "free %" PRIu64 "ns; reclaim %" PRIu64 "M/s; disk %" PRIu64 "M/s; process ",
		   m->free_ns, m->reclaim_bps / MIB, m->disk_bps / MIB);
	fmt_size(&line, m->process_bytes);
	buf_printf(&line, "; noise %u.%u%% >", m->noise_ppm / 10000, m->noise_ppm / 1000 % 10);
	buf_puts(out, "  ");
	text_wrap(out, buf_str(&line), 2, 2, width);
	buf_free(&line);
}

void fidelity_print(const struct results *r, unsigned width, struct buf *out)
{
	struct buf line = {0};

	if (!r->prediction)
		return;
	buf_printf(&line, "the simulator (%s%s) beside %s:",
		   pool_mechanisms_named(r)   ? "mechanisms as policies name them"
		   : r->prediction->mechanism ? r->prediction->mechanism
					      : "no mechanism",
		   is_calibrated(r) ? ", calibrated" : "", r->backend);
	text_wrap(out, buf_str(&line), 0, 2, width);
	buf_free(&line);
	if (is_calibrated(r))
		put_machine(r, width, out);
	buf_puts(out, "  ");
	buf_pad(out, ' ', NAME_COLUMNS + METRIC_COLUMNS);
	buf_printf(out, "%*s%*s%10s\n", VALUE_COLUMNS, "predicted", VALUE_COLUMNS, "observed",
		   "error");
	for (uint32_t i = 0; i < r->plan->npolicies; i++) {
		if (results_skipped(r, (int32_t)i))
			continue;
		buf_printf(out, "%s\n", pool_name(r, (int32_t)i));
		for (uint32_t k = 0; k < r->nsessions; k++)
			put_cgroup(r, (int32_t)i, r->sessions[k], out);
	}
	if (!r->plan->uses_alone)
		return;
	buf_puts(out, "alone\n");
	for (uint32_t k = 0; k < r->nsessions; k++)
		put_cgroup(r, PX_ALONE, r->sessions[k], out);
}

/* ---- for programs ------------------------------------------------------------------------------
 */

static void add_cgroup(json_t *array, const struct results *r, int32_t policy, uint32_t cgroup)
{
	for (size_t i = 0; i < NCOMPARED; i++) {
		struct pair p = pair_of(r, policy, cgroup, compared[i]);
		json_t *o;
		double e;

		if (says_nothing(&p))
			continue;
		o = json_object();
		json_put(o, "policy", json_text(pool_name(r, policy)));
		json_put(o, "cgroup", json_text(r->plan->cgroups[cgroup].name));
		json_put(o, "metric", json_text(name_of(compared[i])));
		json_put(o, "predicted", p.has_predicted ? json_value(p.predicted) : json_null());
		json_put(o, "observed", p.has_observed ? json_value(p.observed) : json_null());
		json_put(o, "error", error_of(&p, &e) ? json_value(e) : json_null());
		json_add(array, o);
	}
}

json_t *fidelity_machine_json(const struct results *r)
{
	const struct machine *m;
	json_t *o;

	if (!r->prediction || !is_calibrated(r))
		return json_null();
	m = &r->prediction->plan->machine;
	o = json_object();
	json_put(o, "memory_bytes", json_count(m->memory_bytes));
	json_put(o, "cpus", json_count(m->cpus));
	json_put(o, "fault_s", json_moment(m->fault_ns));
	json_put(o, "huge_s", m->huge_ns ? json_moment(m->huge_ns) : json_null());
	json_put(o, "free_s", json_moment(m->free_ns));
	json_put(o, "reclaim_bps", json_count(m->reclaim_bps));
	json_put(o, "disk_bps", json_count(m->disk_bps));
	json_put(o, "swapout_bps", json_count(m->swapout_bps));
	json_put(o, "process_bytes", json_count(m->process_bytes));
	json_put(o, "noise", json_value((double)m->noise_ppm / 1e6));
	return o;
}

json_t *fidelity_json(const struct results *r)
{
	json_t *array;

	if (!r->prediction)
		return json_null();
	array = json_array();
	for (uint32_t i = 0; i < r->plan->npolicies; i++)
		for (uint32_t k = 0; !results_skipped(r, (int32_t)i) && k < r->nsessions; k++)
			add_cgroup(array, r, (int32_t)i, r->sessions[k]);
	for (uint32_t k = 0; r->plan->uses_alone && k < r->nsessions; k++)
		add_cgroup(array, r, PX_ALONE, r->sessions[k]);
	return array;
}
