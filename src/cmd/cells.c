/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cells.c - experiments in processes beside this one (cells.h) */
#include "cmd/cells.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "cmd/keeping.h"
#include "cmd/live_run.h"
#include "cmd/load.h"
#include "cmd/output.h"
#include "cmd/run.h"
#include "cmd/signals.h"

/*
 * A process takes one experiment after the other, so that the database is opened and what is
 * written there prepared once, not for each; on a real kernel just one, which starts afresh.
 * It is told an index, and answers with this and then the experiment's JSON.
 */
struct answer {
	uint64_t len;
	int32_t status;
};

/* All of it, or false: the other end is gone. */
static bool read_all(int fd, void *to, size_t n)
{
	for (size_t k = 0; k < n;) {
		ssize_t got = read(fd, (char *)to + k, n - k);

		if (!got || (got < 0 && errno != EINTR))
			return false;
		k += got > 0 ? (size_t)got : 0;
	}
	return true;
}

static bool write_all(int fd, const void *from, size_t n)
{
	for (size_t k = 0; k < n;) {
		ssize_t put = write(fd, (const char *)from + k, n - k);

		if (put < 0 && errno != EINTR)
			return false;
		k += put > 0 ? (size_t)put : 0;
	}
	return true;
}

/* ---- in the child -----------------------------------------------------------------------------
 */

struct hand {
	struct cmd *c;
	const char *path;
	const struct cell *cells;
	size_t n;
	struct files files; /* of the experiment that is made */
	struct keeping *keeping;
};

struct taking {
	const struct cell *cell;
	struct buf *out;
};

static int take(void *ctx, struct cmd *c, const struct results *r)
{
	const struct taking *t = ctx;
	json_t *o = cell_json(r, t->cell->whole);
	char *text = json_dumps(o, JSON_COMPACT | JSON_REAL_PRECISION(12));

	(void)c;
	buf_puts(t->out, text ? text : "");
	free(text);
	json_decref(o);
	return STATUS_OK;
}

/* The command line that makes this experiment alone: what a machine is told, and what is kept. */
static void put_words(struct cmd *c, const struct cell *cell, struct arena *a)
{
	const char **words = arena_array(a, const char *, c->nwords + 2 * cell->nparams);
	size_t n = 0, k = 0;

	if (c->nwords && !strcmp(c->words[0], "run"))
		words[n++] = c->words[k++];
	for (size_t i = 0; i < cell->nparams; i++) {
		words[n++] = "-p";
		words[n++] = arena_printf(a, "%s=%s", cell->params[i].name, cell->params[i].value);
	}
	while (k < c->nwords)
		words[n++] = c->words[k++];
	c->words = words;
	c->nwords = n;
}

static void put_options(struct cmd *c, const struct cell *cell)
{
	const struct options *given = &c->opt;
	struct options own = *given;

	memset(&own.params, 0, sizeof own.params);
	for (size_t i = 0; i < given->params.n; i++)
		vec_push(&own.params, given->params.v[i]);
	for (size_t i = 0; i < cell->nparams; i++)
		vec_push(&own.params, cell->params[i]);
	if (cell->repeat)
		own.repeat = cell->repeat;
	own.expect = cell->expect;
	own.expect_name = cell->expect_name;
	own.plot = false;
	/* Said once by the parent already: warnings, and how far it is. */
	own.quiet |= !own.backend;
	c->opt = own;
}

static void tell_begin(const struct hand *h, const struct cell *cell)
{
	struct buf line = {0};

	if (!h->c->opt.backend || h->c->opt.quiet)
		return;
	buf_printf(&line, "experiment %zu of %zu:", (size_t)(cell - h->cells) + 1, h->n);
	for (size_t i = 0; i < cell->nparams; i++)
		buf_printf(&line, " %s=%s", cell->params[i].name, cell->params[i].value);
	buf_putc(&line, '\n');
	(void)buf_write_fd(&line, STDERR_FILENO);
	buf_free(&line);
}

static int run_cell(struct hand *h, const struct cell *cell, struct buf *out)
{
	struct taking taking = {cell, out};
	struct run_request q = {.report = take, .ctx = &taking};
	struct live_session *live = NULL;
	struct cmd c = *h->c;
	struct arena a = {0};
	const struct plan *p;
	struct unit u;
	int status = STATUS_OK;

	tell_begin(h, cell);
	diags_init(&c.diags, NULL);
	put_options(&c, cell);
	put_words(&c, cell, &a);
	unit_init(&u);
	if (c.opt.save)
		u.sources.disk = &h->files;
	if (c.opt.backend && !strcmp(c.opt.backend, "--live"))
		status = live_run_open(&c, &live);
	if (status == STATUS_OK)
		status = load_plan(&c, &u, h->path, &p);
	if (status == STATUS_OK && c.opt.save && !h->keeping)
		status = keeping_open(h->c, &h->files, &h->keeping);
	if (status == STATUS_OK) {
		q.unit = &u;
		q.plan = live ? live_run_plan(p, &u.arena) : p;
		q.live = live;
		q.keeping = h->keeping;
		keeping_for(h->keeping, &c);
		status = run_plan(&c, &q);
		keeping_for(h->keeping, h->c);
	}
	live_session_close(live, &c.diags);
	/* What is wrong with its options, or with keeping it: nobody else will say it. */
	if (c.diags.errors)
		output_diags(&c, &c.diags);
	if (h->c->diags.errors) {
		output_diags(h->c, &h->c->diags);
		diags_free(&h->c->diags);
		diags_init(&h->c->diags, NULL);
	}
	vec_free(&c.opt.params);
	diags_free(&c.diags);
	unit_free(&u);
	files_free(&h->files);
	arena_free(&a);
	return status;
}

static void serve(struct hand *h, int in, int out)
{
	uint64_t i;

	do {
		struct answer a;
		struct buf found = {0};

		if (!read_all(in, &i, sizeof i))
			return;
		a.status = run_cell(h, &h->cells[i], &found);
		a.len = found.n;
		if (!write_all(out, &a, sizeof a) || !write_all(out, found.s, found.n))
			return;
		buf_free(&found);
	} while (!h->c->opt.backend);
}

/* ---- in the parent ----------------------------------------------------------------------------
 */

struct worker {
	pid_t pid; /* 0: a free place */
	int in, out;
	bool busy;
	size_t cell;
};

struct shop {
	struct hand hand;
	struct cell *cells;
	struct worker *workers;
	uint32_t jobs;
	sigset_t before; /* what was blocked before signals were held back */
};

_Noreturn static void be_worker(struct shop *s, int in, int out, pid_t parent)
{
	/*
	 * Also when this process is killed nobody waits for the child any more.  On a real kernel
	 * it has to clear up.
	 */
	prctl(PR_SET_PDEATHSIG, s->hand.c->opt.backend ? SIGTERM : SIGKILL);
	for (uint32_t i = 0; i < s->jobs; i++) {
		if (!s->workers[i].pid)
			continue;
		close(s->workers[i].in); /* else these would never see its end */
		close(s->workers[i].out);
	}
	signals_once();
	sigprocmask(SIG_SETMASK, &s->before, NULL);
	diags_init(&s->hand.c->diags, NULL); /* the parent's own are the parent's to say */
	if (getppid() == parent)
		serve(&s->hand, in, out);
	keeping_leave(s->hand.keeping);
	_exit(0);
}

/* 0 or -errno */
static int start(struct shop *s, struct worker *w)
{
	pid_t parent = getpid(), pid;
	int in[2], out[2], err = 0;

	if (pipe2(in, O_CLOEXEC))
		return -errno;
	if (pipe2(out, O_CLOEXEC)) {
		err = -errno;
		close(in[0]);
		close(in[1]);
		return err;
	}
	pid = fork();
	if (!pid) {
		close(in[1]);
		close(out[0]);
		be_worker(s, in[0], out[1], parent);
	}
	if (pid < 0)
		err = -errno;
	close(in[0]);
	close(out[1]);
	if (err) {
		close(in[1]);
		close(out[0]);
		return err;
	}
	*w = (struct worker){.pid = pid, .in = in[1], .out = out[0]};
	return 0;
}

/* It has nothing more to do, or is gone; its exit status as of waitpid. */
static int dismiss(struct worker *w)
{
	int status = 0;

	close(w->in);
	close(w->out);
	while (waitpid(w->pid, &status, 0) < 0 && errno == EINTR)
		;
	*w = (struct worker){0};
	return status;
}

static bool hand_out(struct shop *s, struct worker *w, size_t cell, struct cmd *c)
{
	uint64_t i = cell;
	int err = w->pid ? 0 : start(s, w);

	if (err) {
		diag_at(&c->diags, E_RUN_FAILED, (struct span){0},
			"an experiment cannot be started: %s", strerror(-err));
		return false;
	}
	w->cell = cell;
	w->busy = true;
	(void)write_all(w->in, &i, sizeof i); /* one that is gone does not answer either */
	return true;
}

/* What a worker says, or that it is gone. */
static void take_answer(struct shop *s, struct worker *w)
{
	struct cell *cell = &s->cells[w->cell];
	struct answer a;
	char *text = NULL;
	bool said = read_all(w->out, &a, sizeof a);

	if (said) {
		text = mem_alloc(a.len + 1);
		said = read_all(w->out, text, a.len);
	}
	cell->status = said ? a.status : STATUS_INTERNAL;
	cell->found = said && a.len ? json_loadb(text, a.len, 0, NULL) : NULL;
	free(text);
	w->busy = false;
	if (!said || s->hand.c->opt.backend)
		dismiss(w);
}

/* Until one has something to say, or a signal comes. */
static void wait_for(struct shop *s, struct pollfd *fds, bool *told)
{
	for (uint32_t i = 0; i < s->jobs; i++)
		fds[i] = (struct pollfd){.fd = s->workers[i].busy ? s->workers[i].out : -1,
					 .events = POLLIN};
	/* A signal that came while it was let through elsewhere has been seen by now. */
	if ((!signals_stop || *told) && ppoll(fds, s->jobs, NULL, &s->before) < 0)
		for (uint32_t i = 0; i < s->jobs; i++)
			fds[i].revents = 0;
	if (!signals_stop || *told)
		return;
	/* Those that run end early by themselves and keep what they have. */
	for (uint32_t i = 0; i < s->jobs; i++)
		if (s->workers[i].busy)
			kill(s->workers[i].pid, SIGTERM);
	*told = true;
}

static void hold_signals_back(sigset_t *before)
{
	sigset_t ours;

	sigemptyset(&ours);
	sigaddset(&ours, SIGINT);
	sigaddset(&ours, SIGTERM);
	sigaddset(&ours, SIGHUP);
	sigprocmask(SIG_BLOCK, &ours, before);
}

/*
 * A simulated one that cannot be run will not be the only one.  On a real kernel that can happen to
 * one, and costs no other, unless the options are to blame.
 */
static bool bars_others(const struct cmd *c, const struct cell *cell)
{
	return !cell->found && (!c->opt.backend || cell->status == STATUS_USAGE);
}

bool cells_run(struct cmd *c, const char *path, struct cell *cells, size_t n, uint32_t jobs,
	       void (*ended)(void *ctx, size_t i, size_t done), void *ctx)
{
	struct shop s = {.hand = {.c = c, .path = path, .cells = cells, .n = n},
			 .cells = cells,
			 .workers = mem_alloc(jobs * sizeof(*s.workers)),
			 .jobs = jobs};
	struct pollfd *fds = mem_alloc(jobs * sizeof(*fds));
	size_t next = 0, done = 0, running = 0;
	bool ok = true, told = false;

	for (size_t i = 0; i < n; i++) {
		cells[i].found = NULL;
		cells[i].status = STATUS_INTERRUPTED;
	}
	hold_signals_back(&s.before);
	for (;;) {
		for (uint32_t i = 0; i < jobs && next < n && ok && !signals_stop; i++) {
			if (s.workers[i].busy)
				continue;
			ok = hand_out(&s, &s.workers[i], next, c);
			next += ok;
			running += ok;
		}
		if (!running)
			break;
		wait_for(&s, fds, &told);
		for (uint32_t i = 0; i < jobs; i++) {
			size_t cell = s.workers[i].cell;

			if (!s.workers[i].busy || !fds[i].revents)
				continue;
			take_answer(&s, &s.workers[i]);
			running--;
			done++;
			ok &= !bars_others(c, &cells[cell]) || signals_stop;
			if (ended)
				ended(ctx, cell, done);
		}
	}
	for (uint32_t i = 0; i < jobs; i++)
		if (s.workers[i].pid)
			dismiss(&s.workers[i]);
	sigprocmask(SIG_SETMASK, &s.before, NULL);
	if (c->opt.save)
		keeping_settle(c);
	free(s.workers);
	free(fds);
	return ok;
}
