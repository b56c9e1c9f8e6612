/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * operators.c - what may be combined with what, and the result (check.h).
 *
 * Known values are exact rationals; where a measurement takes part the result is a px node.
 */
#include "plan/check.h"

static bool is_quantity(enum dim d)
{
	return d == DIM_NUMBER || d == DIM_SIZE || d == DIM_DURATION || d == DIM_RATE;
}

static struct value failed(void)
{
	return (struct value){.dim = DIM_ERROR};
}

static bool is_comparison(enum ast_op op)
{
	return op >= AO_LT && op <= AO_NE;
}

/* ---- dimensions ------------------------------------------------------------------------------ */

static enum dim product(enum dim a, enum dim b)
{
	if (a == DIM_NUMBER)
		return b;
	if (b == DIM_NUMBER)
		return a;
	if ((a == DIM_RATE && b == DIM_DURATION) || (a == DIM_DURATION && b == DIM_RATE))
		return DIM_SIZE;
	return DIM_ERROR;
}

static enum dim quotient(enum dim a, enum dim b)
{
	if (b == DIM_NUMBER)
		return a;
	if (a == b)
		return DIM_NUMBER;
	if (a == DIM_SIZE && b == DIM_DURATION)
		return DIM_RATE;
	if (a == DIM_SIZE && b == DIM_RATE)
		return DIM_DURATION;
	return DIM_ERROR;
}

/* The dimension of `a op b`, or DIM_ERROR. */
static enum dim result_dim(enum ast_op op, enum dim a, enum dim b)
{
	switch (op) {
	case AO_AND:
	case AO_OR:
		return a == DIM_BOOL && b == DIM_BOOL ? DIM_BOOL : DIM_ERROR;
	case AO_EQ:
	case AO_NE:
		if (a == b && (a == DIM_BOOL || a == DIM_STRING))
			return DIM_BOOL;
		return a == b && is_quantity(a) ? DIM_BOOL : DIM_ERROR;
	case AO_LT:
	case AO_LE:
	case AO_GT:
	case AO_GE:
		return a == b && is_quantity(a) ? DIM_BOOL : DIM_ERROR;
	case AO_ADD:
	case AO_SUB:
	case AO_MOD:
		return a == b && is_quantity(a) ? a : DIM_ERROR;
	case AO_OF:
		return a == DIM_NUMBER && is_quantity(b) ? b : DIM_ERROR;
	case AO_MUL:
		return is_quantity(a) && is_quantity(b) ? product(a, b) : DIM_ERROR;
	case AO_DIV:
		return is_quantity(a) && is_quantity(b) ? quotient(a, b) : DIM_ERROR;
	case AO_NONE:
	case AO_NEG:
	case AO_NOT:
		break;
	}
	return DIM_ERROR;
}

static const char *op_sentence(enum ast_op op)
{
	switch (op) {
	case AO_ADD:
		return "cannot add %s and %s";
	case AO_SUB:
		return "cannot subtract %2$s from %1$s";
	case AO_MUL:
		return "cannot multiply %s by %s";
	case AO_DIV:
		return "cannot divide %s by %s";
	case AO_MOD:
		return "cannot take %s modulo %s";
	case AO_OF:
		return "`of` takes a share of a quantity, not %s of %s";
	case AO_AND:
		return "`and` joins conditions, not %s and %s";
	case AO_OR:
		return "`or` joins conditions, not %s and %s";
	default:
		return "cannot compare %s with %s";
	}
}

static const char *unit_hint(enum dim d)
{
	switch (d) {
	case DIM_SIZE:
		return "sizes need a unit: 400M";
	case DIM_DURATION:
		return "durations need a unit: 30s";
	case DIM_RATE:
		return "rates need a unit: 200M/s";
	default:
		return NULL;
	}
}

static void complain_operands(struct check *x, enum ast_op op, enum dim a, enum dim b,
			      struct span at)
{
	const char *hint = unit_hint(a == DIM_NUMBER ? b : b == DIM_NUMBER ? a : DIM_ERROR);

	complain(x, E_OPERANDS, at, op_sentence(op), dim_name(a), dim_name(b));
	if (hint && op != AO_OF && op != AO_DIV && op != AO_AND && op != AO_OR)
		diag_hint(x->diags, "%s", hint);
	else if (op == AO_AND || op == AO_OR)
		diag_hint(x->diags, "compare: high.usage > 400M");
}

/* 0 needs no unit: it takes the other's. */
static void adopt_zero(struct value *a, struct value *b)
{
	if (a->dim == b->dim)
		return;
	if (a->zero && is_quantity(b->dim))
		a->dim = b->dim;
	else if (b->zero && is_quantity(a->dim))
		b->dim = a->dim;
}

/* ---- px -------------------------------------------------------------------------------------- */

static double to_double(const struct value *v)
{
	double d = (double)v->n.num / (double)v->n.den;

	return v->dim == DIM_DURATION ? d / (double)NS_PER_SEC : d;
}

const struct px *value_px(struct check *x, const struct value *v, struct span at)
{
	struct px *p;

	if (v->px)
		return v->px;
	p = arena_new(x->arena, struct px);
	p->kind = PX_CONST;
	p->dim = v->dim;
	p->at = at;
	p->value = to_double(v);
	return p;
}

static struct value px_op(struct check *x, enum px_kind k, enum dim dim, const struct px *const *in,
			  uint32_t n, double q, struct span at)
{
	struct px *p = arena_new(x->arena, struct px);
	const struct px **args = arena_array(x->arena, const struct px *, n);

	for (uint32_t i = 0; i < n; i++)
		args[i] = in[i];
	p->kind = (uint8_t)k;
	p->dim = (uint8_t)dim;
	p->at = at;
	p->args = args;
	p->nargs = n;
	p->q = q;
	return (struct value){.dim = (uint8_t)dim, .px = p};
}

static enum px_kind px_kind_of(enum ast_op op)
{
	switch (op) {
	case AO_NEG:
		return PX_NEG;
	case AO_NOT:
		return PX_NOT;
	case AO_ADD:
		return PX_ADD;
	case AO_SUB:
		return PX_SUB;
	case AO_MUL:
	case AO_OF:
		return PX_MUL;
	case AO_DIV:
		return PX_DIV;
	case AO_MOD:
		return PX_MOD;
	case AO_LT:
		return PX_LT;
	case AO_LE:
		return PX_LE;
	case AO_GT:
		return PX_GT;
	case AO_GE:
		return PX_GE;
	case AO_EQ:
		return PX_EQ;
	case AO_NE:
		return PX_NE;
	case AO_AND:
		return PX_AND;
	case AO_OR:
		return PX_OR;
	case AO_NONE:
		break;
	}
	return PX_CONST;
}

/* ---- exact ----------------------------------------------------------------------------------- */

static bool compare(enum ast_op op, int c)
{
	switch (op) {
	case AO_LT:
		return c < 0;
	case AO_LE:
		return c <= 0;
	case AO_GT:
		return c > 0;
	case AO_GE:
		return c >= 0;
	case AO_NE:
		return c != 0;
	default:
		return c == 0;
	}
}

/* rate = bytes / ns * 1e9, and so on: what the result needs beside the plain operation */
static bool rescale(enum ast_op op, enum dim a, enum dim b, struct ratio *r)
{
	const struct ratio second = {(int64_t)NS_PER_SEC, 1};

	if (op == AO_MUL && a != DIM_NUMBER && b != DIM_NUMBER)
		return ratio_div(*r, second, r);
	if (op == AO_DIV && b != DIM_NUMBER && a != b)
		return ratio_mul(*r, second, r);
	return true;
}

static struct value exact(struct check *x, enum ast_op op, const struct value *a,
			  const struct value *b, enum dim dim, struct span at)
{
	struct value v = {.dim = (uint8_t)dim};
	bool ok;

	switch (op) {
	case AO_ADD:
		ok = ratio_add(a->n, b->n, &v.n);
		break;
	case AO_SUB:
		ok = ratio_sub(a->n, b->n, &v.n);
		break;
	case AO_DIV:
	case AO_MOD:
		if (!b->n.num) {
			complain(x, E_DIV_ZERO, at, "division by zero");
			return failed();
		}
		ok = op == AO_MOD
			 ? ratio_floor_mod(a->n, b->n, &v.n)
			 : ratio_div(a->n, b->n, &v.n) && rescale(op, a->dim, b->dim, &v.n);
		break;
	default:
		ok = ratio_mul(a->n, b->n, &v.n) && rescale(op, a->dim, b->dim, &v.n);
		break;
	}
	if (ok)
		return v;
	complain(x, E_OVERFLOW, at, "this number is too large, or too fine, to be exact");
	diag_hint(x->diags, "numbers have 63 bits above and 63 below the fraction bar");
	return failed();
}

static bool same_string(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

static struct value exact_truth(enum ast_op op, const struct value *a, const struct value *b)
{
	struct value v = {.dim = DIM_BOOL, .n = {0, 1}};

	if (op == AO_AND)
		v.n.num = a->n.num && b->n.num;
	else if (op == AO_OR)
		v.n.num = a->n.num || b->n.num;
	else if (a->dim == DIM_STRING)
		v.n.num = same_string(a->string, b->string) == (op == AO_EQ);
	else
		v.n.num = compare(op, ratio_cmp(a->n, b->n));
	return v;
}

/* ---- entry points ---------------------------------------------------------------------------- */

struct value value_unary(struct check *x, enum ast_op op, struct value a, struct span at)
{
	const struct px *px;

	if (a.dim == DIM_ERROR)
		return a;
	if (op == AO_NOT ? a.dim != DIM_BOOL : !is_quantity(a.dim)) {
		complain(x, E_OPERANDS, at,
			 op == AO_NOT ? "`not` negates a condition, not %s" : "cannot negate %s",
			 dim_name(a.dim));
		return failed();
	}
	if (a.px) {
		px = a.px;
		return px_op(x, px_kind_of(op), a.dim, &px, 1, 0, at);
	}
	if (op == AO_NOT)
		a.n.num = !a.n.num;
	else if (!ratio_sub((struct ratio){0, 1}, a.n, &a.n)) {
		complain(x, E_OVERFLOW, at, "this number is too large");
		return failed();
	}
	return a;
}

struct value value_binary(struct check *x, enum ast_op op, struct value a, struct value b,
			  struct span at)
{
	enum dim dim;

	if (a.dim == DIM_ERROR || b.dim == DIM_ERROR)
		return failed();
	if (op == AO_ADD || op == AO_SUB || op == AO_MOD || is_comparison(op))
		adopt_zero(&a, &b);
	dim = result_dim(op, a.dim, b.dim);
	if (dim == DIM_ERROR) {
		complain_operands(x, op, a.dim, b.dim, at);
		return failed();
	}
	if (a.px || b.px) {
		const struct px *in[2] = {value_px(x, &a, at), value_px(x, &b, at)};

		if (!b.px && (op == AO_DIV || op == AO_MOD) && !b.n.num) {
			complain(x, E_DIV_ZERO, at, "division by zero");
			return failed();
		}
		return px_op(x, px_kind_of(op), dim, in, 2, 0, at);
	}
	if (dim == DIM_BOOL)
		return exact_truth(op, &a, &b);
	return exact(x, op, &a, &b, dim, at);
}

/* One dimension for all arguments, or DIM_ERROR. */
static enum dim common_dim(struct check *x, const struct value *v, uint32_t n, struct span at)
{
	enum dim dim = DIM_NUMBER;

	for (uint32_t i = 0; i < n; i++)
		if (v[i].dim == DIM_ERROR)
			return DIM_ERROR;
		else if (!v[i].zero)
			dim = v[i].dim;
	for (uint32_t i = 0; i < n; i++)
		if (!is_quantity(v[i].dim) || (v[i].dim != dim && !v[i].zero)) {
			complain(x, E_OPERANDS, at,
				 is_quantity(v[i].dim) ? "cannot compare %s with %s"
						       : "%s is no quantity",
				 dim_name(v[i].dim), dim_name(dim));
			return DIM_ERROR;
		}
	return dim;
}

struct value value_fold(struct check *x, enum px_kind k, const struct value *v, uint32_t n,
			double q, struct span at)
{
	enum dim dim = common_dim(x, v, n, at);
	struct value r = v[0];
	bool known = true;

	if (dim == DIM_ERROR)
		return failed();
	for (uint32_t i = 0; i < n; i++)
		known = known && !v[i].px;
	if (!known) {
		const struct px **args = arena_array(x->arena, const struct px *, n);

		for (uint32_t i = 0; i < n; i++) {
			struct value one = v[i];

			one.dim = (uint8_t)dim;
			args[i] = value_px(x, &one, at);
		}
		return px_op(x, k, dim, args, n, q, at);
	}
	for (uint32_t i = 1; i < n; i++)
		if (k == PX_SUM) {
			r = exact(x, AO_ADD, &r, &v[i], dim, at);
			if (r.dim == DIM_ERROR)
				return r;
		} else if ((ratio_cmp(v[i].n, r.n) < 0) == (k == PX_MIN)) {
			r = v[i];
		}
	r.dim = (uint8_t)dim;
	r.zero = false;
	return r;
}
