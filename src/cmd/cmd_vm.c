/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_vm.c - agentcg vm: the kernels that --vm boots */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/units.h"
#include "cmd/cache.h"
#include "cmd/cmd.h"
#include "cmd/output.h"
#include "cmd/signals.h"
#include "cmd/vm_run.h"
#include "vm/build.h"
#include "vm/fetch.h"

static void say(void *ctx, const char *line)
{
	struct buf b = {0};

	(void)ctx;
	buf_printf(&b, "%s\n", line);
	(void)buf_write_fd(&b, STDERR_FILENO);
	buf_free(&b);
}

static int status_of(int err)
{
	if (err == -EINTR)
		return STATUS_INTERRUPTED;
	if (err == -EINVAL)
		return STATUS_USAGE;
	return err ? STATUS_INTERNAL : STATUS_OK;
}

static void print_kernel(const struct kernel *k, struct buf *out)
{
	struct buf size = {0};

	fmt_size_short(&size, k->bytes);
	buf_printf(out, "%-14s %-32s %6s  %s\n", k->name, *k->release ? k->release : "?",
		   buf_str(&size), k->package ? k->package : "-");
	buf_free(&size);
}

/* The kernels here; then, where the archive's lists are here too, what else it has. */
static int list(struct cmd *c, struct arena *a, const struct fetch *f)
{
	const struct kernel *v;
	const char *const *series;
	struct buf out = {0};
	size_t n, nseries;
	int status = status_of(kernel_list(a, f->cache, &c->diags, &v, &n));

	if (status != STATUS_OK)
		return status;
	for (size_t i = 0; i < n; i++)
		print_kernel(&v[i], &out);
	if (!n)
		buf_printf(&out, "no kernels in %s/kernels\n", f->cache);
	(void)fetch_series(f, a, &series, &nseries);
	if (nseries) {
		buf_puts(&out, "debian:X.Y can be fetched of");
		for (size_t i = 0; i < nseries; i++)
			buf_printf(&out, "%s %s", i ? "," : "", series[i]);
		buf_putc(&out, '\n');
	}
	status = output_stdout(c, &out);
	buf_free(&out);
	return status;
}

static int fetch_one(struct cmd *c, struct arena *a, const struct fetch *f, const char *name)
{
	struct kernel k;
	struct buf out = {0};
	int status = status_of(fetch_kernel(f, a, name, &c->diags, &k));

	if (status == STATUS_OK && !c->opt.quiet) {
		print_kernel(&k, &out);
		status = output_stdout(c, &out);
	}
	buf_free(&out);
	return status;
}

static int build(struct cmd *c, struct arena *a, const struct fetch *f)
{
	struct build b = {
	    .cache = f->cache,
	    .jobs = c->opt.jobs,
	    .stop = f->stop,
	    .say = f->say,
	};
	struct kernel k;
	struct buf out = {0};
	int status = status_of(build_kernel(&b, a, &c->diags, &k));

	if (status == STATUS_OK && !c->opt.quiet) {
		print_kernel(&k, &out);
		status = output_stdout(c, &out);
	}
	buf_free(&out);
	return status;
}

static void put_out(void *ctx, const void *bytes, size_t n)
{
	struct buf b = {0};

	(void)ctx;
	buf_put(&b, bytes, n);
	(void)buf_write_fd(&b, STDOUT_FILENO);
	buf_free(&b);
}

/* The words of the command are put together for the shell, as ssh does it. */
static int exec(struct cmd *c, struct arena *a, const char *const *words, size_t n)
{
	struct vm_machine m;
	const char *command = "";
	int err, status = STATUS_OK;

	if (!n) {
		diag_at(&c->diags, E_USE_FILES, (struct span){0},
			"`agentcg vm exec` needs a command");
		diag_hint(&c->diags, "agentcg vm exec -- cat /proc/version");
		return STATUS_USAGE;
	}
	for (size_t i = 0; i < n; i++)
		command = arena_printf(a, "%s%s%s", command, i ? " " : "", words[i]);
	err = vm_run_open(c, NULL, command, &c->diags, &m);
	if (!err)
		err = vm_command(m.vm, put_out, NULL, &c->diags, &status);
	vm_run_close(&m);
	return err == -EOPNOTSUPP ? STATUS_USAGE : err ? status_of(err) : status;
}

static bool known(struct cmd *c, const char *what)
{
	static const char *const words[] = {"list", "fetch", "build", "remove", "exec"};
	const char *near;

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (!strcmp(words[i], what))
			return true;
	diag_at(&c->diags, E_USE_COMMAND, (struct span){0}, "`agentcg vm` cannot `%s`", what);
	near = diag_nearest(what, words, sizeof words / sizeof *words);
	if (near)
		diag_hint(&c->diags, "did you mean `agentcg vm %s`?", near);
	else
		diag_hint(&c->diags, "agentcg vm list|fetch|build|remove|exec ...");
	return false;
}

static int vm(struct cmd *c, struct arena *a)
{
	const char *const *v = c->opt.operands.v;
	size_t n = c->opt.operands.n;
	const char *what = n ? v[0] : "list";
	struct fetch f = {
	    .cache = cache_folder(a),
	    .stop = &signals_stop,
	    .say = c->opt.quiet ? NULL : say,
	};
	int status = STATUS_OK;

	if (!known(c, what))
		return STATUS_USAGE;
	if (!f.cache) {
		diag_at(&c->diags, E_ENVIRONMENT, (struct span){0},
			"neither `XDG_CACHE_HOME` nor `HOME` names a folder");
		return STATUS_USAGE;
	}
	signals_catch();
	if (!strcmp(what, "list") || !strcmp(what, "build")) {
		if (n > 1) {
			diag_at(&c->diags, E_USE_FILES, (struct span){0},
				"`agentcg vm %s` takes no kernel: `%s`", what, v[1]);
			return STATUS_USAGE;
		}
		return *what == 'l' ? list(c, a, &f) : build(c, a, &f);
	}
	if (!strcmp(what, "exec"))
		return exec(c, a, v + 1, n - 1);
	if (!strcmp(what, "fetch") && n == 1)
		return fetch_one(c, a, &f, KERNEL_DEFAULT);
	if (n == 1) {
		diag_at(&c->diags, E_USE_FILES, (struct span){0},
			"`agentcg vm remove` needs the name of a kernel");
		diag_hint(&c->diags, "`agentcg vm list` shows which there are");
		return STATUS_USAGE;
	}
	for (size_t i = 1; i < n && status != STATUS_INTERRUPTED; i++)
		status = status_of_both(status,
					!strcmp(what, "fetch")
					    ? fetch_one(c, a, &f, v[i])
					    : status_of(kernel_remove(f.cache, v[i], &c->diags)));
	return status;
}

int cmd_vm(struct cmd *c)
{
	struct arena a = {0};
	int status = vm(c, &a);

	arena_free(&a);
	return status;
}
