/* SPDX-License-Identifier: GPL-2.0-or-later */
/* build.c - a kernel with the hook (build.h) */
#include "vm/build.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/units.h"
#include "vm/apt.h"
#include "vm/build_run.h"
#include "vm/child.h"
#include "vm/package.h"
#include "vm/untar.h"

#define SOURCE	    "linux-source-"
#define TREE_BYTES  (3 * GIB + 512 * MIB) /* source, objects, image */
#define MAKE_LINES  1850		  /* that make prints for a whole build, about */
#define SAY_EVERY_S 20

/* Series that the patches apply to, the one they were made for first. */
static const char *const series[] = {"7.2", "7.3"};

struct work {
	const struct build *b;
	struct arena *a;
	struct diags *d;
	struct apt apt;
	const char *folder; /* CACHE/build */
	const char *log;    /* in it: what the tools said */
	const char *package;
	struct package from;
	const char *tree;   /* in folder: source, patched */
	const char *out;    /* in folder: objects */
	char digest[9];	    /* of patches and configuration */
	unsigned int lines; /* that make has printed */
	time_t said;
};

static void say(const struct work *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void say(const struct work *w, const char *fmt, ...)
{
	struct buf b = {0};
	va_list ap;

	if (!w->b->say)
		return;
	va_start(ap, fmt);
	buf_vprintf(&b, fmt, ap);
	va_end(ap);
	w->b->say(w->b->ctx, buf_str(&b));
	buf_free(&b);
}

/* ---- what is needed -------------------------------------------------------------------------- */

static const struct {
	const char *command, *package;
} tools[] = {
    {"gcc", "gcc"},	{"make", "make"},      {"flex", "flex"},     {"bison", "bison"},
    {"bc", "bc"},	{"pahole", "dwarves"}, {"perl", "perl"},     {"patch", "patch"},
    {"xz", "xz-utils"}, {"tar", "tar"},	       {"dpkg-deb", "dpkg"}, {"awk", "mawk"},
};
static const struct {
	const char *header, *package;
} headers[] = {{"gelf.h", "libelf-dev"}, {"zlib.h", "zlib1g-dev"}};

static bool has_header(const char *name)
{
	const char *argv[] = {"gcc", "-E", "-include", name, "-x", "c", "/dev/null", NULL};

	return !child_run(argv, NULL, NULL, NULL);
}

static int check_tools(struct work *w)
{
	struct buf missing = {0}, path = {0};
	int err = 0;

	for (size_t i = 0; i < sizeof tools / sizeof *tools; i++)
		if (child_find(tools[i].command, &path))
			buf_printf(&missing, " %s", tools[i].package);
	for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
		if (!has_header(headers[i].header))
			buf_printf(&missing, " %s", headers[i].package);
	if (missing.n) {
		diag_at(w->d, E_VM_BUILD, (struct span){0},
			"building a kernel needs tools that are not here");
		diag_hint(w->d, "apt-get install%s", buf_str(&missing));
		err = -ENOENT;
	}
	buf_free(&missing);
	buf_free(&path);
	return err;
}

/* ---- tools ----------------------------------------------------------------------------------- */

static int complain(struct work *w, const char *what, int ret, const struct buf *errors)
{
	const char *text = buf_str(errors), *at;

	if (ret == -EINTR)
		return ret;
	if (strstr(text, "No space left on device") || strstr(text, "Disk quota exceeded"))
		return apt_complain_io(&w->apt, w->folder, -ENOSPC);
	diag_at(w->d, E_VM_BUILD, (struct span){0}, "the kernel cannot be built: %s failed", what);
	at = strstr(text, "rror: ");
	if (!at)
		at = text;
	while (at > text && at[-1] != '\n')
		at--;
	if (*at)
		diag_hint(w->d, "%.*s", (int)strcspn(at, "\n"), at);
	diag_hint(w->d, "%s has all that was said", w->log);
	return -EIO;
}

static int run(struct work *w, const char *what, const char *const *argv,
	       void (*line)(void *ctx, const char *line))
{
	struct buf errors = {0};
	int ret = build_run(argv, w->log, w->b->stop, line, w, &errors);

	if (ret)
		ret = complain(w, what, ret, &errors);
	buf_free(&errors);
	return ret;
}

static int remove_tree(struct work *w, const char *path)
{
	const char *argv[] = {"rm", "-rf", "--", path, NULL};

	return access(path, F_OK) ? 0 : run(w, "rm", argv, NULL);
}

static int write_text(struct work *w, const char *path, const char *text)
{
	struct buf b = {0};
	int err;

	buf_puts(&b, text);
	err = buf_write_file(&b, path);
	buf_free(&b);
	return err ? apt_complain_io(&w->apt, path, err) : 0;
}

/* ---- source ---------------------------------------------------------------------------------- */

static int find_source(struct work *w)
{
	const char *argv[] = {"apt-cache", "-c", w->apt.conf, "pkgnames", SOURCE, NULL};
	struct buf names = {0}, line = {0};
	int err = apt_prepare(&w->apt);

	if (!err && !apt_is_fresh(&w->apt))
		err = apt_update(&w->apt);
	if (err)
		return err;
	err = apt_run(&w->apt, argv, &names);
	if (err)
		err = apt_complain(&w->apt, "apt-cache", err);
	buf_puts(&line, "\n");
	buf_puts(&line, buf_str(&names));
	for (size_t i = 0; !err && !w->package && i < sizeof series / sizeof *series; i++)
		if (strstr(buf_str(&line), arena_printf(w->a, "\n" SOURCE "%s\n", series[i])))
			w->package = arena_printf(w->a, SOURCE "%s", series[i]);
	buf_free(&names);
	buf_free(&line);
	if (!err && !w->package) {
		if (w->apt.unreachable)
			return apt_complain_network(&w->apt, w->apt.unreachable);
		diag_at(w->d, E_VM_BUILD, (struct span){0},
			"Debian has no kernel source that the patches are for: %s%s or %s%s",
			SOURCE, series[0], SOURCE, series[1]);
		return -ENOENT;
	}
	return err ? err : package_find(&w->apt, w->package, &w->from);
}

static bool is_source(void *ctx, const char *member)
{
	size_t n = strlen(member);

	(void)ctx;
	return strstr(member, "/src/linux-source-") && n > 7 && !strcmp(member + n - 7, ".tar.xz");
}

/* The archive inside the package. */
static int take_archive(struct work *w, const char *deb, const char *archive)
{
	const char *argv[] = {"dpkg-deb", "--fsys-tarfile", deb, NULL};
	int fd = open(archive, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	struct buf errors = {0};
	struct child c;
	int err, ret;

	if (fd < 0)
		return apt_complain_io(&w->apt, archive, -errno);
	err = child_start(argv, &c);
	if (err) {
		close(fd);
		return complain(w, "dpkg-deb", err, &errors);
	}
	err = untar_one(c.out, is_source, NULL, fd);
	close(fd);
	ret = child_end(&c, &errors);
	if (err == -ENOENT || err == -EBADMSG)
		err = complain(w, "dpkg-deb", ret, &errors);
	else if (err)
		err = apt_complain_io(&w->apt, archive, err);
	buf_free(&errors);
	return err;
}

static int apply(struct work *w, const char *tree)
{
	const char *const patches[BUILD_PATCHES] = {build_patch_1, build_patch_2};
	const char *file = arena_printf(w->a, "%s/patch", w->folder);
	const char *argv[] = {"patch", "-d", tree, "-p1", "-N", "--no-backup-if-mismatch",
			      "-i",    file, NULL};
	int err = 0;

	for (int i = 0; i < BUILD_PATCHES && !err; i++) {
		err = write_text(w, file, patches[i]);
		if (!err)
			err = run(w, "patch", argv, NULL);
	}
	unlink(file);
	return err;
}

/* Afterwards there is w->tree, complete. */
static int unpack(struct work *w)
{
	const char *deb = arena_printf(w->a, "%s/source.deb", w->folder);
	const char *archive = arena_printf(w->a, "%s/source.tar.xz", w->folder);
	const char *partial = arena_printf(w->a, "%s.partial", w->tree);
	const char *argv[] = {"tar", "-xJf", archive, "-C", partial, "--strip-components=1", NULL};
	int err;

	if (!access(w->tree, F_OK))
		return 0;
	err = package_room(&w->apt, w->from.bytes * 2 + TREE_BYTES);
	if (!err)
		err = package_download(&w->apt, w->package, &w->from, deb);
	if (err)
		return err;
	say(w, "unpacking and patching it");
	err = take_archive(w, deb, archive);
	if (!err)
		err = remove_tree(w, partial);
	if (!err)
		err = remove_tree(w, w->out);
	if (!err)
		err = kernel_make_dirs(partial);
	if (!err)
		err = run(w, "tar", argv, NULL);
	if (!err)
		err = apply(w, partial);
	if (!err && rename(partial, w->tree))
		err = apt_complain_io(&w->apt, w->tree, -errno);
	if (!err) {
		unlink(archive);
		unlink(deb);
	}
	return err;
}

/* ---- configuring and compiling --------------------------------------------------------------- */

/* Has .config what was asked for?  Kconfig drops without a word what depends on something else. */
static int check_config(struct work *w)
{
	const char *file = arena_printf(w->a, "%s/.config", w->out);
	struct buf text = {0};
	int err = build_read(file, &text);

	if (err)
		return apt_complain_io(&w->apt, file, err);
	for (const char *p = build_config; *p && !err;) {
		size_t n = strcspn(p, "\n");
		const char *line = arena_printf(w->a, "\n%.*s\n", (int)n, p);

		if (!strncmp(p, "CONFIG_", 7) && !strstr(buf_str(&text), line)) {
			diag_at(w->d, E_VM_BUILD, (struct span){0},
				"this source cannot be configured with %.*s", (int)n, p);
			err = -EINVAL;
		}
		p += n + (p[n] == '\n');
	}
	if (!err && !strstr(buf_str(&text), "\nCONFIG_MEMCG_BPF_OPS=y\n")) {
		diag_at(w->d, E_VM_BUILD, (struct span){0},
			"the patched source has no hook to build");
		err = -EINVAL;
	}
	buf_free(&text);
	return err;
}

static int configure(struct work *w)
{
	const char *fragment = arena_printf(w->a, "%s/config", w->folder);
	const char *argv[] = {"make",
			      "-C",
			      w->tree,
			      arena_printf(w->a, "O=%s", w->out),
			      arena_printf(w->a, "KCONFIG_ALLCONFIG=%s", fragment),
			      "allnoconfig",
			      NULL};
	int err = kernel_make_dirs(w->out);

	if (err)
		return apt_complain_io(&w->apt, w->out, err);
	/* Configuring again would only make make look at everything again. */
	if (!access(arena_printf(w->a, "%s/.config", w->out), F_OK))
		return check_config(w);
	err = write_text(w, fragment, build_config);
	if (!err)
		err = run(w, "make allnoconfig", argv, NULL);
	unlink(fragment);
	return err ? err : check_config(w);
}

static void count_line(void *ctx, const char *line)
{
	struct work *w = ctx;
	time_t now = time(NULL);

	/* "  CC      mm/memcontrol.o" */
	if (strncmp(line, "  ", 2))
		return;
	w->lines++;
	if (now - w->said < SAY_EVERY_S)
		return;
	w->said = now;
	say(w, "compiling: %u of about %u steps", w->lines,
	    w->lines < MAKE_LINES ? MAKE_LINES : w->lines);
}

static int compile(struct work *w)
{
	unsigned int jobs = w->b->jobs;
	cpu_set_t cpus;

	if (!jobs)
		jobs =
		    sched_getaffinity(0, sizeof cpus, &cpus) ? 1 : (unsigned int)CPU_COUNT(&cpus);

	const char *argv[] = {"make",
			      "-C",
			      w->tree,
			      arena_printf(w->a, "O=%s", w->out),
			      arena_printf(w->a, "-j%u", jobs),
			      "bzImage",
			      NULL};

	w->said = time(NULL);
	say(w, "compiling, %u at once; it can be stopped and goes on the next time", jobs);
	return run(w, "make", argv, count_line);
}

/* ---- the result ------------------------------------------------------------------------------ */

static int store(struct work *w)
{
	const char *image = arena_printf(w->a, "%s/arch/x86/boot/bzImage", w->out);
	const char *dir =
	    arena_printf(w->a, "%s/kernels/.%s.%d", w->b->cache, KERNEL_BUILT, (int)getpid());
	const char *to = arena_printf(w->a, "%s/kernels/%s", w->b->cache, KERNEL_BUILT);
	const char *argv[] = {"cp", "--", image, arena_printf(w->a, "%s/vmlinuz", dir), NULL};
	char release[128];
	int err = kernel_image_release(image, release, sizeof release);

	if (err) {
		diag_at(w->d, E_VM_BUILD, (struct span){0}, "make has made no kernel image: %s",
			strerror(-err));
		return err;
	}
	err = kernel_make_dirs(dir);
	if (err)
		return apt_complain_io(&w->apt, dir, err);
	err = run(w, "cp", argv, NULL);
	if (!err)
		err = write_text(w, arena_printf(w->a, "%s/about", dir),
				 arena_printf(w->a,
					      "name %s\nrelease %s\npackage %s %s, patched\n"
					      "patches %s\n",
					      KERNEL_BUILT, release, w->package, w->from.version,
					      w->digest));
	if (!err) {
		err = kernel_remove_dir(to);
		if (err && err != -ENOENT)
			err = apt_complain_io(&w->apt, to, err);
		else
			err = rename(dir, to) ? apt_complain_io(&w->apt, to, -errno) : 0;
	}
	if (err)
		(void)kernel_remove_dir(dir);
	return err;
}

/* Is the kernel of these patches here? */
static bool is_built(struct work *w)
{
	const char *about = arena_printf(w->a, "%s/kernels/%s/about", w->b->cache, KERNEL_BUILT);
	struct buf text = {0};
	bool same;

	same = !build_read(about, &text) &&
	       strstr(buf_str(&text), arena_printf(w->a, "\npatches %s\n", w->digest));
	buf_free(&text);
	return same;
}

static int make_it(struct work *w)
{
	int err = find_source(w);

	if (err)
		return err;
	w->tree =
	    arena_printf(w->a, "%s/%s-%s-%s", w->folder, w->package, w->from.version, w->digest);
	w->out = arena_printf(w->a, "%s/objects", w->folder);
	err = unpack(w);
	if (!err)
		err = configure(w);
	if (!err)
		err = compile(w);
	if (!err)
		err = store(w);
	if (!err) {
		say(w, "removing source and objects");
		err = remove_tree(w, w->folder);
	}
	return err;
}

int build_kernel(const struct build *b, struct arena *a, struct diags *d, struct kernel *out)
{
	const char *folder = arena_printf(a, "%s/apt", b->cache);
	struct work w = {
	    .b = b,
	    .a = a,
	    .d = d,
	    .folder = arena_printf(a, "%s/build", b->cache),
	    .log = arena_printf(a, "%s/build.log", b->cache),
	    .apt = {.cache = b->cache,
		    .folder = folder,
		    .conf = arena_printf(a, "%s/apt.conf", folder),
		    .name = KERNEL_BUILT,
		    .a = a,
		    .d = d,
		    .stop = b->stop,
		    .say = b->say,
		    .ctx = b->ctx},
	};
	uint64_t sum = DIGEST_INIT;
	int err, fd;

	sum = digest_str(sum, build_patch_1);
	sum = digest_str(sum, build_patch_2);
	sum = digest_str(sum, build_config);
	snprintf(w.digest, sizeof w.digest, "%08x", (unsigned int)(sum ^ sum >> 32));
	err = check_tools(&w);
	if (err)
		return err;
	err = kernel_make_dirs(w.folder);
	if (err)
		return apt_complain_io(&w.apt, w.folder, err);
	/* Beside the folder, which is removed in the end. */
	fd = open(arena_printf(a, "%s/build.lock", b->cache), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return apt_complain_io(&w.apt, b->cache, -errno);
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		diag_at(d, E_VM_BUILD, (struct span){0}, "another agentcg is building this kernel");
		close(fd);
		return -EBUSY;
	}
	if (is_built(&w))
		say(&w, "it is built already; `agentcg vm remove %s` before building it anew",
		    KERNEL_BUILT);
	else
		err = make_it(&w);
	close(fd);
	buf_free(&w.apt.errors);
	return err ? err : kernel_find(a, b->cache, KERNEL_BUILT, d, out);
}
