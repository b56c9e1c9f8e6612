/* SPDX-License-Identifier: GPL-2.0-or-later */
/* judge.c - reasons and how verdicts add up (judge.h) */
#include "stat/judge.h"

#include <stdarg.h>

#include "base/buf.h"

enum verdict judge_worse(enum verdict a, enum verdict b)
{
	static const unsigned char severity[] = {
	    [VERDICT_NONE] = 0,	     [VERDICT_PASS] = 1, [VERDICT_WARN] = 2, [VERDICT_SKIP] = 3,
	    [VERDICT_UNDECIDED] = 4, [VERDICT_FAIL] = 5, [VERDICT_VOID] = 6, [VERDICT_ABORTED] = 7,
	};

	return severity[a] >= severity[b] ? a : b;
}

void judge_note(struct judge *j, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vec_push(&j->reasons, arena_vprintf(&j->r->arena, fmt, ap));
	va_end(ap);
}

void judge_void(struct judge *j, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vec_push(&j->reasons, arena_vprintf(&j->r->arena, fmt, ap));
	va_end(ap);
	j->r->verdict = judge_worse(j->r->verdict, VERDICT_VOID);
}

void judge_void_claims(struct judge *j, const char *fmt, ...)
{
	const struct plan *p = j->r->plan;
	va_list ap;

	va_start(ap, fmt);
	vec_push(&j->reasons, arena_vprintf(&j->r->arena, fmt, ap));
	va_end(ap);
	if (p->baseline >= 0 || p->nexpects)
		j->r->verdict = judge_worse(j->r->verdict, VERDICT_VOID);
}

const char *judge_size(struct judge *j, uint64_t bytes)
{
	struct buf b = {0};
	const char *s;

	fmt_size_short(&b, bytes);
	s = arena_strndup(&j->r->arena, buf_str(&b), b.n);
	buf_free(&b);
	return s;
}

const char *judge_time(struct judge *j, uint64_t ns)
{
	struct buf b = {0};
	const char *s;

	fmt_seconds_short(&b, (double)ns / (double)NS_PER_SEC);
	s = arena_strndup(&j->r->arena, buf_str(&b), b.n);
	buf_free(&b);
	return s;
}

const char *judge_run_name(struct judge *j, const struct run_summary *run)
{
	const struct plan *p = j->r->plan;

	return run->policy == PX_ALONE
		   ? arena_printf(&j->r->arena, "alone.%s", p->cgroups[run->alone].name)
		   : p->policies[run->policy].name;
}
