/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_doctor.c - agentcg doctor: what this host and this build can do, by trying.
 *
 * Says only what was tried.  Cgroups that are made for it are removed again.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "backend/cgroup/live.h"
#include "cmd/cache.h"
#include "cmd/cmd.h"
#include "cmd/output.h"
#include "config.h"
#include "experiment/experiment.h"
#include "lang/parse.h"
#include "vm/kernel.h"

static void say(struct buf *out, const char *what, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void say(struct buf *out, const char *what, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_printf(out, "%-20s", what);
	buf_vprintf(out, fmt, ap);
	buf_putc(out, '\n');
	va_end(ap);
}

/* ---- the simulator -------------------------------------------------------------------------- */

/*
 * A small scenario whose outcome is known without the model: 300M fit below 400M, 500M do not fit
 * into 400M without swap.
 */
static const char self_check[] = "root < swap 0 >\n"
				 "cgroup fits < max 400M > cgroup dies < max 400M >\n"
				 "at 0s alloc 300M in fits\n"
				 "at 0s alloc 500M in dies\n";

/* What the run of p found wrong, or NULL. */
static const char *judge(const struct plan *p, struct diags *d)
{
	struct experiment_options x = {.backend = &backend_sim};
	struct results *r = NULL;
	const char *wrong = NULL;

	if (experiment_run(p, &x, d, &r) || !r->nruns)
		return "a run failed";
	for (uint32_t i = 0; i < p->ncgroups && !wrong; i++) {
		const struct cg_summary *s = &r->runs[0].cgroups[i];

		if (!strcmp(p->cgroups[i].name, "fits") &&
		    (s->oom_killed || s->counters.peak_bytes < 300 * MIB))
			wrong = "300M below a limit of 400M were not held";
		if (!strcmp(p->cgroups[i].name, "dies") && !s->oom_killed)
			wrong = "500M in a limit of 400M were not refused";
	}
	results_free(r);
	return wrong;
}

static int check_simulator(struct cmd *c, struct buf *out)
{
	const struct lang_path none = {0};
	const struct plan_options opt = {0};
	const struct plan *p;
	const char *wrong;
	struct unit u;

	unit_init(&u);
	if (parse_text(&u, "<doctor>", self_check, strlen(self_check), &none) ||
	    plan_lower(&u, &opt, &p))
		wrong = "its scenario is not understood";
	else
		wrong = judge(p, &u.diags);
	say(out, "simulator", "%s%s: %s, kernel %s", wrong ? "broken: " : "works",
	    wrong ? wrong : "", backend_sim.mechanism, backend_sim.kernel);
	output_diags(c, &u.diags);
	unit_free(&u);
	return wrong ? STATUS_INTERNAL : STATUS_OK;
}

/* ---- the host ------------------------------------------------------------------------------- */

/* ---- live runs ------------------------------------------------------------------------------ */

static void say_ability(void *ctx, const char *what, int yes, const char *text)
{
	say(ctx, what, "%s%s", yes > 0 ? "yes: " : yes ? "" : "no: ", text);
}

static void try_live(const struct cmd *c, struct buf *out)
{
	const struct live_options o = {.cgroup = c->opt.cgroup};

	live_doctor(&o, say_ability, out);
}

static void look_at_kernel(struct buf *out)
{
	struct utsname u;

	if (uname(&u))
		say(out, "kernel", "unknown: %s", strerror(errno));
	else
		say(out, "kernel", "%s %s", u.release, u.machine);
}

static void look_at_bpf(struct buf *out)
{
	if (HAVE_BPF)
		say(out, "BPF programs", "built");
	else
		say(out, "BPF programs", "not built: ./configure said what was missing");
	say(out, "kernel types (BTF)", "%s",
	    access("/sys/kernel/btf/vmlinux", R_OK) ? "not readable" : "readable");
}

/* The first qemu-system-* of this machine's kind in PATH; false when there is none. */
static bool find_qemu(char *found, size_t size)
{
	const char *path = getenv("PATH");
	struct utsname u;

	if (uname(&u))
		return false;
	for (const char *p = path ? path : ""; *p;) {
		size_t n = strcspn(p, ":");

		snprintf(found, size, "%.*s/qemu-system-%s", (int)n, p, u.machine);
		if (!access(found, X_OK))
			return true;
		p += n + (p[n] == ':');
	}
	return false;
}

static void look_at_kernels(struct buf *out)
{
	const struct kernel *v = NULL;
	struct arena a = {0};
	struct buf names = {0};
	struct diags d;
	size_t n = 0;
	const char *cache = cache_folder(&a);

	diags_init(&d, NULL);
	if (cache)
		(void)kernel_list(&a, cache, &d, &v, &n);
	for (size_t i = 0; i < n; i++)
		buf_printf(&names, "%s%s", i ? ", " : "", v[i].name);
	say(out, "virtual machines", "%s%s", n ? "kernels here: " : "no kernel here yet; ",
	    n ? buf_str(&names) : "--vm fetches " KERNEL_DEFAULT);
	buf_free(&names);
	diags_free(&d);
	arena_free(&a);
}

static void look_at_vm(struct buf *out)
{
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	char qemu[4096];

	if (fd < 0) {
		say(out, "KVM", "no: /dev/kvm: %s", strerror(errno));
	} else {
		int version = ioctl(fd, KVM_GET_API_VERSION, 0);

		if (version < 0)
			say(out, "KVM", "no: /dev/kvm: %s", strerror(errno));
		else
			say(out, "KVM", "/dev/kvm answers (API %d); the first --vm tries it",
			    version);
		close(fd);
	}
	say(out, "QEMU", "%s", find_qemu(qemu, sizeof qemu) ? qemu : "not found in PATH");
}

int cmd_doctor(struct cmd *c)
{
	struct buf out = {0};
	int status;

	if (!cmd_operands(c, 0, 0))
		return STATUS_USAGE;
	say(&out, "agentcg", "%s%s", AGENTCG_VERSION, HAVE_STATIC ? ", static" : "");
	status = check_simulator(c, &out);
	look_at_kernel(&out);
	look_at_bpf(&out);
	try_live(c, &out);
	look_at_kernels(&out);
	look_at_vm(&out);
	status = status_of_both(status, output_stdout(c, &out));
	buf_free(&out);
	return status;
}
