/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cell_json.c - an experiment in short, from process to process (cells.h) */
#include <string.h>

#include "base/mem.h"
#include "cmd/cells.h"
#include "report/fields.h"
#include "report/json_value.h"
#include "report/report.h"
#include "stat/contrast.h"

static json_t *role_json(const struct results *r, int32_t policy, enum role role, uint32_t runs,
			 uint32_t survived)
{
	json_t *o = json_object(), *figures = json_object();

	json_put(o, "role", json_text(role_name(role)));
	json_put(o, "runs", json_count(runs));
	json_put(o, "survived", json_count(survived));
	for (uint32_t m = 0; m < CONTRAST_METRICS; m++) {
		struct role_mean mean = contrast_mean(r, policy, role, contrast_metrics[m]);
		json_t *f = json_object();

		json_put(f, "n", json_count(mean.n));
		json_put(f, "mean", mean.n ? json_value(mean.mean) : json_null());
		json_put(f, "mean_ci95", json_interval(&mean.in));
		json_put(figures, field_name(contrast_metrics[m]), f);
	}
	json_put(o, "figures", figures);
	return o;
}

static json_t *policies_json(const struct results *r)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < r->plan->npolicies; i++) {
		json_t *o = json_object(), *roles = json_array();

		json_put(o, "name", json_text(r->plan->policies[i].name));
		for (enum role role = 0; role < ROLE_COUNT; role++) {
			uint32_t runs, survived;

			contrast_alive(r, (int32_t)i, role, &runs, &survived);
			if (runs)
				json_add(roles, role_json(r, (int32_t)i, role, runs, survived));
		}
		json_put(o, "roles", roles);
		json_add(list, o);
	}
	return list;
}

static json_t *claims_json(const struct results *r)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < r->nclaims; i++) {
		const struct claim_result *c = &r->claims[i];
		const struct expect_result *x = &c->expects[0];
		json_t *o = json_object();

		json_put(o, "name", json_text(c->name ? c->name : x->expect->text));
		json_put(o, "verdict", json_text(verdict_name(c->verdict)));
		json_put(o, "left",
			 x->has_sides && !x->left_missing ? json_value(x->left) : json_null());
		json_put(o, "right",
			 x->has_sides && !x->right_missing ? json_value(x->right) : json_null());
		json_put(o, "difference_ci", json_interval(&x->difference));
		json_put(o, "dim", json_count((uint64_t)x->dim));
		json_put(o, "why", json_text(x->why));
		json_add(list, o);
	}
	return list;
}

json_t *cell_json(const struct results *r, bool whole)
{
	json_t *o = json_object(), *reasons = json_array();

	json_put(o, "verdict", json_text(verdict_name(r->verdict)));
	for (uint32_t i = 0; i < r->nreasons; i++)
		json_add(reasons, json_text(r->reasons[i]));
	json_put(o, "reasons", reasons);
	json_put(o, "backend", json_text(r->backend));
	json_put(o, "mechanism", json_text(r->mechanism));
	json_put(o, "kernel", json_text(r->kernel));
	json_put(o, "digest", json_digits(r->digest));
	json_put(o, "repetitions", json_count(r->repetitions));
	json_put(o, "policies", policies_json(r));
	json_put(o, "claims", claims_json(r));
	if (whole) {
		struct buf text = {0};
		json_t *all;

		report_json(r, &text);
		all = json_loadb(text.s, text.n, 0, NULL);
		json_put(o, "result", all ? all : json_null());
		buf_free(&text);
	}
	return o;
}

const char *cell_verdict(const struct cell *cell)
{
	return cell->found ? json_string_value(json_object_get(cell->found, "verdict")) : NULL;
}

json_t *cell_policy(const struct cell *cell, size_t policy)
{
	return cell->found ? json_array_get(json_object_get(cell->found, "policies"), policy)
			   : NULL;
}

json_t *cell_role(const struct cell *cell, size_t policy, const char *role)
{
	json_t *roles = json_object_get(cell_policy(cell, policy), "roles"), *o;
	size_t i;

	json_array_foreach(
	    roles, i, o) if (!strcmp(json_string_value(json_object_get(o, "role")), role)) return o;
	return NULL;
}

json_t *cell_figure(const struct cell *cell, size_t policy, const char *role, const char *metric)
{
	json_t *figures = json_object_get(cell_role(cell, policy, role), "figures");

	return json_object_get(figures, metric);
}
