/* SPDX-License-Identifier: GPL-2.0-or-later */
/* package.c - one package of Debian's archive (package.h) */
#include "vm/package.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/units.h"

#define HELPER "/usr/lib/apt/apt-helper"

/* 'URI' FILE SIZE SHA256:HASH, as --print-uris prints it */
int package_find(struct apt *w, const char *package, struct package *out)
{
	const char *argv[] = {"apt-get",      "-q",	  "-c",	   w->conf,
			      "--print-uris", "download", package, NULL};
	struct buf text = {0};
	char uri[1024], file[512], hash[256];
	uint64_t bytes;
	int ret = apt_run(w, argv, &text);

	if (ret) {
		ret = apt_complain(w, "apt-get", ret);
	} else if (sscanf(buf_str(&text), "'%1023[^']' %511s %" SCNu64 " %255s", uri, file, &bytes,
			  hash) != 4 ||
		   (strncmp(hash, "SHA256:", 7) && strncmp(hash, "SHA512:", 7))) {
		diag_at(w->d, E_VM_FETCH, (struct span){0},
			"apt does not say where `%s` is, or by what it can be checked", package);
		ret = -EPROTO;
	} else {
		const char *version = strchr(file, '_');

		*out = (struct package){
		    .uri = arena_printf(w->a, "%s", uri),
		    .hash = arena_printf(w->a, "%s", hash),
		    .version =
			version ? arena_strndup(w->a, version + 1, strcspn(version + 1, "_")) : "?",
		    .bytes = bytes,
		};
	}
	buf_free(&text);
	return ret;
}

int package_room(struct apt *w, uint64_t bytes)
{
	struct statvfs fs;
	struct buf need = {0};
	uint64_t room;

	if (statvfs(w->cache, &fs))
		return apt_complain_io(w, w->cache, -errno);
	room = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (room >= bytes)
		return 0;
	fmt_size_short(&need, bytes);
	diag_at(w->d, E_VM_FETCH, (struct span){0},
		"the kernel `%s` cannot be fetched: %s has less than %s free", w->name, w->cache,
		buf_str(&need));
	diag_hint(w->d, "XDG_CACHE_HOME can name a folder with more room");
	buf_free(&need);
	return -ENOSPC;
}

int package_download(struct apt *w, const char *package, const struct package *l, const char *deb)
{
	const char *argv[] = {HELPER, "-q", "-c",    w->conf, "download-file",
			      l->uri, deb,  l->hash, NULL};
	struct buf line = {0};
	int ret;

	buf_printf(&line, "fetching %s, ", package);
	fmt_size_short(&line, l->bytes);
	apt_say(w, buf_str(&line));
	buf_free(&line);
	ret = apt_run(w, argv, NULL);
	if (ret && apt_said(w, "Hash Sum mismatch"))
		unlink(deb);
	return ret ? apt_complain(w, "apt-helper", ret) : 0;
}
