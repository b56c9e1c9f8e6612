/* SPDX-License-Identifier: GPL-2.0-or-later */
/* the block of progress: what it says, and that erasing can count on its lines */
#include "tests/unit/unit.h"

#include <string.h>

#include "base/buf.h"
#include "cmd/progress.h"
#include "report/text.h"
#include "stat/results.h"
#include "tests/unit/made.h"

static void put(struct progress *p, enum obs_kind kind, uint32_t cgroup, uint64_t usage)
{
	const struct cg_counters c = {.usage_bytes = usage};
	struct obs o = {.kind = kind, .cgroup = cgroup};

	if (kind == OBS_SAMPLE)
		o.counters = &c;
	progress_obs(p, &o);
}

/* Every line ends and none is wider than the terminal; returns how many there are. */
static unsigned int count_lines(const char *block, unsigned int width)
{
	unsigned int n = 0;

	for (const char *at = block; *at; n++) {
		const char *end = strchr(at, '\n');
		char line[512];

		assert_non_null(end);
		assert_true((size_t)(end - at) < sizeof line);
		memcpy(line, at, (size_t)(end - at));
		line[end - at] = '\0';
		assert_true(text_columns(line) < width);
		at = end + 1;
	}
	return n;
}

static void says_where_it_is(void **state)
{
	struct made *m = made_new();
	struct progress p;
	struct buf b = {0};
	unsigned int lines;

	(void)state;
	progress_begin(&p, &m->plan, false, false);
	p.width = 100;
	progress_run(&p, 2, 40, MADE_BPF, 0, 4);
	put(&p, OBS_SAMPLE, MADE_ROOT, 768 * MIB);
	put(&p, OBS_SAMPLE, MADE_LOW0, 500 * MIB);
	put(&p, OBS_DELAY, MADE_LOW0, 0);
	put(&p, OBS_KILL, MADE_HIGH, 0);
	assert_int_equal(progress_block(&p, 10 * NS_PER_SEC, &b), 5);
	assert_int_equal(count_lines(buf_str(&b), 100), 5);
	assert_non_null(
	    strstr(buf_str(&b), "run 3 of 40: bpf, repetition 5; 10s, about 3m10s left"));
	assert_non_null(strstr(buf_str(&b), "1 killed, 1 delays so far"));
	assert_non_null(
	    strstr(buf_str(&b), "root           768M |############            | 1.50G"));
	assert_non_null(strstr(buf_str(&b), "|########################! 400M 1 delays"));
	assert_non_null(strstr(buf_str(&b), "killed\n"));

	/* The next run begins with nothing; narrow, no line wraps. */
	buf_clear(&b);
	p.width = 30;
	progress_run(&p, 3, 40, PX_ALONE, MADE_LOW1, 0);
	lines = progress_block(&p, 0, &b);
	assert_int_equal(lines, count_lines(buf_str(&b), 30));
	assert_null(strstr(buf_str(&b), "high"));
	buf_free(&b);
	progress_end(&p);
	made_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(says_where_it_is)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
