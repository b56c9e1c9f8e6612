/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel.h - the kernels that machines boot: names, and a cache of them in the user's own folder.
 *
 * A kernel is named `debian:6.1` (the newest of that series that Debian has for cloud machines), by
 * the name of a folder in the cache, or by the path of a vmlinuz.  In the cache each is a folder
 *     CACHE/kernels/debian-6.1/{vmlinuz,about}
 * made under another name and renamed when it is complete.  Nothing is ever installed, no modules
 * are used.
 */
#ifndef AGENTCG_VM_KERNEL_H
#define AGENTCG_VM_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"

#define KERNEL_DEFAULT "debian:6.1"
#define KERNEL_BUILT   "memcg-bpf" /* by `agentcg vm build` (build.h) */

enum kernel_kind {
	KERNEL_PATH,   /* a file of the user's: has a slash */
	KERNEL_DEBIAN, /* debian:X.Y, can be fetched */
	KERNEL_CACHED, /* another name: there when it is in the cache */
};

struct kernel_name {
	enum kernel_kind kind;
	const char *text; /* as given */
	char dir[64];	  /* its folder in the cache; "" for a path */
	char series[32];  /* "6.1"; "" unless DEBIAN */
};
/* 0, or -EINVAL: no such name can be. */
int kernel_parse(const char *text, struct kernel_name *out);

struct kernel {
	const char *name;    /* as given, "debian:6.1" */
	const char *vmlinuz; /* path */
	const char *release; /* from the image: "6.1.0-56-cloud-amd64"; "" where it has none */
	const char *package; /* Debian package it is from, with its version; NULL: none */
	uint64_t bytes;	     /* of the image */
};

/*
 * The kernel of that name, if it is here; all of *out lives in `a`.  0; -ENOENT: it is not, not
 * reported; another -errno: reported (a path that cannot be read, is no kernel, a bad name).
 */
int kernel_find(struct arena *a, const char *cache, const char *name, struct diags *d,
		struct kernel *out);
/* Everything in the cache, in order of name.  0 or -errno, reported; no cache is an empty one. */
int kernel_list(struct arena *a, const char *cache, struct diags *d, const struct kernel **v,
		size_t *n);
/* 0; -ENOENT: is not there; another -errno; all reported. */
int kernel_remove(const char *cache, const char *name, struct diags *d);

/* The release that an x86 kernel image names.  0, -ENOEXEC: not such an image, -errno. */
int kernel_image_release(const char *path, char *out, size_t size);

/* mkdir -p of a path, with mode 0700 as the XDG specification asks.  0 or -errno. */
int kernel_make_dirs(const char *path);
/* Remove a folder of plain files.  0 or -errno. */
int kernel_remove_dir(const char *path);

#endif
