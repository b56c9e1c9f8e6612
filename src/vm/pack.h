/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pack.h - what goes into a machine: files at the paths that they have here.
 *
 * A path is walked as the kernel walks it, and each folder and symbolic link on the way is packed
 * too, so that it leads to the same file inside.  Programs bring their dynamic linker and
 * libraries, scripts their interpreter; what those open besides (modules of Python, say) they do
 * not.
 */
#ifndef AGENTCG_VM_PACK_H
#define AGENTCG_VM_PACK_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/vec.h"
#include "vm/cpio.h"

struct pack {
	struct cpio cpio;
	struct arena *a;
	struct diags *d;
	VEC(uint64_t) paths;	    /* digests of what is in, so that it is put in once */
	const char *const *folders; /* of libraries; NULL until they are asked for */
	bool users;		    /* who is who is in */
};

/* The archive is written to fd.  What is packed stays in `a` while it is needed. */
void pack_begin(struct pack *p, int fd, struct arena *a, struct diags *d);
/* 0 or -errno, reported. */
int pack_end(struct pack *p);

/*
 * A file or an (empty) folder.  0, or -errno: not reported -ENOENT, else reported: what lies in
 * /proc, /sys or /dev, is neither file nor folder, cannot be read.
 */
int pack_path(struct pack *p, const char *path);
/* The same for a file whose text is known already; its folders are looked up, the file is not. */
int pack_text(struct pack *p, const char *path, const void *bytes, size_t n);
/* A program with all that it needs to start. */
int pack_program(struct pack *p, const char *path);
/*
 * A file (as a program where it can be executed), or a folder with everything in it.  As pack_path.
 */
int pack_tree(struct pack *p, const char *path);
/* Is it of /proc, /sys or /dev?  A machine has its own. */
bool pack_is_foreign(const char *path);
/* What the program at `path` needs, without itself. */
int pack_needs(struct pack *p, const char *path);
/*
 * The programs that a shell command names, found in PATH, and the shell; files that it names, too,
 * up to PACK_FILE_BYTES each.  0; -ENOENT: there is no program of the name *missing (in the
 * arena), not reported; else reported.
 */
#define PACK_FILE_BYTES (UINT64_C(64) << 20)
int pack_command(struct pack *p, const char *command, const char **missing);

/*
 * Words of a shell command that name programs, builtins and keywords left out, expansions too: a
 * look at its surface, not a shell.
 */
void pack_command_words(const char *command, struct arena *a, const char *const **v, size_t *n);
/* All words that could name a file, redirections too. */
void pack_command_files(const char *command, struct arena *a, const char *const **v, size_t *n);

#endif
