/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * qemu.h - one QEMU process: two processors, memory, a console, a channel, perhaps a disk.
 *
 * No network, no monitor, no window.  It dies with agentcg, and is not in the terminal's
 * foreground, so that ^C reaches agentcg alone.
 */
#ifndef AGENTCG_VM_QEMU_H
#define AGENTCG_VM_QEMU_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"

struct qemu_config {
	const char *program; /* path */
	const char *kernel;  /* path of the image */
	const char *append;  /* the kernel's command line */
	int initrd;	     /* file descriptor */
	int disk;	     /* file descriptor of a raw image; -1: none */
	uint64_t memory_bytes;
	uint32_t cpus;
	bool kvm;     /* else software emulation */
	bool in_turn; /* emulate one CPU at a time: slower, and exact where code changes itself */
};

struct qemu {
	pid_t pid;   /* 0: there is none */
	int console; /* read: what the kernel prints */
	int channel; /* both ways, non-blocking */
	int errors;  /* read: what QEMU itself says */
	int status;  /* of waitpid, once .ended */
	bool ended;
	struct buf said;      /* the end of what came from the console */
	struct buf complaint; /* the same of errors */
};

/* 0 or -errno; on failure nothing is left behind. */
int qemu_start(const struct qemu_config *c, struct qemu *q);
/*
 * Take what the console and QEMU itself have said; true when there was something.  Sets .ended
 * when the process has ended, which is reaped then.
 */
bool qemu_look(struct qemu *q);
/* Kill it, wait for it, close and free everything.  Fine when there is none. */
void qemu_stop(struct qemu *q);

/* Milliseconds for which qemu_wait waits at most; returns at once when something has come. */
void qemu_wait(const struct qemu *q, int timeout_ms, bool want_write);

#endif
