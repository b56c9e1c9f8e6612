/* SPDX-License-Identifier: GPL-2.0-or-later */
/* machine.c - speaking to a machine, and noticing when it cannot (machine.h) */
#include "vm/machine.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/units.h"

/* Signals are looked at this often. */
#define LOOK_MS 100
/* A kernel that boots prints; init speaks every two seconds.  Hosts may be busy. */
#define SILENT_BOOT_NS (30 * NS_PER_SEC)
#define SILENT_NS      (60 * NS_PER_SEC)
#define LAST_LINES     12

uint64_t machine_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS_PER_SEC + (uint64_t)t.tv_nsec;
}

void machine_stop(struct machine_vm *m)
{
	qemu_stop(&m->qemu);
	frame_free(&m->in);
	buf_free(&m->out);
	m->alive = false;
}

/* ---- complaints -------------------------------------------------------------------------------
 */

/* One line of what was said, printable. */
static const char *clean_line(const char *s, size_t n, struct buf *out)
{
	buf_clear(out);
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)s[i] >= ' ' && (unsigned char)s[i] < 0x7f)
			buf_putc(out, s[i]);
	return buf_str(out);
}

/*
 * The last lines of the console to whoever follows along, and the one that says most as the hint:
 * the last one with `words` in it, else the last.
 */
static void tell_console(struct machine_vm *m, const char *words)
{
	const char *s = buf_str(&m->qemu.said), *at = s, *told = NULL;
	struct buf line = {0}, text = {0};
	size_t lines = 0, skipped = 0;

	for (const char *p = s; *p; p++)
		lines += *p == '\n';
	for (; *at; at += strcspn(at, "\n"), at += *at == '\n') {
		size_t n = strcspn(at, "\n");

		buf_clear(&line);
		buf_put(&line, at, n);
		if (n && (!told || !words || strstr(buf_str(&line), words)))
			told = at;
		if (skipped++ + LAST_LINES < lines || !m->say)
			continue;
		buf_clear(&text);
		buf_printf(&text, "  machine: %s", clean_line(at, n, &line));
		m->say(m->ctx, buf_str(&text));
	}
	if (told)
		diag_hint(m->d, "%s", clean_line(told, strcspn(told, "\n"), &line));
	buf_free(&line);
	buf_free(&text);
}

static bool said(const struct buf *text, const char *words)
{
	return strstr(buf_str(text), words) != NULL;
}

static int complain_memory(struct machine_vm *m, const char *what)
{
	diag_at(m->d, E_VM_MEMORY, (struct span){0}, "%s", what);
	return -ENOMEM;
}

int machine_complain_silent(struct machine_vm *m)
{
	if (m->alive) {
		diag_at(m->d, E_VM_DIED, (struct span){0},
			"the machine hangs: nothing was heard of it for %d s",
			(int)(SILENT_NS / NS_PER_SEC));
	} else {
		diag_at(m->d, E_VM_BOOT, (struct span){0}, "the machine does not come up%s",
			m->qemu.said.n ? "" : ": its kernel says nothing");
	}
	tell_console(m, NULL);
	return -ETIME;
}

/* QEMU has ended: why? */
static int complain_ended(struct machine_vm *m)
{
	struct buf line = {0};

	if (said(&m->qemu.complaint, "cannot set up guest memory") ||
	    said(&m->qemu.complaint, "Cannot allocate memory"))
		return complain_memory(m, "this host has not enough memory for the machine");
	if (said(&m->qemu.said, "Out of memory and no killable processes") ||
	    said(&m->qemu.said, "System is deadlocked on memory") ||
	    said(&m->qemu.said, "Initramfs unpacking failed: write error")) {
		complain_memory(m, "the machine has not enough memory");
		diag_hint(m->d, "give it more with --vm-memory");
		return -ENOMEM;
	}
	if (said(&m->qemu.said, "Kernel panic")) {
		diag_at(m->d, E_VM_PANIC, (struct span){0}, "the machine's kernel has panicked");
		tell_console(m, "Kernel panic");
		return -EIO;
	}
	if (!m->qemu.said.n || (WIFEXITED(m->qemu.status) && WEXITSTATUS(m->qemu.status))) {
		diag_at(m->d, E_VM_QEMU, (struct span){0}, "QEMU has ended with %s %d",
			WIFSIGNALED(m->qemu.status) ? "signal" : "status",
			WIFSIGNALED(m->qemu.status) ? WTERMSIG(m->qemu.status)
						    : WEXITSTATUS(m->qemu.status));
		if (m->qemu.complaint.n)
			diag_hint(m->d, "%s",
				  clean_line(m->qemu.complaint.s,
					     strcspn(m->qemu.complaint.s, "\n"), &line));
		buf_free(&line);
		return -EIO;
	}
	diag_at(m->d, E_VM_DIED, (struct span){0}, "the machine has ended");
	tell_console(m, NULL);
	return -EIO;
}

static int complain_died(struct machine_vm *m, const struct frame *f)
{
	struct wire w = wire_of(f->bytes, f->n);
	int status = (int)wire_get(&w);

	if (WIFSIGNALED(status))
		diag_at(m->d, E_VM_DIED, (struct span){0},
			"agentcg in the machine was ended by signal %d (%s)", WTERMSIG(status),
			strsignal(WTERMSIG(status)));
	else
		diag_at(m->d, E_VM_DIED, (struct span){0},
			"agentcg in the machine has ended with status %d", WEXITSTATUS(status));
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		diag_hint(m->d, "the machine may have too little memory: --vm-memory");
	return -EIO;
}

static int complain_nonsense(struct machine_vm *m)
{
	diag_at(m->d, E_VM_DIED, (struct span){0},
		"what came from the machine was damaged on the way");
	return -EBADMSG;
}

/* ---- messages ---------------------------------------------------------------------------------
 */

static void flush(struct machine_vm *m)
{
	ssize_t n = 1;

	while (m->out.n && n > 0) {
		n = write(m->qemu.channel, m->out.s, m->out.n);
		if (n <= 0)
			break;
		memmove(m->out.s, m->out.s + n, m->out.n - (size_t)n);
		m->out.n -= (size_t)n;
	}
}

void machine_send(struct machine_vm *m, enum message type, const struct buf *payload)
{
	frame_put(&m->out, (uint8_t)type, payload ? payload->s : NULL,
		  payload ? (uint32_t)payload->n : 0);
	flush(m);
}

/* Everything that has come; true when there was something. */
static bool receive(struct machine_vm *m)
{
	char bytes[16384];
	bool some = false;

	for (ssize_t n; (n = read(m->qemu.channel, bytes, sizeof bytes)) > 0; some = true)
		frame_feed(&m->in, bytes, (size_t)n);
	return some;
}

/* What concerns the machine itself: 1 it was that, 0 the message is for the caller, -errno. */
static int handle(struct machine_vm *m, const struct frame *f)
{
	switch (f->type) {
	case MSG_BEAT:
		return 1;
	case MSG_DIED:
		return complain_died(m, f);
	default:
		return 0;
	}
}

int machine_next(struct machine_vm *m, uint64_t until_ns, struct frame *out)
{
	for (;;) {
		int got = frame_next(&m->in, out);
		uint64_t now;
		bool some;

		if (got < 0)
			return complain_nonsense(m);
		if (got) {
			got = handle(m, out);
			if (got < 0)
				return got;
			if (!got)
				return 0;
			continue;
		}
		if (m->stop && *m->stop)
			return -EINTR;
		flush(m);
		some = qemu_look(&m->qemu);
		some |= receive(m);
		now = machine_now();
		if (some) {
			m->heard_ns = now;
			continue;
		}
		if (m->qemu.ended)
			return complain_ended(m);
		if (now >= until_ns || now - m->heard_ns > (m->alive ? SILENT_NS : SILENT_BOOT_NS))
			return -ETIMEDOUT;
		qemu_wait(&m->qemu, LOOK_MS, m->out.n);
	}
}
