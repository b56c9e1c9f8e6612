/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_doctor.c - agentcg doctor: what this host and this build can do, by trying.
 *
 * Says only what was tried.  What no backend of this version uses is reported as a fact about the
 * host, beside the statement that the backend is not there.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/output.h"
#include "config.h"
#include "experiment/experiment.h"
#include "lang/parse.h"

#define CGROUP2 "/sys/fs/cgroup"

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

/* The beginning of a small file, without its last newline; 0 or -errno. */
static int read_start(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, text, size - 1);
	if (n < 0)
		n = -errno;
	close(fd);
	if (n < 0)
		return (int)n;
	while (n > 0 && text[n - 1] == '\n')
		n--;
	text[n] = '\0';
	return 0;
}

static bool has_word(const char *text, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = text; (p = strstr(p, word)); p += n)
		if ((p == text || p[-1] == ' ') && (!p[n] || p[n] == ' '))
			return true;
	return false;
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

/* cgroup v1: the line `memory 5 12 1` of /proc/cgroups has a hierarchy that is not 0. */
static bool memory_on_v1(void)
{
	char text[4096];
	const char *line;

	if (read_start("/proc/cgroups", text, sizeof text))
		return false;
	line = strstr(text, "\nmemory\t");
	return line && strtoul(line + strlen("\nmemory\t"), NULL, 10);
}

static void look_at_cgroups(struct buf *out)
{
	char controllers[4096] = "";
	struct statfs fs;
	int err;

	if (statfs(CGROUP2, &fs)) {
		say(out, "cgroup v2", "no: %s: %s", CGROUP2, strerror(errno));
	} else if (fs.f_type != CGROUP2_SUPER_MAGIC) {
		say(out, "cgroup v2", "no: not mounted at %s%s", CGROUP2,
		    memory_on_v1() ? " (the memory controller is bound to cgroup v1)" : "");
	} else {
		err = read_start(CGROUP2 "/cgroup.controllers", controllers, sizeof controllers);
		if (err)
			say(out, "cgroup v2", "mounted; cgroup.controllers: %s", strerror(-err));
		else if (has_word(controllers, "memory"))
			say(out, "cgroup v2", "mounted, with the memory controller");
		else
			say(out, "cgroup v2", "mounted, without the memory controller%s",
			    memory_on_v1() ? " (it is bound to cgroup v1)" : "");
		say(out, "making cgroups", "%s",
		    access(CGROUP2, W_OK) ? "not at the top: needs root or a delegated cgroup"
					  : "allowed at the top");
	}
}

static void look_at_kernel(struct buf *out)
{
	struct utsname u;

	if (uname(&u))
		say(out, "kernel", "unknown: %s", strerror(errno));
	else
		say(out, "kernel", "%s %s", u.release, u.machine);
	say(out, "memory pressure", "%s",
	    access("/proc/pressure/memory", R_OK) ? "no /proc/pressure/memory" : "there (PSI)");
}

static void look_at_bpf(struct buf *out)
{
	if (HAVE_BPF)
		say(out, "BPF programs", "built; this version does not load them");
	else
		say(out, "BPF programs", "not built: ./configure said what was missing");
	say(out, "kernel types (BTF)", "%s",
	    access("/sys/kernel/btf/vmlinux", R_OK) ? "not readable" : "readable");
	say(out, "memcg_bpf hook",
	    "unknown: only attaching can tell, which needs the live backend");
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
			say(out, "KVM", "/dev/kvm answers (API %d); no machine was tried", version);
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
	say(&out, "live runs", "not in this version (--live); what it would find here:");
	look_at_kernel(&out);
	look_at_cgroups(&out);
	look_at_bpf(&out);
	say(&out, "virtual machines", "not in this version (--vm); what it would find here:");
	look_at_vm(&out);
	status = status_of_both(status, output_stdout(c, &out));
	buf_free(&out);
	return status;
}
