/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which pages a worker has, and which of them reclaim takes.
 *
 * Anonymous memory is a range of `anon` pages in order of age.  The first `hot` of them were
 * touched again, so the rest, the cold ones, are older on the LRU lists and go first, the oldest
 * first.  In either part the swapped pages are counted, and taken to be its first ones.
 *
 *     0            hot_swapped          hot      hot + cold_swapped        anon
 *     | swapped    | resident, touched  | swapped | resident, never touched |
 *
 * A worker's file is a range of `file` pages.  A pass reads it from its start; what was resident
 * before the pass is its end (LRU took the start first), and older than what the pass has read.
 *
 * The workers of a cgroup give up pages in turn, SWAP_CLUSTER_MAX at a time.
 */
#include "backend/sim/rooms.h"

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* ---- a cgroup's lists ------------------------------------------------------------------------ */

void pages_lists_changed(struct sim *s, uint32_t m, bool anon, bool filled)
{
	for (; m != SIM_NONE; m = s->cg[m].parent) {
		uint32_t *n = anon ? &s->more[m].sub_anon : &s->more[m].sub_file;

		*n += filled ? 1 : UINT32_MAX;
	}
}

static void anon_sub(struct sim *s, uint32_t m, uint64_t n)
{
	s->cg[m].anon -= n;
	if (!s->cg[m].anon && n)
		pages_lists_changed(s, m, true, false);
}

static void swap_add(struct sim *s, uint32_t m, uint64_t n)
{
	for (; m != SIM_NONE; m = s->cg[m].parent)
		s->more[m].swap += n;
}

static void swap_sub(struct sim *s, uint32_t m, uint64_t n)
{
	if (!n)
		return;
	for (; m != SIM_NONE; m = s->cg[m].parent)
		s->more[m].swap -= n;
}

/* mem_cgroup_get_nr_swap_pages() */
uint64_t pages_swap_room(const struct sim *s, uint32_t m)
{
	uint64_t room = PAGES_MAX;

	for (; m != SIM_NONE; m = s->cg[m].parent) {
		const struct memcg_more *x = &s->more[m];

		room = least(room, x->swap < x->swap_max ? x->swap_max - x->swap : 0);
	}
	return room;
}

uint64_t pages_disk(struct sim *s, uint64_t n, uint64_t page_ns)
{
	if (s->disk_free_ns < s->now_ns)
		s->disk_free_ns = s->now_ns;
	s->disk_free_ns += n * page_ns;
	return s->disk_free_ns;
}

/* ---- anonymous memory ------------------------------------------------------------------------ */

/* Take n pages off the newest end of a part of `size` pages; swapped ones go last. */
static uint64_t trim(uint64_t n, uint64_t size, uint64_t *swapped)
{
	uint64_t resident = least(n, size - *swapped);

	*swapped -= n - resident;
	return resident;
}

void pages_unmap(struct sim *s, struct worker *w, uint64_t n)
{
	uint64_t swapped = worker_swapped(w), cold = w->anon - w->hot;
	uint64_t from_cold = least(n, cold), from_hot = n - from_cold;
	uint64_t resident = trim(from_cold, cold, &w->cold_swapped);
	uint64_t tables;

	resident += trim(from_hot, w->hot, &w->hot_swapped);
	w->hot -= from_hot;
	w->anon -= n;
	tables = w->tables - (w->anon + SIM_TABLE_PAGES - 1) / SIM_TABLE_PAGES;
	w->tables -= tables;
	anon_sub(s, w->cg, resident);
	swap_sub(s, w->cg, swapped - worker_swapped(w));
	memcg_uncharge(s, w->cg, resident + tables);
}

uint64_t pages_heat(struct worker *w, uint64_t n)
{
	uint64_t moved;

	if (n >= w->hot) {
		moved = least(w->cold_swapped, n - w->hot);
		w->cold_swapped -= moved;
		w->hot_swapped += moved;
	} else {
		moved = w->hot_swapped > n ? w->hot_swapped - n : 0;
		w->hot_swapped -= moved;
		w->cold_swapped += moved;
	}
	w->hot = n;
	return w->hot_swapped;
}

void pages_swap_in(struct sim *s, struct worker *w, uint64_t n)
{
	w->hot_swapped -= n;
	pages_anon_add(s, w->cg, n);
	swap_sub(s, w->cg, n);
	s->more[w->cg].refaulted += n;
}

void pages_exit(struct sim *s, struct worker *w)
{
	uint64_t resident = worker_resident(w), kernel = w->tables + w->process;

	anon_sub(s, w->cg, resident);
	swap_sub(s, w->cg, worker_swapped(w));
	memcg_uncharge(s, w->cg, resident + kernel);
	w->anon = w->hot = w->hot_swapped = w->cold_swapped = w->tables = w->process = 0;
}

/* ---- the page cache -------------------------------------------------------------------------- */

void pages_read(struct sim *s, struct worker *w, uint64_t n, bool again)
{
	struct memcg_more *x = &s->more[w->cg];

	if (!s->cg[w->cg].file)
		pages_lists_changed(s, w->cg, false, true);
	s->cg[w->cg].file += n;
	if (s->cg[w->cg].file > s->longest)
		s->longest = s->cg[w->cg].file;
	w->file_new += n;
	if (again)
		x->refaulted += n;
}

void pages_read_hit(struct worker *w, uint64_t n)
{
	w->file_old -= n;
	w->file_new += n;
}

void pages_read_end(struct worker *w, uint64_t extent)
{
	if (w->file < extent)
		w->file = extent;
	w->file_old += w->file_new;
	w->file_new = 0;
}

/* ---- reclaim --------------------------------------------------------------------------------- */

static struct worker *next_member(struct sim *s, struct memcg_more *x)
{
	struct worker *w = &s->w[s->members[x->cursor]];

	if (++x->cursor == x->wend)
		x->cursor = x->wbegin;
	return w;
}

uint64_t pages_take_file(struct sim *s, uint32_t m, uint64_t n)
{
	struct memcg_more *x = &s->more[m];
	uint64_t taken = 0;

	n = least(n, s->cg[m].file);
	while (taken < n) {
		struct worker *w = next_member(s, x);
		uint64_t k = least(least(n - taken, SIM_SWAP_CLUSTER), w->file_old + w->file_new);
		uint64_t old = least(k, w->file_old);

		w->file_old -= old;
		w->file_new -= k - old;
		taken += k;
	}
	if (!taken)
		return 0;
	s->cg[m].file -= taken;
	if (!s->cg[m].file)
		pages_lists_changed(s, m, false, false);
	x->reclaimed += taken;
	memcg_uncharge(s, m, taken);
	return taken;
}

uint64_t pages_swap_out(struct sim *s, uint32_t m, uint64_t n)
{
	struct memcg_more *x = &s->more[m];
	uint64_t taken = 0;

	n = least(least(n, s->cg[m].anon), pages_swap_room(s, m));
	while (taken < n) {
		struct worker *w = next_member(s, x);
		uint64_t k = least(least(n - taken, SIM_SWAP_CLUSTER), worker_resident(w));
		uint64_t cold = least(k, w->anon - w->hot - w->cold_swapped);

		w->cold_swapped += cold;
		w->hot_swapped += k - cold;
		taken += k;
	}
	if (!taken)
		return 0;
	anon_sub(s, m, taken);
	swap_add(s, m, taken);
	x->reclaimed += taken;
	memcg_uncharge(s, m, taken);
	return taken;
}
