/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who runs how fast.  Busy workers share the CPUs by the weight of their cgroup, each at most one
 * CPU, what one cannot use going to the others (water-filling); then cpu.max caps, as a share of
 * time divided between the busy workers of the capped subtree.
 *
 * Workers are filed by weight, so that the cost does not grow with their number.
 */
#include <stdlib.h>

#include "backend/sim/rooms.h"
#include "base/mem.h"

#define ONE_CPU UINT64_C(1000000)

void cpu_busy(struct sim *s, struct worker *w, int delta)
{
	uint32_t d = (uint32_t)delta;

	s->busy += d;
	s->classes.v[w->share.cpu_class].busy += d;
	for (uint32_t m = w->cg; m != SIM_NONE; m = s->cg[m].parent)
		s->more[m].busy += d;
	s->cpu_gen++;
}

static uint32_t class_of(const struct sim *s, uint32_t weight)
{
	uint32_t i = 0;

	while (s->classes.v[i].weight != weight)
		i++;
	return i;
}

static int by_weight(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x < y) - (x > y);
}

void cpu_weights_changed(struct sim *s)
{
	uint32_t *weights;

	s->cpu_gen++;
	s->capped = 0;
	for (uint32_t m = 0; m < s->ncg; m++)
		s->capped += s->more[m].cpu_ppm != 0;
	vec_clear(&s->classes);
	if (!s->nw)
		return;
	weights = mem_alloc(s->nw * sizeof *weights);
	for (uint32_t i = 0; i < s->nw; i++)
		weights[i] = s->more[s->w[i].cg].weight;
	qsort(weights, s->nw, sizeof *weights, by_weight);
	for (uint32_t i = 0; i < s->nw; i++)
		if (!i || weights[i] != weights[i - 1])
			vec_push(&s->classes, (struct cpu_class){.weight = weights[i]});
	free(weights);
	for (uint32_t i = 0; i < s->nw; i++) {
		struct worker *w = &s->w[i];

		w->share.cpu_class = class_of(s, s->more[w->cg].weight);
		if (worker_computes(w) && !w->frozen)
			s->classes.v[w->share.cpu_class].busy++;
	}
}

static uint64_t fair_share(const struct sim *s, uint32_t cls)
{
	uint64_t room = s->machine.cpus * ONE_CPU, weights = 0;

	if (s->busy <= s->machine.cpus)
		return ONE_CPU;
	for (uint32_t i = 0; i < s->classes.n; i++)
		weights += (uint64_t)s->classes.v[i].busy * s->classes.v[i].weight;
	for (uint32_t i = 0; i < s->classes.n; i++) {
		const struct cpu_class *c = &s->classes.v[i];
		uint64_t share;

		if (!c->busy)
			continue;
		share = mul_div(room, c->weight, weights);
		if (share < ONE_CPU)
			break; /* nor will a lighter one fill its CPU */
		if (i == cls)
			return ONE_CPU;
		room -= c->busy * ONE_CPU;
		weights -= (uint64_t)c->busy * c->weight;
	}
	return mul_div(room, s->classes.v[cls].weight, weights);
}

uint64_t cpu_class_ppm_anew(struct sim *s, uint32_t cls)
{
	struct cpu_class *c = &s->classes.v[cls];

	if (c->gen != s->cpu_gen) {
		c->gen = s->cpu_gen;
		c->ppm = fair_share(s, cls);
	}
	return c->ppm ? c->ppm : 1;
}

static uint64_t share(struct sim *s, const struct worker *w)
{
	uint64_t ppm = cpu_class_ppm_anew(s, w->share.cpu_class);

	for (uint32_t m = s->capped ? w->cg : SIM_NONE; m != SIM_NONE; m = s->cg[m].parent) {
		const struct memcg_more *x = &s->more[m];

		if (x->cpu_ppm && ppm > x->cpu_ppm / x->busy)
			ppm = x->cpu_ppm / x->busy;
	}
	return ppm ? ppm : 1;
}

uint64_t cpu_wall_anew(struct sim *s, struct worker *w, uint64_t cpu_ns)
{
	uint32_t ppm = (uint32_t)share(s, w);
	struct share *h = &w->share;

	if (h->cpu_ns != cpu_ns || h->ppm != ppm) {
		h->cpu_ns = cpu_ns;
		h->ppm = ppm;
		h->wall_ns = cpu_stretch(cpu_ns, w->noise_ppm, ppm);
	}
	return h->wall_ns;
}
