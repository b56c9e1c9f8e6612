/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_find.c - agentcg find: the least (or largest) value of a parameter for which a condition
 * holds
 *
 * By halving the parameter's range.  A probe is an experiment with the condition as a claim, at 95%
 * confidence; where that is UNDECIDED it is made again with twice the repetitions, up to 8 times as
 * many; where even these do not decide, it narrows down from both sides what noise hides.  Halving
 * finds a border only if there is one, so the far side is probed in between too, and a condition
 * that does not keep holding there is said.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cmd/cells.h"
#include "cmd/load.h"
#include "cmd/output.h"
#include "cmd/signals.h"
#include "report/claims.h"
#include "report/text.h"

#define CLAIM	    "such that"
#define MORE	    2 /* times the repetitions */
#define MOST_PROBES 64
#define CHECKS	    3
/* The border is found when it is known to one part in so many of the range. */
#define PARTS 128

struct probe {
	int64_t at;
	uint32_t repeat;
	enum verdict verdict; /* of the condition: PASS, FAIL, UNDECIDED, VOID (no value) */
	const char *run;      /* of the experiment */
	json_t *found;
};

struct finding {
	struct cmd *c;
	const char *path, *expect;
	bool least; /* `min`: the condition holds above the border, if it does anywhere */
	const struct plan_param *param;
	const struct plan *plan;
	struct arena arena;
	VEC(struct probe) probes;
	int64_t lo, hi, step; /* in units of the parameter */
	struct buf out;
	int status;
};

/* ---- values of the parameter ------------------------------------------------------------------
 */

/* Halving is over whole bytes, nanoseconds, or thousandths of a number. */
#define NUMBER_PARTS 1000

static int64_t units_of(const struct finding *f, struct ratio r)
{
	int64_t scale = f->param->dim == DIM_NUMBER ? NUMBER_PARTS : 1;
	struct ratio v;

	return ratio_mul(r, (struct ratio){scale, 1}, &v) ? ratio_floor(v) : INT64_MAX / 4;
}

static const char *spelled(struct finding *f, int64_t at)
{
	struct buf b = {0};
	struct ratio r = {0, 1};
	const char *s;

	switch (f->param->dim) {
	case DIM_SIZE:
		fmt_size(&b, (uint64_t)at);
		break;
	case DIM_RATE:
		fmt_size(&b, (uint64_t)at);
		buf_puts(&b, "/s");
		break;
	case DIM_DURATION:
		fmt_duration(&b, (uint64_t)at);
		break;
	default:
		if (ratio_make(at, NUMBER_PARTS, &r))
			fmt_ratio(&b, r);
		break;
	}
	s = arena_strndup(&f->arena, buf_str(&b), b.n);
	buf_free(&b);
	return s;
}

/* Of a power of two (of ten, for times and numbers): probes have values that one can read. */
static int64_t step_of(const struct finding *f, int64_t range)
{
	bool binary = f->param->dim == DIM_SIZE || f->param->dim == DIM_RATE;
	int64_t step = 1;

	while (step <= range / PARTS / (binary ? 2 : 10))
		step *= binary ? 2 : 10;
	if (!binary && step <= range / PARTS / 5)
		step *= 5;
	else if (!binary && step <= range / PARTS / 2)
		step *= 2;
	return step;
}

/* ---- probing ----------------------------------------------------------------------------------
 */

static enum verdict verdict_of(const char *name)
{
	for (enum verdict v = VERDICT_PASS; v < VERDICT_NONE; v++)
		if (name && !strcmp(name, verdict_name(v)))
			return v;
	return VERDICT_ABORTED;
}

static void put_side(struct buf *out, json_t *claim, const char *key)
{
	json_t *v = json_object_get(claim, key);
	json_int_t dim = json_integer_value(json_object_get(claim, "dim"));

	if (json_is_number(v))
		text_value(out, json_number_value(v), (enum dim)dim);
	else
		buf_putc(out, '-');
}

/* "  1.25G  PASS  45.1s against 46.3s, 20 repetitions (FAIL)" */
static void show_probe(struct finding *f, const struct probe *p, json_t *claim)
{
	struct report_style style = output_style(f->c);
	json_t *why = json_object_get(claim, "why");
	size_t name = strlen(verdict_name(p->verdict));

	buf_printf(&f->out, "  %-10s ", spelled(f, p->at));
	claims_put_verdict(p->verdict, &style, &f->out);
	buf_pad(&f->out, ' ', name < 10 ? 10 - name : 1);
	if (json_is_number(json_object_get(claim, "left")) ||
	    json_is_number(json_object_get(claim, "right"))) {
		put_side(&f->out, claim, "left");
		buf_puts(&f->out, " against ");
		put_side(&f->out, claim, "right");
		buf_puts(&f->out, ", ");
	}
	buf_printf(&f->out, "%u repetitions", p->repeat);
	if (json_is_string(why) && p->verdict == VERDICT_VOID)
		buf_printf(&f->out, "; %s", json_string_value(why));
	if (p->run && !strcmp(p->run, "VOID") && p->verdict != VERDICT_VOID)
		buf_puts(&f->out, "; VOID as a comparison");
	buf_putc(&f->out, '\n');
	f->status = status_of_both(f->status, output_stdout(f->c, &f->out));
	buf_clear(&f->out);
}

static bool probe_once(struct finding *f, int64_t at, uint32_t repeat, struct probe *out)
{
	struct plan_override param = {f->param->name, spelled(f, at)};
	struct cell cell = {
	    .params = &param,
	    .nparams = 1,
	    .repeat = repeat,
	    .expect = f->expect,
	    .expect_name = CLAIM,
	};
	json_t *claims, *claim;
	bool ok = cells_run(f->c, f->path, &cell, 1, 1, NULL, NULL);

	if (!ok || !cell.found || signals_stop) {
		json_decref(cell.found);
		f->status =
		    status_of_both(f->status, signals_stop ? STATUS_INTERRUPTED : STATUS_USAGE);
		return false;
	}
	claims = json_object_get(cell.found, "claims");
	claim = json_array_get(claims, json_array_size(claims) - 1);
	*out = (struct probe){
	    .at = at,
	    .repeat = (uint32_t)json_integer_value(json_object_get(cell.found, "repetitions")),
	    .verdict = verdict_of(json_string_value(json_object_get(claim, "verdict"))),
	    .run = arena_printf(&f->arena, "%s", cell_verdict(&cell)),
	};
	show_probe(f, out, claim);
	json_decref(cell.found);
	return true;
}

/* Until it is decided, or there are enough. */
static bool probe(struct finding *f, int64_t at, struct probe *out)
{
	uint32_t first = f->plan->repeat, repeat = first;

	for (;;) {
		if (f->probes.n == MOST_PROBES || !probe_once(f, at, repeat, out))
			return false;
		vec_push(&f->probes, *out);
		/* A metric that some run lacks is not decided by more of them. */
		if (out->verdict != VERDICT_UNDECIDED || repeat >= 8 * first ||
		    repeat > OPTIONS_MAX_REPEAT / MORE)
			return true;
		repeat *= MORE;
	}
}

/* A multiple of the step strictly between, which there is where they are further apart. */
static int64_t between(const struct finding *f, int64_t a, int64_t b, int64_t wanted)
{
	int64_t min = a < b ? a : b, max = a < b ? b : a, at = wanted / f->step * f->step;

	if (at <= min)
		at += f->step;
	return at < max ? at : min + (max - min) / 2;
}

__attribute__((format(printf, 2, 3))) static void say(struct finding *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	text_wrap(&f->out, arena_vprintf(&f->arena, fmt, ap), 0, 0, output_style(f->c).width);
	va_end(ap);
	f->status = status_of_both(f->status, output_stdout(f->c, &f->out));
	buf_clear(&f->out);
}

/* In between on the side where it should go on holding. */
static void check_beyond(struct finding *f, int64_t border, int64_t end)
{
	const char *name = f->param->name;
	uint32_t violations = 0;
	struct probe p;

	for (int64_t k = 1; k <= CHECKS; k++) {
		int64_t at = border + (end - border) / (CHECKS + 1) * k;

		if (llabs(end - border) <= f->step * (CHECKS + 1))
			return;
		at = between(f, border, end, at);
		if (!probe(f, at, &p))
			return;
		if (p.verdict == VERDICT_PASS)
			continue;
		violations++;
		say(f, "not monotonic: it is %s at %s = %s, beyond the border",
		    verdict_name(p.verdict), name, spelled(f, at));
	}
	if (violations)
		f->status = status_of_both(f->status, STATUS_FAIL);
}

/*
 * Around what noise hides: from a value that is decided as `wanted` towards one that is not, to
 * four steps: each probe there costs all its repetitions.
 */
static bool narrow(struct finding *f, enum verdict wanted, int64_t *decided, int64_t hidden)
{
	struct probe p;

	while (llabs(*decided - hidden) > 4 * f->step) {
		if (!probe(f, between(f, *decided, hidden, hidden + (*decided - hidden) / 2), &p))
			return false;
		if (p.verdict == wanted)
			*decided = p.at;
		else
			hidden = p.at;
	}
	return true;
}

static void search(struct finding *f)
{
	const char *name = f->param->name, *word = f->least ? "min" : "max";
	int64_t bad = f->least ? f->lo : f->hi, good = f->least ? f->hi : f->lo;
	int64_t end = good, hidden;
	bool noise = false;
	struct probe p;

	if (!probe(f, good, &p))
		return;
	if (p.verdict != VERDICT_PASS) {
		say(f, "none: it does not hold even at %s = %s (%s)", name, spelled(f, good),
		    verdict_name(p.verdict));
		f->status = status_of_both(f->status, STATUS_FAIL);
		return;
	}
	if (!probe(f, bad, &p))
		return;
	if (p.verdict == VERDICT_PASS) {
		check_beyond(f, bad, good);
		say(f, "%s %s = %s: it holds in all of its range, as far as was probed", word, name,
		    spelled(f, bad));
		return;
	}
	while (llabs(good - bad) > f->step && !noise) {
		if (!probe(f, between(f, good, bad, bad + (good - bad) / 2), &p))
			return;
		if (p.verdict == VERDICT_PASS)
			good = p.at;
		else if (p.verdict == VERDICT_UNDECIDED)
			noise = true;
		else
			bad = p.at;
	}
	hidden = p.at;
	if (noise &&
	    (!narrow(f, VERDICT_PASS, &good, hidden) || !narrow(f, VERDICT_FAIL, &bad, hidden)))
		return;
	check_beyond(f, good, end);
	if (f->status == STATUS_USAGE || f->status == STATUS_INTERRUPTED)
		return;
	say(f, "%s %s = %s; it does not hold at %s", word, name, spelled(f, good), spelled(f, bad));
	if (noise)
		say(f,
		    "Between them lies what noise hides: %u repetitions did not decide at %s. More "
		    "(--repeat) may.",
		    8 * f->plan->repeat, spelled(f, hidden));
}

/* ---- the command ------------------------------------------------------------------------------
 */

/* min|max NAME such that CONDITION FILE; the condition is one word of the shell. */
static bool read_words(struct cmd *c, struct finding *f, const char **name)
{
	const char *const *w = c->opt.operands.v;
	size_t n = c->opt.operands.n;

	if (n != 6 || (strcmp(w[0], "min") && strcmp(w[0], "max")) || strcmp(w[2], "such") ||
	    strcmp(w[3], "that")) {
		diag_at(&c->diags, E_USE_FILES, (struct span){0},
			"`agentcg find` does not understand this question");
		diag_hint(&c->diags, "agentcg find min total such that "
				     "'bpf.high.time <= 1.05 * alone.high.time' FILE");
		return false;
	}
	f->least = !strcmp(w[0], "min");
	*name = w[1];
	f->expect = arena_printf(&f->arena, "%s confidence 95%%", w[4]);
	f->path = w[5];
	return true;
}

static bool read_param(struct finding *f, const char *name)
{
	const struct plan *p = f->plan;

	for (uint32_t i = 0; i < p->nparams; i++)
		if (!strcmp(p->params[i].name, name))
			f->param = &p->params[i];
	if (!f->param || !f->param->range) {
		diag_at(&f->c->diags, E_USE_VALUE, (struct span){0},
			f->param ? "the parameter `%s` has no range to search"
				 : "the scenario has no parameter `%s`",
			name);
		if (f->param)
			diag_hint(&f->c->diags, "param %s = %s in LOW..HIGH", name,
				  f->param->value);
		return false;
	}
	f->lo = units_of(f, f->param->lo);
	f->hi = units_of(f, f->param->hi);
	f->step = step_of(f, f->hi - f->lo);
	return true;
}

int cmd_find(struct cmd *c)
{
	struct finding f = {.c = c};
	const char *name, *other;
	struct unit u;

	if (!read_words(c, &f, &name)) {
		arena_free(&f.arena);
		return STATUS_USAGE;
	}
	c->opt.expect = f.expect;
	c->opt.expect_name = CLAIM;
	unit_init(&u);
	if (!strcmp(f.path, "-")) {
		diag_at(&c->diags, E_USE_FILES, (struct span){0},
			"a search reads its text for each probe, which standard input does not "
			"give twice");
		f.status = STATUS_USAGE;
	} else {
		f.status = load_plan(c, &u, f.path, &f.plan);
	}
	/* Its own sweep ends where it is given a value: with each probe. */
	other = NULL;
	for (uint32_t i = 0; f.status == STATUS_OK && i < f.plan->nsweeps; i++)
		if (strcmp(f.plan->sweeps[i].param, name))
			other = f.plan->sweeps[i].param;
	if (other) {
		diag_at(&c->diags, E_USE_FILES, (struct span){0},
			"a scenario with a sweep has no one border: give `%s` a value with -p",
			other);
		f.status = STATUS_USAGE;
	}
	if (f.status == STATUS_OK && !read_param(&f, name))
		f.status = STATUS_USAGE;
	if (f.status == STATUS_OK) {
		signals_catch();
		say(&f, "%s %s in %s, to %s, such that %s", f.least ? "min" : "max", name,
		    f.param->range, spelled(&f, f.step),
		    f.plan->expects[f.plan->nexpects - 1].text);
		search(&f);
	}
	vec_free(&f.probes);
	buf_free(&f.out);
	arena_free(&f.arena);
	unit_free(&u);
	return signals_stop ? STATUS_INTERRUPTED : f.status;
}
