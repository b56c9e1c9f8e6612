/* SPDX-License-Identifier: GPL-2.0-or-later */
/* root.c - the root of a machine (root.h) */
#include "vm/root.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/source.h"
#include "vm/child.h"
#include "vm/pack.h"
#include "vm/wire.h"

/* ---- setup ------------------------------------------------------------------------------------
 */

static void put_list(struct buf *b, const char *const *v, size_t n)
{
	wire_put(b, n);
	for (size_t i = 0; i < n; i++)
		wire_put_str(b, v[i]);
}

static const char *const *get_list(struct wire *w, struct arena *a, size_t *n)
{
	uint64_t some = wire_get(w);
	const char **v;

	if (some > (uint64_t)(w->end - w->at)) {
		w->bad = true;
		some = 0;
	}
	v = arena_array(a, const char *, some);
	for (uint64_t i = 0; i < some; i++)
		v[i] = wire_get_str(w, a);
	*n = (size_t)some;
	return v;
}

static void put_setup(struct buf *b, const struct root_setup *s)
{
	wire_put(b, s->realtime_ns);
	wire_put_str(b, s->cwd);
	wire_put(b, s->uid);
	wire_put(b, s->gid);
	wire_put(b, s->has_stdin);
	wire_put(b, s->has_disk);
	put_list(b, s->words, s->nwords);
	put_list(b, s->environment, s->nenvironment);
	wire_put_str(b, s->command);
	wire_put_str(b, s->backend);
}

int root_read_setup(struct arena *a, struct root_setup *out)
{
	struct buf b = {0};
	char text[4096];
	struct root_setup s;
	struct wire w;
	ssize_t n;
	int fd = open(ROOT_SETUP, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	while ((n = read(fd, text, sizeof text)) > 0)
		buf_put(&b, text, (size_t)n);
	close(fd);
	w = wire_of(buf_str(&b), b.n);
	s.realtime_ns = wire_get(&w);
	s.cwd = wire_get_str(&w, a);
	s.uid = (uint32_t)wire_get(&w);
	s.gid = (uint32_t)wire_get(&w);
	s.has_stdin = wire_get(&w);
	s.has_disk = wire_get(&w);
	s.words = get_list(&w, a, &s.nwords);
	s.environment = get_list(&w, a, &s.nenvironment);
	s.command = wire_get_str(&w, a);
	s.backend = wire_get_str(&w, a);
	buf_free(&b);
	if (!wire_done(&w))
		return -EBADMSG;
	*out = s;
	return 0;
}

/* ---- the archive ------------------------------------------------------------------------------
 */

static int complain_missing(struct pack *p, const char *path)
{
	diag_at(p->d, E_VM_PACK, (struct span){0},
		"`%s` cannot be packed for the machine: it is not there any more", path);
	return -EIO;
}

static int pack_self(struct pack *p)
{
	static const char self[] = "/proc/self/exe";
	struct stat st;
	int fd = open(self, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st)) {
		diag_at(p->d, E_VM_PACK, (struct span){0}, "agentcg cannot read itself: %s",
			strerror(errno));
		if (fd >= 0)
			close(fd);
		return -EIO;
	}
	cpio_dir(&p->cpio, ROOT_DIR, 0755);
	cpio_file(&p->cpio, ROOT_INIT, 0755, fd, (uint64_t)st.st_size);
	close(fd);
	return pack_needs(p, self);
}

/* As they were read: the files may have changed since. */
static int pack_texts(struct pack *p, const struct plan *plan)
{
	const struct sources *s = plan->sources;
	int err = 0;

	for (size_t i = 0; i < s->list.n && !err; i++) {
		const struct source *t = s->list.v[i];

		if (!t->real)
			cpio_text(&p->cpio, ROOT_STDIN, 0644, t->text, t->len);
		else
			err = pack_text(p, t->path, t->text, t->len);
		if (err == -ENOENT)
			return complain_missing(p, t->path);
	}
	return err;
}

/* The files of a recording: itself and its sibling, or what a folder has of both. */
static int pack_recording(struct pack *p, const char *path)
{
	static const char *const names[] = {"resources.json", "tool_calls.json"};
	const char *slash = strrchr(path, '/');
	int n = slash ? (int)(slash - path) + 1 : 0;
	struct stat st;
	int err = pack_path(p, path);
	bool folder = !stat(path, &st) && S_ISDIR(st.st_mode);

	if (err == -ENOENT)
		return complain_missing(p, path);
	for (size_t i = 0; i < sizeof names / sizeof *names && !err; i++) {
		if (folder)
			err = pack_path(p, arena_printf(p->a, "%s/%s", path, names[i]));
		else
			err = pack_path(p, arena_printf(p->a, "%.*s%s", n, path, names[i]));
		if (err == -ENOENT)
			err = 0;
	}
	return err;
}

static int pack_run(struct pack *p, const char *command, struct span at)
{
	const char *missing = NULL;
	int err = command ? pack_command(p, command, &missing) : 0;

	if (!missing)
		return err;
	diag_at(p->d, E_VM_PACK, at, "the machine has no program `%s`: there is none in PATH",
		missing);
	diag_hint(p->d,
		  "programs that commands name are taken along; install it, or name it by path");
	return -EOPNOTSUPP;
}

static int pack_op(struct pack *p, const struct op *op, struct span at)
{
	int err = 0;

	if (op->kind == OP_EXEC)
		return pack_run(p, op->exec->command, at);
	if (op->kind != OP_TOOLS || op->calls->simulated)
		return 0;
	for (uint32_t i = 0; i < op->calls->n && !err; i++)
		err = pack_run(p, op->calls->v[i].command, at);
	return err;
}

static int pack_step(struct pack *p, const struct plan_step *s)
{
	int err = 0;

	switch ((enum step_kind)s->kind) {
	case STEP_OP:
		return pack_op(p, &s->op, s->at);
	case STEP_START:
		for (uint32_t i = 0; i < s->nbody && !err; i++)
			err = pack_op(p, &s->body[i], s->at);
		break;
	case STEP_MARK:
		break;
	}
	return err;
}

/* All that lack are reported. */
static int pack_programs(struct pack *p, const struct plan *plan)
{
	int err = 0, one;

	for (uint32_t i = 0; i < plan->nevents; i++) {
		one = pack_step(p, &plan->events[i].step);
		err = one ? one : err;
	}
	for (uint32_t i = 0; i < plan->ntriggers; i++)
		for (uint32_t k = 0; k < plan->triggers[i].nsteps; k++) {
			one = pack_step(p, &plan->triggers[i].steps[k]);
			err = one ? one : err;
		}
	return err;
}

static int pack_plan(struct pack *p, const struct plan *plan)
{
	int err = pack_texts(p, plan);

	for (uint32_t i = 0; i < plan->ntraces && !err; i++)
		err = pack_recording(p, plan->traces[i].file);
	return err ? err : pack_programs(p, plan);
}

/* A file, a folder with all that is in it, or a program in PATH. */
static int pack_more(struct pack *p, const char *name)
{
	struct buf path = {0};
	int err = pack_tree(p, name);

	if (err == -ENOENT && !strchr(name, '/') && !child_find(name, &path))
		err = pack_program(p, buf_str(&path));
	if (err == -ENOENT)
		diag_at(p->d, E_VM_PACK, (struct span){0},
			"`%s` cannot be packed for the machine: there is no such file or program",
			name);
	buf_free(&path);
	return err;
}

int root_pack(const struct plan *plan, const struct root_setup *s, const char *const *more,
	      size_t nmore, int fd, struct arena *a, struct diags *d, uint64_t *bytes)
{
	struct pack p;
	struct buf setup = {0};
	int err, end;

	pack_begin(&p, fd, a, d);
	err = pack_self(&p);
	if (!err)
		err = pack_path(&p, s->cwd);
	for (size_t i = 0; i < nmore && !err; i++)
		err = pack_more(&p, more[i]);
	if (!err && s->command)
		err = pack_run(&p, s->command, (struct span){0});
	if (!err && plan)
		err = pack_plan(&p, plan);
	put_setup(&setup, s);
	cpio_text(&p.cpio, ROOT_SETUP, 0600, setup.s, setup.n);
	buf_free(&setup);
	end = pack_end(&p);
	*bytes = p.cpio.bytes;
	return err ? err : end;
}
