/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * attrs.c - what may stand between < and >, as tables: name, type, range, words, place.
 *
 * Three lists share one reader: the attributes of cgroups, of the machine, and of `like`.
 */
#include <stdio.h>
#include <string.h>

#include "plan/check.h"

enum form {
	FORM_SIZE,
	FORM_DURATION,
	FORM_RATE,
	FORM_INTEGER,
	FORM_PPM, /* a number, stored in millionths */
	FORM_WORD,
};

struct word {
	const char *word;
	uint64_t value;
};

struct attr_rule {
	const char *name;
	uint8_t form;	/* enum form */
	uint8_t places; /* ON_* */
	uint8_t width;	/* of the field, in bytes */
	uint16_t offset;
	uint32_t bit;		  /* CGA_BIT, enum machine_stated, which of the two of `like` */
	uint64_t lo, hi;	  /* as stored */
	const struct word *words; /* ended by NULL, or NULL */
};

#define ON_CGROUP  (1 << ATTR_CGROUP)
#define ON_ROOT	   (1 << ATTR_ROOT)
#define ON_SET	   (1 << ATTR_SET)
#define EVERYWHERE (ON_CGROUP | ON_ROOT | ON_SET)

static const struct word words_max[] = {{"max", NO_LIMIT}, {NULL, 0}};
static const struct word words_max_off[] = {{"max", NO_LIMIT}, {"off", 0}, {NULL, 0}};
static const struct word words_no_cpu_max[] = {{"max", 0}, {NULL, 0}};
static const struct word words_off[] = {{"off", 0}, {NULL, 0}};
static const struct word words_oom[] = {{"group", true}, {"single", false}, {NULL, 0}};
static const struct word words_switch[] = {{"on", true}, {"off", false}, {NULL, 0}};
static const struct word words_priority[] = {
    {"high", PRIORITY_HIGH}, {"normal", PRIORITY_NORMAL}, {"low", PRIORITY_LOW}, {NULL, 0}};
static const struct word words_protect[] = {
    {"low", PROTECT_LOW}, {"min", PROTECT_MIN}, {"off", PROTECT_OFF}, {NULL, 0}};

#define FIELD(s, f) .offset = offsetof(struct s, f), .width = sizeof(((struct s *)0)->f)
#define CG(a, f)    .bit = CGA_BIT(a), FIELD(cg_attrs, f)
#define SIZES	    .form = FORM_SIZE, .hi = MAX_BYTES - 1

/* min and low can be max too: the kernel takes it, and all of the cgroup is protected. */
static const struct attr_rule cgroup_rules[] = {
    {"min", SIZES, CG(CGA_MIN, min_bytes), .places = EVERYWHERE, .words = words_max_off},
    {"low", SIZES, CG(CGA_LOW, low_bytes), .places = EVERYWHERE, .words = words_max_off},
    {"high", SIZES, CG(CGA_HIGH, high_bytes), .places = EVERYWHERE, .words = words_max},
    {"max", SIZES, CG(CGA_MAX, max_bytes), .places = EVERYWHERE, .words = words_max},
    {"swap", SIZES, CG(CGA_SWAP, swap_bytes), .places = EVERYWHERE, .words = words_max_off},
    {"oom", .form = FORM_WORD, CG(CGA_OOM, oom_group), .places = EVERYWHERE, .words = words_oom},
    {"weight", .form = FORM_INTEGER, CG(CGA_WEIGHT, weight), .lo = 1, .hi = 10000,
     .places = EVERYWHERE},
    {"cpu", .form = FORM_PPM, CG(CGA_CPU, cpu_ppm), .lo = 1, .hi = UINT32_MAX, .places = EVERYWHERE,
     .words = words_no_cpu_max},
    {"thp", .form = FORM_WORD, CG(CGA_THP, thp), .places = ON_CGROUP, .words = words_switch},
    {"priority", .form = FORM_WORD, CG(CGA_PRIORITY, priority), .places = ON_CGROUP | ON_SET,
     .words = words_priority},
    {"delay", .form = FORM_DURATION, CG(CGA_DELAY, delay_ns), .hi = MAX_NS,
     .places = ON_CGROUP | ON_SET, .words = words_off},
    {"threshold", .form = FORM_INTEGER, CG(CGA_THRESHOLD, threshold), .hi = INT64_MAX,
     .places = ON_CGROUP | ON_SET},
    {"window", .form = FORM_DURATION, CG(CGA_WINDOW, window_ns), .lo = 1, .hi = MAX_NS,
     .places = ON_CGROUP | ON_SET},
    {"protect", .form = FORM_WORD, CG(CGA_PROTECT, protect), .places = ON_CGROUP | ON_SET,
     .words = words_protect},
};

static const struct attr_rule machine_rules[] = {
    {"memory", SIZES, FIELD(machine, memory_bytes), .bit = MACHINE_MEMORY, .lo = MIB},
    {"cpus", .form = FORM_INTEGER, FIELD(machine, cpus), .bit = MACHINE_CPUS, .lo = 1, .hi = 4096},
    {"fault", .form = FORM_DURATION, FIELD(machine, fault_ns), .hi = MAX_NS},
    {"huge", .form = FORM_DURATION, FIELD(machine, huge_ns), .lo = 1, .hi = MAX_NS},
    {"free", .form = FORM_DURATION, FIELD(machine, free_ns), .lo = 1, .hi = NS_PER_MS},
    {"reclaim", .form = FORM_RATE, FIELD(machine, reclaim_bps), .lo = 1, .hi = MAX_BYTES - 1},
    {"disk", .form = FORM_RATE, FIELD(machine, disk_bps), .lo = 1, .hi = MAX_BYTES - 1},
    {"swapout", .form = FORM_RATE, FIELD(machine, swapout_bps), .lo = 1, .hi = MAX_BYTES - 1},
    {"process", SIZES, FIELD(machine, process_bytes)},
    {"reaction", .form = FORM_DURATION, FIELD(machine, reaction_ns), .hi = 10 * NS_PER_SEC},
    {"noise", .form = FORM_PPM, FIELD(machine, noise_ppm), .hi = 999999},
};

static const struct attr_rule like_rules[] = {
    {"time", .form = FORM_DURATION, .bit = 1, FIELD(op_exec, like_ns), .hi = MAX_NS},
    {"peak", SIZES, .bit = 2, FIELD(op_exec, like_peak_bytes)},
};

#define MAX_RULES 16

struct attr_list {
	const char *of; /* "a cgroup" */
	const struct attr_rule *rules;
	uint32_t n;
};

static const struct attr_list lists[] = {
    {"a cgroup", cgroup_rules, sizeof(cgroup_rules) / sizeof(*cgroup_rules)},
    {"the machine", machine_rules, sizeof(machine_rules) / sizeof(*machine_rules)},
    {"`like`", like_rules, sizeof(like_rules) / sizeof(*like_rules)},
};
#define NLISTS (sizeof(lists) / sizeof(*lists))

_Static_assert(sizeof(cgroup_rules) / sizeof(*cgroup_rules) == CGA_COUNT, "one rule for each");
_Static_assert(CGA_COUNT <= MAX_RULES, "MAX_RULES holds all");

/* ---- one attribute --------------------------------------------------------------------------- */

static void store(void *to, const struct attr_rule *r, uint64_t value)
{
	char *field = (char *)to + r->offset;

	switch (r->width) {
	case 1:
		*(uint8_t *)field = (uint8_t)value;
		break;
	case 4: {
		uint32_t v = (uint32_t)value;

		memcpy(field, &v, sizeof(v));
		break;
	}
	default:
		memcpy(field, &value, sizeof(value));
		break;
	}
}

/* "a size, `max` or `off`" */
static void print_choices(const struct attr_rule *r, struct buf *b)
{
	static const char *const forms[] = {"a size",	      "a duration", "a rate",
					    "a whole number", "a number",   NULL};
	bool first = true;

	if (forms[r->form]) {
		buf_puts(b, forms[r->form]);
		first = false;
	}
	for (const struct word *w = r->words; w && w->word; w++) {
		buf_printf(b, "%s`%s`", first ? "" : w[1].word ? ", " : " or ", w->word);
		first = false;
	}
}

static void complain_value(struct check *x, const struct attr_rule *r, struct span at,
			   const char *found)
{
	struct buf b = {0};

	print_choices(r, &b);
	if (found)
		complain(x, E_ATTR_VALUE, at, "`%s` takes %s, not `%s`", r->name, buf_str(&b),
			 found);
	else
		complain(x, E_ATTR_VALUE, at, "`%s` takes %s", r->name, buf_str(&b));
	buf_free(&b);
}

static bool read_word(const struct attr_rule *r, const struct ast_attr *a, uint64_t *out)
{
	for (const struct word *w = r->words; w && w->word; w++)
		if (!strcmp(w->word, a->word->s)) {
			*out = w->value;
			return true;
		}
	return false;
}

static bool read_number(struct check *x, const struct attr_rule *r, const struct ast_expr *e,
			const char *what, uint64_t *out)
{
	const struct ratio million = {1000000, 1};
	struct ratio n;
	int64_t i;

	switch ((enum form)r->form) {
	case FORM_SIZE:
		return eval_size(x, e, what, out);
	case FORM_DURATION:
		return eval_duration(x, e, what, out);
	case FORM_RATE:
		return eval_rate(x, e, what, out);
	case FORM_INTEGER:
		if (!eval_integer(x, e, what, (int64_t)r->lo, (int64_t)r->hi, &i))
			return false;
		*out = (uint64_t)i;
		return true;
	case FORM_PPM:
		if (!eval_number(x, e, what, &n))
			return false;
		if (n.num >= 0 && ratio_mul(n, million, &n)) {
			*out = (uint64_t)ratio_floor(n);
			return true;
		}
		complain(x, E_RANGE, e->at, "%s is out of its range", what);
		return false;
	case FORM_WORD:
		break;
	}
	complain_value(x, r, e->at, NULL);
	return false;
}

static void print_stored(const struct attr_rule *r, uint64_t v, struct buf *b)
{
	switch ((enum form)r->form) {
	case FORM_SIZE:
		fmt_size(b, v);
		break;
	case FORM_RATE:
		fmt_size(b, v);
		buf_puts(b, "/s");
		break;
	case FORM_DURATION:
		fmt_duration(b, v);
		break;
	case FORM_PPM:
		fmt_ratio(b, (struct ratio){(int64_t)v, 10000});
		buf_putc(b, '%');
		break;
	case FORM_INTEGER:
	case FORM_WORD:
		buf_printf(b, "%llu", (unsigned long long)v);
		break;
	}
}

static bool in_range(struct check *x, const struct attr_rule *r, uint64_t v, struct span at)
{
	struct buf b = {0};

	if (v >= r->lo && v <= r->hi)
		return true;
	print_stored(r, v < r->lo ? r->lo : r->hi, &b);
	if (r->lo == 1 && v < r->lo)
		complain(x, E_RANGE, at, "`%s` is more than 0", r->name);
	else
		complain(x, E_RANGE, at, "`%s` is at %s %s", r->name, v < r->lo ? "least" : "most",
			 buf_str(&b));
	buf_free(&b);
	return false;
}

static bool read_value(struct check *x, const struct attr_rule *r, const struct ast_attr *a,
		       uint64_t *out)
{
	struct ast_path path = {0};
	struct ast_expr name = {.kind = AE_PATH, .path = &path};
	const struct ast_expr *e = a->value;
	char what[64];

	if (a->word) {
		if (read_word(r, a, out))
			return true;
		if (r->form == FORM_WORD || !names_find(x, a->word)) {
			complain_value(x, r, a->word_at, a->word->s);
			return false;
		}
		/* No word of this attribute: the name of a value. */
		path.name = a->word;
		path.at = name.at = a->word_at;
		e = &name;
	}
	if (!e)
		return false;
	snprintf(what, sizeof(what), "`%s`", r->name);
	return read_number(x, r, e, what, out) && in_range(x, r, *out, e->at);
}

/* ---- lists ----------------------------------------------------------------------------------- */

static const struct attr_rule *find_rule(const struct attr_list *l, const char *name)
{
	for (uint32_t i = 0; i < l->n; i++)
		if (!strcmp(l->rules[i].name, name))
			return &l->rules[i];
	return NULL;
}

static void complain_name(struct check *x, const struct attr_list *l, const struct ast_attr *a)
{
	const char *names[MAX_RULES];

	for (size_t i = 0; i < NLISTS; i++)
		if (&lists[i] != l && find_rule(&lists[i], a->name->s)) {
			complain(x, E_ATTR_PLACE, a->name_at,
				 "`%s` is an attribute of %s, not of %s", a->name->s, lists[i].of,
				 l->of);
			return;
		}
	complain(x, E_UNKNOWN_ATTR, a->name_at, "%s has no attribute `%s`", l->of, a->name->s);
	for (uint32_t i = 0; i < l->n; i++)
		names[i] = l->rules[i].name;
	suggest(x, a->name->s, names, l->n);
}

struct reading {
	const struct attr_list *list;
	enum attr_place place; /* of cgroup_rules */
	uint32_t set;	       /* bits of what was read */
	struct span at[MAX_RULES];
	bool always;
};

static void check_extra(struct check *x, const struct attr_rule *r, const struct ast_attr *a,
			struct reading *g)
{
	if (!a->extra)
		return;
	if (r->bit == CGA_BIT(CGA_DELAY) && g->list == &lists[0] &&
	    !strcmp(a->extra->s, "always")) {
		g->always = true;
		return;
	}
	complain(x, E_ATTR_VALUE, a->extra_at, "`%s` means nothing behind `%s`", a->extra->s,
		 r->name);
	if (r->bit == CGA_BIT(CGA_DELAY) && g->list == &lists[0])
		diag_hint(x->diags, "only `always` can follow");
	else
		diag_hint(x->diags, "attributes are separated by `;`");
}

static void read_list(struct check *x, const struct ast_attr *a, struct reading *g, void *out)
{
	static const char *const places[] = {
	    "cgroups", "the root", "a running cgroup: it is decided when the workers start"};

	for (; a; a = a->next) {
		const struct attr_rule *r;
		uint64_t v;

		if (!a->name)
			continue;
		r = find_rule(g->list, a->name->s);
		if (!r) {
			complain_name(x, g->list, a);
			continue;
		}

		struct span *first = &g->at[r - g->list->rules];

		if (twice(x, a->at, *first, r->name))
			continue;
		*first = a->at;
		if (g->list == &lists[0] && !(r->places & 1 << g->place)) {
			complain(x, E_ATTR_PLACE, a->name_at, "`%s` does not apply to %s", r->name,
				 places[g->place]);
			continue;
		}
		check_extra(x, r, a, g);
		if (!read_value(x, r, a, &v))
			continue;
		store(out, r, v);
		g->set |= r->bit;
	}
}

/* Legal for the kernel, and surely a slip of the pen. */
static void check_limits(struct check *x, const struct cg_attrs *a, const struct reading *g)
{
	static const struct {
		enum cg_attr low, high;
		const char *text;
	} pairs[] = {
	    {CGA_HIGH, CGA_MAX, "`high` is above `max`: it will never be reached"},
	    {CGA_MIN, CGA_MAX, "`min` is above `max`: not all of it can be used"},
	    {CGA_LOW, CGA_MAX, "`low` is above `max`: not all of it can be used"},
	};
	const uint64_t v[] = {
	    [CGA_MIN] = a->min_bytes,
	    [CGA_LOW] = a->low_bytes,
	    [CGA_HIGH] = a->high_bytes,
	    [CGA_MAX] = a->max_bytes,
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		uint32_t both = CGA_BIT(pairs[i].low) | CGA_BIT(pairs[i].high);

		if ((a->set & both) != both || v[pairs[i].low] == NO_LIMIT ||
		    v[pairs[i].low] <= v[pairs[i].high])
			continue;
		diag_at(x->diags, W_LIMITS, g->at[pairs[i].low], "%s", pairs[i].text);
		diag_note(x->diags, g->at[pairs[i].high], "the limit is here");
	}
}

void attrs_read(struct check *x, const struct ast_attr *list, enum attr_place place,
		struct cg_attrs *out, struct span *delay_at)
{
	struct reading g = {.list = &lists[0], .place = place};

	*out = cg_attrs_default;
	read_list(x, list, &g, out);
	out->set = g.set;
	out->delay_always = g.always && out->delay_ns;
	if (g.always && !out->delay_ns && g.set & CGA_BIT(CGA_DELAY))
		diag_at(x->diags, W_LIMITS, g.at[CGA_DELAY], "`always` without a delay");
	if (delay_at && out->delay_ns)
		*delay_at = g.at[CGA_DELAY];
	check_limits(x, out, &g);
}

void machine_read(struct check *x, const struct ast_attr *list, struct machine *out)
{
	struct reading g = {.list = &lists[1]};

	read_list(x, list, &g, out);
	out->stated = g.set;
}

bool like_read(struct check *x, const struct ast_attr *list, struct span at, struct op_exec *out)
{
	struct reading g = {.list = &lists[2]};
	uint32_t complaints = x->complaints;

	read_list(x, list, &g, out);
	for (uint32_t i = 0; i < g.list->n; i++)
		if (!g.at[i].end && x->complaints == complaints) {
			complain(x, E_ATTR_VALUE, at, "`like` needs a `%s`", g.list->rules[i].name);
			diag_hint(x->diags, "like < time 12s; peak 518M >");
		}
	out->has_like = true;
	return x->complaints == complaints;
}
