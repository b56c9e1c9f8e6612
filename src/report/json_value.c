/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/json_value.h"

#include <stdlib.h>

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/units.h"
#include "report/pool.h"
#include "report/fields.h"
#include "stat/contrast.h"
#include "stat/dist.h"

json_t *json_value(double v)
{
	return isfinite(v) ? json_real(v) : json_null();
}

/* JSON integers are signed; a count or a seed beyond that is a string of its digits. */
json_t *json_count(uint64_t v)
{
	char digits[24];

	if (v <= INT64_MAX)
		return json_integer((json_int_t)v);
	snprintf(digits, sizeof(digits), "%" PRIu64, v);
	return json_string(digits);
}

json_t *json_digits(uint64_t v)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%016" PRIx64, v);
	return json_string(digits);
}

/* Names and titles may hold any bytes; what is no UTF-8 must not lose the rest. */
json_t *json_text(const char *s)
{
	struct buf quoted = {0};
	json_t *j;

	if (!s)
		return json_null();
	j = json_string(s);
	if (j)
		return j;
	buf_json_string(&quoted, s, strlen(s));
	j = json_loadb(quoted.s, quoted.n, JSON_DECODE_ANY, NULL);
	buf_free(&quoted);
	return j ? j : json_string("?");
}

json_t *json_moment(uint64_t ns)
{
	return ns == NEVER ? json_null() : json_value((double)ns / (double)NS_PER_SEC);
}

void json_put(json_t *object, const char *key, json_t *value)
{
	if (!value || json_object_set_new_nocheck(object, key, value))
		mem_exhausted(0);
}

void json_add(json_t *array, json_t *value)
{
	if (!value || json_array_append_new(array, value))
		mem_exhausted(0);
}

json_t *json_interval(const struct interval *in)
{
	json_t *list;

	if (!in->there)
		return json_null();
	list = json_array();
	json_add(list, json_value(in->lo));
	json_add(list, json_value(in->hi));
	return list;
}

/* ---- over runs --------------------------------------------------------------------------------
 */

/* Which of the quantiles are just the largest value. */
static json_t *too_few(uint32_t n)
{
	static const struct {
		const char *name;
		double q;
	} quantiles[] = {{"p50", 0.5}, {"p90", 0.9}, {"p95", 0.95}, {"p99", 0.99}};
	json_t *list = json_array();

	for (size_t i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++)
		if (n && !dist_carries(n, quantiles[i].q))
			json_add(list, json_text(quantiles[i].name));
	return list;
}

json_t *json_dist(const struct results *r, int32_t policy, uint32_t cgroup, enum metric m)
{
	struct dist d = results_dist(r, policy, cgroup, m);
	struct interval in = results_interval(r, policy, cgroup, m);
	json_t *o = json_object();

	json_put(o, "n", json_count(d.n));
	json_put(o, "missing", json_count(d.missing));
	json_put(o, "mean", d.n ? json_value(d.mean) : json_null());
	json_put(o, "mean_ci95", json_interval(&in));
	json_put(o, "sd", d.n > 1 ? json_value(d.sd) : json_null());
	json_put(o, "min", d.n ? json_value(d.min) : json_null());
	json_put(o, "p50", d.n ? json_value(d.p50) : json_null());
	json_put(o, "p90", d.n ? json_value(d.p90) : json_null());
	json_put(o, "p95", d.n ? json_value(d.p95) : json_null());
	json_put(o, "p99", d.n ? json_value(d.p99) : json_null());
	json_put(o, "max", d.n ? json_value(d.max) : json_null());
	json_put(o, "too_few", too_few(d.n));
	json_put(o, "outliers", json_count(d.outliers));
	return o;
}

/* ---- between policies -------------------------------------------------------------------------
 */

static json_t *figure(const struct contrast_figure *f)
{
	json_t *o = json_object();
	bool any = f->n > 0;

	json_put(o, "metric", json_text(field_name(f->metric)));
	json_put(o, "n", json_count(f->n));
	json_put(o, "unpaired", json_count(f->unpaired));
	json_put(o, "base", any ? json_value(f->base) : json_null());
	json_put(o, "base_ci95", json_interval(&f->base_in));
	json_put(o, "mean", any ? json_value(f->mean) : json_null());
	json_put(o, "mean_ci95", json_interval(&f->mean_in));
	json_put(o, "difference", any ? json_value(f->mean - f->base) : json_null());
	json_put(o, "difference_ci95", json_interval(&f->difference_in));
	json_put(o, "ratio", any ? json_value(f->mean / f->base) : json_null());
	json_put(o, "ratio_ci95", json_interval(&f->ratio_in));
	json_put(o, "p_permutation", any ? json_value(f->p_signs) : json_null());
	json_put(o, "p_mann_whitney", any ? json_value(f->p_u) : json_null());
	json_put(o, "mann_whitney_exact", json_boolean(f->u_exact));
	json_put(o, "a", any ? json_value(f->a_larger) : json_null());
	json_put(o, "cliffs_delta", any ? json_value(2 * f->a_larger - 1) : json_null());
	return o;
}

json_t *json_comparisons(const struct results *r)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < r->ncontrasts; i++) {
		const struct contrast *c = &r->contrasts[i];
		json_t *o = json_object(), *figures = json_array();

		json_put(o, "policy", json_text(pool_name(r, c->policy)));
		json_put(o, "baseline", json_text(pool_name(r, r->plan->baseline)));
		json_put(o, "role", json_text(role_name(c->role)));
		json_put(o, "sessions", json_count(c->nsessions));
		json_put(o, "runs", json_count(c->runs));
		json_put(o, "survived", json_count(c->survived));
		json_put(o, "base_runs", json_count(c->base_runs));
		json_put(o, "base_survived", json_count(c->base_survived));
		for (uint32_t m = 0; m < CONTRAST_METRICS; m++) {
			struct contrast_figure f = contrast_figure(r, c, contrast_metrics[m], true);

			json_add(figures, figure(&f));
		}
		json_put(o, "figures", figures);
		json_add(list, o);
	}
	return list;
}

json_t *json_until(const struct results *r)
{
	const struct plan *p = r->plan;
	json_t *o;

	if (!p->repeat_until)
		return json_null();
	o = json_object();
	json_put(o, "asked", json_value(p->repeat_width));
	json_put(o, "width", r->until_width >= 0 ? json_value(r->until_width) : json_null());
	json_put(o, "policy",
		 r->until_policy >= 0 ? json_text(pool_name(r, r->until_policy)) : json_null());
	json_put(o, "mean_ci95", json_interval(&r->until));
	return o;
}

void json_write(const json_t *v, struct buf *out)
{
	char *text = json_dumps(v, JSON_INDENT(1) | JSON_REAL_PRECISION(12));

	buf_puts(out, text ? text : "null");
	buf_putc(out, '\n');
	free(text);
}
