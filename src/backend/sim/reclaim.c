/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reclaim, after mm/vmscan.c (do_try_to_free_pages(), shrink_node_memcgs(), get_scan_count()) and
 * page_counter_calculate_protection() of mm/page_counter.c, with memory_recursiveprot.
 */
#include "backend/sim/rooms.h"

/* struct scan_control */
struct scan {
	uint32_t target;
	uint64_t wanted, freed;
	int priority;
	bool low_reclaim, low_skipped;
	uint64_t longest; /* no list that this walk met makes a longer scan, before it is shifted */
	uint64_t pass;	  /* names this pass, for counting what `protect` turned away */
	struct worker *payer;
};

static uint64_t scaled(uint64_t a, uint64_t mul, uint64_t div)
{
	return (uint64_t)((unsigned __int128)a * mul / div);
}

static uint64_t effective_protection(uint64_t usage, uint64_t parent_usage, uint64_t setting,
				     uint64_t parent_effective, uint64_t siblings)
{
	uint64_t protected = usage < setting ? usage : setting;
	uint64_t ep = protected;

	if (siblings > parent_effective)
		return scaled(protected, parent_effective, siblings);
	if (parent_effective > siblings && parent_usage > siblings && usage > protected)
		ep +=
		    scaled(parent_effective - siblings, usage - protected, parent_usage - siblings);
	return ep;
}

/* The target's own protection does not count, and its children have what they ask for. */
static void calculate_protection(struct sim *s, uint32_t target, uint32_t m)
{
	struct memcg *c = &s->cg[m], *p;
	const struct memcg_more *siblings;

	if (m == target || !c->usage)
		return;
	p = &s->cg[c->parent];
	if (c->parent == target) {
		c->emin = c->min;
		c->elow = c->low;
		return;
	}
	siblings = &s->more[c->parent];
	c->emin = effective_protection(c->usage, p->usage, c->min, p->emin, siblings->children_min);
	c->elow = effective_protection(c->usage, p->usage, c->low, p->elow, siblings->children_low);
}

/* Is m shielded by the policy's hook?  Counted once a pass. */
static bool turned_away(struct sim *s, struct scan *sc, uint32_t m, uint64_t flag)
{
	if (!policy_protects(s, m, flag))
		return false;
	if (s->more[m].turned_away != sc->pass) {
		s->more[m].turned_away = sc->pass;
		s->more[m].protections++;
	}
	return true;
}

/*
 * get_scan_count() for one list of `size` pages, before it is shifted by the priority.  *low: it is
 * less because of memory.low.
 */
static uint64_t scan_count(const struct sim *s, const struct scan *sc, uint32_t m, uint64_t size,
			   bool *low)
{
	const struct memcg *c = &s->cg[m];
	uint64_t scan = size;

	if (m != sc->target && (c->emin || c->elow)) {
		uint64_t protection = c->emin, usage = c->usage;

		if (!sc->low_reclaim && c->elow > c->emin) {
			protection = c->elow;
			*low = true;
		}
		if (usage < protection)
			usage = protection;
		scan = size - scaled(size, protection, usage + 1);
		if (scan < SIM_SWAP_CLUSTER)
			scan = SIM_SWAP_CLUSTER;
	}
	return scan;
}

/* The lists are scanned SWAP_CLUSTER_MAX pages at a time until enough was freed. */
static uint64_t still_wanted(const struct scan *sc, uint64_t scan)
{
	uint64_t want = sc->wanted - sc->freed;

	scan >>= sc->priority;
	want = (want + SIM_SWAP_CLUSTER - 1) / SIM_SWAP_CLUSTER * SIM_SWAP_CLUSTER;
	return scan < want ? scan : want;
}

static void shrink_lruvec(struct sim *s, struct scan *sc, uint32_t m)
{
	const struct memcg *c = &s->cg[m];
	struct worker *payer = sc->payer;
	bool low = false;
	uint64_t scan = scan_count(s, sc, m, c->file ? c->file : c->anon, &low), n;

	if (scan > sc->longest)
		sc->longest = scan;
	if (c->anon > sc->longest) /* its turn comes when there are no file pages left */
		sc->longest = c->anon;
	/* Ask the whole path for swap only if something depends on the answer. */
	if (!low && !(scan >> sc->priority))
		return;
	if (c->file) {
		n = pages_take_file(s, m, still_wanted(sc, scan));
		sc->freed += n;
		if (payer)
			payer->owe_reclaim_ns += n * s->reclaim_page_ns;
	} else if (c->anon && pages_swap_room(s, m)) {
		n = pages_swap_out(s, m, still_wanted(sc, scan));
		sc->freed += n;
		if (n) {
			uint64_t done = pages_disk(s, n, s->swapout_page_ns);

			if (payer) {
				payer->owe_reclaim_ns += n * s->reclaim_page_ns;
				payer->owe_io_until = done;
				payer->io_stalls = true;
			}
		}
	} else {
		return;
	}
	sc->low_skipped |= low;
}

/*
 * shrink_node_memcgs(): from where the latest walk of this target stopped to the end of its
 * subtree, or until enough was freed.
 */
static void shrink_node(struct sim *s, struct scan *sc)
{
	uint32_t *iter = &s->more[sc->target].iter, end = s->cg[sc->target].end;
	uint32_t m = *iter<end && * iter> sc->target ? *iter : sc->target;

	for (; m < end && sc->freed < sc->wanted; m++) {
		const struct memcg *c = &s->cg[m];

		if (m != sc->target) {
			calculate_protection(s, sc->target, m);
			if (turned_away(s, sc, m, AGENTCG_PROTECT_MIN) || c->emin >= c->usage)
				continue;
			bool shielded = !sc->low_reclaim
					    ? turned_away(s, sc, m, AGENTCG_PROTECT_LOW)
					    : policy_protects(s, m, AGENTCG_PROTECT_LOW);
			if (shielded || c->elow >= c->usage) {
				if (!sc->low_reclaim) {
					sc->low_skipped = true;
					continue;
				}
				memcg_event(s, m, ev_low);
			}
		}
		shrink_lruvec(s, sc, m);
	}
	*iter = m;
}

/*
 * Scans shrink to nothing at high priorities, and with thousands of small cgroups every walk at one
 * of these is as long as it is vain.  So begin where the longest list makes a page; those walks
 * would have ended at the end of the subtree.  They must be walked where somebody is protected, or
 * was, for they calculate and count that.
 */
static int page_priority(uint64_t scan)
{
	int n = scan ? 63 - __builtin_clzll(scan) : 0;

	return n < SIM_DEF_PRIORITY ? n : SIM_DEF_PRIORITY;
}

static void first_priority(struct sim *s, struct scan *sc)
{
	sc->priority = SIM_DEF_PRIORITY;
	if (s->ever_protecting || s->single_step || page_priority(s->longest) == SIM_DEF_PRIORITY)
		return;
	sc->priority = page_priority(s->longest);
	s->more[sc->target].iter = s->cg[sc->target].end;
}

/*
 * A walk of the whole subtree that freed nothing has changed nothing, so the next one finds the
 * same: go on where the longest scan makes a page.  Not when memory.low gives way, for that is
 * counted on each walk.
 */
static void next_priority(struct sim *s, struct scan *sc, bool vain)
{
	int next = sc->priority - 1;

	if (vain && !sc->low_reclaim && !s->single_step && page_priority(sc->longest) < next)
		next = page_priority(sc->longest);
	if (vain && !s->ever_protecting && sc->target == MACHINE)
		s->longest = sc->longest; /* lists became shorter since */
	sc->priority = next;
}

static void shrink_zones(struct sim *s, struct scan *sc)
{
	const struct memcg_more *t = &s->more[sc->target];

	sc->pass = ++s->reclaim_pass;
	first_priority(s, sc);
	while (sc->priority >= 0) {
		bool whole = t->iter <= sc->target || t->iter >= s->cg[sc->target].end;
		uint64_t freed = sc->freed;

		sc->longest = 0;
		shrink_node(s, sc);
		if (sc->freed >= sc->wanted)
			break;
		next_priority(s, sc, whole && sc->freed == freed);
	}
}

uint64_t reclaim(struct sim *s, uint32_t target, uint64_t nr, struct worker *payer)
{
	struct scan sc = {
	    .target = target,
	    .wanted = nr > SIM_SWAP_CLUSTER ? nr : SIM_SWAP_CLUSTER,
	    .payer = payer,
	};
	const struct memcg_more *t = &s->more[target];

	/*
	 * Nothing on any list, and nobody whose protection would count: what the walk would find,
	 * known without it.  Most reclaim in a scenario without swap is of this kind.
	 */
	if (!s->protecting && !t->sub_file && (!t->sub_anon || !pages_swap_room(s, target)))
		return 0;
	stride_settle_below(s, target);
	shrink_zones(s, &sc);
	if (!sc.freed && sc.low_skipped) {
		sc.low_reclaim = true;
		sc.low_skipped = false;
		shrink_zones(s, &sc);
	}
	return sc.freed;
}
