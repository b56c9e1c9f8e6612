/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm_run.c - a machine for the runs of one experiment (vm_run.h) */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cache.h"
#include "cmd/load.h"
#include "cmd/signals.h"
#include "cmd/vm_run.h"
#include "vm/fetch.h"

static void say(void *ctx, const char *line)
{
	struct buf b = {0};

	(void)ctx;
	buf_printf(&b, "%s\n", line);
	(void)buf_write_fd(&b, STDERR_FILENO);
	buf_free(&b);
}

static int find_kernel(struct cmd *c, struct vm_machine *m, struct diags *d)
{
	const char *name = c->opt.kernel ? c->opt.kernel : KERNEL_DEFAULT;
	struct fetch f = {
	    .cache = m->options.cache,
	    .stop = &signals_stop,
	    .say = m->options.say,
	};
	int err = kernel_find(&m->a, f.cache, name, d, &m->kernel);

	return err == -ENOENT ? fetch_kernel(&f, &m->a, name, d, &m->kernel) : err;
}

/* Where `use` looks, as AGENTCG_PATH. */
static const char *library(struct arena *a)
{
	struct lang_path path = load_library_path(a);
	const char *text = "";

	for (size_t i = 0; i < path.n; i++)
		text = arena_printf(a, "%s%s%s", text, i ? ":" : "", path.dirs[i]);
	return text;
}

/*
 * A scheduler that comes and goes has the kernel rewrite its own code where all CPUs run, and two
 * that QEMU emulates at once may trip over that.
 */
static bool cpus_in_turn(const struct cmd *c)
{
	const char *threads = getenv("AGENTCG_VM_THREADS");

	return (c->opt.mechanism && !strcmp(c->opt.mechanism, "sched_ext")) ||
	       (threads && !strcmp(threads, "single"));
}

int vm_run_open(struct cmd *c, const struct plan *p, const char *command, struct diags *d,
		struct vm_machine *m)
{
	int err;

	*m = (struct vm_machine){0};
	m->options = (struct vm_options){
	    .plan = p,
	    .command = command,
	    .more = c->opt.packs.v,
	    .nmore = c->opt.packs.n,
	    .cache = cache_folder(&m->a),
	    .kernel = &m->kernel,
	    .memory_bytes = c->opt.vm_memory_bytes,
	    .in_turn = cpus_in_turn(c),
	    .words = c->words,
	    .nwords = c->nwords,
	    .library = library(&m->a),
	    .backend = getenv("AGENTCG_VM_BACKEND"),
	    .stop = &signals_stop,
	    .say = c->opt.quiet ? NULL : say,
	};
	if (!m->options.cache) {
		diag_at(d, E_ENVIRONMENT, (struct span){0},
			"neither `XDG_CACHE_HOME` nor `HOME` names a folder");
		return -EINVAL;
	}
	err = kernel_make_dirs(m->options.cache);
	if (!err)
		err = find_kernel(c, m, d);
	return err ? err : vm_open(&m->options, d, &m->vm);
}

void vm_run_close(struct vm_machine *m)
{
	vm_close(m->vm);
	arena_free(&m->a);
}
