/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tracegen - write a made-up recording of an agent session, in the format of the published ones.
 *
 *     tracegen [--like NAME] [--OPTION VALUE]... FOLDER
 *
 * Nothing in it was recorded.  It has the length, number of samples, mean and peak that are asked
 * for, and the shape that recordings have: the agent's runtime comes up within two samples, grows
 * slowly, and tool calls stand on it as bursts.  A seed decides the rest; the same options write
 * the same bytes on any machine, so there are only integers here.
 *
 * Memory is in tenths of a MB, as recordings print it, and time in ms.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/rng.h"

#define EPOCH_MS INT64_C(1767225600000) /* 2026-01-01T00:00:00Z, a date that no recording has */
#define LIMIT_GB 16

struct profile {
	const char *name;
	uint64_t seed;
	uint32_t samples, length;
	uint32_t mean, peak, growth;
	uint32_t calls, tests, installs, gits;
	bool ends_empty; /* a last sample of a container that is gone: 0B */
};

/*
 * Figures of the first two: the sessions dask__dask-11628 and sigmavirus24__github3.py-673 of the
 * AgentCgroup data set (arXiv 2602.09345) in its own reading, and the calls per kind near theirs.
 * The third runs tests most of the time; its peak is the 95th percentile that the paper gives for
 * memory bursts of test runs.
 */
static const struct profile profiles[] = {
    {"dask-like", 11628, 95, 98300, 1979, 3209, 220, 26, 9, 1, 4, false},
    {"github3-like", 673, 100, 102700, 2113, 3055, 260, 18, 3, 0, 2, true},
    {"pytest-like", 518, 120, 124200, 2450, 5180, 300, 22, 12, 1, 2, false},
};

/* ---- calls ---------------------------------------------------------------------------------- */

enum kind {
	LOOK, /* reads and edits: milliseconds, hardly any memory */
	GIT,
	INSTALL,
	TEST,
};

struct call {
	enum kind kind;
	uint32_t begin, end;
	uint32_t weight; /* of the peak above the runtime, in 1/1000 */
	uint32_t fixed;	 /* or so much on top of the runtime */
	const char *tool, *command;
};

static uint32_t between(struct rng *r, uint32_t low, uint32_t high)
{
	return low + (uint32_t)rng_below(r, (uint64_t)high - low + 1);
}

static const char *pick(struct rng *r, const char *const *list, size_t n)
{
	return list[rng_below(r, n)];
}

#define PICK(r, list) pick((r), (list), sizeof(list) / sizeof(*(list)))

/* Commands that only look, wherever a live replay may run them. */
static uint32_t fill_call(struct rng *r, struct call *c)
{
	static const char *const look[] = {"Read", "Read", "Grep", "Glob", "Edit", "Bash"};
	static const char *const shell[] = {"ls -la", "pwd", "find . -name '*.py' | head -20"};
	static const char *const git[] = {"git status --short", "git diff --stat",
					  "git log --oneline -5"};
	static const char *const test[] = {"python3 -m pytest -q", "python3 -m pytest -q -x",
					   "python3 -m pytest -q --lf"};

	c->tool = "Bash";
	switch (c->kind) {
	case LOOK:
		c->tool = PICK(r, look);
		if (!strcmp(c->tool, "Bash"))
			c->command = PICK(r, shell);
		c->fixed = between(r, 2, 12);
		return between(r, 15, 60);
	case GIT:
		c->command = PICK(r, git);
		c->fixed = 135; /* 13.5 MB */
		return between(r, 80, 400);
	case INSTALL:
		c->command = "python3 -m pip check";
		c->weight = between(r, 350, 550);
		return between(r, 2500, 4500);
	case TEST:
		c->command = PICK(r, test);
		c->weight = between(r, 350, 900);
		return between(r, 1300, 2200);
	}
	return 0;
}

/* Looking comes first; then everything mixed. */
static void choose_kinds(const struct profile *p, struct rng *r, struct call *calls)
{
	uint32_t at = p->calls, first = (p->calls - p->tests - p->installs - p->gits) / 2;

	for (uint32_t i = 0; i < p->tests; i++)
		calls[--at].kind = TEST;
	for (uint32_t i = 0; i < p->installs; i++)
		calls[--at].kind = INSTALL;
	for (uint32_t i = 0; i < p->gits; i++)
		calls[--at].kind = GIT;
	for (uint32_t i = p->calls; i-- > first + 1;) {
		uint32_t other = between(r, first, i);
		enum kind k = calls[i].kind;

		calls[i].kind = calls[other].kind;
		calls[other].kind = k;
	}
}

/* One call after the other; what time the calls leave free is the model's thinking, split at
 * random. */
static bool place_calls(const struct profile *p, struct rng *r, struct call *calls)
{
	uint32_t start = 6000, busy = 0, at = start;
	uint64_t weights = 0, sum = 0, free_ms;
	uint32_t *weight = mem_alloc((p->calls + 1) * sizeof(*weight));

	for (uint32_t i = 0; i < p->calls; i++) {
		calls[i].end = fill_call(r, &calls[i]);
		busy += calls[i].end;
	}
	for (uint32_t i = 0; i <= p->calls; i++)
		weights += weight[i] = between(r, 1000, 4000);
	if (p->length < start + busy) {
		free(weight);
		return false;
	}
	free_ms = p->length - start - busy;
	for (uint32_t i = 0; i < p->calls; i++) {
		uint64_t before = free_ms * sum / weights;

		sum += weight[i];
		at += (uint32_t)(free_ms * sum / weights - before);
		calls[i].begin = at;
		at += calls[i].end;
		calls[i].end = at;
	}
	free(weight);
	return true;
}

/* ---- samples -------------------------------------------------------------------------------- */

struct sample {
	uint32_t at;	  /* ms */
	uint32_t runtime; /* above the lowest that the runtime has */
	uint32_t weight, fixed;
	uint32_t cpu; /* tenths of a percent */
	uint32_t value;
};

/* What the call adds at that moment: it comes up within 300 ms and goes at once. */
static void add_call(struct sample *s, const struct call *c)
{
	uint32_t grown;

	if (s->at < c->begin || s->at > c->end)
		return;
	grown = s->at - c->begin < 300 ? s->at - c->begin : 300;
	s->weight += c->weight * grown / 300;
	s->fixed += c->fixed * grown / 300;
	s->cpu += c->kind == LOOK ? 20 : 900;
}

static void shape_samples(const struct profile *p, struct rng *r, const struct call *calls,
			  struct sample *samples)
{
	uint32_t last = p->samples - 1;

	for (uint32_t i = 0; i < p->samples; i++) {
		struct sample *s = &samples[i];
		int64_t at = (int64_t)p->length * i / last;

		if (i && i < last)
			at += rng_around(r, 12);
		s->at = (uint32_t)at;
		s->runtime = (uint32_t)((uint64_t)p->growth * s->at / p->length) + between(r, 0, 8);
		s->cpu = between(r, 40, 180);
		for (uint32_t c = 0; c < p->calls; c++)
			add_call(s, &calls[c]);
	}
}

/* The sample that is to reach the peak: where most stands on the runtime.  0 if no call does. */
static uint32_t choose_peak(const struct profile *p, const struct sample *samples)
{
	uint32_t best = 0;

	for (uint32_t i = 1; i < p->samples; i++)
		if (samples[i].weight > samples[best].weight)
			best = i;
	return best;
}

/* All values for a runtime that starts at `base`; returns their sum. */
static uint64_t evaluate(const struct profile *p, struct sample *samples, uint32_t best,
			 uint32_t base)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < p->samples; i++) {
		struct sample *s = &samples[i];
		uint32_t value = base + s->runtime;

		if (s->weight && value < p->peak)
			value += (p->peak - value) * s->weight / 1000;
		value += s->fixed;
		if (i == 0)
			value = 120; /* the container before its runtime */
		if (i == p->samples - 1 && p->ends_empty)
			value = 0;
		if (i == best || value > p->peak)
			value = p->peak;
		s->value = value;
		sum += value;
	}
	return sum;
}

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

/* The runtime's size follows from the mean: the sum grows with it. */
static bool fit_mean(const struct profile *p, struct sample *samples, uint32_t best)
{
	uint64_t want = (uint64_t)p->mean * p->samples, above, below;
	uint32_t low = 0, high = p->peak;

	while (low < high) {
		uint32_t mid = (low + high) / 2;

		if (evaluate(p, samples, best, mid) < want)
			low = mid + 1;
		else
			high = mid;
	}
	/* The first that is not too small, or the one before. */
	above = distance(evaluate(p, samples, best, low), want);
	below = low ? distance(evaluate(p, samples, best, low - 1), want) : UINT64_MAX;
	if (above <= below)
		below = distance(evaluate(p, samples, best, low), want);
	/* A tenth of a MB up or down moves every sample by as much. */
	return below <= p->samples;
}

/* ---- files ---------------------------------------------------------------------------------- */

/* Sessions are too short to leave the year that EPOCH_MS begins. */
static json_t *timestamp(int64_t ms, bool utc)
{
	static const int days_in_month[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int64_t in_day = (ms - EPOCH_MS) % 86400000, day = (ms - EPOCH_MS) / 86400000;
	int month = 0;

	while (month < 11 && day >= days_in_month[month])
		day -= days_in_month[month++];
	return json_sprintf("2026-%02d-%02dT%02d:%02d:%02d.%03d%s", month + 1, (int)day + 1,
			    (int)(in_day / 3600000), (int)(in_day / 60000 % 60),
			    (int)(in_day / 1000 % 60), (int)(in_day % 1000), utc ? "Z" : "000");
}

static json_t *amount(uint32_t tenths)
{
	if (!tenths)
		return json_string("0B / 0B");
	return json_sprintf("%" PRIu32 ".%" PRIu32 "MB / %dGB", tenths / 10, tenths % 10, LIMIT_GB);
}

static json_t *make_resources(const struct profile *p, const struct sample *samples)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < p->samples; i++) {
		const struct sample *s = &samples[i];
		int64_t ms = EPOCH_MS + s->at;

		json_array_append_new(
		    list,
		    json_pack(
			"{s:o, s:f, s:o, s:o, s:o}", "timestamp", timestamp(ms, false), "epoch",
			(double)ms / 1000, "mem_usage", amount(s->value), "mem_percent",
			json_sprintf("%" PRIu32 ".%02" PRIu32 "%%", s->value / LIMIT_GB / 100,
				     s->value / LIMIT_GB % 100),
			"cpu_percent",
			json_sprintf("%" PRIu32 ".%" PRIu32 "0%%", s->cpu / 10, s->cpu % 10)));
	}
	return json_pack("{s:o, s:o}", "synthetic",
			 json_sprintf("made by tracegen with seed %" PRIu64 "; nothing here was "
				      "recorded",
				      p->seed),
			 "samples", list);
}

static json_t *make_calls(const struct profile *p, const struct call *calls)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < p->calls; i++) {
		const struct call *c = &calls[i];
		json_t *input = json_object();

		if (c->command)
			json_object_set_new(input, "command", json_string(c->command));
		json_array_append_new(
		    list, json_pack("{s:o, s:s, s:o, s:o, s:o}", "timestamp",
				    timestamp(EPOCH_MS + c->begin, true), "tool", c->tool, "id",
				    json_sprintf("synthetic_%02" PRIu32, i + 1), "input", input,
				    "end_timestamp", timestamp(EPOCH_MS + c->end, true)));
	}
	return list;
}

/* Takes the reference. */
static int write_json(json_t *json, const char *folder, const char *name)
{
	/* 13 digits: an epoch and its milliseconds */
	char *text = json ? json_dumps(json, JSON_INDENT(2) | JSON_REAL_PRECISION(13)) : NULL;
	struct buf path = {0}, out = {0};
	int err;

	if (!text)
		mem_exhausted(0);
	buf_printf(&path, "%s/%s", folder, name);
	buf_printf(&out, "%s\n", text);
	err = buf_write_file(&out, buf_str(&path));
	if (err)
		fprintf(stderr, "tracegen: %s: %s\n", buf_str(&path), strerror(-err));
	buf_free(&path);
	buf_free(&out);
	free(text);
	json_decref(json);
	return err;
}

static int write_session(const struct profile *p, const char *folder)
{
	struct call *calls = mem_alloc((p->calls + 1) * sizeof(*calls));
	struct sample *samples = mem_alloc(p->samples * sizeof(*samples));
	struct rng r;
	uint32_t best;
	int err = -EINVAL;

	rng_init(&r, p->seed, RNG_TEST, 0);
	choose_kinds(p, &r, calls);
	if (!place_calls(p, &r, calls)) {
		fprintf(stderr, "tracegen: the calls do not fit into that length\n");
		goto out;
	}
	shape_samples(p, &r, calls, samples);
	best = choose_peak(p, samples);
	if (!best) {
		fprintf(stderr, "tracegen: no test or install is seen by a sample: nothing reaches "
				"the peak\n");
		goto out;
	}
	if (!fit_mean(p, samples, best)) {
		fprintf(stderr, "tracegen: no such session has that mean and peak\n");
		goto out;
	}
	if (mkdir(folder, 0777) && errno != EEXIST) {
		err = -errno;
		fprintf(stderr, "tracegen: %s: %s\n", folder, strerror(errno));
		goto out;
	}
	err = write_json(make_resources(p, samples), folder, "resources.json");
	if (!err)
		err = write_json(make_calls(p, calls), folder, "tool_calls.json");
out:
	free(calls);
	free(samples);
	return err;
}

/* ---- options -------------------------------------------------------------------------------- */

static const struct option options[] = {
    {"like", required_argument, NULL, 'L'},    {"seed", required_argument, NULL, 's'},
    {"samples", required_argument, NULL, 'n'}, {"length", required_argument, NULL, 'l'},
    {"mean", required_argument, NULL, 'm'},    {"peak", required_argument, NULL, 'p'},
    {"growth", required_argument, NULL, 'g'},  {"calls", required_argument, NULL, 'c'},
    {"tests", required_argument, NULL, 't'},   {"installs", required_argument, NULL, 'i'},
    {"gits", required_argument, NULL, 'G'},    {"ends-empty", no_argument, NULL, 'e'},
    {"help", no_argument, NULL, 'h'},	       {0},
};

static void usage(FILE *f)
{
	fputs("usage: tracegen [--like NAME] [options] FOLDER\n"
	      "Write a made-up recording (resources.json, tool_calls.json) into FOLDER.\n"
	      "  --like NAME     start from a profile:",
	      f);
	for (size_t i = 0; i < sizeof(profiles) / sizeof(*profiles); i++)
		fprintf(f, " %s", profiles[i].name);
	fputs("\n"
	      "  --seed N        what random numbers decide\n"
	      "  --samples N     3 to 100000\n"
	      "  --length S      seconds from the first to the last sample\n"
	      "  --mean MB       of the samples\n"
	      "  --peak MB\n"
	      "  --growth MB     by which the runtime grows\n"
	      "  --calls N       of which --tests N, --installs N, --gits N\n"
	      "  --ends-empty    the last sample reads 0B\n",
	      f);
}

/* N, or N.D in tenths. */
static bool read_number(const char *s, uint32_t tenths, uint64_t *v)
{
	char *end;

	if (*s < '0' || *s > '9')
		return false;
	errno = 0;
	*v = strtoull(s, &end, 10);
	if (errno || (tenths > 1 && *v > 10000000))
		return false;
	*v *= tenths;
	if (tenths > 1 && *end == '.' && end[1] >= '0' && end[1] <= '9') {
		*v += (uint64_t)(end[1] - '0');
		end += 2;
	}
	return !*end;
}

static bool find_profile(const char *name, struct profile *p)
{
	for (size_t i = 0; i < sizeof(profiles) / sizeof(*profiles); i++) {
		if (strcmp(profiles[i].name, name))
			continue;
		*p = profiles[i];
		return true;
	}
	return false;
}

static bool set_option(struct profile *p, int c, const char *arg)
{
	uint64_t v;

	if (c == 'L')
		return find_profile(arg, p);
	if (!read_number(arg, strchr("lmpg", c) ? 10 : 1, &v))
		return false;
	if (c == 's') {
		p->seed = v;
		return true;
	}
	if (v > 100000000)
		return false;
	switch (c) {
	case 'n':
		p->samples = (uint32_t)v;
		return v >= 3 && v <= 100000;
	case 'l':
		p->length = (uint32_t)v * 100;
		return v > 0 && v <= 10000000;
	case 'm':
		p->mean = (uint32_t)v;
		return true;
	case 'p':
		p->peak = (uint32_t)v;
		return v < 1000000;
	case 'g':
		p->growth = (uint32_t)v;
		return v < 1000000;
	case 'c':
		p->calls = (uint32_t)v;
		return v <= 100000;
	case 't':
		p->tests = (uint32_t)v;
		return v <= 100000;
	case 'i':
		p->installs = (uint32_t)v;
		return v <= 100000;
	case 'G':
		p->gits = (uint32_t)v;
		return v <= 100000;
	default:
		return false;
	}
}

int main(int argc, char **argv)
{
	struct profile p = profiles[0];
	int c, at;

	while ((c = getopt_long(argc, argv, "", options, &at)) != -1) {
		if (c == 'h') {
			usage(stdout);
			return 0;
		}
		if (c == 'e') {
			p.ends_empty = true;
			continue;
		}
		if (c == '?' || !set_option(&p, c, optarg)) {
			if (c != '?')
				fprintf(stderr, "tracegen: --%s cannot be %s\n", options[at].name,
					optarg);
			usage(stderr);
			return 2;
		}
	}
	if (optind != argc - 1) {
		usage(stderr);
		return 2;
	}
	if ((uint64_t)p.tests + p.installs + p.gits > p.calls) {
		fprintf(stderr, "tracegen: more tests, installs and gits than calls\n");
		return 2;
	}
	return write_session(&p, argv[optind]) ? 1 : 0;
}
