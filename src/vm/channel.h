/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * channel.h - the machine's end of the channel: its second serial port.  Inside vm only.
 */
#ifndef AGENTCG_VM_CHANNEL_H
#define AGENTCG_VM_CHANNEL_H

#include "base/buf.h"
#include "vm/frame.h"
#include "vm/wire.h"

struct guest_host {
	int fd; /* the terminal, raw */
	struct frame_reader in;
};

/* 0 or -errno. */
int channel_open(struct guest_host *h);
/*
 * All n bytes; what one call writes is not mixed with what another process writes, because the
 * terminal's lock is held for the length of one write(2) that no signal interrupts.  Errors: the
 * host has gone, and so shall we.
 */
void channel_write(struct guest_host *h, const void *bytes, size_t n);
void channel_send(struct guest_host *h, enum message type, const struct buf *payload);
/* Wait for the next message.  0 or -errno. */
int channel_next(struct guest_host *h, struct frame *out);

#endif
