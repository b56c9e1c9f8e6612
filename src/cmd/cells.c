/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cells.c - experiments in processes of their own (cells.h) */
#include "cmd/cells.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "cmd/keeping.h"
#include "cmd/load.h"
#include "cmd/output.h"
#include "cmd/signals.h"
#include "experiment/experiment.h"

/* ---- in the child -----------------------------------------------------------------------------
 */

/* Said once by the parent already: warnings, and how far it is. */
static int run_cell(struct cmd *c, const char *path, const struct cell *cell, struct buf *out)
{
	struct experiment_options x = {.backend = &backend_sim, .stop = &signals_stop};
	struct results *r = NULL;
	struct keeping *k = NULL;
	struct files files = {0};
	const struct plan *p;
	struct diags d;
	struct unit u;
	int status, kept = STATUS_OK, err;

	c->opt.quiet = true;
	for (size_t i = 0; i < cell->nparams; i++)
		vec_push(&c->opt.params, cell->params[i]);
	if (cell->repeat)
		c->opt.repeat = cell->repeat;
	c->opt.expect = cell->expect;
	c->opt.expect_name = cell->expect_name;
	unit_init(&u);
	if (c->opt.save)
		u.sources.disk = &files;
	status = load_plan(c, &u, path, &p);
	if (status == STATUS_OK && c->opt.save) {
		status = keeping_open(c, &files, &k);
		x.begun = keeping_begun;
		x.keep = keeping_run;
		x.keep_ctx = k;
	}
	if (status == STATUS_OK) {
		diags_init(&d, &u.sources);
		err = experiment_run(p, &x, &d, &r);
		output_diags(c, &d);
		kept = keeping_end(k, err ? NULL : r);
		status = err == -EOPNOTSUPP ? STATUS_USAGE : STATUS_INTERNAL;
		if (!err) {
			json_t *o = cell_json(r, cell->whole);
			char *text = json_dumps(o, JSON_COMPACT | JSON_REAL_PRECISION(12));

			status = results_exit_status(r);
			buf_puts(out, text ? text : "");
			free(text);
			json_decref(o);
		}
		status = status_of_both(status, kept);
		results_free(r);
		diags_free(&d);
	}
	/* What is wrong with keeping it: nobody else will say it. */
	if (c->diags.errors)
		output_diags(c, &c->diags);
	keeping_leave(k);
	unit_free(&u);
	files_free(&files);
	return status;
}

_Noreturn static void be_child(struct cmd *c, const char *path, const struct cell *cell, int fd,
			       pid_t parent)
{
	struct buf out = {0};
	int status = STATUS_INTERNAL;

	/* Also when this process is killed nobody waits for the child any more. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() == parent)
		status = run_cell(c, path, cell, &out);
	if (buf_write_fd(&out, fd))
		status = STATUS_INTERNAL;
	_exit(status);
}

/* ---- in the parent ----------------------------------------------------------------------------
 */

struct worker {
	pid_t pid; /* 0: a free place */
	size_t cell;
	int fd;
};

static json_t *read_found(int fd)
{
	off_t size = lseek(fd, 0, SEEK_END);
	json_t *o = NULL;
	char *text;

	if (size > 0) {
		text = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (text != MAP_FAILED) {
			o = json_loadb(text, (size_t)size, 0, NULL);
			munmap(text, (size_t)size);
		}
	}
	return o;
}

static bool start(struct cmd *c, const char *path, struct cell *cell, struct worker *w)
{
	pid_t parent = getpid();

	w->fd = memfd_create("cell", MFD_CLOEXEC);
	w->pid = w->fd >= 0 ? fork() : -1;
	if (!w->pid)
		be_child(c, path, cell, w->fd, parent);
	if (w->pid > 0)
		return true;
	diag_at(&c->diags, E_RUN_FAILED, (struct span){0}, "an experiment cannot be started: %s",
		strerror(errno));
	if (w->fd >= 0)
		close(w->fd);
	w->pid = 0;
	return false;
}

static void finish(struct cell *cell, struct worker *w, int status)
{
	cell->found = read_found(w->fd);
	cell->status = WIFEXITED(status) ? WEXITSTATUS(status) : STATUS_INTERNAL;
	close(w->fd);
	w->pid = 0;
}

/* Those that run end early by themselves and keep what they have. */
static void pass_signal_on(const struct worker *workers, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (workers[i].pid)
			kill(workers[i].pid, SIGTERM);
}

bool cells_run(struct cmd *c, const char *path, struct cell *cells, size_t n, uint32_t jobs,
	       void (*ended)(void *ctx, size_t i, size_t done), void *ctx)
{
	struct worker *workers = mem_alloc(jobs * sizeof(*workers));
	size_t next = 0, done = 0, running = 0;
	bool ok = true, told = false;

	for (size_t i = 0; i < n; i++) {
		cells[i].found = NULL;
		cells[i].status = STATUS_INTERRUPTED;
	}
	for (;;) {
		int status;
		pid_t pid;

		for (uint32_t i = 0; i < jobs && next < n && ok && !signals_stop; i++) {
			if (workers[i].pid)
				continue;
			workers[i].cell = next;
			ok = start(c, path, &cells[next++], &workers[i]);
			running += ok;
		}
		if (!running)
			break;
		pid = waitpid(-1, &status, 0);
		if (signals_stop && !told) {
			pass_signal_on(workers, jobs);
			told = true;
		}
		for (uint32_t i = 0; pid > 0 && i < jobs; i++) {
			if (workers[i].pid != pid)
				continue;
			finish(&cells[workers[i].cell], &workers[i], status);
			running--;
			done++;
			/* One that cannot be run will not be the only one. */
			ok &= cells[workers[i].cell].found || signals_stop;
			if (ended)
				ended(ctx, workers[i].cell, done);
		}
	}
	if (c->opt.save)
		keeping_settle(c);
	free(workers);
	return ok;
}
