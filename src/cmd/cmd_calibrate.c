/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_calibrate.c - agentcg calibrate: a machine as the simulator is told of it */
#include <errno.h>
#include <string.h>

#include "backend/cgroup/host.h"
#include "base/mem.h"
#include "cmd/cmd.h"
#include "cmd/gauging.h"
#include "cmd/live_run.h"
#include "cmd/output.h"
#include "cmd/signals.h"
#include "cmd/vm_run.h"
#include "lang/parse.h"

/*
 * What a machine has to have room for: GAUGE_BYTES_HELD, and GAUGE_FILES files of GAUGE_FILE_BYTES.
 * It is not run.
 */
static const char room[] = "scenario \"calibrate\"\n"
			   "cgroup memory cgroup files\n"
			   "at 0s alloc 64M in memory\n"
			   "at 0s read 16M in files as a\n"
			   "at 0s read 16M in files as b\n"
			   "at 0s read 16M in files as c\n";

static int append(const char *text, size_t n, void *out)
{
	buf_put(out, text, n);
	return 0;
}

static int put_out(struct cmd *c, const struct gauge *g, const char *on)
{
	const char *path = c->opt.reports[REPORT_JSON];
	struct buf out = {0};
	int status = STATUS_OK;

	if (path) {
		json_t *o = gauging_json(g, on);

		if (json_dump_callback(o, append, &out,
				       JSON_INDENT(1) | JSON_PRESERVE_ORDER |
					   JSON_REAL_PRECISION(12)))
			mem_exhausted(0);
		json_decref(o);
		buf_putc(&out, '\n');
		status = output_file(c, path, &out);
		buf_clear(&out);
	}
	if (!path || strcmp(path, "-") != 0) {
		gauging_block(g, on, &out);
		status = status_of_both(status, output_stdout(c, &out));
	}
	buf_free(&out);
	return status;
}

static int status_of(int err)
{
	if (err == -EOPNOTSUPP || err == -EINVAL)
		return STATUS_USAGE;
	if (err == -EINTR)
		return STATUS_INTERRUPTED;
	return err ? STATUS_INTERNAL : STATUS_OK;
}

/* Linux has no huge pages where it has less than 512M. */
#define MACHINE_BYTES (768 * MIB)

/* The agentcg inside reads the same text as its standard input. */
static int in_machine(struct cmd *c, const struct unit *u, const struct plan *p)
{
	static const char *const words[] = {"run", "-"};
	struct cmd inside = *c;
	struct vm_machine m = {0};
	struct gauge g;
	struct buf on = {0};
	struct diags d;
	int err, status;

	if (!inside.opt.vm_memory_bytes)
		inside.opt.vm_memory_bytes = MACHINE_BYTES;
	inside.words = words;
	inside.nwords = sizeof words / sizeof *words;
	diags_init(&d, &u->sources);
	err = vm_run_open(&inside, p, NULL, &d, &m);
	if (!err)
		err = gauging_all(&(struct gauging_place){.vm = m.vm}, &d, &g);
	output_diags(c, &d);
	diags_free(&d);
	status = status_of(err);
	if (!err) {
		buf_printf(&on, "%s", vm_backend(m.vm)->kernel);
		status = put_out(c, &g, buf_str(&on));
	}
	buf_free(&on);
	vm_run_close(&m);
	return status;
}

static int on_host(struct cmd *c, const struct unit *u, const struct plan *p,
		   struct live_session *live)
{
	struct gauge g;
	struct diags d;
	int err = 0, status;

	diags_init(&d, &u->sources);
	status = live_run_prepare(live, p, &d);
	if (status == STATUS_OK) {
		err = gauging_all(&(struct gauging_place){.live = live}, &d, &g);
		status = status_of(err);
	}
	output_diags(c, &d);
	diags_free(&d);
	if (status != STATUS_OK)
		return status;
	g.cpus = host_cpus();
	return put_out(c, &g, live_session_backend(live)->kernel);
}

int cmd_calibrate(struct cmd *c)
{
	const struct plan_options opt = {0};
	const struct lang_path none = {0};
	struct live_session *live = NULL;
	const struct plan *p;
	struct unit u;
	int status = STATUS_OK;
	bool vm;

	if (!cmd_operands(c, 0, 0))
		return STATUS_USAGE;
	if (!c->opt.backend) {
		diag_at(&c->diags, E_USE_TOGETHER, (struct span){0},
			"`agentcg calibrate` needs to know which machine: `--live` or `--vm`");
		diag_hint(&c->diags, "`agentcg calibrate --vm` measures one that emulates Debian's "
				     "kernel");
		return STATUS_USAGE;
	}
	vm = !strcmp(c->opt.backend, "--vm");
	if (vm && c->opt.cgroup) {
		diag_at(&c->diags, E_USE_TOGETHER, (struct span){0},
			"`--cgroup` names a cgroup of this host, and `--vm` has its own");
		return STATUS_USAGE;
	}
	unit_init(&u);
	if (!vm) /* while this process is small: it forks */
		status = live_run_open(c, &live);
	signals_catch();
	if (status == STATUS_OK && (parse_text(&u, "<calibrate>", room, strlen(room), &none) ||
				    plan_lower(&u, &opt, &p))) {
		output_diags(c, &u.diags);
		status = STATUS_INTERNAL;
	}
	if (status == STATUS_OK)
		status = vm ? in_machine(c, &u, p) : on_host(c, &u, p, live);
	live_session_close(live, &c->diags);
	unit_free(&u);
	return status;
}
