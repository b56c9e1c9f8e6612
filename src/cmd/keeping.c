/* SPDX-License-Identifier: GPL-2.0-or-later */
/* keeping.c - from the experiment's hooks to the store (keeping.h) */
#include "cmd/keeping.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "cmd/load.h"
#include "config.h"

struct keeping {
	struct cmd *c;
	struct store *store;
	bool own; /* store */
	const struct files *files;
	const struct store_experiment *again; /* NULL: a new one */
	struct saving *saving;
};

const char *keeping_path(struct cmd *c, struct arena *a)
{
	const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");

	if (c->opt.db)
		return c->opt.db;
	/* The XDG specification: a relative path is to be ignored. */
	if (data && data[0] == '/')
		return arena_printf(a, "%s/agentcg/runs.db", data);
	if (home && home[0] == '/')
		return arena_printf(a, "%s/.local/share/agentcg/runs.db", home);
	diag_at(&c->diags, E_ENVIRONMENT, (struct span){0},
		"neither `XDG_DATA_HOME` nor `HOME` names a folder for the database");
	return NULL;
}

int keeping_open(struct cmd *c, const struct files *files, struct keeping **out)
{
	struct keeping *k = mem_alloc(sizeof(*k));
	struct arena a = {0};
	const char *path;
	int err;

	*k = (struct keeping){.c = c, .own = true, .files = files};
	path = keeping_path(c, &a);
	err = path ? store_open(path, STORE_CREATE, &c->diags, &k->store) : -EINVAL;
	arena_free(&a);
	if (err) {
		keeping_close(k);
		return STATUS_INTERNAL;
	}
	*out = k;
	return STATUS_OK;
}

struct keeping *keeping_again(struct cmd *c, struct store *s, const struct store_experiment *x)
{
	struct keeping *k = mem_alloc(sizeof(*k));

	*k = (struct keeping){.c = c, .store = s, .again = x};
	return k;
}

void keeping_for(struct keeping *k, struct cmd *c)
{
	if (k)
		k->c = c;
}

void keeping_close(struct keeping *k)
{
	if (!k)
		return;
	if (k->own)
		store_close(k->store);
	free(k);
}

void keeping_leave(struct keeping *k)
{
	if (!k)
		return;
	store_leave(k->store);
	k->own = false;
	keeping_close(k);
}

void keeping_settle(struct cmd *c)
{
	struct store *s = NULL;
	struct arena a = {0};
	const char *path = keeping_path(c, &a);

	if (path && !access(path, F_OK) && !store_open(path, STORE_WRITE, &c->diags, &s))
		store_close(s);
	arena_free(&a);
}

static int begin_again(struct keeping *k, const struct results *r)
{
	char digest[17];

	snprintf(digest, sizeof digest, "%016" PRIx64, r->digest);
	if (strcmp(digest, k->again->digest)) {
		diag_at(&k->c->diags, E_STORE_PLAN, (struct span){0},
			"`%s` was made by %s, %s, kernel %s, and here it would be %s, %s, kernel "
			"%s: runs of both are not one experiment",
			k->again->name, k->again->backend,
			k->again->mechanism ? k->again->mechanism : "no mechanism",
			k->again->kernel ? k->again->kernel : "unknown", r->backend,
			r->mechanism ? r->mechanism : "no mechanism",
			r->kernel ? r->kernel : "unknown");
		return -EINVAL;
	}
	return store_continue(k->store, k->again->id, r->plan, k->c->opt.backend != NULL,
			      &k->saving);
}

static void tell(const struct keeping *k)
{
	struct buf line = {0};

	if (k->c->opt.quiet)
		return;
	buf_printf(&line, "kept as %s\n", saving_name(k->saving));
	(void)buf_write_fd(&line, STDERR_FILENO);
	buf_free(&line);
}

int keeping_begun(void *ctx, const struct results *r)
{
	struct keeping *k = ctx;
	const struct plan_options opt = load_options(k->c);
	struct arena a = {0};
	struct lang_path lib;
	int err;

	if (k->again)
		return begin_again(k, r);
	lib = load_library_path(&a);

	struct store_origin origin = {
	    .version = AGENTCG_VERSION,
	    .arguments = k->c->words,
	    .narguments = k->c->nwords,
	    .options = &opt,
	    .library = lib.dirs,
	    .nlibrary = lib.n,
	    .files = k->files,
	    .unhurried = k->c->opt.backend != NULL,
	};

	err = store_begin(k->store, &origin, r, &k->saving);
	if (!err)
		tell(k);
	arena_free(&a);
	return err;
}

void keeping_run(void *ctx, const struct run_summary *run, uint32_t planned)
{
	const struct keeping *k = ctx;

	saving_run(k->saving, run, planned);
}

int keeping_end(struct keeping *k, const struct results *r)
{
	int err;

	if (!k || !k->saving)
		return STATUS_OK;
	err = saving_end(k->saving, r);
	k->saving = NULL;
	return err ? STATUS_INTERNAL : STATUS_OK;
}
