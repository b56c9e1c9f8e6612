/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/explain.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/units.h"
#include "report/grid.h"
#include "report/json_value.h"
#include "report/paper.h"
#include "report/pool.h"
#include "report/text.h"
#include "stat/dist.h"
#include "stat/timeline.h"

#define MAX_SLOW 10
#define MAX_TEXT 100

enum part {
	PART_CPU,
	PART_READY,
	PART_DUE,
	PART_THROTTLE,
	PART_DELAY,
	PART_RECLAIM,
	PART_DISK,
	PART_FROZEN,
	PART_REST,
	PART_COUNT
};

static const struct {
	const char *head, *key, *words;
} parts[PART_COUNT] = {
    [PART_CPU] = {"cpu", "computing_s", "computing"},
    [PART_READY] = {"ready", "ready_s", "waiting for a CPU"},
    [PART_DUE] = {"due", "due_s", "waiting for when its actions were due"},
    [PART_THROTTLE] = {"throttle", "throttle_s", "asleep over memory.high, by the kernel"},
    [PART_DELAY] = {"delay", "delay_s", "delayed by the policy"},
    [PART_RECLAIM] = {"reclaim", "reclaim_s", "in reclaim, or waiting for an OOM killer"},
    [PART_DISK] = {"disk", "disk_s", "waiting for the disk or swap"},
    [PART_FROZEN] = {"frozen", "frozen_s", "frozen, with something to do"},
    [PART_REST] = {"rest", "unexplained_s", "not explained"},
};

/* Seconds. */
struct shares {
	double total, part[PART_COUNT];
};

static void take_held(const struct obs_held *h, double *part)
{
	part[PART_CPU] = (double)h->cpu_ns;
	part[PART_READY] = (double)h->ready_ns;
	part[PART_DUE] = (double)h->pace_ns;
	part[PART_THROTTLE] = (double)h->throttle_ns;
	part[PART_DELAY] = (double)h->delay_ns;
	part[PART_RECLAIM] = (double)h->reclaim_ns;
	part[PART_DISK] = (double)h->disk_ns;
	part[PART_FROZEN] = (double)h->frozen_ns;
}

static uint32_t workers_of(const struct plan *p, uint32_t cgroup)
{
	uint32_t n = 0;

	for (uint32_t w = 0; w < p->nworkers; w++)
		n += p->workers[w].cgroup == cgroup;
	return n;
}

static struct shares shares_of_run(const struct results *r, const struct run_summary *run,
				   uint32_t cgroup)
{
	const struct time_spent *t = &run->cgroups[cgroup].spent;
	double scale = (double)NS_PER_SEC * workers_of(r->plan, cgroup);
	struct shares s = {0};

	take_held(&t->in, s.part);
	s.part[PART_DUE] += (double)t->due_ns;
	s.part[PART_REST] = (double)time_spent_rest(t);
	s.total = (double)t->total_ns / scale;
	for (enum part i = 0; i < PART_COUNT; i++)
		s.part[i] /= scale;
	return s;
}

static struct shares shares_of_slow(const struct timeline_slow *v)
{
	uint64_t told = obs_held_sum(&v->held);
	struct shares s = {0};

	take_held(&v->held, s.part);
	s.part[PART_REST] = v->latency_ns > told ? (double)(v->latency_ns - told) : 0;
	s.total = (double)v->latency_ns / (double)NS_PER_SEC;
	for (enum part i = 0; i < PART_COUNT; i++)
		s.part[i] /= (double)NS_PER_SEC;
	return s;
}

/* ---- what is chosen -------------------------------------------------------------------------- */

static bool chosen(const struct explain_choice *c, const struct run_summary *run, int32_t policy)
{
	return run->policy == policy && run->end != END_INTERRUPTED &&
	       (policy != PX_ALONE || run->alone == c->cgroup) &&
	       (c->rep == EXPLAIN_ANY_REP || run->rep == c->rep);
}

uint32_t explain_runs(const struct results *r, const struct explain_choice *c)
{
	uint32_t n = 0;

	for (uint32_t k = 0; k < c->npolicies; k++)
		for (uint32_t i = 0; i < r->nruns; i++)
			n += chosen(c, &r->runs[i], c->policies[k]);
	return n;
}

/* The runs of one policy. */
struct group {
	int32_t policy;
	const struct run_summary **runs;
	struct shares *shares; /* of each */
	uint32_t n, killed, unfinished;
	struct shares median; /* each figure for itself */
	uint32_t typical;     /* the run whose time is the median */
};

static double median_of(double *v, uint32_t n)
{
	dist_sort(v, n);
	return dist_quantile(v, n, 0.5);
}

static void find_medians(struct group *g)
{
	double *v = mem_alloc(g->n * sizeof(*v));

	for (enum part k = 0; k < PART_COUNT; k++) {
		for (uint32_t i = 0; i < g->n; i++)
			v[i] = g->shares[i].part[k];
		g->median.part[k] = median_of(v, g->n);
	}
	for (uint32_t i = 0; i < g->n; i++)
		v[i] = g->shares[i].total;
	g->median.total = median_of(v, g->n);
	while (g->shares[g->typical].total != g->median.total)
		g->typical++;
	free(v);
}

/* *recorded becomes false where of one of these runs it was not recorded. */
static void make_group(const struct results *r, const struct explain_choice *c, int32_t policy,
		       struct arena *a, struct group *g, bool *recorded)
{
	*g = (struct group){.policy = policy};
	g->runs = arena_array(a, const struct run_summary *, r->nruns);
	g->shares = arena_array(a, struct shares, r->nruns);
	for (uint32_t i = 0; i < r->nruns; i++) {
		const struct cg_summary *s = &r->runs[i].cgroups[c->cgroup];

		if (!chosen(c, &r->runs[i], policy))
			continue;
		*recorded &= s->spent.total_ns != NEVER;
		g->killed += s->oom_killed || s->other_killed;
		g->unfinished += !s->finished && !s->oom_killed && !s->other_killed;
		g->shares[g->n] = shares_of_run(r, &r->runs[i], c->cgroup);
		g->runs[g->n++] = &r->runs[i];
	}
	if (g->n)
		find_medians(g);
}

struct slow {
	const struct run_summary *run;
	const struct timeline_slow *v;
};

struct chosen {
	struct group *groups;
	uint32_t ngroups;
	struct slow slow[MAX_SLOW];
	uint32_t nslow;
	uint64_t allocs;
	bool recorded;	/* where the time went */
	bool timelines; /* and the slowest allocations, of every run */
};

static void add_slow(struct chosen *x, const struct run_summary *run, uint32_t cgroup)
{
	const struct timeline_cgroup *t = &run->timeline->cgroups[cgroup];

	for (uint32_t k = 0; k < t->nslow; k++) {
		uint32_t i = x->nslow;

		if (i == MAX_SLOW && t->slow[k].latency_ns <= x->slow[i - 1].v->latency_ns)
			return;
		if (i == MAX_SLOW)
			i--;
		else
			x->nslow++;
		for (; i && x->slow[i - 1].v->latency_ns < t->slow[k].latency_ns; i--)
			x->slow[i] = x->slow[i - 1];
		x->slow[i] = (struct slow){run, &t->slow[k]};
	}
}

static struct chosen choose(const struct results *r, const struct explain_choice *c,
			    struct arena *a)
{
	struct chosen x = {.recorded = true, .timelines = true};

	x.groups = arena_array(a, struct group, c->npolicies);
	for (uint32_t k = 0; k < c->npolicies; k++) {
		struct group *g = &x.groups[x.ngroups];

		make_group(r, c, c->policies[k], a, g, &x.recorded);
		x.ngroups += g->n != 0;
		for (uint32_t i = 0; i < g->n; i++) {
			const struct cg_summary *s = &g->runs[i]->cgroups[c->cgroup];
			const struct timeline *t = g->runs[i]->timeline;

			x.allocs += s->alloc_n;
			x.timelines &= !s->alloc_n || (t && t->cgroups[c->cgroup].nslow);
			if (t)
				add_slow(&x, g->runs[i], c->cgroup);
		}
	}
	return x;
}

/* ---- cells ----------------------------------------------------------------------------------- */

/* All times of a table in one unit, with as many decimals as its longest leaves room for. */
struct unit {
	const char *name;
	double scale; /* of what is printed to a second */
	int decimals;
};

static struct unit unit_for(double most_s)
{
	if (most_s >= 100)
		return (struct unit){"s", 1, 2};
	if (most_s >= 1)
		return (struct unit){"s", 1, 3};
	return (struct unit){"ms", 1000, most_s >= 0.1 ? 2 : 3};
}

static const char *cell(struct arena *a, const struct unit *u, double v, double exact)
{
	if (exact > 0 && v < 0.5 * pow(10, -u->decimals))
		return arena_printf(a, "<%.*f", u->decimals, pow(10, -u->decimals));
	if (exact == 0)
		return "0";
	return arena_printf(a, "%.*f", u->decimals, v);
}

/*
 * The parts of one run are rounded so that what is printed adds up too: down, and up those that
 * lost most until the sum is right.
 */
static void round_parts(const struct shares *s, const struct unit *u, double *part)
{
	double one = pow(10, u->decimals), total = round(s->total * u->scale * one), sum = 0;
	bool up[PART_COUNT] = {0};

	for (enum part i = 0; i < PART_COUNT; i++) {
		part[i] = floor(s->part[i] * u->scale * one + 1e-6);
		sum += part[i];
	}
	for (; sum < total; sum++) {
		enum part best = PART_COUNT;
		double lost, most = -1;

		for (enum part i = 0; i < PART_COUNT; i++) {
			lost = s->part[i] * u->scale * one - part[i];
			if (!up[i] && s->part[i] > 0 && lost > most) {
				most = lost;
				best = i;
			}
		}
		if (best == PART_COUNT)
			break;
		up[best] = true;
		part[best]++;
	}
	for (enum part i = 0; i < PART_COUNT; i++)
		part[i] /= one;
}

#define OWN_COLUMNS 4 /* before the parts */
#define NCOLUMNS    (OWN_COLUMNS + PART_COUNT)

static void fill_shares(struct arena *a, const struct unit *u, const struct shares *s, bool adds_up,
			const char **cells, struct grid_column *columns)
{
	double part[PART_COUNT];

	round_parts(s, u, part);
	*cells++ = arena_printf(a, "%.*f", u->decimals, s->total * u->scale);
	for (enum part i = 0; i < PART_COUNT; i++) {
		cells[i] = cell(a, u, adds_up ? part[i] : s->part[i] * u->scale, s->part[i]);
		columns[OWN_COLUMNS + i].hidden &= s->part[i] == 0;
	}
}

static void name_parts(struct arena *a, struct grid_column *columns, const struct unit *u)
{
	const char *group = arena_printf(a, "of that, %s", u->name);

	for (enum part i = 0; i < PART_COUNT; i++)
		columns[OWN_COLUMNS + i] =
		    (struct grid_column){.group = group, .head = parts[i].head, .hidden = true};
}

static const char *count_cell(struct arena *a, uint32_t n, uint32_t of)
{
	return n ? arena_printf(a, "%u/%u", n, of) : "-";
}

static bool all_alike(const struct group *g)
{
	for (uint32_t i = 1; i < g->n; i++)
		if (memcmp(&g->shares[i], &g->shares[0], sizeof g->shares[0]) != 0)
			return false;
	return true;
}

static void add_row(struct grid *g, const char **cells)
{
	vec_push(&g->rows, (struct grid_row){.cells = cells});
}

static struct grid time_grid(const struct results *r, const struct chosen *x, struct arena *a,
			     struct grid_column *columns)
{
	struct grid g = {.columns = columns, .ncolumns = NCOLUMNS};
	double most = 0;
	struct unit u;

	for (uint32_t i = 0; i < x->ngroups; i++)
		for (uint32_t k = 0; k < x->groups[i].n; k++)
			most = fmax(most, x->groups[i].shares[k].total);
	u = unit_for(most);
	columns[0] = (struct grid_column){"", "policy", 0, true, false, false};
	columns[1] = (struct grid_column){"", "", 0, true, false, false};
	columns[2] = (struct grid_column){"", "killed", 0, false, false, true};
	columns[3] = (struct grid_column){"time", u.name, 0, false, false, false};
	name_parts(a, columns, &u);
	for (uint32_t i = 0; i < x->ngroups; i++) {
		const struct group *of = &x->groups[i];
		bool alike = all_alike(of);
		const char **cells = arena_array(a, const char *, NCOLUMNS);

		cells[0] = pool_name(r, of->policy);
		cells[1] = of->n == 1 ? arena_printf(a, "run %u", of->runs[0]->rep + 1)
			   : alike    ? arena_printf(a, "all %u runs", of->n)
				      : arena_printf(a, "median of %u", of->n);
		cells[2] = count_cell(a, of->killed, of->n);
		columns[2].hidden &= !of->killed;
		fill_shares(a, &u, &of->median, alike, cells + 3, columns);
		add_row(&g, cells);
		if (alike)
			continue;
		cells = arena_array(a, const char *, NCOLUMNS);
		cells[0] = "";
		cells[1] = arena_printf(a, "run %u", of->runs[of->typical]->rep + 1);
		cells[2] = "";
		fill_shares(a, &u, &of->shares[of->typical], true, cells + 3, columns);
		add_row(&g, cells);
	}
	return g;
}

static struct grid slow_grid(const struct results *r, const struct chosen *x, struct arena *a,
			     struct grid_column *columns)
{
	struct grid g = {.columns = columns, .ncolumns = NCOLUMNS};
	struct unit u = unit_for(x->nslow ? (double)x->slow[0].v->latency_ns / NS_PER_SEC : 0);

	columns[0] = (struct grid_column){"", "policy", 0, true, false, false};
	columns[1] = (struct grid_column){"ended", "at", 0, false, false, false};
	columns[2] = (struct grid_column){"", "size", 0, false, false, false};
	columns[3] = (struct grid_column){"took", u.name, 0, false, false, false};
	name_parts(a, columns, &u);
	for (uint32_t i = 0; i < x->nslow; i++) {
		const char **cells = arena_array(a, const char *, NCOLUMNS);
		const struct run_summary *run = x->slow[i].run;
		struct shares s = shares_of_slow(x->slow[i].v);
		struct buf size = {0};

		text_value(&size, (double)x->slow[i].v->bytes, DIM_SIZE);
		cells[0] = arena_printf(a, "%s %u", pool_name(r, run->policy), run->rep + 1);
		cells[1] =
		    arena_printf(a, "%.3fs", (double)x->slow[i].v->end_ns / (double)NS_PER_SEC);
		cells[2] = arena_strndup(a, buf_str(&size), size.n);
		fill_shares(a, &u, &s, true, cells + 3, columns);
		add_row(&g, cells);
		buf_free(&size);
	}
	return g;
}

/* ---- words ----------------------------------------------------------------------------------- */

static void put_legend(const struct grid_column *time, const struct grid_column *slow,
		       struct buf *out)
{
	const char *sep = "";

	for (enum part i = 0; i < PART_COUNT; i++) {
		if ((!time || time[OWN_COLUMNS + i].hidden) &&
		    (!slow || slow[OWN_COLUMNS + i].hidden))
			continue;
		buf_printf(out, "%s%s: %s", sep, parts[i].head, parts[i].words);
		sep = "; ";
	}
	if (*sep)
		buf_puts(out, ".");
}

static bool is_live(const struct results *r)
{
	return strcmp(r->backend, "sim") != 0;
}

static const char live_note[] =
    "On a real kernel reclaim that a task does itself counts as computing, and nobody says what a "
    "task waited for that was neither throttled, delayed nor at memory.max: another task on its "
    "CPU, a disk, a command's own waiting. That is the rest.";

static const char median_note[] = "A median is that of its own column: the row below it is the run "
				  "whose time is the median, and adds up.";

static void put_notes(const struct results *r, const struct explain_choice *c,
		      const struct chosen *x, struct buf *out, const char *sep)
{
	uint32_t workers = workers_of(r->plan, c->cgroup);
	uint32_t unfinished = 0, killed = 0;
	bool medians = false;

	for (uint32_t i = 0; i < x->ngroups; i++) {
		unfinished += x->groups[i].unfinished;
		killed += x->groups[i].killed;
		medians |= !all_alike(&x->groups[i]);
	}
	if (medians)
		buf_printf(out, "%s%s", median_note, sep);
	if (killed)
		buf_printf(out, "Killed, its time is what it lived.%s", sep);
	if (unfinished)
		buf_printf(out,
			   "In %u of these runs it did not finish: its time is up to their "
			   "end.%s",
			   unfinished, sep);
	if (workers > 1)
		buf_printf(out, "Times are means over its %u workers.%s", workers, sep);
	if (is_live(r))
		buf_printf(out, "%s%s", live_note, sep);
}

static void put_lines(struct buf *words, unsigned int width, struct buf *out)
{
	char *line = words->n ? words->s : NULL, *end;

	buf_str(words);
	for (; line && *line; line = end + 1) {
		end = strchr(line, '\n');
		*end = '\0';
		text_wrap(out, line, 0, 0, width);
	}
	buf_clear(words);
}

static const char *title_of_slow(const struct chosen *x, struct arena *a)
{
	if (!x->allocs)
		return "It allocated nothing.";
	if (!x->nslow)
		return "Its slowest allocations were not recorded.";
	if (x->nslow == x->allocs)
		return arena_printf(a, "its allocations, all %u", x->nslow);
	return arena_printf(a, "the %u slowest of its %" PRIu64 " allocations", x->nslow,
			    x->allocs);
}

static const char not_recorded[] =
    "Where its time went was not recorded: the agentcg that made these runs did not.";

void explain_table(const struct results *r, const struct explain_choice *c,
		   const struct report_style *style, struct buf *out)
{
	unsigned int width = style->width < MAX_TEXT ? style->width : MAX_TEXT;
	struct grid_column time[NCOLUMNS], slow[NCOLUMNS];
	bool shown[NCOLUMNS];
	struct arena a = {0};
	struct chosen x = choose(r, c, &a);
	struct buf words = {0};
	struct grid g;

	buf_printf(&words, "%s: why %s took as long as it did\n", r->plan->title,
		   r->plan->cgroups[c->cgroup].name);
	buf_printf(&words, "%s: %s%s%s; seed %" PRIu64 ", digest %016" PRIx64 "\n", r->backend,
		   r->mechanism ? r->mechanism : "no policy mechanism",
		   r->kernel ? ", kernel " : "", r->kernel ? r->kernel : "", r->seed, r->digest);
	put_lines(&words, width, out);
	buf_putc(out, '\n');
	if (x.recorded) {
		g = time_grid(r, &x, &a, time);
		grid_print(&g, style->width, shown, out);
		vec_free(&g.rows);
		put_notes(r, c, &x, &words, "\n");
	} else {
		buf_printf(&words, "%s\n", not_recorded);
	}
	put_lines(&words, width, out);
	buf_printf(out, "\n%s\n", title_of_slow(&x, &a));
	if (x.nslow) {
		g = slow_grid(r, &x, &a, slow);
		grid_print(&g, style->width, shown, out);
		vec_free(&g.rows);
	}
	put_legend(x.recorded ? time : NULL, x.nslow ? slow : NULL, &words);
	if (words.n) {
		buf_putc(out, '\n');
		text_wrap(out, buf_str(&words), 0, 0, width);
	}
	buf_free(&words);
	arena_free(&a);
}

static void md_grid(const struct grid *g, const struct grid_column *columns, struct buf *out)
{
	const struct grid_row *row;

	for (int line = 0; line < 2; line++) {
		buf_putc(out, '|');
		for (unsigned int i = 0; i < g->ncolumns; i++) {
			bool own = i < OWN_COLUMNS && *columns[i].group;

			if (columns[i].hidden)
				continue;
			if (line)
				buf_puts(out, columns[i].left ? "---|" : "--:|");
			else if (own)
				buf_printf(out, " %s (%s) |", columns[i].group, columns[i].head);
			else
				buf_printf(out, " %s |", columns[i].head);
		}
		buf_putc(out, '\n');
	}
	vec_foreach (row, &g->rows) {
		buf_putc(out, '|');
		for (unsigned int i = 0; i < g->ncolumns; i++) {
			if (columns[i].hidden)
				continue;
			buf_putc(out, ' ');
			paper_put_md(out, row->cells[i]);
			buf_puts(out, " |");
		}
		buf_putc(out, '\n');
	}
	buf_putc(out, '\n');
}

void explain_markdown(const struct results *r, const struct explain_choice *c, struct buf *out)
{
	struct grid_column time[NCOLUMNS], slow[NCOLUMNS];
	struct arena a = {0};
	struct chosen x = choose(r, c, &a);
	struct grid g;

	buf_puts(out, "## ");
	paper_put_md(out, r->plan->title);
	buf_puts(out, ": why ");
	paper_put_md(out, r->plan->cgroups[c->cgroup].name);
	buf_puts(out, " took as long as it did\n\n");
	if (x.recorded) {
		g = time_grid(r, &x, &a, time);
		md_grid(&g, time, out);
		vec_free(&g.rows);
		put_notes(r, c, &x, out, "\n\n");
	} else {
		buf_printf(out, "%s\n\n", not_recorded);
	}
	buf_printf(out, "### %s\n\n", title_of_slow(&x, &a));
	if (x.nslow) {
		g = slow_grid(r, &x, &a, slow);
		md_grid(&g, slow, out);
		vec_free(&g.rows);
	}
	put_legend(x.recorded ? time : NULL, x.nslow ? slow : NULL, out);
	buf_puts(out, "\n\n");
	paper_put_origin_md(r, out);
	buf_putc(out, '\n');
	arena_free(&a);
}

/* ---- for programs ---------------------------------------------------------------------------- */

static void put_shares(json_t *o, const struct shares *s)
{
	json_put(o, "time_s", json_value(s->total));
	for (enum part i = 0; i < PART_COUNT; i++)
		json_put(o, parts[i].key, json_value(s->part[i]));
}

static json_t *json_group(const struct results *r, const struct explain_choice *c,
			  const struct group *g)
{
	json_t *o = json_object(), *runs = json_array(), *median = json_object();

	json_put(o, "policy", json_text(pool_name(r, g->policy)));
	json_put(o, "n", json_count(g->n));
	json_put(o, "killed", json_count(g->killed));
	json_put(o, "unfinished", json_count(g->unfinished));
	put_shares(median, &g->median);
	json_put(o, "median", median);
	for (uint32_t i = 0; i < g->n; i++) {
		const struct cg_summary *s = &g->runs[i]->cgroups[c->cgroup];
		json_t *one = json_object();

		json_put(one, "repetition", json_count(g->runs[i]->rep + 1));
		json_put(one, "finished", json_boolean(s->finished));
		json_put(one, "killed", json_boolean(s->oom_killed || s->other_killed));
		put_shares(one, &g->shares[i]);
		json_add(runs, one);
	}
	json_put(o, "runs", runs);
	return o;
}

static json_t *json_slow(const struct results *r, const struct slow *s)
{
	struct shares shares = shares_of_slow(s->v);
	json_t *o = json_object();

	json_put(o, "policy", json_text(pool_name(r, s->run->policy)));
	json_put(o, "repetition", json_count(s->run->rep + 1));
	json_put(o, "worker", json_count(s->v->worker));
	json_put(o, "action", json_text(op_kind_name(s->v->op)));
	json_put(o, "ended_s", json_moment(s->v->end_ns));
	json_put(o, "bytes", json_count(s->v->bytes));
	put_shares(o, &shares);
	return o;
}

void explain_json(const struct results *r, const struct explain_choice *c, struct buf *out)
{
	json_t *o = json_object(), *groups = json_array(), *slow = json_array();
	struct arena a = {0};
	struct chosen x = choose(r, c, &a);

	for (uint32_t i = 0; x.recorded && i < x.ngroups; i++)
		json_add(groups, json_group(r, c, &x.groups[i]));
	for (uint32_t i = 0; i < x.nslow; i++)
		json_add(slow, json_slow(r, &x.slow[i]));
	json_put(o, "title", json_text(r->plan->title));
	json_put(o, "session", json_text(r->plan->cgroups[c->cgroup].name));
	json_put(o, "workers", json_count(workers_of(r->plan, c->cgroup)));
	json_put(o, "backend", json_text(r->backend));
	json_put(o, "mechanism", json_text(r->mechanism));
	json_put(o, "kernel", json_text(r->kernel));
	json_put(o, "seed", json_count(r->seed));
	json_put(o, "digest", json_digits(r->digest));
	json_put(o, "recorded", json_boolean(x.recorded));
	json_put(o, "policies", groups);
	json_put(o, "allocations", json_count(x.allocs));
	json_put(o, "slowest", slow);
	json_write(o, out);
	json_decref(o);
	arena_free(&a);
}
