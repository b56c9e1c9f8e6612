/* SPDX-License-Identifier: GPL-2.0-or-later */
/* require.c - what must be there for a run: features by name, the kernel by its version. */
#include <string.h>

#include "plan/check.h"

/* 6, 6.12 or 6.12.3, read from its spelling: as a number, 6.2 and 6.20 would be the same. */
static bool read_version(struct check *x, const struct ast_expr *e, uint32_t out[3])
{
	size_t n, i = 0;
	const char *s = sources_text(&x->u->sources, e->at, &n);
	uint32_t parts = 0;

	if (e->kind == AE_ERROR)
		return false;
	while (i < n && parts < 3) {
		uint64_t v = 0;
		size_t from = i;

		for (; i < n && s[i] >= '0' && s[i] <= '9' && v <= UINT32_MAX; i++)
			v = v * 10 + (uint64_t)(s[i] - '0');
		if (i == from || v > UINT32_MAX)
			break;
		out[parts++] = (uint32_t)v;
		if (i == n)
			return true;
		if (s[i++] != '.')
			break;
	}
	complain(x, E_VERSION, e->at, "a version is two or three numbers: 6.12 or 6.12.3");
	return false;
}

static int comparison_char(enum ast_op op)
{
	switch (op) {
	case AO_LT:
		return '<';
	case AO_LE:
		return 'l';
	case AO_GT:
		return '>';
	case AO_GE:
		return 'g';
	case AO_EQ:
		return '=';
	case AO_NE:
		return '!';
	default:
		return 0;
	}
}

static void suggest_feature(struct check *x, const char *word)
{
	VEC(const char *) v = {0};

	for (size_t i = 0; backend_feature(i); i++)
		vec_push(&v, backend_feature(i));
	suggest(x, word, v.v, v.n);
	vec_free(&v);
}

static bool read_need(struct check *x, const struct ast_need *n, struct requirement *out)
{
	bool kernel;

	if (!n->name)
		return false;
	kernel = !strcmp(n->name->s, "kernel");
	out->feature = n->name->s;
	if (!kernel && !backend_feature_known(n->name->s)) {
		complain(x, E_UNKNOWN_FEATURE, n->at, "there is no feature `%s`", n->name->s);
		suggest_feature(x, n->name->s);
		return false;
	}
	if (n->op == AO_NONE && !kernel)
		return true;
	if (!kernel) {
		complain(x, E_REQUIRE, n->at, "`%s` has no version to compare", n->name->s);
		return false;
	}
	if (n->op == AO_NONE || !n->version) {
		complain(x, E_REQUIRE, n->at, "`kernel` needs a comparison");
		diag_hint(x->diags, "kernel >= 6.12");
		return false;
	}
	out->cmp = comparison_char(n->op);
	return read_version(x, n->version, out->version);
}

void require_statement(struct check *x, const struct ast_require *r)
{
	for (const struct ast_need *n = r->needs; n; n = n->next) {
		struct requirement *list;
		uint32_t count = 1;

		for (const struct ast_need *m = n; m; m = m->or_next)
			count++;
		list = arena_array(x->arena, struct requirement, count);
		count = 0;
		for (const struct ast_need *m = n; m; m = m->or_next)
			if (read_need(x, m, &list[count]))
				count++;
		if (count)
			vec_push(&x->requires, list);
	}
}
