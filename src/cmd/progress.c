/* SPDX-License-Identifier: GPL-2.0-or-later */
/* progress.c - which run is under way (progress.h) */
#include <inttypes.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/units.h"
#include "cmd/progress.h"

#define SILENT_NS   (1 * NS_PER_SEC)
#define TERMINAL_NS (100 * NS_PER_MS)
#define LINE_NS	    (5 * NS_PER_SEC)

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS_PER_SEC + (uint64_t)t.tv_nsec;
}

void progress_begin(struct progress *p, const struct plan *plan, bool quiet, bool every_run)
{
	*p = (struct progress){
	    .plan = plan,
	    .quiet = quiet,
	    .every_run = every_run,
	    .terminal = !every_run && isatty(STDERR_FILENO),
	    .next_ns = now_ns() + SILENT_NS,
	};
}

void progress_run(void *ctx, uint32_t run, uint32_t nruns, int32_t policy, uint32_t cgroup,
		  uint32_t rep)
{
	struct progress *p = ctx;
	uint64_t now;
	struct buf line = {0};

	if (p->quiet)
		return;
	now = now_ns();
	if (!p->every_run && now < p->next_ns)
		return;
	p->next_ns = now + (p->terminal ? TERMINAL_NS : LINE_NS);
	buf_printf(&line, "%srun %" PRIu32 " of %" PRIu32 ": ", p->terminal ? "\r" : "", run + 1,
		   nruns);
	if (policy == PX_ALONE)
		buf_printf(&line, "%s alone", p->plan->cgroups[cgroup].name);
	else
		buf_puts(&line, p->plan->policies[policy].name);
	buf_printf(&line, ", repetition %" PRIu32 "%s", rep + 1, p->terminal ? "\033[K" : "\n");
	(void)buf_write_fd(&line, STDERR_FILENO);
	buf_free(&line);
	p->drawn = p->terminal;
}

void progress_end(struct progress *p)
{
	static const char erase[] = "\r\033[K";
	struct buf b = {0};

	if (!p->drawn)
		return;
	buf_puts(&b, erase);
	(void)buf_write_fd(&b, STDERR_FILENO);
	buf_free(&b);
	p->drawn = false;
}
