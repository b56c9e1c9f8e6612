/* SPDX-License-Identifier: GPL-2.0-or-later */
/* disk.c - a disk for `read` (disk.h) */
#include "vm/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/units.h"
#include "vm/child.h"

/* Inodes, bitmaps, and room to write a file anew before the old one is gone. */
#define EXTRA_BYTES (32 * MIB)

static void note_read(uint64_t *most, uint32_t nworkers, const struct op *op)
{
	if (op->kind == OP_READ && op->target < nworkers && op->bytes > most[op->target])
		most[op->target] = op->bytes;
}

static void note_step(uint64_t *most, uint32_t nworkers, const struct plan_step *s)
{
	if (s->kind == STEP_OP)
		note_read(most, nworkers, &s->op);
	else if (s->kind == STEP_START)
		for (uint32_t i = 0; i < s->nbody; i++)
			note_read(most, nworkers, &s->body[i]);
}

/* Each worker has one file, as long as its longest read. */
static uint64_t bytes_read(const struct plan *p)
{
	uint64_t *most = mem_alloc((p->nworkers + 1) * sizeof *most), sum = 0;

	for (uint32_t i = 0; i < p->nevents; i++)
		note_step(most, p->nworkers, &p->events[i].step);
	for (uint32_t i = 0; i < p->ntriggers; i++)
		for (uint32_t k = 0; k < p->triggers[i].nsteps; k++)
			note_step(most, p->nworkers, &p->triggers[i].steps[k]);
	for (uint32_t i = 0; i < p->nworkers; i++)
		sum += most[i];
	free(most);
	return sum;
}

static int make_file_system(int fd, struct diags *d)
{
	char path[64];
	const char *argv[] = {"mke2fs",
			      "-q",
			      "-F",
			      "-t",
			      "ext4",
			      "-O",
			      "^has_journal",
			      "-m",
			      "0",
			      "-E",
			      "nodiscard,lazy_itable_init=1",
			      path,
			      NULL};
	struct buf errors = {0};
	int ret;

	snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)getpid(), fd);
	ret = child_run(argv, NULL, NULL, &errors);
	if (ret == -ENOENT) {
		diag_at(d, E_VM_PACK, (struct span){0},
			"`read` in a machine needs a disk, and there is no `mke2fs` to make it");
		diag_hint(d, "apt-get install e2fsprogs");
	} else if (ret) {
		diag_at(d, E_VM_PACK, (struct span){0}, "a disk for `read` cannot be made");
		diag_hint(d, "%.*s", (int)strcspn(buf_str(&errors), "\n"), buf_str(&errors));
		ret = ret > 0 ? -EIO : ret;
	}
	buf_free(&errors);
	return ret;
}

int disk_for(const struct plan *p, const char *cache, struct diags *d, int *fd)
{
	uint64_t bytes = bytes_read(p);

	*fd = -1;
	return bytes ? disk_make(cache, bytes + bytes / 16 + EXTRA_BYTES, d, fd) : 0;
}

int disk_make(const char *cache, uint64_t bytes, struct diags *d, int *fd)
{
	int disk, err;

	*fd = -1;
	/* Without a name from the start; memory where the folder's file system cannot do that. */
	disk = open(cache, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (disk < 0)
		disk = memfd_create("agentcg-disk", MFD_CLOEXEC);
	if (disk < 0 || ftruncate(disk, (off_t)bytes)) {
		err = -errno;
		diag_at(d, E_VM_PACK, (struct span){0}, "a disk for `read` cannot be made: %s",
			strerror(-err));
		if (disk >= 0)
			close(disk);
		return err;
	}
	err = make_file_system(disk, d);
	if (err) {
		close(disk);
		return err;
	}
	*fd = disk;
	return 0;
}
