/* SPDX-License-Identifier: GPL-2.0-or-later */
/* boot.c - what a machine is made of, and how it comes up (state.h) */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/units.h"
#include "plan/plan.h"
#include "vm/child.h"
#include "vm/guest.h"
#include "vm/root.h"
#include "vm/state.h"

/* Software emulation takes 3 s on an idle host; busy ones get time, as long as something moves. */
#define BOOT_NS	    (180 * NS_PER_SEC)
#define BOOT_KVM_NS (15 * NS_PER_SEC)

/* ---- what it is made of -----------------------------------------------------------------------
 */

static const char *const carried[] = {
    "PATH", "HOME", "USER",   "LOGNAME",	 "SHELL",	   "LANG",
    "TZ",   "TERM", "LC_ALL", "LD_LIBRARY_PATH", "AGENTCG_REPEAT", "AGENTCG_SEED"};

static void choose_environment(struct vm *v, struct root_setup *s)
{
	size_t most = sizeof carried / sizeof *carried + 3;
	const char **e = arena_array(&v->a, const char *, most);

	for (size_t i = 0; i < most - 3; i++) {
		const char *value = getenv(carried[i]);

		if (value)
			e[s->nenvironment++] = arena_printf(&v->a, "%s=%s", carried[i], value);
	}
	e[s->nenvironment++] = arena_printf(&v->a, "AGENTCG_PATH=%s", v->o->library);
	/* We are root inside, and commands run as who is asking, as with sudo. */
	if (s->uid) {
		e[s->nenvironment++] = arena_printf(&v->a, "SUDO_UID=%" PRIu32, s->uid);
		e[s->nenvironment++] = arena_printf(&v->a, "SUDO_GID=%" PRIu32, s->gid);
	}
	s->environment = e;
}

int boot_pack(struct vm *v, struct diags *d)
{
	char cwd[4096];
	struct timespec t;
	struct root_setup s = {
	    .uid = getuid(),
	    .gid = getgid(),
	    .has_disk = v->disk >= 0,
	    .command = v->o->command,
	    .words = v->o->words,
	    .nwords = v->o->nwords,
	    .backend = v->o->backend,
	};

	if (!getcwd(cwd, sizeof cwd)) {
		diag_at(d, E_VM_PACK, (struct span){0}, "the current folder is not known: %s",
			strerror(errno));
		return -EIO;
	}
	clock_gettime(CLOCK_REALTIME, &t);
	s.realtime_ns = (uint64_t)t.tv_sec * NS_PER_SEC + (uint64_t)t.tv_nsec;
	s.cwd = cwd;
	for (size_t i = 0; v->plan && i < v->plan->sources->list.n; i++)
		s.has_stdin |= !v->plan->sources->list.v[i]->real;
	choose_environment(v, &s);
	v->initrd = memfd_create("agentcg-root", MFD_CLOEXEC);
	if (v->initrd < 0) {
		diag_at(d, E_VM_MEMORY, (struct span){0},
			"there is no memory for the machine's files: %s", strerror(errno));
		return -ENOMEM;
	}
	return root_pack(v->plan, &s, v->o->more, v->o->nmore, v->initrd, &v->a, d,
			 &v->facts.initrd_bytes);
}

int boot_find_qemu(struct vm *v, struct diags *d, const char **program)
{
	struct buf path = {0};

	if (child_find("qemu-system-x86_64", &path)) {
		diag_at(d, E_VM_QEMU, (struct span){0},
			"a virtual machine needs QEMU: there is no `qemu-system-x86_64` in PATH");
		diag_hint(d, "apt-get install qemu-system-x86");
		buf_free(&path);
		return -ENOENT;
	}
	*program = arena_strndup(&v->a, buf_str(&path), path.n);
	buf_free(&path);
	return 0;
}

/* ---- KVM, where it works ----------------------------------------------------------------------
 */

/* The file that says whether KVM has booted a kernel since this host was started. */
static const char *kvm_record(struct vm *v)
{
	char id[64] = "";
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, id, sizeof id - 1);

	if (fd >= 0)
		close(fd);
	id[n > 0 ? n : 0] = '\0';
	id[strcspn(id, "\n")] = '\0';
	return arena_printf(&v->a, "%s/kvm-%s", v->o->cache, id);
}

enum kvm {
	KVM_NO,
	KVM_YES,
	KVM_UNKNOWN,
};

static enum kvm look_for_kvm(struct vm *v)
{
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	char known = '?';

	if (fd < 0)
		return KVM_NO;
	close(fd);
	fd = open(kvm_record(v), O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		if (read(fd, &known, 1) != 1)
			known = '?';
		close(fd);
	}
	return known == 'y' ? KVM_YES : known == 'n' ? KVM_NO : KVM_UNKNOWN;
}

static void record_kvm(struct vm *v, bool works)
{
	struct buf b = {0};

	buf_puts(&b, works ? "yes\n" : "no\n");
	/* Nothing depends on it but a few seconds. */
	(void)buf_write_file(&b, kvm_record(v));
	buf_free(&b);
}

/* ---- booting ----------------------------------------------------------------------------------
 */

static void announce(struct vm *v, bool kvm)
{
	struct buf b = {0};

	if (!v->o->say)
		return;
	buf_printf(&b, "booting %s %s, ",
		   *v->o->kernel->release ? v->o->kernel->release : v->o->kernel->name,
		   kvm ? "with KVM" : "in software emulation");
	fmt_size_short(&b, v->facts.memory_bytes);
	buf_puts(&b, " of memory");
	v->o->say(v->o->ctx, buf_str(&b));
	buf_free(&b);
}

static int start(struct vm *v, const char *program, bool kvm)
{
	struct qemu_config c = {
	    .program = program,
	    .kernel = v->o->kernel->vmlinuz,
	    /* Everything to the console: silence means that it hangs.  Mitigations of the emulated
	       processor's faults protect nobody here.  On a busy host the emulator may deliver no
	       tick while the kernel waits for a few of them to see whether the timer is wired
	       through the IO-APIC, which then panics (check_timer() of
	       arch/x86/kernel/apic/io_apic.c); the wiring of this machine is known. */
	    .append = "console=ttyS0 loglevel=7 panic=-1 oops=panic mitigations=off no_timer_check "
		      "rdinit=" ROOT_INIT " -- " GUEST_WORD,
	    .initrd = v->initrd,
	    .disk = v->disk,
	    .memory_bytes = v->facts.memory_bytes,
	    .cpus = v->plan ? v->plan->machine.cpus : machine_default.cpus,
	    .kvm = kvm,
	    .in_turn = v->o->in_turn,
	};
	int err = qemu_start(&c, &v->m.qemu);

	if (err)
		diag_at(v->m.d, E_VM_QEMU, (struct span){0}, "QEMU cannot be started: %s",
			strerror(-err));
	v->m.heard_ns = machine_now();
	v->facts.kvm = kvm;
	return err;
}

static int refuse_other_plan(struct vm *v)
{
	diag_at(v->m.d, E_VM_DIFFERS, (struct span){0},
		"the agentcg in the machine reads another plan out of this scenario");
	diag_hint(v->m.d, "did one of its files change just now?");
	return -ESTALE;
}

static int take_hello(struct vm *v, const struct frame *f)
{
	struct wire w = wire_of(f->bytes, f->n);
	struct wire_hello h;

	if (!wire_get_hello(&w, &v->a, &h))
		return -EBADMSG;
	if (h.digest != v->plan->digest)
		return refuse_other_plan(v);
	v->backend.name = "vm";
	v->backend.mechanism = *h.mechanism ? h.mechanism : NULL;
	v->backend.kernel =
	    arena_printf(&v->a, "%s (%s%s%s)", v->facts.release, v->facts.kvm ? "KVM" : "emulated",
			 v->o->backend ? ", on " : "", v->o->backend ? h.backend : "");
	v->backend.caps = h.caps;
	v->backend.clock = v->facts.kvm ? OBS_CLOCK_HARDWARE : OBS_CLOCK_EMULATED;
	v->backend.modelled = !strcmp(h.backend, "sim");
	return 0;
}

/* Until the scenario is loaded inside; for a command, until init is there. */
static int await_hello(struct vm *v, uint64_t began_ns)
{
	uint64_t until = began_ns + (v->facts.kvm ? BOOT_KVM_NS : BOOT_NS);
	struct frame f;
	struct wire w;

	for (;;) {
		int err = machine_next(&v->m, until, &f);

		if (err == -ETIMEDOUT)
			return machine_complain_silent(&v->m);
		if (err)
			return err;
		w = wire_of(f.bytes, f.n);
		if (f.type == MSG_ALIVE) {
			struct wire_alive m;

			if (!wire_get_alive(&w, &v->a, &m))
				return -EBADMSG;
			v->facts.release = m.release;
			v->facts.boot_ns = machine_now() - began_ns;
			v->m.alive = true;
			v->facts.load_ns = v->facts.boot_ns;
			if (!v->plan)
				return 0;
			until = NEVER; /* loading may take its time; it is heard of now */
		} else if (f.type == MSG_DIAGS) {
			uint32_t errors = v->m.d->errors;

			if (!wire_get_diags(&w, &v->a, v->m.d))
				return -EBADMSG;
			if (v->m.d->errors > errors)
				return -EOPNOTSUPP;
		} else if (f.type == MSG_HELLO) {
			v->facts.load_ns = machine_now() - began_ns;
			return take_hello(v, &f);
		}
	}
}

static int boot_once(struct vm *v, const char *program, bool kvm, struct diags *d)
{
	uint64_t began = machine_now();
	int err;

	v->m = (struct machine_vm){.stop = v->o->stop, .say = v->o->say, .ctx = v->o->ctx, .d = d};
	err = start(v, program, kvm);
	if (!err)
		err = await_hello(v, began);
	if (err == -EBADMSG && !d->errors)
		diag_at(d, E_VM_DIED, (struct span){0}, "the machine says what is not understood");
	return err;
}

/* Did it fail before anything of ours ran in it?  Emulated boots sometimes do. */
static bool worth_another(struct vm *v, int err)
{
	return !v->m.alive && (err == -ETIME || err == -EIO) && !v->m.qemu.complaint.n;
}

/* What a try has reported is reported. */
static void pass_on(struct vm *v, const struct diags *from, struct diags *to)
{
	struct buf b = {0};
	struct wire w;

	wire_put_diags(&b, from, 0);
	w = wire_of(buf_str(&b), b.n);
	(void)wire_get_diags(&w, &v->a, to);
	buf_free(&b);
	v->m.d = to;
}

int boot_machine(struct vm *v, const char *program, struct diags *d)
{
	enum kvm kvm = look_for_kvm(v);
	struct diags tried;
	int err;

	diags_init(&tried, d->sources);
	if (kvm != KVM_NO) {
		announce(v, true);
		err = boot_once(v, program, true, &tried);
		if (kvm == KVM_UNKNOWN && err != -EINTR)
			record_kvm(v, v->m.alive);
		if (!err || err == -EINTR || v->m.alive)
			goto out;
		machine_stop(&v->m);
		diags_free(&tried);
		diags_init(&tried, d->sources);
	}
	announce(v, false);
	err = boot_once(v, program, false, &tried);
	if (err && worth_another(v, err)) {
		machine_stop(&v->m);
		diags_free(&tried);
		diags_init(&tried, d->sources);
		if (v->o->say)
			v->o->say(v->o->ctx, "it did not come up: once more");
		err = boot_once(v, program, false, &tried);
	}
out:
	pass_on(v, &tried, d);
	diags_free(&tried);
	return err;
}
