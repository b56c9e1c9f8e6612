/* SPDX-License-Identifier: GPL-2.0-or-later */
/* frame.c - messages on a channel of bytes (frame.h) */
#include "vm/frame.h"

#include <errno.h>
#include <string.h>

#define MAGIC	UINT32_C(0x56676361) /* "acgV" */
#define HEADER	16
#define CHECKED 12 /* of the header: what stands before the checksum */

uint32_t frame_crc32(uint32_t crc, const void *bytes, size_t n)
{
	/* Half-bytes: 16 words of table, and fast enough for what goes over a serial line. */
	static const uint32_t table[16] = {
	    0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
	    0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
	    0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};
	const unsigned char *p = bytes;

	crc = ~crc;
	for (size_t i = 0; i < n; i++) {
		crc = table[(crc ^ p[i]) & 15] ^ crc >> 4;
		crc = table[(crc ^ p[i] >> 4) & 15] ^ crc >> 4;
	}
	return ~crc;
}

static void put_u32(unsigned char *to, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		to[i] = (unsigned char)(v >> 8 * i);
}

static uint32_t get_u32(const unsigned char *from)
{
	uint32_t v = 0;

	for (int i = 0; i < 4; i++)
		v |= (uint32_t)from[i] << 8 * i;
	return v;
}

void frame_put(struct buf *out, uint8_t type, const void *bytes, uint32_t n)
{
	unsigned char h[HEADER] = {0};

	put_u32(h, MAGIC);
	h[4] = FRAME_VERSION;
	h[5] = type;
	put_u32(h + 8, n);
	put_u32(h + CHECKED, frame_crc32(frame_crc32(0, h, CHECKED), bytes, n));
	buf_put(out, h, sizeof h);
	if (n)
		buf_put(out, bytes, n);
}

void frame_feed(struct frame_reader *r, const void *bytes, size_t n)
{
	/* What was returned is let go only now: frames point into it. */
	if (r->at) {
		memmove(r->in.s, r->in.s + r->at, r->in.n - r->at);
		r->in.n -= r->at;
		r->at = 0;
	}
	buf_put(&r->in, bytes, n);
}

size_t frame_length(const void *bytes)
{
	return HEADER + (size_t)get_u32((const unsigned char *)bytes + 8);
}

int frame_next(struct frame_reader *r, struct frame *out)
{
	const unsigned char *p = (const unsigned char *)r->in.s + r->at;
	size_t have = r->in.n - r->at;
	uint32_t n;

	if (r->err)
		return r->err;
	if (have < HEADER)
		return 0;
	n = get_u32(p + 8);
	if (get_u32(p) != MAGIC || n > FRAME_MAX_BYTES)
		return r->err = -EBADMSG;
	if (p[4] != FRAME_VERSION)
		return r->err = -EPROTONOSUPPORT;
	if (have - HEADER < n)
		return 0;
	if (get_u32(p + CHECKED) != frame_crc32(frame_crc32(0, p, CHECKED), p + HEADER, n))
		return r->err = -EBADMSG;
	*out = (struct frame){.type = p[5], .bytes = p + HEADER, .n = n};
	r->at += HEADER + n;
	return 1;
}

void frame_free(struct frame_reader *r)
{
	buf_free(&r->in);
	*r = (struct frame_reader){0};
}
