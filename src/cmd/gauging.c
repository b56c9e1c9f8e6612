/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gauging.c - measurements of the machine, and what is done with them (gauging.h) */
#include "cmd/gauging.h"

#include <errno.h>
#include <inttypes.h>

#include "base/units.h"
#include "report/json_value.h"
#include "run/pace.h"

#define SAMPLES	   9
#define BUDGET_NS  (6 * NS_PER_SEC)
#define BUDGET_VM  (40 * NS_PER_SEC)
#define PACE_TRIES 3
#define PACE_NS	   NS_PER_SEC

static int measure(const struct gauging_place *at, uint32_t what, uint32_t samples,
		   uint64_t budget_ns, struct diags *d, struct gauge *out)
{
	struct gauge_config c = {
	    .machine = machine_default, .what = what, .samples = samples, .budget_ns = budget_ns};

	if (at->vm)
		return vm_gauge(at->vm, what, samples, budget_ns, d, out);
	c.backend = live_session_backend(at->live);
	return gauge_measure(&c, d, out);
}

int gauging_all(const struct gauging_place *at, struct diags *d, struct gauge *out)
{
	int err = measure(at, GAUGE_ALL, SAMPLES, at->vm ? BUDGET_VM : BUDGET_NS, d, out);

	if (err && err != -EINTR && !d->errors)
		diag_at(d, E_RUN_FAILED, (struct span){0}, "the machine cannot be measured");
	return err;
}

static const char *name_of(const struct gauging_place *at)
{
	if (!at->vm)
		return "this machine";
	return vm_facts(at->vm)->kvm ? "the virtual machine" : "an emulated machine";
}

int gauging_pace(const struct gauging_place *at, const struct plan *p, struct diags *d,
		 struct gauge *out)
{
	uint32_t needs = pace_needs(p);
	struct diags tried;
	int err;

	*out = (struct gauge){0};
	if (!needs)
		return 0;
	diags_init(&tried, d->sources);
	err = measure(at, needs, PACE_TRIES, PACE_NS, &tried, out);
	diags_free(&tried);
	if (!err)
		pace_warn(p, out, name_of(at), d);
	/* The run may work all the same. */
	return err == -EINTR ? err : 0;
}

/* ---- for the simulator ------------------------------------------------------------------------
 */

/* Whole pages, upwards: what is charged is pages. */
static uint64_t process_bytes(const struct gauge *g)
{
	return (g->v[GAUGE_PROCESS].median + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
}

/* What the language lets it be. */
static uint64_t free_ns(const struct gauge *g)
{
	uint64_t ns = g->v[GAUGE_FREE].median;

	return ns < 1 ? 1 : ns > NS_PER_MS ? NS_PER_MS : ns;
}

/* Workers of a busy machine differ by more than the model's factor can say. */
#define MOST_NOISE_PPM 500000

static uint32_t noise_ppm(const struct gauge *g)
{
	return (uint32_t)(g->spread_ppm < MOST_NOISE_PPM ? g->spread_ppm : MOST_NOISE_PPM);
}

void gauging_apply(const struct gauge *g, struct machine *m)
{
	if (!(m->stated & MACHINE_MEMORY) && g->memory_bytes)
		m->memory_bytes = g->memory_bytes;
	if (!(m->stated & MACHINE_CPUS) && g->cpus)
		m->cpus = (uint32_t)g->cpus;
	if (g->v[GAUGE_FAULT].n) {
		m->fault_ns = g->v[GAUGE_FAULT].median;
		m->noise_ppm = noise_ppm(g);
	}
	if (g->v[GAUGE_HUGE].n)
		m->huge_ns = g->v[GAUGE_HUGE].median;
	if (g->v[GAUGE_FREE].n)
		m->free_ns = free_ns(g);
	if (g->v[GAUGE_RECLAIM].n)
		m->reclaim_bps = g->v[GAUGE_RECLAIM].median;
	if (g->v[GAUGE_DISK].n)
		m->disk_bps = g->v[GAUGE_DISK].median;
	if (g->v[GAUGE_PROCESS].n)
		m->process_bytes = process_bytes(g);
}

/* ---- for people -------------------------------------------------------------------------------
 */

static void put_value(struct buf *b, enum gauge_what w, uint64_t v)
{
	if (gauge_unit(w) == GAUGE_NS) {
		fmt_seconds_short(b, (double)v / (double)NS_PER_SEC);
		return;
	}
	fmt_size_short(b, v);
	if (gauge_unit(w) == GAUGE_BPS)
		buf_puts(b, "/s");
}

/* "median of 9, 1.52us to 1.80us" */
static void put_range(struct buf *b, const struct gauge *g, enum gauge_what w)
{
	const struct gauge_figure *f = &g->v[w];

	if (f->n == 1) {
		buf_puts(b, "measured once");
		return;
	}
	buf_printf(b, "median of %" PRIu64 ", ", f->n);
	put_value(b, w, f->least);
	buf_puts(b, " to ");
	put_value(b, w, f->most);
}

#define COLUMN 24

/* One attribute and why; a semicolon may also stand after the last. */
static void put_line(struct buf *out, struct buf *value, const struct buf *why)
{
	buf_puts(out, "    ");
	buf_putc(value, ';');
	buf_put(out, value->s, value->n);
	buf_pad(out, ' ', value->n + 4 < COLUMN ? COLUMN - 4 - value->n : 1);
	buf_printf(out, "# %s\n", buf_str(why));
}

static void put_attribute(struct buf *out, const struct gauge *g, enum gauge_what w,
			  const char *how)
{
	struct buf value = {0}, why = {0};
	uint64_t v = g->v[w].median;

	if (!g->v[w].n) {
		buf_printf(out, "    # %s could not be measured\n", gauge_name(w));
		return;
	}
	buf_printf(&value, "%s ", gauge_name(w));
	if (gauge_unit(w) == GAUGE_NS)
		buf_printf(&value, "%" PRIu64 "ns", w == GAUGE_FREE ? free_ns(g) : v ? v : 1);
	else if (w == GAUGE_PROCESS)
		fmt_size(&value, process_bytes(g));
	else
		buf_printf(&value, "%" PRIu64 "M/s", (v + MIB / 2) / MIB ? (v + MIB / 2) / MIB : 1);
	buf_printf(&why, "%s: ", how);
	put_range(&why, g, w);
	put_line(out, &value, &why);
	buf_free(&value);
	buf_free(&why);
}

static void put_fact(struct buf *out, const char *value, const char *why)
{
	struct buf v = {0}, w = {0};

	buf_puts(&v, value);
	buf_puts(&w, why);
	put_line(out, &v, &w);
	buf_free(&v);
	buf_free(&w);
}

static void put_besides(struct buf *out, const struct gauge *g, enum gauge_what w, const char *what)
{
	struct buf b = {0};

	if (!g->v[w].n)
		return;
	put_value(&b, w, g->v[w].median);
	buf_printf(out, "# %s %s (", what, buf_str(&b));
	put_range(out, g, w);
	buf_puts(out, ")\n");
	buf_free(&b);
}

void gauging_block(const struct gauge *g, const char *on, struct buf *out)
{
	struct buf b = {0};

	buf_printf(out, "# Measured by agentcg calibrate on %s.\nmachine <\n", on);
	buf_printf(&b, "memory %" PRIu64 "M", g->memory_bytes / MIB);
	put_fact(out, buf_str(&b), "what the kernel has");
	buf_clear(&b);
	buf_printf(&b, "cpus %" PRIu64, g->cpus);
	put_fact(out, buf_str(&b), "on line");
	put_attribute(out, g, GAUGE_FAULT, "a new page, of 16M by one worker each");
	put_attribute(out, g, GAUGE_HUGE, "a new huge page of 2M, likewise");
	put_attribute(out, g, GAUGE_FREE, "giving a page back, likewise");
	put_attribute(out, g, GAUGE_RECLAIM, "clean pages, 8M each");
	put_attribute(out, g, GAUGE_DISK, "a file of 16M, not cached");
	put_attribute(out, g, GAUGE_PROCESS, "an idle worker, the mean of nine");
	if (g->v[GAUGE_FAULT].n >= 4) {
		buf_clear(&b);
		buf_printf(&b, "noise %u.%u%%", noise_ppm(g) / 10000, noise_ppm(g) / 1000 % 10);
		put_fact(out, buf_str(&b),
			 g->spread_ppm > MOST_NOISE_PPM
			     ? "quartile distance of fault over its median, which is more: busy"
			     : "quartile distance of fault over its median");
	}
	buf_puts(out, "    # swapout is not measured\n>\n# Not in the model:\n");
	put_besides(out, g, GAUGE_SPAWN, "making a worker takes");
	put_besides(out, g, GAUGE_LATE, "a sleep of 2ms ends late by");
	buf_free(&b);
}

/* ---- for programs -----------------------------------------------------------------------------
 */

static json_t *number(enum gauge_what w, uint64_t v)
{
	return gauge_unit(w) == GAUGE_NS ? json_moment(v) : json_count(v);
}

json_t *gauging_json(const struct gauge *g, const char *on)
{
	static const char *const suffixes[] = {
	    [GAUGE_NS] = "_s", [GAUGE_BYTES] = "_bytes", [GAUGE_BPS] = "_bps"};
	json_t *o = json_object();

	json_put(o, "machine", json_text(on));
	json_put(o, "memory_bytes", json_count(g->memory_bytes));
	json_put(o, "cpus", json_count(g->cpus));
	json_put(o, "noise", json_value((double)g->spread_ppm / 1e6));
	for (enum gauge_what w = 0; w < GAUGE_COUNT; w++) {
		const struct gauge_figure *f = &g->v[w];
		struct buf name = {0};
		json_t *v = f->n ? json_object() : json_null();

		if (f->n) {
			json_put(v, "n", json_count(f->n));
			json_put(v, "least", number(w, f->least));
			json_put(v, "median", number(w, f->median));
			json_put(v, "most", number(w, f->most));
		}
		buf_printf(&name, "%s%s", gauge_name(w), suffixes[gauge_unit(w)]);
		json_put(o, buf_str(&name), v);
		buf_free(&name);
	}
	return o;
}
