/* SPDX-License-Identifier: GPL-2.0-or-later */
/* progress.c - what is under way (progress.h) */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/units.h"
#include "cmd/progress.h"
#include "report/text.h"

#define SILENT_NS   (1 * NS_PER_SEC)
#define TERMINAL_NS (250 * NS_PER_MS)
#define LINE_NS	    (5 * NS_PER_SEC)
#define MAX_ROWS    8 /* sessions shown: the block must not scroll the terminal away */
#define NAME	    12
#define BAR	    24

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS_PER_SEC + (uint64_t)t.tv_nsec;
}

static unsigned int terminal_width(void)
{
	struct winsize w;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &w) || w.ws_col < 20)
		return 80;
	return w.ws_col;
}

void progress_begin(struct progress *p, const struct plan *plan, bool quiet, bool every_run)
{
	const char *term = getenv("TERM");

	*p = (struct progress){
	    .plan = plan,
	    .quiet = quiet,
	    .every_run = every_run,
	    .terminal = !every_run && isatty(STDERR_FILENO) && !(term && !strcmp(term, "dumb")),
	    .begin_ns = now_ns(),
	    .sessions = mem_alloc(plan->ncgroups * sizeof(*p->sessions)),
	    .works = mem_alloc(plan->ncgroups * sizeof(*p->works)),
	};
	p->next_ns = p->begin_ns + SILENT_NS;
	p->works[0] = true;
	for (uint32_t i = 0; i < plan->nworkers; i++)
		p->works[plan->workers[i].cgroup] = true;
}

/* ---- the block ------------------------------------------------------------------------------ */

/* A line of the block may not wrap: erasing counts lines. */
static void put_line(const struct progress *p, struct buf *line, struct buf *out)
{
	text_fit(out, buf_str(line), p->width - 1);
	buf_putc(out, '\n');
	buf_clear(line);
}

static void put_whole_seconds(struct buf *b, uint64_t ns)
{
	fmt_duration(b, ns - ns % NS_PER_SEC);
}

static void put_what(const struct progress *p, struct buf *line)
{
	buf_printf(line, "run %" PRIu32 " of %" PRIu32 ": ", p->run + 1, p->nruns);
	if (p->policy == PX_ALONE)
		buf_printf(line, "%s alone", p->plan->cgroups[p->alone].name);
	else
		buf_puts(line, p->plan->policies[p->policy].name);
	buf_printf(line, ", repetition %" PRIu32, p->rep + 1);
}

static void put_session(const struct progress *p, uint32_t cgroup, struct buf *line)
{
	const struct progress_session *s = &p->sessions[cgroup];
	struct buf name = {0};
	uint64_t filled;

	text_fit(&name, p->plan->cgroups[cgroup].name, NAME);
	buf_printf(line, "  %s", buf_str(&name));
	buf_pad(line, ' ', NAME - text_columns(buf_str(&name)));
	buf_clear(&name);
	fmt_size_short(&name, s->usage_bytes);
	buf_pad(line, ' ', name.n < 7 ? 7 - name.n : 0);
	buf_puts(line, buf_str(&name));
	buf_free(&name);
	if (s->limit_bytes != NO_LIMIT) {
		filled = s->limit_bytes ? mul_div(s->usage_bytes, BAR, s->limit_bytes) : BAR;
		buf_puts(line, " |");
		for (uint64_t i = 0; i < BAR; i++)
			buf_putc(line, i < filled ? '#' : ' ');
		buf_puts(line, filled > BAR ? "! " : "| ");
		fmt_size_short(line, s->limit_bytes);
	}
	if (s->delays)
		buf_printf(line, " %" PRIu32 " delays", s->delays);
	if (s->killed)
		buf_puts(line, " killed");
}

unsigned int progress_block(const struct progress *p, uint64_t elapsed_ns, struct buf *out)
{
	unsigned int lines = 1, rows = 0, more = 0;
	struct buf line = {0};

	put_what(p, &line);
	buf_puts(&line, "; ");
	put_whole_seconds(&line, elapsed_ns);
	/* Runs of one scenario take about the same time each. */
	if (p->run) {
		buf_puts(&line, ", about ");
		put_whole_seconds(&line, mul_div(elapsed_ns, p->nruns - p->run, p->run));
		buf_puts(&line, " left");
	}
	if (p->kills || p->delays)
		buf_printf(&line, "; %" PRIu32 " killed, %" PRIu32 " delays so far", p->kills,
			   p->delays);
	put_line(p, &line, out);
	for (uint32_t c = 0; c < p->plan->ncgroups; c++) {
		if (!p->works[c] || (p->policy == PX_ALONE && c && c != p->alone))
			continue;
		if (rows++ > MAX_ROWS) {
			more++;
			continue;
		}
		put_session(p, c, &line);
		put_line(p, &line, out);
		lines++;
	}
	if (more) {
		buf_printf(&line, "  and %u more sessions", more);
		put_line(p, &line, out);
		lines++;
	}
	buf_free(&line);
	return lines;
}

static void put_erase(const struct progress *p, struct buf *b)
{
	if (p->lines)
		buf_printf(b, "\033[%uA\r\033[J", p->lines);
}

static void draw(struct progress *p, uint64_t now)
{
	struct buf b = {0};

	put_erase(p, &b);
	p->width = terminal_width();
	p->lines = progress_block(p, now - p->begin_ns, &b);
	(void)buf_write_fd(&b, STDERR_FILENO);
	buf_free(&b);
}

/* ---- news ----------------------------------------------------------------------------------- */

static bool is_due(struct progress *p, uint64_t *now)
{
	if (p->quiet)
		return false;
	*now = now_ns();
	if (*now < p->next_ns)
		return false;
	p->next_ns = *now + (p->terminal ? TERMINAL_NS : LINE_NS);
	return true;
}

static void begin_run(struct progress *p)
{
	const struct plan *plan = p->plan;
	const struct cg_attrs *attrs =
	    p->policy == PX_ALONE ? plan->alone_attrs : plan->policies[p->policy].attrs;

	for (uint32_t c = 0; c < plan->ncgroups; c++)
		p->sessions[c] = (struct progress_session){
		    .limit_bytes = attrs[c].high_bytes < attrs[c].max_bytes ? attrs[c].high_bytes
									    : attrs[c].max_bytes};
}

void progress_run(void *ctx, uint32_t run, uint32_t nruns, int32_t policy, uint32_t cgroup,
		  uint32_t rep)
{
	struct progress *p = ctx;
	struct buf line = {0};
	uint64_t now = 0;

	p->run = run;
	p->nruns = nruns;
	p->policy = policy;
	p->alone = cgroup;
	p->rep = rep;
	begin_run(p);
	if (p->quiet || (!p->every_run && !is_due(p, &now)))
		return;
	if (p->terminal) {
		draw(p, now);
		return;
	}
	put_what(p, &line);
	buf_putc(&line, '\n');
	(void)buf_write_fd(&line, STDERR_FILENO);
	buf_free(&line);
}

void progress_obs(void *ctx, const struct obs *o)
{
	struct progress *p = ctx;
	uint64_t now;

	switch ((enum obs_kind)o->kind) {
	case OBS_SAMPLE:
		p->sessions[o->cgroup].usage_bytes = o->counters->usage_bytes;
		if (p->terminal && !o->cgroup && is_due(p, &now))
			draw(p, now);
		break;
	case OBS_KILL:
		p->sessions[p->plan->workers[o->worker].cgroup].killed = true;
		p->kills++;
		break;
	case OBS_DELAY:
		p->sessions[o->cgroup].delays++;
		p->delays++;
		break;
	default:
		break;
	}
}

void progress_end(struct progress *p)
{
	struct buf b = {0};

	put_erase(p, &b);
	(void)buf_write_fd(&b, STDERR_FILENO);
	buf_free(&b);
	p->lines = 0;
	free(p->sessions);
	free(p->works);
	p->sessions = NULL;
	p->works = NULL;
}
