/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_vm_channel.c - frames that arrive whole, in pieces or damaged, and what is in them */
#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/rng.h"
#include "base/units.h"
#include "vm/frame.h"
#include "vm/wire.h"

static void the_checksum_is_crc32(void **state)
{
	(void)state;
	/* The check value that catalogues of CRCs give. */
	assert_int_equal(frame_crc32(0, "123456789", 9), 0xcbf43926);
	assert_int_equal(frame_crc32(frame_crc32(0, "1234", 4), "56789", 5), 0xcbf43926);
	assert_int_equal(frame_crc32(0, "", 0), 0);
}

static void three_frames(struct buf *b)
{
	char big[1000];

	memset(big, 'x', sizeof big);
	frame_put(b, 7, "hello", 5);
	frame_put(b, 8, NULL, 0);
	frame_put(b, 9, big, sizeof big);
}

/* Feed b in pieces of `step` bytes; returns how many whole frames came, the last error in *err. */
static int feed(const struct buf *b, size_t step, int *err)
{
	struct frame_reader r = {0};
	struct frame f;
	int n = 0, got = 0;

	for (size_t at = 0; at < b->n; at += step) {
		frame_feed(&r, b->s + at, b->n - at < step ? b->n - at : step);
		while ((got = frame_next(&r, &f)) > 0) {
			assert_int_equal(f.type, 7 + n);
			if (n == 0)
				assert_memory_equal(f.bytes, "hello", 5);
			assert_int_equal(f.n, n == 0 ? 5 : n == 1 ? 0 : 1000);
			n++;
		}
		if (got < 0)
			break;
	}
	*err = got;
	/* An error stays, whatever comes then. */
	if (got < 0) {
		struct buf more = {0};

		three_frames(&more);
		frame_feed(&r, more.s, more.n);
		assert_int_equal(frame_next(&r, &f), got);
		buf_free(&more);
	}
	frame_free(&r);
	return n;
}

static void frames_arrive_in_any_pieces(void **state)
{
	struct buf b = {0};
	int err;

	(void)state;
	three_frames(&b);
	for (size_t step = 1; step <= b.n; step += step < 40 ? 1 : 97) {
		assert_int_equal(feed(&b, step, &err), 3);
		assert_int_equal(err, 0);
	}
	/* Cut off anywhere: no frame too many, no error, only more to come. */
	for (size_t n = b.n; n-- > 0;) {
		struct buf cut = {.s = b.s, .n = n};

		assert_true(feed(&cut, 13, &err) < 3);
		assert_int_equal(err, 0);
	}
	buf_free(&b);
}

/* Two processes of the guest share the line: who sends a part may send whole frames only. */
static void a_frame_tells_its_length(void **state)
{
	struct buf b = {0};
	size_t first;

	(void)state;
	frame_put(&b, MSG_EVENTS, "twelve bytes", 12);
	first = b.n;
	frame_put(&b, MSG_BEAT, NULL, 0);
	assert_int_equal(frame_length(b.s), first);
	assert_int_equal(first + frame_length(b.s + first), b.n);
	buf_free(&b);
}

static void no_damaged_frame_gets_through(void **state)
{
	struct buf b = {0};
	int err;

	(void)state;
	three_frames(&b);
	for (size_t i = 0; i < 21; i++) /* the first frame: header and payload */
		for (int bit = 0; bit < 8; bit++) {
			b.s[i] = (char)(b.s[i] ^ 1 << bit);
			assert_int_equal(feed(&b, 64, &err), 0);
			/* A length that grew waits for the rest, else it is an error. */
			if (i < 8 || i > 11)
				assert_true(err == -EBADMSG || err == -EPROTONOSUPPORT);
			if (i == 4)
				assert_int_equal(err, -EPROTONOSUPPORT);
			b.s[i] = (char)(b.s[i] ^ 1 << bit);
		}
	/* Two bytes exchanged in the last frame's payload are equal ones; change its end instead.
	 */
	b.s[b.n - 1] = 'y';
	assert_int_equal(feed(&b, 64, &err), 2);
	assert_int_equal(err, -EBADMSG);
	buf_free(&b);
}

static void numbers_and_texts_come_back(void **state)
{
	static const uint64_t v[] = {
	    0, 1, 127, 128, 16383, 16384, UINT32_MAX, UINT64_MAX - 1, UINT64_MAX};
	static const unsigned char too_long[] = {0x80, 0x80, 0x80, 0x80, 0x80,
						 0x80, 0x80, 0x80, 0x80, 0x02};
	struct arena a = {0};
	struct buf b = {0};
	struct wire w;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++)
		wire_put(&b, v[i]);
	wire_put_str(&b, "a text");
	wire_put_str(&b, NULL);
	w = wire_of(b.s, b.n);
	for (size_t i = 0; i < ARRAY_LEN(v); i++)
		assert_true(wire_get(&w) == v[i]);
	assert_string_equal(wire_get_str(&w, &a), "a text");
	assert_string_equal(wire_get_str(&w, &a), "");
	assert_true(wire_done(&w));
	assert_int_equal(wire_get(&w), 0);
	assert_true(w.bad);

	w = wire_of(too_long, sizeof too_long);
	assert_int_equal(wire_get(&w), 0);
	assert_true(w.bad);
	/* A text longer than what is there. */
	w = wire_of("\005abc", 4);
	assert_string_equal(wire_get_str(&w, &a), "");
	assert_true(w.bad);
	buf_free(&b);
	arena_free(&a);
}

static void random_obs(struct rng *g, struct obs *o, struct cg_counters *c)
{
	unsigned char *p = (unsigned char *)o;

	for (size_t i = 0; i < sizeof *o; i++)
		p[i] = (unsigned char)(rng_next(g) & (rng_next(g) & 1 ? 0xff : 0));
	for (size_t i = 0; i < sizeof *c; i++)
		((unsigned char *)c)[i] = (unsigned char)rng_next(g);
	o->kind = (uint32_t)(rng_next(g) % (OBS_DELAY + 1));
	if (o->kind == OBS_SAMPLE)
		o->counters = c;
}

/* Everything that an observation holds, whatever its kind and however it grows. */
static void events_come_back_as_they_were(void **state)
{
	enum {
		N = 500
	};
	static struct obs obs[N], o;
	static struct cg_counters counters[N];
	static struct note notes[N], n;
	struct wire_events put = {0}, got = {0};
	struct buf b = {0};
	struct rng g;
	struct wire w;

	(void)state;
	rng_init(&g, 1, RNG_JITTER, 2);
	for (int i = 0; i < N; i++) {
		random_obs(&g, &obs[i], &counters[i]);
		for (size_t k = 0; k < sizeof n; k++)
			((unsigned char *)&notes[i])[k] = (unsigned char)rng_next(&g);
		wire_put_obs(&b, &put, &obs[i]);
		wire_put_note(&b, &put, &notes[i]);
	}
	w = wire_of(b.s, b.n);
	for (int i = 0; i < N; i++) {
		assert_int_equal(wire_next(&w, &got, &o, &n), WIRE_OBS);
		if (o.kind == OBS_SAMPLE) {
			assert_memory_equal(o.counters, &counters[i], sizeof counters[i]);
			o.counters = &counters[i];
		}
		assert_memory_equal(&o, &obs[i], sizeof o);
		assert_int_equal(wire_next(&w, &got, &o, &n), WIRE_NOTE);
		assert_memory_equal(&n, &notes[i], sizeof n);
	}
	assert_int_equal(wire_next(&w, &got, &o, &n), WIRE_END);
	/* Cut off anywhere inside of an event, it is bad and not half an event. */
	for (size_t cut = 0; cut < 200; cut++) {
		enum wire_event e;

		memset(&got, 0, sizeof got);
		w = wire_of(b.s, cut);
		while ((e = wire_next(&w, &got, &o, &n)) == WIRE_OBS || e == WIRE_NOTE)
			;
		assert_true(e == WIRE_BAD || (e == WIRE_END && w.at == w.end));
	}
	buf_free(&b);
}

/* What makes the serial line fast enough: a step like the last one takes few bytes. */
static void like_events_are_short(void **state)
{
	struct wire_events last = {0};
	struct obs o = {.kind = OBS_STEP, .cgroup = 1, .worker = 2};
	struct buf b = {0};
	size_t before;

	(void)state;
	o.t_ns = 5 * NS_PER_SEC;
	o.step.bytes = 256 * KIB;
	o.step.latency_ns = 1500000;
	wire_put_obs(&b, &last, &o);
	before = b.n;
	o.t_ns += 1600000;
	o.step.latency_ns += 1000;
	wire_put_obs(&b, &last, &o);
	assert_true(b.n - before <= 24);
	buf_free(&b);
}

static void measurements_come_back(void **state)
{
	struct wire_gauge ask = {.what = GAUGE_ALL, .samples = 9, .budget_ns = NEVER}, asked;
	struct wire_gauged told = {.err = -EINTR}, back;
	uint64_t *v = (uint64_t *)&told.gauge;
	struct buf b = {0};
	struct wire w;

	(void)state;
	for (size_t i = 0; i < sizeof told.gauge / sizeof *v; i++)
		v[i] = UINT64_C(0x123456789) * (i + 1);
	memset(&back, 0xff, sizeof back);
	wire_put_gauge(&b, &ask);
	w = wire_of(b.s, b.n);
	assert_true(wire_get_gauge(&w, &asked));
	assert_int_equal(asked.what, GAUGE_ALL);
	assert_int_equal(asked.samples, 9);
	assert_true(asked.budget_ns == NEVER);
	buf_clear(&b);
	wire_put_gauged(&b, &told);
	w = wire_of(b.s, b.n);
	assert_true(wire_get_gauged(&w, &back));
	assert_int_equal(back.err, -EINTR);
	/* All of it is numbers of 64 bits. */
	assert_memory_equal(&back.gauge, &told.gauge, sizeof told.gauge);
	for (size_t n = 0; n < b.n; n++) {
		w = wire_of(b.s, n);
		assert_false(wire_get_gauged(&w, &back));
	}
	buf_free(&b);
}

static void messages_come_back(void **state)
{
	const uint64_t marks[] = {NEVER, 0, 17};
	const uint64_t fired[] = {NS_PER_SEC};
	struct wire_outcome out = {.err = -EIO,
				   .run = {.end = RUN_DEADLINE,
					   .end_ns = 123,
					   .abort = 4,
					   .unfinished = 5,
					   .dropped = 6,
					   .timers = 7,
					   .marks_ns = marks,
					   .fired_ns = fired},
				   .nmarks = 3,
				   .nfired = 1},
			    back;
	struct wire_hello hello = {.digest = 1, .caps = 2, .backend = "b", .mechanism = "m"}, hi;
	struct arena a = {0};
	struct buf b = {0};
	struct diags d, e;
	struct wire w;

	(void)state;
	wire_put_outcome(&b, &out);
	w = wire_of(b.s, b.n);
	assert_true(wire_get_outcome(&w, &a, &back));
	assert_int_equal(back.err, -EIO);
	assert_int_equal(back.run.end, RUN_DEADLINE);
	assert_int_equal(back.nmarks, 3);
	assert_memory_equal(back.run.marks_ns, marks, sizeof marks);
	assert_memory_equal(back.run.fired_ns, fired, sizeof fired);
	for (size_t cut = 0; cut < b.n; cut++) {
		w = wire_of(b.s, cut);
		assert_false(wire_get_outcome(&w, &a, &back));
	}

	buf_clear(&b);
	wire_put_hello(&b, &hello);
	w = wire_of(b.s, b.n);
	assert_true(wire_get_hello(&w, &a, &hi));
	assert_string_equal(hi.mechanism, "m");
	assert_string_equal(hi.kernel, "");
	b.s[0]++; /* another struct obs: another build */
	w = wire_of(b.s, b.n);
	assert_false(wire_get_hello(&w, &a, &hi));

	diags_init(&d, NULL);
	diags_init(&e, NULL);
	diag_at(&d, E_RUN_FAILED, (struct span){0}, "one");
	diag_hint(&d, "do this");
	diag_file(&d, E_OUTPUT, "file", 3, 4, "two");
	buf_clear(&b);
	wire_put_diags(&b, &d, 0);
	w = wire_of(b.s, b.n);
	assert_true(wire_get_diags(&w, &a, &e));
	assert_int_equal(e.list.n, 2);
	assert_int_equal(e.errors, 2);
	assert_string_equal(e.list.v[0].hint, "do this");
	assert_string_equal(e.list.v[1].path, "file");
	assert_int_equal(e.list.v[1].col, 4);
	diags_free(&d);
	diags_free(&e);
	buf_free(&b);
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_checksum_is_crc32),
	    cmocka_unit_test(frames_arrive_in_any_pieces),
	    cmocka_unit_test(a_frame_tells_its_length),
	    cmocka_unit_test(no_damaged_frame_gets_through),
	    cmocka_unit_test(numbers_and_texts_come_back),
	    cmocka_unit_test(events_come_back_as_they_were),
	    cmocka_unit_test(like_events_are_short),
	    cmocka_unit_test(measurements_come_back),
	    cmocka_unit_test(messages_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
