/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * program.c - programs and what they need to start (pack.h).
 *
 * Libraries are looked for where the dynamic linker looks (ld.so(8)): DT_RPATH where there is no
 * DT_RUNPATH, LD_LIBRARY_PATH, DT_RUNPATH, the folders of /etc/ld.so.conf, the default ones.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vm/child.h"
#include "vm/elf.h"
#include "vm/pack.h"

#define MAX_DEPTH 32

static int pack_elf(struct pack *p, const char *path, int depth);

/* ---- where libraries are ----------------------------------------------------------------------
 */

struct folders {
	VEC(const char *) list;
};

static void read_conf(struct pack *p, const char *path, struct folders *v, int depth)
{
	char line[512];
	FILE *f = depth < 4 ? fopen(path, "re") : NULL;

	while (f && fgets(line, sizeof line, f)) {
		char *word = line + strspn(line, " \t");

		word[strcspn(word, "#\n")] = '\0';
		for (size_t n = strlen(word); n && strchr(" \t", word[n - 1]); n--)
			word[n - 1] = '\0';
		if (!strncmp(word, "include", 7) && strchr(" \t", word[7])) {
			glob_t g;

			if (!glob(word + 8, 0, NULL, &g))
				for (size_t i = 0; i < g.gl_pathc; i++)
					read_conf(p, g.gl_pathv[i], v, depth + 1);
			globfree(&g);
		} else if (*word == '/') {
			vec_push(&v->list, arena_strndup(p->a, word, strlen(word)));
		}
	}
	if (f)
		fclose(f);
}

/* Ends with NULL. */
static const char *const *folders(struct pack *p)
{
	static const char *const defaults[] = {"/lib/x86_64-linux-gnu",
					       "/usr/lib/x86_64-linux-gnu",
					       "/lib64",
					       "/usr/lib64",
					       "/lib",
					       "/usr/lib"};
	struct folders v = {0};

	if (p->folders)
		return p->folders;
	read_conf(p, "/etc/ld.so.conf", &v, 0);
	for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++)
		vec_push(&v.list, defaults[i]);
	vec_push(&v.list, NULL);
	p->folders = arena_dup(p->a, v.list.v, v.list.n * sizeof *v.list.v);
	vec_free(&v.list);
	return p->folders;
}

static const char *folder_of(struct pack *p, const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? arena_strndup(p->a, path, (size_t)(slash - path)) : ".";
}

/* $ORIGIN is the folder that the file really lies in. */
static const char *expand(struct pack *p, const char *folder, size_t n, const char *of)
{
	const char *text = arena_strndup(p->a, folder, n), *at = strstr(text, "$ORIGIN");
	size_t len = strlen("$ORIGIN");
	char *real;

	if (!at) {
		at = strstr(text, "${ORIGIN}");
		len += 2;
	}
	if (!at)
		return text;
	real = realpath(of, NULL);
	text = arena_printf(p->a, "%.*s%s%s", (int)(at - text), text,
			    folder_of(p, real ? real : of), at + len);
	free(real);
	return text;
}

static bool fits(const char *path, uint16_t machine)
{
	unsigned char head[20];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool good;

	if (fd < 0)
		return false;
	good = pread(fd, head, sizeof head, 0) == sizeof head && !memcmp(head, "\177ELF", 4) &&
	       head[4] == 2 && (head[18] | head[19] << 8) == machine;
	close(fd);
	return good;
}

static const char *look_in(struct pack *p, const char *list, const char *of, const char *name,
			   uint16_t machine)
{
	for (const char *at = list ? list : ""; *at;) {
		size_t n = strcspn(at, ":");
		const char *path = arena_printf(p->a, "%s/%s", expand(p, at, n, of), name);

		if (n && fits(path, machine))
			return path;
		at += n + (at[n] == ':');
	}
	return NULL;
}

static const char *find_library(struct pack *p, const struct elf *e, const char *of,
				const char *name)
{
	const char *found = NULL;

	if (strchr(name, '/'))
		return fits(name, e->machine) ? name : NULL;
	if (!e->runpath)
		found = look_in(p, e->rpath, of, name, e->machine);
	if (!found)
		found = look_in(p, getenv("LD_LIBRARY_PATH"), of, name, e->machine);
	if (!found)
		found = look_in(p, e->runpath, of, name, e->machine);
	for (const char *const *f = folders(p); *f && !found; f++)
		found = look_in(p, *f, of, name, e->machine);
	return found;
}

/* ---- programs ---------------------------------------------------------------------------------
 */

static int complain(struct pack *p, const char *path, const char *lacks)
{
	diag_at(p->d, E_VM_PACK, (struct span){0},
		"`%s` cannot be packed for the machine: it needs `%s`, which is not found", path,
		lacks);
	return -ENOEXEC;
}

static int pack_libraries(struct pack *p, const char *path, const struct elf *e, int depth)
{
	int err = 0;

	if (e->interp) {
		err = pack_path(p, e->interp);
		if (err == -ENOENT)
			return complain(p, path, e->interp);
		/* Where the linker finds what ld.so.conf names. */
		if (!err)
			err = pack_path(p, "/etc/ld.so.cache");
		if (err == -ENOENT)
			err = 0;
	}
	for (size_t i = 0; i < e->nneeded && !err; i++) {
		const char *library = find_library(p, e, path, e->needed[i]);

		if (!library)
			return complain(p, path, e->needed[i]);
		err = pack_elf(p, library, depth + 1);
	}
	return err;
}

/* #! on the first line: 0 when there is none */
static int pack_interpreter(struct pack *p, const char *path, const char *text, size_t n, int depth)
{
	size_t at = 2, len;

	if (n < 3 || text[0] != '#' || text[1] != '!')
		return 0;
	while (at < n && (text[at] == ' ' || text[at] == '\t'))
		at++;
	for (len = 0; at + len < n && !strchr(" \t\n", text[at + len]); len++)
		;

	const char *interpreter = arena_strndup(p->a, text + at, len);
	int err = pack_elf(p, interpreter, depth + 1);

	if (err == -ENOENT)
		return complain(p, path, interpreter);
	/* #!/usr/bin/env python3 */
	if (!err && strrchr(interpreter, '/') && !strcmp(strrchr(interpreter, '/'), "/env")) {
		struct buf found = {0};
		const char *name;

		for (at += len; at < n && (text[at] == ' ' || text[at] == '\t'); at++)
			;
		for (len = 0; at + len < n && !strchr(" \t\n", text[at + len]); len++)
			;
		name = arena_strndup(p->a, text + at, len);
		if (*name && *name != '-')
			err = child_find(name, &found) ? complain(p, path, name)
						       : pack_elf(p, buf_str(&found), depth + 1);
		buf_free(&found);
	}
	return err;
}

static int pack_needs_of(struct pack *p, const char *path, int depth)
{
	struct stat st;
	struct elf e;
	void *map;
	int err, fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode) || !st.st_size) {
		if (fd >= 0)
			close(fd);
		return 0;
	}
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (map == MAP_FAILED)
		return 0;
	err = elf_read(p->a, map, (size_t)st.st_size, &e);
	if (!err)
		err = pack_libraries(p, path, &e, depth);
	else if (err == -ENOEXEC)
		err = pack_interpreter(p, path, map, (size_t)st.st_size, depth);
	else
		diag_at(p->d, E_VM_PACK, (struct span){0},
			"`%s` cannot be packed for the machine: it is damaged", path);
	munmap(map, (size_t)st.st_size);
	return err;
}

static int pack_elf(struct pack *p, const char *path, int depth)
{
	size_t before = p->paths.n;
	int err = pack_path(p, path);

	/* What it needs is in when it is. */
	if (err || p->paths.n == before || depth > MAX_DEPTH)
		return err;
	return pack_needs_of(p, path, depth);
}

int pack_needs(struct pack *p, const char *path)
{
	return pack_needs_of(p, path, 0);
}

int pack_program(struct pack *p, const char *path)
{
	return pack_elf(p, path, 0);
}

/* ---- trees ------------------------------------------------------------------------------------
 */

static int pack_folder(struct pack *p, const char *path, int depth)
{
	DIR *dir = depth < MAX_DEPTH ? opendir(path) : NULL;
	int err = dir ? 0 : -errno;

	for (struct dirent *e; !err && (e = readdir(dir));) {
		const char *inner = arena_printf(p->a, "%s/%s", path, e->d_name);
		struct stat st;

		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..") || lstat(inner, &st))
			continue;
		if (S_ISDIR(st.st_mode)) {
			err = pack_path(p, inner);
			if (!err)
				err = pack_folder(p, inner, depth + 1);
		} else if (S_ISREG(st.st_mode) || S_ISLNK(st.st_mode)) {
			err = st.st_mode & 0111 && S_ISREG(st.st_mode) ? pack_program(p, inner)
								       : pack_path(p, inner);
			if (err == -ENOENT)
				err = 0; /* a link that leads nowhere does so inside, too */
		}
	}
	if (dir)
		closedir(dir);
	return err;
}

int pack_tree(struct pack *p, const char *path)
{
	struct stat st;
	int err;

	if (stat(path, &st))
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return st.st_mode & 0111 ? pack_program(p, path) : pack_path(p, path);
	err = pack_path(p, path);
	return err ? err : pack_folder(p, path, 0);
}

/* ---- commands ---------------------------------------------------------------------------------
 */

/* What programs ask the C library about: users, names, time. */
static int pack_users(struct pack *p)
{
	static const char *const files[] = {"/etc/passwd",    "/etc/group", "/etc/nsswitch.conf",
					    "/etc/localtime", "/etc/hosts", "/bin/sh",
					    "/bin/bash"};
	int err = 0;

	for (size_t i = 0; i < sizeof files / sizeof *files && !err && !p->users; i++) {
		err = pack_program(p, files[i]);
		if (err == -ENOENT)
			err = 0;
	}
	p->users = true;
	return err;
}

/* A word that happens to be a file's name: what is not there or cannot be taken is left out. */
static int pack_named(struct pack *p, const char *word)
{
	char *real = realpath(word, NULL);
	struct stat st;
	int err = 0;

	if (real && !pack_is_foreign(real) && !stat(real, &st) && S_ISREG(st.st_mode) &&
	    (uint64_t)st.st_size <= PACK_FILE_BYTES && !access(real, R_OK))
		err = pack_path(p, word);
	free(real);
	return err == -ENOENT ? 0 : err;
}

int pack_command(struct pack *p, const char *command, const char **missing)
{
	const char *const *v;
	struct buf path = {0};
	size_t n;
	int err = pack_users(p);

	pack_command_words(command, p->a, &v, &n);
	for (size_t i = 0; i < n && !err; i++) {
		err = child_find(v[i], &path);
		if (!err)
			err = pack_program(p, buf_str(&path));
		if (err == -ENOENT)
			*missing = v[i];
	}
	buf_free(&path);
	pack_command_files(command, p->a, &v, &n);
	for (size_t i = 0; i < n && !err; i++)
		err = pack_named(p, v[i]);
	return err;
}
