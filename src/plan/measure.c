/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * measure.c - what waits for measurements: POLICY.CG.metric, alone.CG.metric, marks, killed(...).
 *
 * Where an expression stands (x->mode) says what it may ask for: before the run nothing, while
 * running what the run knows of itself, afterwards all.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "plan/check.h"

static struct value wrong(void)
{
	return (struct value){.dim = DIM_ERROR};
}

static struct px *new_px(struct check *x, enum px_kind k, enum dim dim, struct span at)
{
	struct px *p = arena_new(x->arena, struct px);

	p->kind = (uint8_t)k;
	p->dim = (uint8_t)dim;
	p->at = at;
	return p;
}

/* ---- who ------------------------------------------------------------------------------------- */

static bool policy_prefix(struct check *x, const struct decl *d, struct span at, int32_t *policy)
{
	if (x->mode == EVAL_LIVE) {
		complain(x, E_METRIC_PLACE, at, "while running, a run knows only itself");
		diag_hint(x->diags, "leave out `%s.`", d ? d->name->s : "alone");
		return false;
	}
	if (!d) {
		x->asks_alone = true;
		*policy = PX_ALONE;
		return true;
	}
	if (d->policy->run >= 0) {
		*policy = d->policy->run;
		return true;
	}
	if (d->policy->run == POLICY_LEFT_OUT) {
		x->asks_left_out = true;
		*policy = 0;
		return true;
	}
	complain(x, E_POLICY_NOT_RUN, at, "`%s` is not among the policies compared", d->name->s);
	if (x->compare)
		diag_note(x->diags, x->compare->s.at, "these are");
	else
		diag_hint(x->diags, "`compare` says which policies are run");
	return false;
}

/* `bpf.` or `alone.`, when *p begins with one: *p is moved behind it. */
static bool read_prefix(struct check *x, const struct ast_path **p, int32_t *policy)
{
	const struct ast_path *first = *p;
	struct decl *d = first->name ? names_find(x, first->name) : NULL;
	bool alone = first->name && first->name == x->syms.alone;

	*policy = PX_ANY_POLICY;
	if (!alone && (!d || d->kind != DECL_POLICY))
		return true;
	if (d)
		d->used = true;
	if (!policy_prefix(x, alone ? NULL : d, first->at, policy))
		return false;
	*p = first->next;
	if (*p)
		return true;
	complain(x, E_WRONG_KIND, first->at, "`%s` is %s, and has no value of its own",
		 first->name->s, alone ? "the undisturbed run" : "a policy");
	diag_hint(x->diags, "name a cgroup and a metric: `%s.high.time`", first->name->s);
	return false;
}

static int by_index(const void *a, const void *b)
{
	uint32_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;

	return (i > k) - (i < k);
}

static bool make_scope(struct check *x, struct index_vec *v, int32_t policy, struct span at,
		       struct px_scope *s)
{
	size_t n = 0;

	if (!action_room(x, at, (uint32_t)v->list.n))
		return false;
	if (v->list.n > 1)
		qsort(v->list.v, v->list.n, sizeof(*v->list.v), by_index);
	for (size_t i = 0; i < v->list.n; i++)
		if (!n || v->list.v[n - 1] != v->list.v[i])
			v->list.v[n++] = v->list.v[i];
	s->policy = policy;
	s->ncgroups = (uint32_t)n;
	s->cgroups = arena_dup(x->arena, v->list.v, n * sizeof(*v->list.v));
	return true;
}

/*
 * Questions about workers need a cgroup that has some.  `*` means those that do; a cgroup named as
 * such must.
 */
static bool keep_workers(struct check *x, struct index_vec *v, bool star, const char *what,
			 struct span at)
{
	size_t n = 0;

	if (x->import_missing) { /* its workloads may be what starts them */
		x->complaints++;
		return false;
	}
	for (size_t i = 0; i < v->list.n; i++) {
		uint32_t c = v->list.v[i];

		if (x->has_worker[c]) {
			v->list.v[n++] = c;
			continue;
		}
		if (star)
			continue;
		complain(x, E_METRIC_CGROUP, at,
			 x->specs[c].leaf && c ? "%s is of workers, and no action is in `%s`"
					       : "%s is of a cgroup's own workers, and `%s` holds "
						 "cgroups",
			 what, x->specs[c].name);
		if (!x->specs[c].leaf)
			diag_hint(x->diags, "name the cgroups below it, or all: `*`");
		return false;
	}
	v->list.n = n;
	if (n)
		return true;
	complain(x, E_METRIC_CGROUP, at, "%s is of workers, and there are none", what);
	return false;
}

/* ---- metrics --------------------------------------------------------------------------------- */

static bool needs_workers(enum metric m)
{
	return m == M_TIME || m == M_STALL || m == M_THROUGHPUT ||
	       (m >= M_ALLOC_N && m <= M_ALLOC_MAX);
}

/* The rest of a path, as a metric is spelled; false when it has selectors. */
static bool spell(const struct ast_path *p, char *out, size_t size)
{
	size_t n = 0;

	for (; p; p = p->next) {
		if (!p->name || p->sel != SEL_NONE || n + p->name->len + 2 > size)
			return false;
		if (n)
			out[n++] = '.';
		memcpy(out + n, p->name->s, p->name->len);
		n += p->name->len;
	}
	out[n] = 0;
	return true;
}

static struct span span_of_path(const struct ast_path *p)
{
	struct span s = p->at;

	for (; p; p = p->next)
		s = span_join(s, p->at);
	return s;
}

static bool find_metric(struct check *x, const struct ast_path *p, enum metric *out)
{
	const char *names[M_COUNT];
	char word[64];
	bool spelled = spell(p, word, sizeof(word));

	for (int m = 0; m < M_COUNT; m++) {
		names[m] = metric_info[m].spelling;
		if (spelled && !strcmp(word, names[m])) {
			*out = (enum metric)m;
			return true;
		}
	}
	if (!spelled) {
		complain(x, E_UNKNOWN_METRIC, span_of_path(p), "a metric's name is due here");
		return false;
	}
	complain(x, E_UNKNOWN_METRIC, span_of_path(p), "there is no metric `%s`", word);
	suggest(x, word, names, M_COUNT);
	return false;
}

static bool metric_fits(struct check *x, enum metric m, struct span at)
{
	struct buf b = {0};

	if (x->mode != EVAL_LIVE || metric_info[m].when)
		return true;
	for (int i = 0; i < M_COUNT; i++)
		if (metric_info[i].when)
			buf_printf(&b, "%s%s", b.n ? ", " : "", metric_info[i].spelling);
	complain(x, E_METRIC_PLACE, at, "`%s` is known after a run only, in `expect`",
		 metric_info[m].spelling);
	diag_hint(x->diags, "while running there are: %s", buf_str(&b));
	buf_free(&b);
	return false;
}

static struct value throughput(struct check *x, int32_t policy, struct span at)
{
	struct index_vec all = {0};
	struct px *p = new_px(x, PX_METRIC, DIM_RATE, at);
	bool ok;

	for (uint32_t i = 0; i < x->ncgroups; i++)
		vec_push(&all.list, i);
	p->metric = M_THROUGHPUT;
	ok = metric_fits(x, M_THROUGHPUT, at) && keep_workers(x, &all, true, "`throughput`", at) &&
	     make_scope(x, &all, policy, at, &p->scope);
	p->scope.total = true;
	vec_free(&all.list);
	if (policy == PX_ANY_POLICY)
		x->asks_each = true;
	return ok ? (struct value){.dim = DIM_RATE, .px = p} : wrong();
}

static struct value metric_of(struct check *x, const struct ast_path *p, struct span at)
{
	struct index_vec who = {0};
	const struct ast_path *first;
	struct px_scope scope = {0};
	char quoted[72];
	enum metric m;
	int32_t policy;
	struct px *px;
	bool ok;

	if (!read_prefix(x, &p, &policy))
		return wrong();
	if (!p->next && p->name && p->name == x->syms.throughput && !names_find(x, p->name))
		return throughput(x, policy, at);
	first = p;
	ok = cgroups_resolve(x, &p, false, &who);
	if (ok && !p) {
		complain(x, E_UNKNOWN_METRIC, at, "this is a cgroup, not a measurement of one");
		diag_hint(x->diags, "name a metric: `.time`, `.peak`, `.alloc.p99`, ...");
		ok = false;
	}
	ok = ok && find_metric(x, p, &m) && metric_fits(x, m, at);
	if (ok && (needs_workers(m) || policy == PX_ALONE)) {
		snprintf(quoted, sizeof(quoted), policy == PX_ALONE ? "an undisturbed run" : "`%s`",
			 metric_info[m].spelling);
		ok = keep_workers(x, &who, !first->name, quoted, at);
	}
	ok = ok && make_scope(x, &who, policy, at, &scope);
	vec_free(&who.list);
	if (!ok)
		return wrong();
	if (policy == PX_ANY_POLICY)
		x->asks_each = true;
	px = new_px(x, PX_METRIC, metric_info[m].dim, at);
	px->metric = m;
	px->scope = scope;
	return (struct value){.dim = (uint8_t)metric_info[m].dim, .px = px};
}

static struct value not_constant(struct check *x, const struct ast_path *p, const struct decl *d,
				 struct span at)
{
	if (d && d->kind == DECL_MARK)
		complain(x, E_NOT_CONSTANT, at,
			 "`%s` is a mark: whether it is reached is known by running", p->name->s);
	else if (p->next)
		complain(x, E_NOT_CONSTANT, at,
			 "this is a measurement, and a value is needed "
			 "before the run");
	else if (!p->name)
		complain(x, E_TYPE, at, "a value is due here, not all cgroups");
	else if (d)
		names_wrong_kind(x, d, at, "a value");
	else
		complain(x, E_WRONG_KIND, at, "`%s` is not a value", p->name->s);
	return wrong();
}

struct value measure_path(struct check *x, const struct ast_path *p, struct span at)
{
	struct decl *d = p->name ? names_find(x, p->name) : NULL;
	bool known = d || !p->name || p->name == x->syms.root || p->name == x->syms.alone ||
		     p->name == x->syms.throughput;
	struct px *px;

	if (!known) {
		names_need(x, p->name, p->at);
		return wrong();
	}
	if (d)
		d->used = true;
	if (d && d->kind == DECL_WORKLOAD) {
		names_wrong_kind(x, d, p->at, x->mode == EVAL_CONST ? "a value" : "a measurement");
		return wrong();
	}
	if (x->mode == EVAL_CONST)
		return not_constant(x, p, d, at);
	if (!d || d->kind != DECL_MARK)
		return metric_of(x, p, at);
	if (p->next || p->sel != SEL_NONE) {
		names_wrong_kind(x, d, p->at, "a cgroup");
		return wrong();
	}
	px = new_px(x, PX_MARK, DIM_BOOL, at);
	px->mark = d->mark;
	x->asks_each = true;
	return (struct value){.dim = DIM_BOOL, .px = px};
}

/* ---- killed(...), survived(...), done(...) --------------------------------------------------- */

static const struct query {
	const char *name, *quoted;
	enum px_kind kind;
	enum dim dim;
	bool live;
	bool parents; /* a cgroup stands for all below it */
} queries[] = {
    {"killed", "`killed`", PX_KILLED, DIM_NUMBER, true, false},
    {"survived", "`survived`", PX_SURVIVED, DIM_NUMBER, false, false},
    {"done", "`done`", PX_DONE, DIM_BOOL, true, true},
};

static const struct query *query_named(const struct ast_call *c)
{
	for (size_t i = 0; i < sizeof(queries) / sizeof(*queries); i++)
		if (!strcmp(c->name->s, queries[i].name))
			return &queries[i];
	return NULL;
}

bool measure_is_call(const struct ast_call *c)
{
	return query_named(c);
}

double measure_quantile(const struct sym *name)
{
	double q = 0, unit = 0.1;

	/* p5 is 0.05, p95 is 0.95, p999 is 0.999 */
	if (name->s[0] != 'p' || name->len < 2 || name->len > 5)
		return 0;
	for (const char *s = name->s + 1; *s; s++) {
		if (*s < '0' || *s > '9')
			return 0;
	}
	if (name->len == 2)
		return (name->s[1] - '0') / 100.0;
	for (const char *s = name->s + 1; *s; s++, unit /= 10)
		q += (*s - '0') * unit;
	return q;
}

/* One argument: POLICY.CG; all have to be of one policy. */
static bool read_member(struct check *x, const struct query *q, const struct ast_expr *e,
			struct index_vec *who, int32_t *policy, bool first)
{
	const struct ast_path *p = e->path, *start;
	struct index_vec one = {0};
	int32_t own;
	bool ok;

	if (e->kind != AE_PATH) {
		if (e->kind != AE_ERROR)
			complain(x, E_ARGUMENTS, e->at, "%s is asked of cgroups", q->quoted);
		return false;
	}
	if (!read_prefix(x, &p, &own))
		return false;
	if (!first && own != *policy) {
		complain(x, E_ARGUMENTS, e->at, "all cgroups in one %s are of one policy's runs",
			 q->quoted);
		return false;
	}
	*policy = own;
	start = p;
	ok = cgroups_resolve(x, &p, true, &one);
	if (ok && x->mode == EVAL_AFTER && (!q->parents || own == PX_ALONE))
		ok = keep_workers(x, &one, !start->name, q->quoted, e->at);
	for (size_t i = 0; ok && i < one.list.n; i++) {
		uint32_t c = one.list.v[i];

		if (!q->parents && !x->specs[c].leaf) {
			complain(x, E_METRIC_CGROUP, e->at,
				 "%s is asked of cgroups with workers, and `%s` holds cgroups",
				 q->quoted, x->specs[c].name);
			ok = false;
		}
		vec_push(&who->list, c);
	}
	vec_free(&one.list);
	return ok;
}

struct value measure_call(struct check *x, const struct ast_expr *e)
{
	const struct query *q = query_named(e->call);
	struct index_vec who = {0};
	int32_t policy = PX_ANY_POLICY;
	struct px *px;
	bool ok = true;

	if (x->mode == EVAL_CONST || (x->mode == EVAL_LIVE && !q->live)) {
		complain(x, x->mode == EVAL_CONST ? E_NOT_CONSTANT : E_METRIC_PLACE, e->at,
			 x->mode == EVAL_CONST ? "%s is a measurement, and a value is needed "
						 "before the run"
					       : "%s is known after a run only, in `expect`",
			 q->quoted);
		if (x->mode == EVAL_LIVE)
			diag_hint(x->diags, "while running there are `killed` and `done`");
		return wrong();
	}
	if (!e->call->args) {
		complain(x, E_ARGUMENTS, e->at, "%s needs to know of which cgroups", q->quoted);
		diag_hint(x->diags, "of all: `%s(*)`", q->name);
		return wrong();
	}
	for (const struct ast_expr_list *l = e->call->args; l; l = l->next)
		ok = read_member(x, q, l->e, &who, &policy, l == e->call->args) && ok;
	px = new_px(x, q->kind, q->dim, e->at);
	ok = ok && make_scope(x, &who, policy, e->at, &px->scope);
	vec_free(&who.list);
	if (!ok)
		return wrong();
	if (policy == PX_ANY_POLICY)
		x->asks_each = true;
	vec_push(&x->asked, px);
	return (struct value){.dim = (uint8_t)q->dim, .px = px};
}

void measure_asked(struct check *x)
{
	bool *below = mem_alloc(x->ncgroups * sizeof(*below));

	for (uint32_t i = x->ncgroups; i--;) {
		below[i] |= x->has_worker[i];
		below[x->specs[i].parent] |= below[i];
	}
	for (size_t i = 0; i < x->asked.n; i++) {
		const struct px *p = x->asked.v[i];

		for (uint32_t k = 0; k < p->scope.ncgroups; k++)
			if (!below[p->scope.cgroups[k]]) {
				diag_at(x->diags, W_NO_WORKERS, p->at, "no action is in `%s`",
					x->specs[p->scope.cgroups[k]].name);
				break;
			}
	}
	free(below);
}

/* ---- measure usage, psi of high each 100ms ----------------------------------------------------
 */

/* A metric or the first words of some: psi, events, alloc. */
static void check_measured(struct check *x, const struct ast_path *p)
{
	char word[64];
	size_t n;
	enum metric m;

	if (!spell(p, word, sizeof(word)) || !(n = strlen(word)))
		return;
	for (int i = 0; i < M_COUNT; i++)
		if (!strncmp(metric_info[i].spelling, word, n) && metric_info[i].spelling[n] == '.')
			return;
	find_metric(x, p, &m);
}

void measure_statement(struct check *x, const struct ast_measure *m)
{
	uint64_t each;

	for (const struct ast_path_list *l = m->what; l; l = l->next)
		if (l->path)
			check_measured(x, l->path);
	if (m->of)
		cgroups_targets(x, m->of);
	x->plan.measured = true;
	if (!m->each || !eval_duration(x, m->each, "`each`", &each))
		return;
	if (!each)
		complain(x, E_PERIOD, m->each->at, "a period of zero never ends");
	else if (!x->plan.sample_ns || each < x->plan.sample_ns)
		x->plan.sample_ns = each;
}
