/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_channel - any bytes from a machine: as a stream of frames, and as the content of each kind
 * of message.  No crash, no leak, no hang; what was made by us comes through.
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/diag.h"
#include "vm/frame.h"
#include "vm/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_events(const uint8_t *bytes, size_t n)
{
	struct wire w = wire_of(bytes, n);
	struct wire_events last = {0};
	struct obs o;
	struct note note;
	enum wire_event e;

	while ((e = wire_next(&w, &last, &o, &note)) == WIRE_OBS || e == WIRE_NOTE)
		;
	if (e == WIRE_END && w.at != w.end)
		abort();
}

static void read_message(uint8_t type, const uint8_t *bytes, size_t n)
{
	struct wire w = wire_of(bytes, n);
	struct arena a = {0};
	struct wire_alive alive;
	struct wire_hello hello;
	struct wire_run run;
	struct wire_outcome outcome;
	struct diags d;

	diags_init(&d, NULL);
	switch (type % 6) {
	case 0:
		(void)wire_get_alive(&w, &a, &alive);
		break;
	case 1:
		(void)wire_get_hello(&w, &a, &hello);
		break;
	case 2:
		(void)wire_get_run(&w, &run);
		break;
	case 3:
		(void)wire_get_outcome(&w, &a, &outcome);
		break;
	case 4:
		(void)wire_get_diags(&w, &a, &d);
		break;
	case 5:
		read_events(bytes, n);
		break;
	}
	diags_free(&d);
	arena_free(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct frame_reader r = {0};
	struct buf made = {0};
	struct frame f;
	size_t step;
	int got = 0;

	if (!size)
		return 0;
	read_message(data[0], data + 1, size - 1);

	/* As a stream, in pieces. */
	step = 1 + data[0] % 64;
	for (size_t at = 1; at < size && got >= 0; at += step) {
		frame_feed(&r, data + at, size - at < step ? size - at : step);
		while ((got = frame_next(&r, &f)) > 0)
			read_message(f.type, f.bytes, f.n);
	}
	frame_free(&r);

	/* As the content of a frame, which must come back; with one bit changed it must not. */
	frame_put(&made, data[0], data + 1, (uint32_t)size - 1);
	for (int damaged = 0; damaged < 2; damaged++) {
		size_t at = (size_t)data[size - 1] % made.n;

		if (damaged)
			made.s[at] = (char)(made.s[at] ^ 4);
		memset(&r, 0, sizeof r);
		frame_feed(&r, made.s, made.n);
		got = frame_next(&r, &f);
		if (damaged ? got > 0
			    : got != 1 || f.n != size - 1 || memcmp(f.bytes, data + 1, f.n))
			abort();
		frame_free(&r);
	}
	buf_free(&made);
	return 0;
}
