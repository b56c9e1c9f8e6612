/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "experiment/admit.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/vec.h"

int admit_statements(const struct plan *p, struct diags *d)
{
	uint32_t before = d->errors;

	if (p->nsweeps) {
		diag_at(d, E_RUN_SWEEP, p->sweep_at,
			"a sweep is several experiments, and this is one");
		diag_hint(d, "give `%s` one value: `-p %s=%s`", p->sweeps[0].param,
			  p->sweeps[0].param, p->sweeps[0].values[0]);
	}
	return d->errors > before ? -EOPNOTSUPP : 0;
}

/* ---- requirements ---------------------------------------------------------------------------- */

static const char *comparison(int cmp)
{
	switch (cmp) {
	case '<':
		return "<";
	case 'l':
		return "<=";
	case '>':
		return ">";
	case 'g':
		return ">=";
	case '!':
		return "!=";
	default:
		return "=";
	}
}

static void name_requirement(struct buf *b, const struct requirement *r)
{
	buf_puts(b, r->feature);
	if (!r->cmp)
		return;
	buf_printf(b, " %s %u.%u", comparison(r->cmp), r->version[0], r->version[1]);
	if (r->version[2])
		buf_printf(b, ".%u", r->version[2]);
}

/* 1 met, 0 not, with why in `text`; -EINVAL: reported. */
static int probe_alternatives(const struct requirement *r, const struct backend *b, struct diags *d,
			      struct buf *text)
{
	for (const struct requirement *first = r; r->feature; r++) {
		char why[256] = "";
		int there = b->probe(r, why, sizeof(why));

		if (there > 0)
			return 1;
		if (there < 0) {
			diag_at(d, E_RUN_REQUIREMENT, (struct span){0, 0},
				"backend `%s` does not know the feature `%s`", b->name, r->feature);
			return -EINVAL;
		}
		buf_puts(text, r == first ? "requires " : " or ");
		name_requirement(text, r);
		if (why[0])
			buf_printf(text, " (%s)", why);
	}
	return 0;
}

int admit_requirements(const struct plan *p, const struct backend *b, struct diags *d,
		       struct arena *a, const char *const **reasons, uint32_t *nreasons)
{
	const char **v = arena_array(a, const char *, p->nrequire);
	uint32_t n = 0;
	int err = 0;

	for (uint32_t i = 0; i < p->nrequire; i++) {
		struct buf text = {0};
		int met = probe_alternatives(p->require[i], b, d, &text);

		if (met < 0)
			err = met;
		else if (!met)
			v[n++] = arena_strndup(a, buf_str(&text), text.n);
		buf_free(&text);
	}
	if (err)
		return err;
	*reasons = v;
	*nreasons = n;
	return 0;
}

/* ---- mechanisms ------------------------------------------------------------------------------ */

/* Tried once, however many policies name it. */
static const char *tried_before(const struct plan *p, const struct results *r, uint32_t policy,
				bool *tried)
{
	for (uint32_t i = 0; i < policy; i++) {
		const char *name = p->policies[i].mechanism;

		*tried = name && !strcmp(name, p->policies[policy].mechanism);
		if (*tried)
			return r->skipped[i];
	}
	return NULL;
}

static int try_mechanism(const struct backend *b, const char *name, struct diags *d,
			 struct arena *a, const char **skipped)
{
	const struct requirement need = {.feature = name};
	char why[256] = "";
	int there = b->probe(&need, why, sizeof why);

	if (there < 0) {
		diag_at(d, E_RUN_REQUIREMENT, (struct span){0, 0},
			"backend `%s` does not know the mechanism `%s`", b->name, name);
		return -EINVAL;
	}
	if (!there)
		*skipped =
		    arena_printf(a, "there is no mechanism %s%s%s", name, why[0] ? ": " : "", why);
	return 0;
}

int admit_mechanisms(const struct plan *p, const struct backend *b, struct diags *d,
		     struct results *r)
{
	const char **skipped = arena_array(&r->arena, const char *, p->npolicies);

	r->skipped = skipped;
	for (uint32_t i = 0; i < p->npolicies; i++) {
		bool tried = false;
		int err;

		if (p->policies[i].mechanism) {
			skipped[i] = tried_before(p, r, i, &tried);
			err = tried ? 0
				    : try_mechanism(b, p->policies[i].mechanism, d, &r->arena,
						    &skipped[i]);
			if (err)
				return err;
		}
	}
	admit_skipped(p, r);
	return 0;
}

void admit_skipped(const struct plan *p, struct results *r)
{
	const char **reasons = arena_array(&r->arena, const char *, r->nreasons + p->npolicies);
	uint32_t left = 0, n = 0;

	for (uint32_t i = 0; i < p->npolicies; i++)
		left += !results_skipped(r, (int32_t)i);
	if (left && !results_skipped(r, p->baseline))
		return;
	for (uint32_t i = 0; i < r->nreasons; i++)
		reasons[n++] = r->reasons[i];
	for (uint32_t i = 0; i < p->npolicies; i++)
		if (results_skipped(r, (int32_t)i))
			reasons[n++] = arena_printf(&r->arena, RESULTS_SKIPPED, p->policies[i].name,
						    results_skipped(r, (int32_t)i));
	r->reasons = reasons;
	r->nreasons = n;
}

/* ---- capabilities ---------------------------------------------------------------------------- */

static bool op_needs(const struct op *op, uint32_t cap)
{
	if (op->kind == OP_EXEC)
		return cap == CAP_EXEC ? !op->exec->has_like
				       : cap == CAP_LIKE && op->exec->has_like;
	if (op->kind == OP_TOOLS)
		return cap == CAP_EXEC ? !op->calls->simulated
				       : cap == CAP_LIKE && op->calls->simulated;
	return false;
}

static bool step_needs(const struct plan_step *s, uint32_t cap)
{
	if (s->kind == STEP_OP)
		return op_needs(&s->op, cap);
	if (s->kind == STEP_START)
		for (uint32_t i = 0; i < s->nbody; i++)
			if (op_needs(&s->body[i], cap))
				return true;
	return false;
}

static bool attrs_need(const struct cg_attrs *a, uint32_t cap)
{
	switch ((enum backend_cap)cap) {
	case CAP_DELAY:
		return a->delay_ns > 0;
	case CAP_DELAY_ALWAYS:
		return a->delay_ns > 0 && a->delay_always;
	case CAP_PROTECT:
		return a->protect != PROTECT_OFF;
	case CAP_CPU:
		return (a->set & (CGA_BIT(CGA_WEIGHT) | CGA_BIT(CGA_CPU))) != 0;
	case CAP_MEMORY:
	case CAP_EXEC:
	case CAP_LIKE:
		break;
	}
	return false;
}

/* The first place that needs it; none when it is in no action and no policy's attributes. */
static struct span needed_at(const struct plan *p, uint32_t cap)
{
	for (uint32_t i = 0; i < p->nevents; i++)
		if (step_needs(&p->events[i].step, cap))
			return p->events[i].step.at;
	for (uint32_t i = 0; i < p->ntriggers; i++)
		for (uint32_t k = 0; k < p->triggers[i].nsteps; k++)
			if (step_needs(&p->triggers[i].steps[k], cap))
				return p->triggers[i].steps[k].at;
	for (uint32_t i = 0; i < p->npolicies; i++)
		for (uint32_t k = 0; k < p->ncgroups; k++)
			if (attrs_need(&p->policies[i].attrs[k], cap))
				return p->policies[i].at;
	return (struct span){0, 0};
}

static const char *advice(uint32_t cap)
{
	switch ((enum backend_cap)cap) {
	case CAP_EXEC:
		return "say what it is like: `like < time 12s; peak 518M >`, or `replay tools ... "
		       "simulated`";
	case CAP_LIKE:
		return "leave `like` or `simulated` out";
	case CAP_DELAY_ALWAYS:
		return "leave `always` out: a delay only over memory.high";
	case CAP_DELAY:
	case CAP_PROTECT:
		return "leave the policies out that need it: `--policy NAME`";
	case CAP_CPU:
		return "leave `weight` and `cpu` out";
	case CAP_MEMORY:
		break;
	}
	return NULL;
}

int admit_capabilities(const struct plan *p, const struct backend *b, struct diags *d)
{
	uint32_t lacking = p->needs & ~b->caps;

	for (uint32_t rest = lacking; rest; rest &= rest - 1) {
		uint32_t cap = rest & -rest;
		const char *hint = advice(cap);

		diag_at(d, E_RUN_CAPABILITY, needed_at(p, cap),
			"the backend `%s` lacks what this scenario needs: %s", b->name,
			backend_cap_name((enum backend_cap)cap));
		if (hint)
			diag_hint(d, "%s", hint);
	}
	return lacking ? -EOPNOTSUPP : 0;
}
