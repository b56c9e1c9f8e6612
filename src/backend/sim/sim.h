/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sim.h - the simulator: what it models, what it leaves out, and every choice that flips outcomes.
 *
 * A deterministic discrete-event model of cgroup v2 memory control in pages of 4 KiB and
 * nanoseconds, integers only.  The same world, seed and ops give the same observations, byte for
 * byte.  Names of kernel functions are those of Linux 7.2, whose behaviour is modelled, with the
 * memcg_bpf_ops hooks of series v6.  agentcg-sim(7) says the same to users, at more length.
 *
 * Where to read, and what it follows
 *   memcg.c    page counters, charging       mm/page_counter.c, try_charge_memcg()
 *   reclaim.c  protection, two-pass reclaim  mm/vmscan.c, page_counter_calculate_protection()
 *   high.c     overage, penalty, sleep       __mem_cgroup_handle_over_high(), kernel/time/timer.c
 *   oom.c      who is killed, when it's gone mm/oom_kill.c, mem_cgroup_oom()
 *   limits.c   writes to the files           memory_max_write(), user_proactive_reclaim(), ...
 *   policy.c   delay and protect             bpf/policy.h
 *   pages.c    which pages a worker has: LRU order, swap, page tables, page cache
 *   cpu.c      who runs how fast
 *   psi.c      memory pressure               kernel/sched/psi.c
 *   worker.c   what a worker waits for and owes
 *   ops.c      allocating, freeing, touching, reading: what a worker does itself
 *   play.c     replays, tool calls, commands: what it plays
 *   stride.h   steps that are all alike, from 32 bytes
 *   queue.h    timers in the total order (time, seq)
 *   sim.c      the backend contract
 *   check.c    what must always be true
 *
 * The choices, each with a test in tests/unit/test_sim_*.c
 *  1. A policy delay asks for usage > memory.high of the cgroup that has the delay.  `always` asks
 *     nothing, as the published program: v6 calls get_high_delay_ms() on every charge batch.
 *  2. Active means faulting.  Writing resident memory again is no fault.
 *  3. A worker that is killed gives its memory back SIM_EXIT_NS plus machine.free_ns a page
 *     later, all at once.  Until then nobody else is killed in any scope that contains it, as in
 *     oom_evaluate_task(), and tasks that would need it wait for it; the kernel's retries
 *     meanwhile, each of which counts `max` and perhaps `oom`, are not counted.  So a parent's
 *     limit kills one, never two, of two tasks that together exceed it.  A worker that is merely
 *     done keeps its memory until it is freed.
 *  4. Late trace samples are replayed in order, none skipped.
 *  5. OOM victim: most pages of rss, swap and page tables; on a tie the worker with the higher
 *     index, as the later task.  A group kill counts oom_kill once for the victim and once for each
 *     member, the victim too, as oom_kill_process() does.
 *  6. A huge page is charged as 512 pages in one go, eight times the penalty of a batch of 64; it
 *     costs huge_ns, by default SIM_HUGE_FAULTS faults, of time and counts as one fault.  When 512
 *     pages cannot be had it becomes small ones: there is no OOM kill for orders over 3.
 *  7. Near max the batch falls back to what is asked for, stocks are drained once, and a task that
 *     waited charges again from the start of the loop.
 *  8. Every worker is a process of machine.process_bytes and has one page-table page per 512 pages
 *     it maps; neither can be reclaimed.  A measured process cost 0.7 MB in the 100M case, page
 *     tables included (51 pages); the default is what remains, 128 pages.
 *  9. Raising memory.high wakes nobody who sleeps; a kill does.
 * 10. A fault costs what the machine says (1.6 us).
 *
 * Simplifications
 *  - One stock of up to 63 pages a cgroup (one CPU's worth), used by all its workers.
 *  - Reclaim takes effect when it begins; its time is paid before the task goes on.  A pass that
 *    finds nothing takes no time.
 *  - File pages are clean.  They go before anonymous pages of the same cgroup: anonymous memory is
 *    taken once a cgroup has no file pages left.  (The kernel splits by swappiness and refaults.)
 *  - LRU order is strict: what was used longest ago goes first, file by file and touch by touch; no
 *    refault protection, so a cyclic read of more than fits always misses.
 *  - The machine has swap space as large as its memory.
 *  - One disk, first come first served: reads, swap-ins and swap-outs occupy it one after another.
 *  - The machine's memory is one more limit above the root cgroup: no kswapd.  Who is killed for
 *    it has the root as limit_cgroup.
 *  - CPU time is shared between busy workers by the weight of their cgroup, flat across the tree;
 *    a share holds for one step (a batch, or SIM_QUANTUM_NS).  cpu.max is a share, not a period.
 *  - Raised limits are seen at the next charge.  Page faults of one step are counted at its charge.
 *  - Penalties saturate where the kernel's 64-bit product wraps (usage over 256 times high).
 *  - Jiffies begin at time 0.
 */
#ifndef AGENTCG_BACKEND_SIM_SIM_H
#define AGENTCG_BACKEND_SIM_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIM_HZ		    250 /* CONFIG_HZ of Debian */
#define SIM_JIFFY_NS	    (UINT64_C(1000000000) / SIM_HZ)
#define SIM_CHARGE_BATCH    64		 /* MEMCG_CHARGE_BATCH */
#define SIM_RECLAIM_RETRIES 16		 /* MAX_RECLAIM_RETRIES */
#define SIM_SWAP_CLUSTER    32		 /* SWAP_CLUSTER_MAX */
#define SIM_DEF_PRIORITY    12		 /* DEF_PRIORITY */
#define SIM_COSTLY_PAGES    8		 /* 1 << PAGE_ALLOC_COSTLY_ORDER */
#define SIM_MAX_HIGH_DELAY  (2 * SIM_HZ) /* MEMCG_MAX_HIGH_DELAY_JIFFIES */
#define SIM_HUGE_PAGES	    512		 /* HPAGE_PMD_NR */
#define SIM_HUGE_FAULTS	    125		 /* measured: 200 us against 1.6 us */
#define SIM_TABLE_PAGES	    512		 /* pages that one page-table page maps */
#define SIM_TOUCH_NS	    168		 /* per page: memset of 500 MiB resident took 21.5 ms */
#define SIM_EXIT_NS	    UINT64_C(1000000) /* from SIGKILL to exit_mmap() */
#define SIM_QUANTUM_NS	    UINT64_C(1000000)

/*
 * For tests and benchmarks.  `run` is what backend_sim.open gave.  sim_check is false, with the
 * reason in *why, when an invariant does not hold.  sim_steps counts the steps of workers so far.
 * sim_strides says how many of them were taken in stride, see stride.c.  sim_single_step sends
 * every step through the queue, where a worker that nobody can interfere with otherwise runs on,
 * takes none in stride, and walks all that reclaim could skip; nothing that is observed may change.
 */
void sim_single_step(void *run, bool on);
bool sim_check(void *run, const char **why);
uint64_t sim_steps(const void *run);
uint64_t sim_strides(const void *run);

#endif
