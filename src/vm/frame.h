/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frame.h - messages on a channel of bytes: the second serial port of a machine.
 *
 *     magic u32 | version u8 | type u8 | 0 u16 | length u32 | checksum u32 | length bytes
 *
 * Little-endian.  The checksum is CRC-32 (IEEE 802.3) of everything else.  A channel that has once
 * delivered something else is broken: there is no other speaker on it to get back in step with.
 */
#ifndef AGENTCG_VM_FRAME_H
#define AGENTCG_VM_FRAME_H

#include <stdint.h>

#include "base/buf.h"

#define FRAME_VERSION	1
#define FRAME_MAX_BYTES (UINT32_C(16) << 20)

struct frame {
	uint8_t type;
	const unsigned char *bytes; /* until the next call on its reader */
	uint32_t n;
};

/* Append one frame; n <= FRAME_MAX_BYTES. */
void frame_put(struct buf *out, uint8_t type, const void *bytes, uint32_t n);

/* How long the frame is that begins at `bytes`, which frame_put made. */
size_t frame_length(const void *bytes);

struct frame_reader {
	struct buf in;
	size_t at; /* before it, everything has been returned */
	int err;
};
void frame_feed(struct frame_reader *r, const void *bytes, size_t n);
/*
 * 1: *out is the next frame; 0: more bytes are needed; -EBADMSG: what came is no frame;
 * -EPROTONOSUPPORT: one of another version.  Errors stay.
 */
int frame_next(struct frame_reader *r, struct frame *out);
void frame_free(struct frame_reader *r);

uint32_t frame_crc32(uint32_t crc, const void *bytes, size_t n); /* starts from 0 */

#endif
