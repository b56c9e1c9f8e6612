/* SPDX-License-Identifier: GPL-2.0-or-later */
/* recordings: values, files, repairs, and everything that is wrong with some */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/units.h"
#include "trace/trace.h"
#include "trace/trace_value.h"

#define DECIMAL_MB UINT64_C(1000000)

struct world {
	char dir[32];
	struct arena arena;
	struct diags diags;
	struct buf out;
	struct trace *trace;
};

static int make_world(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	strcpy(w->dir, "/tmp/agentcg-trace-XXXXXX");
	if (!mkdtemp(w->dir))
		return -1;
	diags_init(&w->diags, NULL);
	*state = w;
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int free_world(void **state)
{
	struct world *w = *state;

	nftw(w->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	diags_free(&w->diags);
	arena_free(&w->arena);
	buf_free(&w->out);
	free(w);
	return 0;
}

static const char *path_of(struct world *w, const char *name)
{
	return *name ? arena_printf(&w->arena, "%s/%s", w->dir, name) : w->dir;
}

static void put_bytes(struct world *w, const char *name, const void *s, size_t n)
{
	FILE *f = fopen(path_of(w, name), "w");

	assert_non_null(f);
	assert_int_equal(fwrite(s, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

static void put(struct world *w, const char *name, const char *text)
{
	put_bytes(w, name, text, strlen(text));
}

/* Load it anew; what is said goes to w->out without the folder's name. */
static int load(struct world *w, const char *name, enum trace_units units)
{
	struct buf all = {0};
	int err;

	diags_free(&w->diags);
	diags_init(&w->diags, NULL);
	w->trace = NULL;
	err = trace_load(&w->arena, NULL, path_of(w, name), units, &w->diags, (struct span){0},
			 &w->trace);
	diags_print(&w->diags, DIAG_TEXT, &all);
	buf_clear(&w->out);
	for (const char *s = buf_str(&all); *s;) {
		size_t n = strlen(w->dir);

		if (!strncmp(s, w->dir, n)) {
			s += n;
			if (*s == '/')
				s++;
			continue;
		}
		buf_putc(&w->out, *s++);
	}
	buf_free(&all);
	/* Failures are reported, and only they leave the output as it was. */
	assert_int_equal(!err, !w->diags.errors);
	assert_int_equal(!err, !!w->trace);
	return err;
}

static void assert_said(struct world *w, const char *text)
{
	assert_string_equal(buf_str(&w->out), text);
}

/* ---- values --------------------------------------------------------------------------------- */

static void reads_amounts(void **state)
{
	static const struct {
		const char *text;
		uint64_t decimal, binary;
	} good[] = {
	    {"0B / 0B", 0, 0},
	    {"0B", 0, 0},
	    {"17B / 1B", 17, 17},
	    {"0.9B", 0, 0},
	    {"1kB", 1000, 1024},
	    {"1KB", 1000, 1024},
	    {"1KiB", 1024, 1024},
	    {"185.5MB / 134.5GB", 185500000, 194510848},
	    {"185.5MiB / 134.5GiB", 194510848, 194510848},
	    {"1.862GB / 134.5GB", 1862000000, 1999307276}, /* 1999307276.032 */
	    {"2.195MB/1TB", 2195000, 2301624},		   /* 2301624.32 */
	    {"  3 MB  /  4 GB  ", 3000000, 3145728},
	    {"1TB", UINT64_C(1000000000000), UINT64_C(1) << 40},
	    {"1TiB", UINT64_C(1) << 40, UINT64_C(1) << 40},
	    {"0.000000000000000001TB", 0, 0},
	    {"0.999999999999999999MB", 999999, 1048575},
	    {"9223372036854775807B", INT64_MAX, INT64_MAX},
	};
	static const struct {
		const char *text;
		int err;
	} bad[] = {
	    {"", -EINVAL},
	    {"--", -EINVAL},
	    {"-- / --", -EINVAL},
	    {"185.5", -EINVAL},
	    {"185.5M", -EINVAL},
	    {"185.5mb", -EINVAL},
	    {"185.5PB", -EINVAL},
	    {"185.MB", -EINVAL},
	    {".5MB", -EINVAL},
	    {"-1MB", -EINVAL},
	    {"+1MB", -EINVAL},
	    {"1e3MB", -EINVAL},
	    {"1,024MB", -EINVAL},
	    {"nanMB", -EINVAL},
	    {"infMB", -EINVAL},
	    {"MB", -EINVAL},
	    {"1MB / --", -EINVAL},
	    {"1MB / ", -EINVAL},
	    {"1MB / 2MB / 3MB", -EINVAL},
	    {"1MBx", -EINVAL},
	    {"0.0000000000000000001MB", -EINVAL},
	    {"9223372036854775808B", -ERANGE},
	    {"99999999999999999999999B", -ERANGE},
	    {"9999999999999TB", -ERANGE},
	};
	uint64_t v;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		const char *s = good[i].text;

		assert_int_equal(trace_parse_memory(s, strlen(s), TRACE_DECIMAL, &v), 0);
		assert_int_equal(v, good[i].decimal);
		assert_int_equal(trace_parse_memory(s, strlen(s), TRACE_BINARY, &v), 0);
		assert_int_equal(v, good[i].binary);
	}
	v = 42;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (trace_parse_memory(bad[i].text, strlen(bad[i].text), TRACE_DECIMAL, &v) !=
		    bad[i].err)
			fail_msg("%s", bad[i].text);
	assert_int_equal(v, 42);
	/* the NUL is a byte like any other */
	assert_int_equal(trace_parse_memory("1MB\0x", 5, TRACE_DECIMAL, &v), -EINVAL);
}

static void reads_seconds(void **state)
{
	static const struct {
		const char *text;
		int64_t ns;
	} good[] = {
	    {"0", 0},
	    {"0.0000000019", 1},
	    {"1770428831.545477", 1770428831545477000},
	    {"1770428832.5866506", 1770428832586650600},
	    {"1770428832.58665069999", 1770428832586650699},
	    {"1.770428831545477e9", 1770428831545477000},
	    {"1770428831545.477E-3", 1770428831545477000},
	    {"17704e+5", 1770400000000000000},
	    {"1e-30", 0},
	    {"0e999999999999", 0},
	    {"000000000000000000000000000001", 1000000000},
	    {"9223372036.854775807", INT64_MAX},
	};
	static const struct {
		const char *text;
		int err;
	} bad[] = {
	    {"", -EINVAL},
	    {"NaN", -EINVAL},
	    {"nan", -EINVAL},
	    {"Infinity", -EINVAL},
	    {"-Infinity", -EINVAL},
	    {".inf", -EINVAL},
	    {"-", -EINVAL},
	    {"1.", -EINVAL},
	    {".5", -EINVAL},
	    {"1e", -EINVAL},
	    {"1e+", -EINVAL},
	    {"1 ", -EINVAL},
	    {"0x10", -EINVAL},
	    {"1_000", -EINVAL},
	    {"-1", -ERANGE},
	    {"-0.5", -ERANGE},
	    {"1e999", -ERANGE},
	    {"1e999999999999", -ERANGE},
	    {"1770428831545", -ERANGE}, /* milliseconds */
	    {"9223372036.854775808", -ERANGE},
	};
	int64_t v = 42;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (trace_parse_epoch(bad[i].text, strlen(bad[i].text), &v) != bad[i].err)
			fail_msg("%s", bad[i].text);
	assert_int_equal(v, 42);
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_int_equal(trace_parse_epoch(good[i].text, strlen(good[i].text), &v), 0);
		assert_int_equal(v, good[i].ns);
	}
}

static void reads_timestamps(void **state)
{
	static const struct {
		const char *text;
		int64_t ns;
	} good[] = {
	    {"1970-01-01T00:00:00Z", 0},
	    {"2026-02-07T01:47:17.879Z", 1770428837879000000},
	    {"2026-02-07T01:47:17.879123Z", 1770428837879123000},
	    {"2026-02-07T01:47:17.8791234567Z", 1770428837879123456},
	    {"2026-02-07 01:47:17z", 1770428837000000000},
	    {"2026-02-07T02:47:17.879+01:00", 1770428837879000000},
	    {"2026-02-06T17:47:17.879-0800", 1770428837879000000},
	    {"2026-02-07T03:47:17.879+02", 1770428837879000000},
	    {"2024-02-29T23:59:59.999Z", 1709251199999000000},
	    {"2000-02-29T00:00:00Z", 951782400000000000},
	    {"2016-12-31T23:59:60Z", 1483228800000000000},
	    {"2262-04-11T23:47:16.854775807Z", INT64_MAX},
	};
	static const struct {
		const char *text;
		int err;
	} bad[] = {
	    {"", -EINVAL},
	    {"2026-02-07", -EINVAL},
	    {"2026-02-07T01:47Z", -EINVAL},
	    {"2026-2-7T01:47:17Z", -EINVAL},
	    {"2026-02-30T01:47:17Z", -EINVAL},
	    {"2100-02-29T01:47:17Z", -EINVAL},
	    {"2026-13-01T01:47:17Z", -EINVAL},
	    {"2026-00-01T01:47:17Z", -EINVAL},
	    {"2026-01-00T01:47:17Z", -EINVAL},
	    {"2026-02-07T24:00:00Z", -EINVAL},
	    {"2026-02-07T01:60:17Z", -EINVAL},
	    {"2026-02-07T01:47:61Z", -EINVAL},
	    {"2026-02-07T01:47:17.Z", -EINVAL},
	    {"2026-02-07T01:47:17Zx", -EINVAL},
	    {"2026-02-07T01:47:17+1", -EINVAL},
	    {"2026-02-07T01:47:17+24:00", -EINVAL},
	    {"2026-02-07T01:47:17+01:", -EINVAL},
	    {"2026-02-07T01:47:17UTC", -EINVAL},
	    {"2026-02-07T01:47:17.879", -EDOM}, /* resources.json has these: local time */
	    {"1969-12-31T23:59:59Z", -ERANGE},
	    {"1970-01-01T00:00:00+01:00", -ERANGE},
	    {"2262-04-11T23:47:16.854775808Z", -ERANGE},
	    {"9999-12-31T23:59:59Z", -ERANGE},
	};
	int64_t v = 42;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (trace_parse_timestamp(bad[i].text, strlen(bad[i].text), &v) != bad[i].err)
			fail_msg("%s", bad[i].text);
	assert_int_equal(v, 42);
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		if (trace_parse_timestamp(good[i].text, strlen(good[i].text), &v))
			fail_msg("%s", good[i].text);
		assert_int_equal(v, good[i].ns);
	}
}

/* ---- whole recordings ----------------------------------------------------------------------- */

static const char three[] = "{\"samples\": [\n"
			    "  {\"timestamp\": \"local\", \"epoch\": 1000.5, \"mem_usage\": "
			    "\"1MB / 9GB\", \"cpu_percent\": \"5%\"},\n"
			    "  {\"epoch\": 1001.5, \"mem_usage\": \"0B / 0B\"},\n"
			    "  {\"mem_usage\": \"3MB / 9GB\", \"epoch\": 1003}\n"
			    "], \"summary\": {\"memory_mb\": {\"max\": 3}}}\n";

static const char two[] =
    "[\n"
    " {\"timestamp\": \"1970-01-01T00:16:40Z\", \"tool\": \"Bash\", \"id\": \"x\",\n"
    "  \"input\": {\"command\": \"ls \\u2192\", \"timeout\": {\"a\": [1]}},\n"
    "  \"end_timestamp\": \"1970-01-01T00:16:41.250Z\", \"result_preview\": \"\"},\n"
    " {\"timestamp\": \"1970-01-01T00:16:42.000001Z\", \"tool\": \"Read\",\n"
    "  \"input\": {\"file_path\": \"/x\"}, \"end_timestamp\": \"1970-01-01T00:16:45Z\"}\n"
    "]\n";

static void assert_three(const struct trace *t, uint64_t mb)
{
	assert_int_equal(t->nsamples, 3);
	assert_int_equal(t->samples[0].at_ns, 0);
	assert_int_equal(t->samples[0].bytes, mb);
	assert_int_equal(t->samples[1].at_ns, NS_PER_SEC);
	assert_int_equal(t->samples[1].bytes, 0); /* real: kept */
	assert_int_equal(t->samples[2].at_ns, 2500 * NS_PER_MS);
	assert_int_equal(t->samples[2].bytes, 3 * mb);
	assert_int_equal(t->peak_bytes, 3 * mb);
	assert_int_equal(t->mean_bytes, 4 * mb / 3);
}

static void assert_two(const struct trace *t, int64_t zero_ns)
{
	assert_int_equal(t->ncalls, 2);
	assert_int_equal(t->calls[0].at_ns, 1000 * NS_PER_SEC - (uint64_t)zero_ns);
	assert_int_equal(t->calls[0].dur_ns, 1250 * NS_PER_MS);
	assert_string_equal(t->calls[0].tool, "Bash");
	assert_string_equal(t->calls[0].command, "ls \xe2\x86\x92");
	assert_int_equal(t->calls[1].at_ns, 1002 * NS_PER_SEC + 1 * NS_PER_US - (uint64_t)zero_ns);
	assert_string_equal(t->calls[1].tool, "Read");
	assert_null(t->calls[1].command);
}

static void loads_both_files_by_any_name(void **state)
{
	struct world *w = *state;
	static const char *const names[] = {"", "/", "resources.json", "tool_calls.json"};
	uint64_t digest = 0;

	put(w, "resources.json", three);
	put(w, "tool_calls.json", two);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		assert_int_equal(load(w, names[i], TRACE_DECIMAL), 0);
		assert_said(w, "");
		assert_string_equal(w->trace->path, path_of(w, names[i]));
		assert_three(w->trace, DECIMAL_MB);
		assert_two(w->trace, 1000500 * (int64_t)NS_PER_MS);
		assert_int_equal(w->trace->duration_ns, 4500 * NS_PER_MS);
		assert_true(!digest || digest == w->trace->digest);
		digest = w->trace->digest;
	}
	assert_int_equal(load(w, "", TRACE_BINARY), 0);
	assert_three(w->trace, MIB);
	assert_int_equal(w->trace->units, TRACE_BINARY);
	assert_true(digest != w->trace->digest);
}

static void loads_one_file_alone(void **state)
{
	struct world *w = *state;

	put(w, "memory.txt", three); /* told apart by what is in it */
	assert_int_equal(load(w, "memory.txt", TRACE_DECIMAL), 0);
	assert_three(w->trace, DECIMAL_MB);
	assert_int_equal(w->trace->ncalls, 0);
	assert_int_equal(w->trace->duration_ns, 2500 * NS_PER_MS);
	/* not mistaken for its own sibling */
	put(w, "tool_calls.json", three);
	assert_int_equal(load(w, "tool_calls.json", TRACE_DECIMAL), 0);
	put(w, "tool_calls.json", two);
	assert_int_equal(load(w, "", TRACE_DECIMAL), 0);
	assert_int_equal(w->trace->nsamples, 0);
	assert_int_equal(w->trace->peak_bytes, 0);
	assert_two(w->trace, 1000 * (int64_t)NS_PER_SEC);
	assert_int_equal(w->trace->duration_ns, 5 * NS_PER_SEC);
	/* no calls at all are a fact, when there are samples */
	put(w, "tool_calls.json", "[]");
	put(w, "resources.json", three);
	assert_int_equal(load(w, "", TRACE_DECIMAL), 0);
	assert_int_equal(w->trace->ncalls, 0);
	assert_said(w, "");
}

static void digest_is_of_values(void **state)
{
	struct world *w = *state;
	uint64_t digest;

	put(w, "a", "{\"samples\":[{\"epoch\":5,\"mem_usage\":\"1MB / 2MB\"}]}");
	assert_int_equal(load(w, "a", TRACE_DECIMAL), 0);
	digest = w->trace->digest;
	put(w, "a", "{\"x\":1,\"samples\":[{\"mem_usage\":\"1000kB\",\"epoch\":6.5}]}");
	assert_int_equal(load(w, "a", TRACE_DECIMAL), 0);
	assert_true(digest == w->trace->digest);
	put(w, "a", "{\"samples\":[{\"mem_usage\":\"1001kB\",\"epoch\":5}]}");
	assert_int_equal(load(w, "a", TRACE_DECIMAL), 0);
	assert_true(digest != w->trace->digest);
}

/* Everything that JSON allows in a string, some of which YAML does not. */
static void reads_all_of_json(void **state)
{
	struct world *w = *state;

	put(w, "a",
	    "\xef\xbb\xbf[{\"timestamp\":\"1970-01-01T00:00:01Z\",\"tool\":\"Ba\\u0073h\",\n"
	    "\"end_timestamp\":\"1970-01-01T00:00:02Z\",\"n\":[1,-2.5e3,true,false,null,{},[]],\n"
	    "\"input\":{\"command\":\"\\ud83d\\ude00 \\/ \\\\u0041 \\\" \\b\\f\\n\\r\\t \\ud800 "
	    "\\udc00x \\ud800\\u0041 \x7f \xc2\x85 \xe2\x80\xa8 \xf0\x9f\x98\x80 \xef\xbf\xbf # : "
	    "- \\uD83D\\uDE00\"},\r\n\t\"z\" : \"'\"}]\r\n");
	assert_int_equal(load(w, "a", TRACE_DECIMAL), 0);
	assert_said(w, "");
	assert_string_equal(w->trace->calls[0].tool, "Bash");
	assert_string_equal(
	    w->trace->calls[0].command,
	    "\xf0\x9f\x98\x80 / \\u0041 \" \b\f\n\r\t \xef\xbf\xbd \xef\xbf\xbdx \xef\xbf\xbd"
	    "A \x7f \xc2\x85 \xe2\x80\xa8 \xf0\x9f\x98\x80 \xef\xbf\xbf # : - \xf0\x9f\x98\x80");
}

/* ---- repairs -------------------------------------------------------------------------------- */

static void sorts_samples(void **state)
{
	struct world *w = *state;

	put(w, "a",
	    "{\"samples\":[\n"
	    "{\"epoch\":12,\"mem_usage\":\"3B\"},\n{\"epoch\":10,\"mem_usage\":\"1B\"},\n"
	    "{\"epoch\":11,\"mem_usage\":\"2B\"},\n{\"epoch\":10.5,\"mem_usage\":\"9B\"}]}");
	assert_int_equal(load(w, "a", TRACE_DECIMAL), 0);
	assert_said(w, "a:3: warning[W851]: sample 2 and 1 more are earlier than the one before; "
		       "the samples were sorted\n");
	assert_int_equal(w->trace->nsamples, 4);
	assert_int_equal(w->trace->samples[0].bytes, 1);
	assert_int_equal(w->trace->samples[1].bytes, 9);
	assert_int_equal(w->trace->samples[3].at_ns, 2 * NS_PER_SEC);
}

static void last_of_one_time_counts(void **state)
{
	struct world *w = *state;

	put(w, "a",
	    "{\"samples\":[{\"epoch\":11,\"mem_usage\":\"5B\"},\n"
	    "{\"epoch\":10,\"mem_usage\":\"1B\"},{\"epoch\":10,\"mem_usage\":\"3B\"},\n"
	    "{\"epoch\":10,\"mem_usage\":\"2B\"}]}");
	assert_int_equal(load(w, "a", TRACE_DECIMAL), 0);
	assert_said(w, "a:2: warning[W851]: sample 2 is earlier than the one before; the samples "
		       "were sorted\n"
		       "a:2: warning[W852]: sample 2 and 1 more have the same time as the next "
		       "one, which counts\n");
	assert_int_equal(w->trace->nsamples, 2);
	assert_int_equal(w->trace->samples[0].bytes, 2);
	assert_int_equal(w->trace->mean_bytes, 3);
}

#define CALL(begin) "{\"tool\":\"T\",\"timestamp\":\"1970-01-01T00:00:" begin "Z\""

static void ends_calls(void **state)
{
	struct world *w = *state;

	/* listed in order of their ends, as side by side calls are: nothing to say */
	put(w, "a",
	    "[" CALL("03") ",\"end_timestamp\":\"1970-01-01T00:00:04Z\"}," CALL(
		"02") ",\"end_timestamp\":\"1970-01-01T00:00:05Z\"}]");
	assert_int_equal(load(w, "a", TRACE_DECIMAL), 0);
	assert_said(w, "");
	assert_int_equal(w->trace->calls[0].dur_ns, 3 * NS_PER_SEC);
	assert_int_equal(w->trace->calls[1].at_ns, NS_PER_SEC);

	put(w, "a",
	    "[" CALL("02") "},\n" CALL("02") "},\n" CALL(
		"07") ",\"end_timestamp\":\"1970-01-01T00:00:09Z\"},\n" CALL("08") ",\"end_"
										   "timestamp\":"
										   "null}]");
	assert_int_equal(load(w, "a", TRACE_DECIMAL), 0);
	assert_said(
	    w, "a:1: warning[W853]: call 1 and 2 more have no `end_timestamp`: they are taken to "
	       "last until the next call, or to the end\n");
	assert_int_equal(w->trace->calls[0].dur_ns, 5 * NS_PER_SEC);
	assert_int_equal(w->trace->calls[1].dur_ns, 5 * NS_PER_SEC);
	assert_int_equal(w->trace->calls[3].dur_ns, 1 * NS_PER_SEC);
}

static void doubts_clocks(void **state)
{
	struct world *w = *state;

	put(w, "resources.json",
	    "{\"samples\":[{\"epoch\":5000,\"mem_usage\":\"5B\"},{\"epoch\":5001,\"mem_usage\":"
	    "\"5B\"}]}");
	put(w, "tool_calls.json", two);
	assert_int_equal(load(w, "", TRACE_DECIMAL), 0);
	assert_said(w, "tool_calls.json: warning[W854]: no call lies within the time of the "
		       "samples: were the two files written by different clocks?\n");
	assert_int_equal(w->trace->calls[0].at_ns, -4000 * (int64_t)NS_PER_SEC);
	assert_int_equal(w->trace->duration_ns, NS_PER_SEC);
}

/* ---- errors --------------------------------------------------------------------------------- */

#define SAMPLES(s) "{\"samples\":[\n" s "]}"

static void names_what_is_wrong(void **state)
{
	struct world *w = *state;
	static const struct {
		const char *text, *said;
	} cases[] = {
	    {"", "a:1:1: error[E512]: this file is empty\n"},
	    {" # only a remark\n", "a:2:1: error[E512]: this file is empty\n"},
	    {"{\"samples\":[]}", "a: error[E512]: has no samples\n"},
	    {"[]", "a: error[E512]: has no calls, and there are no samples\n"},
	    {"{\"summary\":{}}", "a:1:1: error[E505]: this has no `samples`, and is no list of "
				 "tool calls either\n"},
	    {"{\"samples\":{}}", "a:1:12: error[E505]: `samples` is no list\n"},
	    {"12", "a:1:1: error[E505]: this is neither an object with `samples` nor a list of "
		   "tool calls\n"},
	    {SAMPLES("{\"epoch\":1,\"mem_usage\":\"1B\"},\n{\"epoch\":2,\"mem_usage\":\"--\"}"),
	     "a:3:24: error[E509]: sample 2: `mem_usage` `--` is no amount such as `185.5MB / "
	     "134.5GB`\n"},
	    {SAMPLES("{\"epoch\":1,\"mem_usage\":[1]}"),
	     "a:2:24: error[E509]: sample 1: `mem_usage` `[...]` is no amount such as `185.5MB / "
	     "134.5GB`\n"},
	    {SAMPLES("{\"epoch\":1,\"mem_usage\":\"99999999TB\"}"),
	     "a:2:24: error[E509]: sample 1: `mem_usage` `99999999TB` is out of range\n"},
	    {SAMPLES("{\"epoch\":NaN,\"mem_usage\":\"1B\"}"),
	     "a:2:10: error[E510]: sample 1: `epoch` `NaN` is no time\n"},
	    {SAMPLES("{\"epoch\":-Infinity,\"mem_usage\":\"1B\"}"),
	     "a:2:10: error[E510]: sample 1: `epoch` `-Infinity` is no time\n"},
	    {SAMPLES("{\"epoch\":-1.5,\"mem_usage\":\"1B\"}"),
	     "a:2:10: error[E510]: sample 1: `epoch` `-1.5` is out of range: seconds since 1970 "
	     "are expected\n"},
	    {SAMPLES("{\"mem_usage\":\"1B\"},\n{\"epoch\":null,\"mem_usage\":null}"),
	     "a:2:1: error[E507]: sample 1 has no `epoch`\n"
	     "a:3:1: error[E507]: sample 2 has no `epoch`\n"
	     "a:3:1: error[E507]: sample 2 has no `mem_usage`\n"},
	    {SAMPLES("{\"epoch\":1,\"epoch\":2,\"mem_usage\":\"1B\"}"),
	     "a:2:12: error[E508]: sample 1: `epoch` stands twice\n"},
	    {SAMPLES("") "{}", "a:2:3: error[E503]: there is more after the end of the JSON "
			       "value\n"},
	    {"{\"samples\":[],\"samples\":[]}", "a:1:15: error[E508]: `samples` stands twice\n"},
	    {SAMPLES("3"), "a:2:1: error[E506]: sample 1 is no object\n"},
	    {SAMPLES("{\"epoch\":1,\"mem_usage\":\"1B\""),
	     "a:2:28: error[E503]: this is not JSON: did not find expected ',' or '}'\n"},
	    {"{\"samples\":[{\"epoch\":1,\n\"mem_us",
	     "a:2:8: error[E503]: the file ends within a string\n"},
	    {"{\"samples\":[{\"epoch\":1,\"mem_usage\":\"1B\"},\n",
	     "a:2:1: error[E503]: the file ends too early, before its last list or object is "
	     "closed\n"},
	    {"[\n{\"tool\":\"x\",\"a\":\"caf\xe9\"}]", "a:2:21: error[E504]: this is not UTF-8\n"},
	    {"\xff\xfe[", "a:1:1: error[E504]: this is not UTF-8\n"},
	    {"[\n\"\x01\"]",
	     "a:1: error[E503]: the control character 0x01 is not allowed in JSON\n"},
	    {"[" CALL("01") ",\"b\":&a 1,\"c\":*a}]",
	     "a:1:62: error[E503]: this is not JSON: it refers to an anchor\n"},
	    {"[" CALL("01") ",\"end_timestamp\":\"1970-01-01T00:00:00Z\"}]",
	     "a:1:2: error[E511]: call 1 ends before it begins\n"},
	    {"[{\"tool\":\"x\",\"timestamp\":\"2026-02-06T17:47:11.545465\"}]",
	     "a:1:26: error[E510]: call 1: `timestamp` `2026-02-06T17:47:11.545465` has no zone: "
	     "`Z` or an offset such as `+01:00` must follow\n"},
	    {"[{\"timestamp\":\"1970-01-01T00:00:00Z\",\"tool\":[]}]",
	     "a:1:45: error[E506]: call 1: `tool` is no text\n"},
	    {"[" CALL("01") ",\"input\":[]}]",
	     "a:1:57: error[E506]: call 1: its `input` is no object\n"},
	    {"[" CALL("01") ",\"input\":{\"command\":\"rm -rf x\\u0000/y\"}}]",
	     "a:1:68: error[E514]: call 1: `command` has a NUL in it\n"},
	};
	bool wrong = false;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		put(w, "a", cases[i].text);
		assert_int_equal(load(w, "a", TRACE_DECIMAL), -EINVAL);
		if (!strcmp(buf_str(&w->out), cases[i].said))
			continue;
		print_error("for %s\ngot %snot %s", cases[i].text, buf_str(&w->out), cases[i].said);
		wrong = true;
	}
	assert_false(wrong);
}

static void stops_after_twenty_errors(void **state)
{
	struct world *w = *state;
	struct buf b = {0};

	buf_puts(&b, "{\"samples\":[{}");
	for (int i = 0; i < 1000; i++)
		buf_puts(&b, ",{}");
	buf_puts(&b, "]}");
	put(w, "a", buf_str(&b));
	assert_int_equal(load(w, "a", TRACE_DECIMAL), -EINVAL);
	assert_int_equal(w->diags.errors, 20);
	buf_free(&b);
}

static void says_which_file_is_missing(void **state)
{
	struct world *w = *state;

	assert_int_equal(load(w, "", TRACE_DECIMAL), -EINVAL);
	assert_said(w, ": error[E502]: has neither a `resources.json` nor a `tool_calls.json` in "
		       "it\n");
	assert_int_equal(load(w, "nowhere", TRACE_DECIMAL), -ENOENT);
	assert_said(w, "nowhere: error[E501]: does not exist\n");
	put(w, "file", "[]");
	assert_int_equal(load(w, "file/x", TRACE_DECIMAL), -ENOTDIR);
	assert_said(w, "file/x: error[E501]: cannot be read: Not a directory\n");
	/* in a folder the name says what must be in a file, and both files are looked at */
	put(w, "resources.json", "[]");
	put(w, "tool_calls.json", "{}");
	assert_int_equal(load(w, "", TRACE_DECIMAL), -EINVAL);
	assert_said(w, "resources.json:1:1: error[E505]: this is no object with `samples`\n"
		       "tool_calls.json:1:1: error[E505]: this is no list of tool calls\n");
}

/* An error about a recording shows the place in the scenario too. */
static void points_into_the_scenario(void **state)
{
	struct world *w = *state;
	struct sources sources = {0};
	struct source *s;
	struct diags d;
	struct buf b = {0};
	struct trace *t;

	assert_int_equal(sources_add(&sources, "x.acg", "trace t = \"a\"\n", 14, &s), 0);
	diags_init(&d, &sources);
	assert_int_equal(trace_load(&w->arena, NULL, "nowhere/at/all", TRACE_DECIMAL, &d,
				    (struct span){s->base + 10, s->base + 13}, &t),
			 -ENOENT);
	put(w, "a", "{\"samples\":[{\"epoch\":1,\"mem_usage\":\"?\"}]}");
	assert_int_equal(trace_load(&w->arena, NULL, path_of(w, "a"), TRACE_DECIMAL, &d,
				    (struct span){s->base + 10, s->base + 13}, &t),
			 -EINVAL);
	diags_print(&d, DIAG_TEXT, &b);
	assert_non_null(
	    strstr(buf_str(&b), "x.acg:1:11: error[E501]: `nowhere/at/all` does not exist\n"));
	assert_non_null(strstr(buf_str(&b), "/a:1:36: error[E509]: sample 1: "));
	assert_non_null(strstr(buf_str(&b), "x.acg:1:11: note: the trace is named here\n"));
	buf_free(&b);
	diags_free(&d);
	sources_free(&sources);
}

static void survives_bombs(void **state)
{
	struct world *w = *state;
	const size_t deep = 1 << 20, wide = 40 << 20;
	char *s = malloc(wide);

	assert_non_null(s);
	memset(s, '[', deep);
	put_bytes(w, "a", s, deep);
	assert_int_equal(load(w, "a", TRACE_DECIMAL), -EINVAL);
	assert_non_null(strstr(buf_str(&w->out), "E513]: lists and objects are nested more than "
						 "64 deep"));
	memset(s, 'x', wide);
	memcpy(s, "[{\"tool\":\"", 10);
	put_bytes(w, "a", s, wide);
	assert_int_equal(load(w, "a", TRACE_DECIMAL), -EINVAL);
	assert_said(w, "a:1: error[E513]: a string of more than 16 MiB is not read\n");
	memset(s, 0, wide);
	put_bytes(w, "a", s, wide);
	assert_int_equal(load(w, "a", TRACE_DECIMAL), -EINVAL);
	free(s);
}

/* What a long recording takes beyond its samples does not grow with it. */
static void long_recording_takes_little(void **state)
{
	struct world *w = *state;
	const int samples = 100000;
	FILE *f = fopen(path_of(w, "a"), "w");
	struct rusage before, after;

	assert_non_null(f);
	fputs("{\"samples\":[", f);
	for (int i = 0; i < samples; i++)
		fprintf(f, "%s{\"epoch\":%d.25,\"mem_usage\":\"%dMB / 9GB\",\"other\":\"%0100d\"}",
			i ? ",\n" : "", 1000 + i, i % 300, i);
	fputs("]}", f);
	assert_int_equal(fclose(f), 0);
	getrusage(RUSAGE_SELF, &before);
	assert_int_equal(load(w, "a", TRACE_DECIMAL), 0);
	getrusage(RUSAGE_SELF, &after);
	assert_int_equal(w->trace->nsamples, samples);
	assert_int_equal(w->trace->duration_ns, (uint64_t)(samples - 1) * NS_PER_SEC);
#if !defined(__SANITIZE_ADDRESS__)
	/* 15 MB of text; the samples take 1.6 MB in the arena and twice 3.2 MB on the way */
	assert_in_range(after.ru_maxrss - before.ru_maxrss, 0, 12 << 10);
#endif
}

/* ---- the made-up recordings that are shipped --------------------------------------------------
 */

static void shipped_traces_have_their_figures(void **state)
{
	struct world *w = *state;
	/* tenths of a second and of a MB, in the published reading */
	static const struct {
		const char *path;
		uint32_t samples, calls;
		uint64_t length_ds, mean, peak;
	} shipped[] = {
	    {"scenarios/traces/dask-like", 95, 26, 983, 1979, 3209},
	    {"scenarios/traces/github3-like", 100, 18, 1027, 2113, 3055},
	    {"scenarios/traces/pytest-like", 120, 22, 1242, 2450, 5180},
	};

	if (access("scenarios/traces", F_OK)) {
		print_message("SKIP: not run from the root of the tree\n");
		skip();
	}
	for (size_t i = 0; i < ARRAY_LEN(shipped); i++) {
		struct trace *t;

		assert_int_equal(trace_load(&w->arena, NULL, shipped[i].path, TRACE_BINARY,
					    &w->diags, (struct span){0}, &t),
				 0);
		assert_int_equal(w->diags.warnings, 0);
		assert_int_equal(t->nsamples, shipped[i].samples);
		assert_int_equal(t->ncalls, shipped[i].calls);
		assert_int_equal(t->samples[t->nsamples - 1].at_ns,
				 shipped[i].length_ds * 100 * NS_PER_MS);
		assert_int_equal((10 * t->mean_bytes + MIB / 2) / MIB, shipped[i].mean);
		assert_int_equal((10 * t->peak_bytes + MIB / 2) / MIB, shipped[i].peak);
		/* The peak belongs to a call. */
		for (uint32_t s = 0; s < t->nsamples; s++) {
			int64_t at = (int64_t)t->samples[s].at_ns;
			bool within = false;

			for (uint32_t c = 0; c < t->ncalls; c++)
				within |= at >= t->calls[c].at_ns &&
					  at <= t->calls[c].at_ns + (int64_t)t->calls[c].dur_ns;
			assert_true(within || t->samples[s].bytes < t->peak_bytes);
		}
	}
}

/* ---- recordings of real sessions, where a folder of them is given -----------------------------
 */

static void agrees_with_published_figures(void **state)
{
	struct world *w = *state;
	/* In the published reading of MB, powers of 1024; mean and peak in tenths of a MB. */
	static const struct {
		const char *name;
		uint32_t samples;
		uint64_t length_ds, mean, peak;
		uint32_t calls, bash;
	} known[] = {
	    {"dask__dask-11628", 95, 983, 1979, 3209, 26, 16},
	    {"sigmavirus24__github3.py-673", 100, 1027, 2113, 3055, 18, 5},
	    {"joke2k__faker-1520", 119, 1232, 1897, 2728, 26, 14},
	    {"prefab-cloud__prefab-cloud-python-62", 84, 866, 1906, 2794, 20, 9},
	    {"pre-commit__pre-commit-2524", 315, 3273, 3062, 19067, 24, 11},
	};
	const char *folder = getenv("AGENTCG_TRACES");

	if (!folder || !*folder) {
		print_message("SKIP: AGENTCG_TRACES names no folder of recordings\n");
		skip();
	}
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		struct trace *t;
		uint32_t bash = 0;

		assert_int_equal(trace_load(&w->arena, NULL,
					    arena_printf(&w->arena, "%s/%s", folder, known[i].name),
					    TRACE_BINARY, &w->diags, (struct span){0}, &t),
				 0);
		assert_int_equal(w->diags.warnings, 0);
		assert_int_equal(t->nsamples, known[i].samples);
		assert_int_equal((t->samples[t->nsamples - 1].at_ns + 50 * NS_PER_MS) /
				     (100 * NS_PER_MS),
				 known[i].length_ds);
		assert_int_equal((10 * t->mean_bytes + MIB / 2) / MIB, known[i].mean);
		assert_int_equal((10 * t->peak_bytes + MIB / 2) / MIB, known[i].peak);
		for (uint32_t c = 0; c < t->ncalls; c++)
			bash += !strcmp(t->calls[c].tool, "Bash");
		assert_int_equal(t->ncalls, known[i].calls);
		assert_int_equal(bash, known[i].bash);
	}
}

int main(void)
{
#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, make_world, free_world)
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_amounts),
	    cmocka_unit_test(reads_seconds),
	    cmocka_unit_test(reads_timestamps),
	    IN_FOLDER(loads_both_files_by_any_name),
	    IN_FOLDER(loads_one_file_alone),
	    IN_FOLDER(digest_is_of_values),
	    IN_FOLDER(reads_all_of_json),
	    IN_FOLDER(sorts_samples),
	    IN_FOLDER(last_of_one_time_counts),
	    IN_FOLDER(ends_calls),
	    IN_FOLDER(doubts_clocks),
	    IN_FOLDER(names_what_is_wrong),
	    IN_FOLDER(stops_after_twenty_errors),
	    IN_FOLDER(says_which_file_is_missing),
	    IN_FOLDER(points_into_the_scenario),
	    IN_FOLDER(survives_bombs),
	    IN_FOLDER(long_recording_takes_little),
	    IN_FOLDER(shipped_traces_have_their_figures),
	    IN_FOLDER(agrees_with_published_figures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
