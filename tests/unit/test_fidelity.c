/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_fidelity.c - prediction beside observation: the same is the same, and less is less */
#include "unit.h"

#include <math.h>
#include <string.h>

#include <jansson.h>

#include "base/buf.h"
#include "cmd/gauging.h"
#include "experiment/experiment.h"
#include "lang/parse.h"
#include "report/fidelity.h"

/* `more` is taken by a; b dies of what it takes; the delay of c is predicted only. */
static struct results *run(struct unit *u, const char *more, const char *delay)
{
	struct experiment_options x = {.backend = &backend_sim};
	const struct lang_path none = {0};
	const struct plan_options opt = {0};
	const struct plan *p;
	struct results *r = NULL;
	struct buf text = {0};

	buf_printf(&text,
		   "root < swap 0 > cgroup a < priority high > cgroup b < max 20M >\n"
		   "cgroup c < high 20M; delay %s >\n"
		   "at 0s alloc %s in a over 4s\nat 1s alloc 30M in b\nat 1s alloc 21M in c\n",
		   delay, more);
	unit_init(u);
	assert_int_equal(parse_text(u, "<test>", buf_str(&text), text.n, &none), 0);
	assert_int_equal(plan_lower(u, &opt, &p), 0);
	assert_int_equal(experiment_run(p, &x, &u->diags, &r), 0);
	buf_free(&text);
	return r;
}

static json_t *find(json_t *array, const char *cgroup, const char *metric)
{
	json_t *o;
	size_t i;

	json_array_foreach(
	    array, i,
	    o) if (!strcmp(json_string_value(json_object_get(o, "cgroup")), cgroup) &&
		   !strcmp(json_string_value(json_object_get(o, "metric")), metric)) return o;
	return NULL;
}

static double number(json_t *o, const char *key)
{
	assert_non_null(o);
	assert_true(json_is_number(json_object_get(o, key)));
	return json_number_value(json_object_get(o, key));
}

static void the_same_has_no_error(void **state)
{
	struct unit u, v;
	struct results *r = run(&u, "60M", "500ms"), *same = run(&v, "60M", "500ms");
	struct buf out = {0};
	json_t *array, *o;
	size_t i;

	(void)state;
	fidelity_print(r, 80, &out);
	assert_int_equal(out.n, 0);
	r->prediction = same;
	array = fidelity_json(r);
	assert_true(json_array_size(array) > 10);
	json_array_foreach(array, i, o)
	    assert_true(json_is_null(json_object_get(o, "error")) || number(o, "error") == 0);
	/* A killed session has no time, and was not there to survive. */
	assert_null(find(array, "b", "time"));
	assert_null(find(array, "b", "survived"));
	assert_true(number(find(array, "b", "killed"), "observed") == 1);
	fidelity_print(r, 80, &out);
	assert_non_null(strstr(buf_str(&out), "+0.0%"));
	assert_null(strstr(buf_str(&out), "unseen"));
	json_decref(array);
	buf_free(&out);
	results_free(r);
	results_free(same);
	unit_free(&u);
	unit_free(&v);
}

static void a_difference_is_relative_to_what_was_observed(void **state)
{
	struct unit u, v;
	struct results *r = run(&u, "100M", "off"), *p = run(&v, "50M", "500ms");
	struct buf out = {0};
	json_t *array, *o;

	(void)state;
	r->prediction = p;
	array = fidelity_json(r);
	o = find(array, "a", "peak");
	assert_true(
	    fabs(number(o, "error") - (number(o, "predicted") / number(o, "observed") - 1)) < 1e-9);
	assert_true(fabs(number(o, "error") + 0.5) < 0.02);
	/* Delays that were predicted and did not happen. */
	o = find(array, "c", "delays");
	assert_true(number(o, "predicted") >= 1);
	assert_true(number(o, "observed") == 0);
	assert_true(json_is_null(json_object_get(o, "error")));
	fidelity_print(r, 80, &out);
	assert_non_null(strstr(buf_str(&out), "unseen"));
	json_decref(array);
	buf_free(&out);
	results_free(r);
	results_free(p);
	unit_free(&u);
	unit_free(&v);
}

/* What was measured of another machine, given to the simulator, is what happens on that one. */
static void a_calibrated_prediction_is_of_the_machine_as_measured(void **state)
{
	static const char text[] =
	    "root < swap 0 > cgroup a cgroup b < thp on > cgroup c < high 20M >\n"
	    "at 0s alloc 300M in a at 0s read 90M in a as r\n"
	    "at 0s alloc 300M in b at 9s free all in b\n"
	    "at 0s alloc 21M in c\n";
	const struct lang_path none = {0};
	const struct plan_options opt = {0};
	struct experiment_options x = {.backend = &backend_sim};
	struct gauge_config c = {
	    .backend = &backend_sim, .what = GAUGE_ALL, .samples = 9, .budget_ns = NEVER};
	struct results *there = NULL, *told = NULL, *untold = NULL;
	struct plan other, calibrated;
	const struct plan *p;
	struct buf out = {0};
	struct gauge g;
	struct unit u;
	json_t *array, *o;

	(void)state;
	unit_init(&u);
	assert_int_equal(parse_text(&u, "<test>", text, sizeof text - 1, &none), 0);
	assert_int_equal(plan_lower(&u, &opt, &p), 0);
	other = *p;
	other.machine.fault_ns = 11000;
	other.machine.huge_ns = 9000000;
	other.machine.free_ns = 1900;
	other.machine.disk_bps = 90 * MIB;
	other.machine.process_bytes = 28 * KIB;
	other.machine.noise_ppm = 0;
	other.machine.memory_bytes = 3 * GIB;
	c.machine = other.machine;
	assert_int_equal(gauge_measure(&c, &u.diags, &g), 0);
	calibrated = *p;
	gauging_apply(&g, &calibrated.machine);
	assert_int_equal(experiment_run(&other, &x, &u.diags, &there), 0);
	assert_int_equal(experiment_run(&calibrated, &x, &u.diags, &told), 0);
	assert_int_equal(experiment_run(p, &x, &u.diags, &untold), 0);

	there->prediction = untold;
	array = fidelity_json(there);
	assert_true(number(find(array, "a", "time"), "error") < -0.5);
	assert_true(number(find(array, "b", "alloc.p50"), "error") < -0.5);
	json_decref(array);
	there->prediction = told;
	array = fidelity_json(there);
	assert_true(fabs(number(find(array, "a", "time"), "error")) < 0.02);
	assert_true(fabs(number(find(array, "b", "alloc.p50"), "error")) < 0.02);
	assert_true(fabs(number(find(array, "b", "time"), "error")) < 0.02);
	assert_true(fabs(number(find(array, "c", "throttled"), "error")) < 0.02);
	assert_true(fabs(number(find(array, "c", "peak"), "error")) < 0.02);
	json_decref(array);
	fidelity_print(there, 80, &out);
	assert_non_null(strstr(buf_str(&out), ", calibrated) beside sim:\n  machine < memory "));
	assert_non_null(strstr(buf_str(&out), "fault 11000ns; "));
	o = fidelity_machine_json(there);
	assert_true(fabs(number(o, "fault_s") - 11e-6) < 1e-7);
	assert_true(fabs(number(o, "huge_s") - 9e-3) < 1e-4);
	json_decref(o);
	/* Nothing is said of a machine that is the scenario's own. */
	there->prediction = there;
	o = fidelity_machine_json(there);
	assert_true(json_is_null(o));
	json_decref(o);
	buf_free(&out);
	results_free(there);
	results_free(told);
	results_free(untold);
	unit_free(&u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_same_has_no_error),
	    cmocka_unit_test(a_difference_is_relative_to_what_was_observed),
	    cmocka_unit_test(a_calibrated_prediction_is_of_the_machine_as_measured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
