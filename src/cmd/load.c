/* SPDX-License-Identifier: GPL-2.0-or-later */
/* load.c - from a file's name to its plan (load.h) */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/load.h"
#include "cmd/output.h"
#include "config.h"

#define MAX_PATH 4096

/* The folder of the executable, with its slash; NULL where /proc cannot say. */
static const char *folder_of_executable(struct arena *a)
{
	char exe[MAX_PATH];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof exe);

	if (n <= 0 || n == (ssize_t)sizeof exe)
		return NULL;
	while (n > 0 && exe[n - 1] != '/')
		n--;
	return arena_strndup(a, exe, (size_t)n);
}

/* Folders that exist, each once: a missing library file is reported with the places looked at. */
struct folders {
	const char **dirs;
	struct stat *seen;
	size_t n;
};

static void add_folder(struct folders *f, const char *dir)
{
	struct stat *st = &f->seen[f->n];

	if (stat(dir, st) || !S_ISDIR(st->st_mode))
		return;
	for (size_t i = 0; i < f->n; i++)
		if (f->seen[i].st_dev == st->st_dev && f->seen[i].st_ino == st->st_ino)
			return;
	f->dirs[f->n++] = dir;
}

struct lang_path load_library_path(struct arena *a)
{
	const char *env = getenv("AGENTCG_PATH"), *own = folder_of_executable(a);
	struct folders f = {0};
	size_t most = 4;

	for (const char *p = env ? env : ""; *p; p++)
		most += *p == ':';
	f.dirs = arena_array(a, const char *, most);
	f.seen = arena_array(a, struct stat, most);
	for (const char *p = env ? env : ""; *p;) {
		size_t len = strcspn(p, ":");

		if (len)
			add_folder(&f, arena_strndup(a, p, len));
		p += len + (p[len] == ':');
	}
	if (own) {
		add_folder(&f, arena_printf(a, "%sstdlib", own));
		/* installed, wherever that was moved to */
		add_folder(&f, arena_printf(a, "%s../share/agentcg/stdlib", own));
	}
	add_folder(&f, AGENTCG_STDLIB);
	return (struct lang_path){.dirs = f.dirs, .n = f.n};
}

/* The value of an environment variable in [min, max]; false when it is not set or no such number */
static bool env_number(struct cmd *c, const char *name, uint64_t min, uint64_t max, uint64_t *out)
{
	const char *s = getenv(name);

	if (!s || !*s)
		return false;
	if (options_number(s, min, max, out))
		return true;
	diag_at(&c->diags, E_ENVIRONMENT, (struct span){0}, "`%s` in the environment is `%s`", name,
		s);
	diag_hint(&c->diags, "it takes a whole number, or nothing");
	return false;
}

/* Command line before environment before file. */
struct plan_options load_options(struct cmd *c)
{
	const struct options *o = &c->opt;
	struct plan_options p = {
	    .overrides = o->params.v,
	    .noverrides = o->params.n,
	    .policies = o->policies.v,
	    .npolicies = o->policies.n,
	    .mechanism = o->mechanism,
	    .repeat = o->repeat,
	    .expect = o->expect,
	    .expect_name = o->expect_name,
	    .has_seed = o->has_seed,
	    .seed = o->seed,
	};
	uint64_t n;

	if (!p.repeat && env_number(c, "AGENTCG_REPEAT", 1, OPTIONS_MAX_REPEAT, &n))
		p.repeat = (uint32_t)n;
	if (!p.has_seed)
		p.has_seed = env_number(c, "AGENTCG_SEED", 0, UINT64_MAX, &p.seed);
	return p;
}

int load_plan_as(struct cmd *c, struct unit *u, const char *path, const struct lang_path *lib,
		 const struct plan_options *opt, const struct plan **out)
{
	int err = parse_file(u, path, lib);

	if (!err)
		err = plan_lower(u, opt, out);
	if (err || u->diags.errors)
		output_diags(c, &u->diags);
	return err || u->diags.errors ? STATUS_USAGE : STATUS_OK;
}

/* out NULL: only check */
static int load(struct cmd *c, struct unit *u, const char *path, const struct plan **out)
{
	struct plan_options opt = load_options(c);
	struct lang_path lib = load_library_path(&u->arena);
	int err;

	if (c->diags.errors)
		return STATUS_USAGE;
	err = parse_file(u, path, &lib);
	if (!err)
		err = out ? plan_lower(u, &opt, out) : plan_check(u, &opt);
	output_diags(c, &u->diags);
	return err || u->diags.errors ? STATUS_USAGE : STATUS_OK;
}

int load_check(struct cmd *c, struct unit *u, const char *path)
{
	return load(c, u, path, NULL);
}

int load_plan(struct cmd *c, struct unit *u, const char *path, const struct plan **out)
{
	return load(c, u, path, out);
}
