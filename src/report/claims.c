/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/claims.h"

#include <string.h>

#include "report/pool.h"
#include "report/text.h"

/* Where the texts begin: behind the longest verdict there is; where lines are short, below it. */
static unsigned int margin_for(const struct results *r, const struct report_style *style)
{
	size_t longest = 4;

	for (uint32_t i = 0; i < r->nclaims; i++) {
		const struct claim_result *c = &r->claims[i];

		for (uint32_t k = 0; k < c->nexpects; k++)
			if (strlen(verdict_name(c->expects[k].verdict)) > longest)
				longest = strlen(verdict_name(c->expects[k].verdict));
	}
	return longest == 4 || style->width >= 60 ? (unsigned int)longest + 2 : 2;
}

void claims_put_verdict(enum verdict v, const struct report_style *style, struct buf *out)
{
	const char *colour = "33";

	if (v == VERDICT_PASS)
		colour = "32";
	else if (v == VERDICT_FAIL || v == VERDICT_ABORTED)
		colour = "31";
	if (style->colour && v != VERDICT_NONE)
		buf_printf(out, "\033[1;%sm%s\033[0m", colour, verdict_name(v));
	else
		buf_puts(out, verdict_name(v));
}

static void put_margin(enum verdict v, unsigned int margin, const struct report_style *style,
		       struct buf *out)
{
	unsigned int at = (unsigned int)strlen(verdict_name(v));

	claims_put_verdict(v, style, out);
	if (at + 1 > margin) {
		buf_putc(out, '\n');
		at = 0;
	}
	buf_pad(out, ' ', margin - at);
}

static const char *operator_of(const struct px *cond)
{
	switch ((enum px_kind)cond->kind) {
	case PX_LT:
		return "<";
	case PX_LE:
		return "<=";
	case PX_GT:
		return ">";
	case PX_GE:
		return ">=";
	case PX_EQ:
		return "==";
	case PX_NE:
		return "!=";
	default:
		return "";
	}
}

/* Where three digits do not tell unlike sides apart, all of them are written. */
void claims_put_sides(const struct expect_result *x, struct buf *out)
{
	struct buf left = {0}, right = {0};

	text_value(&left, x->left, x->dim);
	text_value(&right, x->right, x->dim);
	if (!x->left_missing && !x->right_missing && x->left != x->right &&
	    !strcmp(buf_str(&left), buf_str(&right))) {
		buf_clear(&left);
		buf_clear(&right);
		text_value_exact(&left, x->left, x->dim);
		text_value_exact(&right, x->right, x->dim);
	}
	buf_printf(out, "%s %s %s", x->left_missing ? "-" : buf_str(&left),
		   operator_of(x->expect->cond), x->right_missing ? "-" : buf_str(&right));
	buf_free(&left);
	buf_free(&right);
}

/* "left - right: -12s, at 95% within [-12.1s, -11.9s]" */
static void put_difference(const struct expect_result *x, unsigned int indent,
			   const struct report_style *style, struct buf *out)
{
	struct buf line = {0};

	buf_puts(&line, "the difference is ");
	text_value(&line, x->left - x->right, x->dim);
	buf_printf(&line, ", at %g%% within [", 100 * x->expect->confidence);
	text_value(&line, x->difference.lo, x->dim);
	buf_puts(&line, ", ");
	text_value(&line, x->difference.hi, x->dim);
	buf_puts(&line, "]");
	buf_pad(out, ' ', indent);
	text_wrap(out, buf_str(&line), indent, indent, style->width);
	buf_free(&line);
}

static void put_expect(const struct results *r, const struct expect_result *x, unsigned int margin,
		       const struct report_style *style, struct buf *out)
{
	unsigned int indent = margin + 2, text_width, sides_width;
	struct buf text = {0}, sides = {0};

	buf_puts(&text, x->expect->text);
	if (x->expect->each_policy && r->plan->baseline >= 0)
		buf_printf(&text, " (%s)", pool_name(r, x->policy));
	if (x->has_sides)
		claims_put_sides(x, &sides);
	text_width = text_columns(buf_str(&text));
	sides_width = text_columns(buf_str(&sides));

	put_margin(x->verdict, margin, style, out);
	buf_puts(out, "  ");
	if (indent + text_width + 2 + sides_width <= style->width) {
		text_fit(out, buf_str(&text), text_width);
		if (sides.n)
			buf_pad(out, ' ', style->width - indent - text_width - sides_width);
		text_fit(out, buf_str(&sides), sides_width);
		buf_putc(out, '\n');
	} else {
		text_wrap(out, buf_str(&text), indent, indent + 2, style->width);
		if (sides.n) {
			unsigned int at =
			    sides_width < style->width ? style->width - sides_width : 0;

			buf_pad(out, ' ', at);
			text_wrap(out, buf_str(&sides), at, indent, style->width);
		}
	}
	if (x->difference.there)
		put_difference(x, indent + 2, style, out);
	if (x->why) {
		buf_pad(out, ' ', indent + 2);
		text_wrap(out, x->why, indent + 2, indent + 2, style->width);
	}
	buf_free(&text);
	buf_free(&sides);
}

void claims_print(const struct results *r, const struct report_style *style, struct buf *out)
{
	unsigned int margin = margin_for(r, style);

	for (uint32_t i = 0; i < r->nclaims; i++) {
		const struct claim_result *c = &r->claims[i];

		if (c->name) {
			put_margin(c->verdict, margin, style, out);
			if (style->colour)
				buf_puts(out, "\033[1m");
			text_wrap(out, c->name, margin, margin, style->width);
			if (style->colour)
				buf_puts(out, "\033[0m");
		}
		for (uint32_t k = 0; k < c->nexpects; k++)
			put_expect(r, &c->expects[k], margin, style, out);
	}
}
