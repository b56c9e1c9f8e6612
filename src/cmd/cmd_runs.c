/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_runs.c - agentcg runs: what is kept */
#include <string.h>
#include <strings.h>
#include <time.h>

#include "cmd/keeping.h"
#include "cmd/output.h"
#include "report/grid.h"
#include "report/json_value.h"
#include "report/text.h"

#define TITLE_COLUMNS 32

static const struct grid_column columns[] = {
    {"", "name", 0, true, false, false},     {"", "begun", 3, true, false, false},
    {"", "title", 2, true, false, false},    {"", "backend", 4, true, false, false},
    {"", "mechanism", 6, true, true, false}, {"", "verdict", 1, true, false, false},
    {"", "runs", 5, false, false, false},    {"", "state", 0, true, false, false},
};
#define NCOLUMNS (sizeof columns / sizeof *columns)

static bool has_word(const char *text, const char *word)
{
	size_t n = strlen(word);

	for (; text && *text; text++)
		if (!strncasecmp(text, word, n))
			return true;
	return false;
}

static bool wanted(const struct cmd *c, const struct store_experiment *x)
{
	const char *const in[] = {x->name,    x->title,	    x->path, x->backend,
				  x->verdict, x->mechanism, x->state};
	const char *const *word;

	vec_foreach (word, &c->opt.operands) {
		bool found = false;

		for (size_t i = 0; i < sizeof in / sizeof *in; i++)
			found |= has_word(in[i], *word);
		if (!found)
			return false;
	}
	return true;
}

/* As the user's clock shows it, or in UTC for programs. */
static const char *moment(struct arena *a, int64_t at, bool utc)
{
	char text[40] = "";
	time_t t = (time_t)at;
	struct tm tm;

	if (utc ? gmtime_r(&t, &tm) : localtime_r(&t, &tm))
		strftime(text, sizeof text, utc ? "%Y-%m-%dT%H:%M:%SZ" : "%Y-%m-%d %H:%M", &tm);
	return arena_strndup(a, text, strlen(text));
}

static void print_table(struct cmd *c, const struct store_experiment *x, size_t n, struct buf *out)
{
	struct grid g = {.columns = columns, .ncolumns = NCOLUMNS};
	bool shown[NCOLUMNS];
	struct arena a = {0};
	struct buf title = {0}, table = {0};

	for (size_t i = 0; i < n; i++) {
		const char **cells = arena_array(&a, const char *, NCOLUMNS);

		buf_clear(&title);
		text_fit(&title, x[i].title, TITLE_COLUMNS);
		cells[0] = x[i].name;
		cells[1] = moment(&a, x[i].begun, false);
		cells[2] = arena_strndup(&a, buf_str(&title), title.n);
		cells[3] = x[i].backend;
		cells[4] = x[i].mechanism ? x[i].mechanism : "-";
		cells[5] = x[i].verdict ? x[i].verdict : "-";
		cells[6] = x[i].runs < x[i].planned || !x[i].verdict
			       ? arena_printf(&a, "%u/%u", x[i].runs, x[i].planned)
			       : arena_printf(&a, "%u", x[i].runs);
		cells[7] = x[i].state;
		vec_push(&g.rows, (struct grid_row){.cells = cells});
	}
	/* No column has a first heading. */
	grid_print(&g, output_style(c).width, shown, &table);
	buf_puts(out, buf_str(&table) + strspn(buf_str(&table), "\n"));
	buf_free(&table);
	vec_free(&g.rows);
	buf_free(&title);
	arena_free(&a);
}

static void print_json(const struct store_experiment *x, size_t n, struct buf *out)
{
	json_t *list = json_array();
	struct arena a = {0};

	for (size_t i = 0; i < n; i++) {
		json_t *o = json_object();

		json_put(o, "name", json_text(x[i].name));
		json_put(o, "begun", json_text(moment(&a, x[i].begun, true)));
		json_put(o, "title", json_text(x[i].title));
		json_put(o, "path", json_text(x[i].path));
		json_put(o, "folder", json_text(x[i].cwd));
		json_put(o, "state", json_text(x[i].state));
		json_put(o, "verdict", json_text(x[i].verdict));
		json_put(o, "exit",
			 x[i].exit_status < 0 ? json_null() : json_integer(x[i].exit_status));
		json_put(o, "runs", json_count(x[i].runs));
		json_put(o, "planned", json_count(x[i].planned));
		json_put(o, "digest", json_text(x[i].digest));
		json_put(o, "plan", json_text(x[i].plan_digest));
		json_put(o, "seed", json_count(x[i].seed));
		json_put(o, "backend", json_text(x[i].backend));
		json_put(o, "mechanism", json_text(x[i].mechanism));
		json_put(o, "kernel", json_text(x[i].kernel));
		json_put(o, "host", json_text(x[i].host));
		json_put(o, "host_kernel", json_text(x[i].host_kernel));
		json_put(o, "architecture", json_text(x[i].architecture));
		json_put(o, "cpus", json_count(x[i].cpus));
		json_put(o, "memory", json_count(x[i].memory_bytes));
		json_put(o, "agentcg", json_text(x[i].version));
		json_add(list, o);
	}
	json_write(list, out);
	json_decref(list);
	arena_free(&a);
}

static int print(struct cmd *c, const struct store_experiment *x, size_t n)
{
	const char *json = c->opt.reports[REPORT_JSON];
	struct buf out = {0};
	int status;

	if (json)
		print_json(x, n, &out);
	else if (n)
		print_table(c, x, n, &out);
	status = json ? output_file(c, json, &out) : output_stdout(c, &out);
	buf_free(&out);
	return status;
}

int cmd_runs(struct cmd *c)
{
	struct store_experiment *all;
	struct store *s = NULL;
	struct arena a = {0};
	const char *path = keeping_path(c, &a);
	size_t n, kept = 0;
	int status = STATUS_INTERNAL;

	if (path && !store_open(path, STORE_READ, &c->diags, &s) && !store_list(s, &a, &all, &n)) {
		for (size_t i = 0; i < n; i++)
			if (wanted(c, &all[i]))
				all[kept++] = all[i];
		status = print(c, all, kept);
	}
	store_close(s);
	arena_free(&a);
	return status;
}
