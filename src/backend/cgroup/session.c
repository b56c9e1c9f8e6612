/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "backend/cgroup/session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <unistd.h>

#include "backend/cgroup/cgfs.h"
#include "backend/cgroup/host.h"
#include "backend/cgroup/remove.h"
#include "base/buf.h"
#include "base/mem.h"

#define COORDINATOR	"coordinator"
#define PATIENCE_NS	(10 * NS_PER_SEC)
#define CALL_TIMEOUT_NS (600 * NS_PER_SEC) /* of one tool call: no recording waits for ever */
#define NOBODY		65534

static struct live_session *current;

struct live_session *live_session_current(void)
{
	return current;
}

/* ---- opening --------------------------------------------------------------------------------- */

/* As getpwnam needs shared libraries in a static program. */
static void find_nobody(uid_t *uid, gid_t *gid)
{
	static char text[1 << 16];
	const char *line;
	unsigned u, g;

	*uid = *gid = NOBODY;
	if (cgfs_read(AT_FDCWD, "/etc/passwd", text, sizeof text))
		return;
	line = !strncmp(text, "nobody:", 7) ? text : strstr(text, "\nnobody:");
	if (line && sscanf(line + (*line == '\n'), "nobody:%*[^:]:%u:%u:", &u, &g) == 2 && u && g) {
		*uid = u;
		*gid = g;
	}
}

/* Commands of root run as who called sudo, else as nobody. */
static void choose_user(struct live_session *s)
{
	const char *uid = getenv("SUDO_UID"), *gid = getenv("SUDO_GID");
	char *end;

	s->commands.as_root = s->options.as_root;
	find_nobody(&s->commands.uid, &s->commands.gid);
	if (geteuid()) {
		s->commands.uid = geteuid();
		s->commands.gid = getegid();
	} else if (uid && gid && strtoul(uid, &end, 10) && !*end && strtoul(gid, &end, 10) &&
		   !*end) {
		s->commands.uid = (uid_t)strtoul(uid, NULL, 10);
		s->commands.gid = (gid_t)strtoul(gid, NULL, 10);
	}
}

static int choose_workdir(struct live_session *s, struct diags *d)
{
	const char *dir = s->options.workdir ? s->options.workdir : ".";
	int err = 0;

	if (!realpath(dir, s->workdir) || access(s->workdir, X_OK))
		err = -errno;
	if (err)
		diag_at(d, E_USE_VALUE, (struct span){0}, "`--workdir %s`: %s", dir,
			strerror(-err));
	s->commands.workdir = s->workdir;
	s->commands.output_fd = -1;
	s->commands.call_timeout_ns = CALL_TIMEOUT_NS;
	return err;
}

static int check_mechanism(const char *name, struct diags *d)
{
	const char *names[16], *near;
	size_t n = 0;

	if (!name || !strcmp(name, "none") || mech_find(name))
		return 0;
	names[n++] = "none";
	for (size_t i = 0; mech_nth(i) && n < 16; i++)
		names[n++] = mech_nth(i)->name;
	near = diag_nearest(name, names, n);
	diag_at(d, E_USE_VALUE, (struct span){0},
		"there is no mechanism `%s` for live runs in this build", name);
	if (near)
		diag_hint(d, "did you mean `%s`?", near);
	return -EINVAL;
}

int live_session_open(const struct live_options *o, struct diags *d, struct live_session **out)
{
	struct live_session *s;
	int err = check_mechanism(o->mechanism, d);

	*out = NULL;
	if (current)
		err = -EBUSY;
	if (err)
		return err;
	s = mem_alloc(sizeof *s);
	s->options = *o;
	s->place.fd = s->dirfd = s->state_fd = -1;
	*out = current = s;
	err = choose_workdir(s, d);
	if (!err)
		err = place_find(o->cgroup, &s->place, d);
	if (err)
		return err;
	choose_user(s);
	host_kernel(s->release, sizeof s->release, s->version);
	err = zygote_start(&s->zygote);
	if (err)
		diag_at(d, E_LIVE_KERNEL, (struct span){0}, "cannot fork: %s", strerror(-err));
	return err;
}

/* ---- is there room? -------------------------------------------------------------------------- */

static void say_room(struct diags *d, const char *fmt, uint64_t have, uint64_t want,
		     const char *hint)
{
	struct buf h = {0}, w = {0};

	fmt_size_short(&h, have);
	fmt_size_short(&w, want);
	diag_at(d, E_LIVE_ROOM, (struct span){0}, fmt, buf_str(&h), buf_str(&w));
	diag_hint(d, "%s", hint);
	buf_free(&h);
	buf_free(&w);
}

/*
 * The kernel keeps a part of what is built in to itself, so a machine with 2G says 1.9G; one that
 * has an eighth less than what is asked for is another one.
 */
static int check_room(const struct live_needs *n, struct diags *d)
{
	uint64_t memory = host_memory_bytes(), free_bytes = host_available_bytes();
	uint32_t cpus = host_cpus(), before = d->errors;

	if (n->machine.stated & MACHINE_MEMORY && memory < n->machine.memory_bytes / 8 * 7)
		say_room(d, "this machine has %s of memory, and the scenario asks for %s", memory,
			 n->machine.memory_bytes,
			 "a smaller `machine < memory ... >`, or another machine: `--vm`");
	else if (n->memory_bytes > free_bytes + host_swap_bytes())
		say_room(d, "%s of memory are available, and the scenario may hold %s at a time",
			 free_bytes + host_swap_bytes(), n->memory_bytes,
			 "lower its sizes with -p, limit its root, or end what uses the memory");
	if (n->machine.stated & MACHINE_CPUS && cpus < n->machine.cpus) {
		diag_at(d, E_LIVE_ROOM, (struct span){0},
			"agentcg may run on %u CPU%s, and the scenario asks for %u", cpus,
			cpus == 1 ? "" : "s", n->machine.cpus);
		diag_hint(d, "`machine < cpus %u >`", cpus);
	}
	return d->errors > before ? -ENOMEM : 0;
}

/* ---- the session's cgroup -------------------------------------------------------------------- */

int session_enable(int dirfd, const char *controller)
{
	char text[1024], order[64];
	int err = cgfs_read(dirfd, "cgroup.subtree_control", text, sizeof text);

	if (err)
		return err;
	if (cgfs_has_word(text, controller))
		return 0;
	snprintf(order, sizeof order, "+%s", controller);
	err = cgfs_write(dirfd, "cgroup.subtree_control", order);
	return err ? err : 1;
}

void session_disable(int dirfd, const char *controllers)
{
	char order[64];

	for (const char *s = controllers; *s;) {
		size_t n = strcspn(s, " ");

		/* -EBUSY: another run has enabled it for its own cgroups meanwhile, and keeps it.
		 */
		snprintf(order, sizeof order, "-%.*s", (int)n, s);
		(void)cgfs_write(dirfd, "cgroup.subtree_control", order);
		s += n + (s[n] == ' ');
	}
}

static int refused(struct diags *d, enum cgfs_call call, const char *what, const char *where,
		   const char *file, int err)
{
	diag_at(d, E_LIVE_KERNEL, (struct span){0}, "cannot %s in cgroup `%s`: %s: %s", what, where,
		file, cgfs_why(call, file, err));
	return err;
}

/* Give a controller to the cgroups below the parent, and note it for whoever undoes it. */
static int enable_in_parent(struct live_session *s, const char *controller, struct diags *d)
{
	struct state *t = &s->state;
	size_t n = strlen(t->enabled);
	int did = session_enable(s->place.fd, controller);

	if (did < 0)
		return refused(d, CGFS_WRITE, "enable a controller", s->place.parent,
			       "cgroup.subtree_control", did);
	if (did) {
		snprintf(t->enabled + n, sizeof t->enabled - n, "%s%s", n ? " " : "", controller);
		return state_write(t, &s->state_fd);
	}
	return 0;
}

static int move_process(int dirfd, pid_t pid)
{
	return cgfs_write_value(dirfd, "cgroup.procs", (uint64_t)pid);
}

/* This process and the zygote go to a leaf, so that the parent may have children with limits. */
static int leave_parent(struct live_session *s, struct diags *d)
{
	int err = cgfs_mkdir(s->dirfd, COORDINATOR), fd = -1;

	if (!err)
		fd = cgfs_open(s->dirfd, COORDINATOR);
	if (fd < 0)
		return refused(d, CGFS_MKDIR, "make the coordinator's leaf", s->state.cgroup,
			       COORDINATOR, err ? err : fd);
	err = move_process(fd, getpid());
	s->moved = !err;
	if (!err)
		err = move_process(fd, zygote_pid(s->zygote));
	close(fd);
	return err ? refused(d, CGFS_WRITE, "move there", s->state.cgroup, "cgroup.procs", err) : 0;
}

static int make_cgroup(struct live_session *s, bool cpu, struct diags *d)
{
	int err = cgfs_mkdir(s->place.fd, s->state.cgroup);

	if (err)
		return refused(d, CGFS_MKDIR, "make a cgroup", s->place.parent, s->state.cgroup,
			       err);
	s->dirfd = cgfs_open(s->place.fd, s->state.cgroup);
	if (s->dirfd < 0)
		return refused(d, CGFS_OPEN, "open a cgroup", s->place.parent, s->state.cgroup,
			       s->dirfd);
	if (s->place.inside) {
		err = leave_parent(s, d);
		if (err)
			return err;
	}
	err = enable_in_parent(s, "memory", d);
	if (!err && cpu)
		err = enable_in_parent(s, "cpu", d);
	if (err)
		return err;
	err = session_enable(s->dirfd, "memory");
	if (err >= 0 && cpu)
		err = session_enable(s->dirfd, "cpu");
	return err < 0 ? refused(d, CGFS_WRITE, "enable a controller", s->state.cgroup,
				 "cgroup.subtree_control", err)
		       : 0;
}

static int begin_state(struct live_session *s, struct diags *d)
{
	char folder[PLACE_PATH];
	int err;

	state_init(&s->state);
	snprintf(s->state.parent, sizeof s->state.parent, "%s", s->place.parent);
	err = state_write(&s->state, &s->state_fd);
	if (err) {
		(void)state_folder(folder, sizeof folder, false);
		diag_file(d, E_LIVE_LEFT, folder, 0, 0,
			  "the file by which a killed run is cleaned up cannot be written: %s",
			  strerror(-err));
		diag_hint(d, "make this folder writable for yourself alone");
	}
	return err;
}

/* ---- the mechanism --------------------------------------------------------------------------- */

/*
 * By trying them in order.  A plan without delays and protection gets none, and nothing is loaded
 * into the kernel for it.
 */
static int choose_mechanism(struct live_session *s, uint32_t caps, struct diags *d)
{
	uint32_t wanted = caps & (CAP_DELAY | CAP_DELAY_ALWAYS | CAP_PROTECT);
	const char *name = s->mech_name;
	char why[512] = "";

	if ((name && !strcmp(name, "none")) || !wanted)
		return 0;
	for (size_t i = 0; mech_nth(i); i++) {
		const struct mechanism *m = mech_nth(i);

		if (name ? strcmp(m->name, name) : (wanted & ~m->caps) != 0)
			continue;
		if (m->probe(s->dirfd, why, sizeof why) > 0) {
			s->mech = m;
			return 0;
		}
		if (!name)
			continue;
		diag_at(d, E_LIVE_MECHANISM, (struct span){0},
			"the mechanism `%s` does not work here: %s", name, why);
		diag_hint(d, "where none is named the first that works is taken; `agentcg doctor` "
			     "tries all");
		return -EOPNOTSUPP;
	}
	diag_at(d, E_LIVE_MECHANISM, (struct span){0},
		"no mechanism works here that can carry out this scenario's delays and protection");
	diag_hint(d, "`agentcg doctor` says why; `--policy` leaves policies out");
	return -EOPNOTSUPP;
}

/* Where `read` has its files: on a disk, or nowhere. */
static int choose_file_dir(struct live_session *s, struct diags *d)
{
	const char *tmp = getenv("TMPDIR");
	const char *dirs[] = {tmp && *tmp == '/' ? tmp : "/var/tmp", s->workdir};
	char why[256];

	for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) {
		if (pool_file_probe(dirs[i], why, sizeof why) <= 0)
			continue;
		s->commands.file_dir = dirs[i];
		return 0;
	}
	diag_at(d, E_LIVE_KERNEL, (struct span){0}, "`read` has nowhere to keep its file: %s", why);
	diag_hint(d, "TMPDIR or --workdir can name a folder on a disk");
	return -EOPNOTSUPP;
}

static void fill_backend(struct live_session *s)
{
	s->backend = backend_live;
	s->backend.mechanism = s->mech ? s->mech->name : "none";
	s->backend.kernel = s->release;
	s->backend.caps = CAP_MEMORY | CAP_EXEC | CAP_LIKE | (s->cpu ? CAP_CPU : 0) |
			  (s->mech ? s->mech->caps : 0);
}

/* ---- preparing ------------------------------------------------------------------------------- */

static void spare_us(pid_t pid)
{
	char path[64];

	/* Only root may lower it; others are as good a victim as before. */
	snprintf(path, sizeof path, "/proc/%d/oom_score_adj", (int)pid);
	(void)cgfs_write(AT_FDCWD, path, "-1000");
}

/* Each cgroup keeps eight files open. */
static void raise_descriptors(void)
{
	struct rlimit r;

	if (!getrlimit(RLIMIT_NOFILE, &r) && r.rlim_cur < r.rlim_max) {
		r.rlim_cur = r.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &r);
	}
}

static int lock_parent(struct live_session *s)
{
	int err;

	/* Two runs must not enable and disable the same controllers at one time. */
	do
		err = flock(s->place.fd, LOCK_EX) ? -errno : 0;
	while (err == -EINTR);
	return err;
}

int live_session_prepare(struct live_session *s, const struct live_needs *n, struct diags *d)
{
	int err = check_room(n, d);

	if (err)
		return err;
	(void)live_clean(NULL, NULL); /* what others that were killed have left */
	err = begin_state(s, d);
	if (err)
		return err;
	(void)lock_parent(s);
	s->cpu = s->place.cpu && n->caps & CAP_CPU;
	err = make_cgroup(s, s->cpu, d);
	flock(s->place.fd, LOCK_UN);
	if (err)
		return err;
	spare_us(getpid());
	spare_us(zygote_pid(s->zygote));
	raise_descriptors();
	s->mech_name = s->options.mechanism ? s->options.mechanism : n->mechanism;
	err = choose_mechanism(s, n->caps, d);
	if (err)
		return err;
	if (n->reads)
		err = choose_file_dir(s, d);
	if (err)
		return err;
	fill_backend(s);
	return 0;
}

const struct backend *live_session_backend(const struct live_session *s)
{
	return &s->backend;
}

/* ---- closing --------------------------------------------------------------------------------- */

static void go_back(struct live_session *s)
{
	/* Possible only once the parent gives no controllers any more. */
	if (s->moved && !move_process(s->place.fd, getpid()))
		s->moved = false;
}

static void undo_cgroup(struct live_session *s, struct diags *d)
{
	char why[320];
	int err;

	session_disable(s->dirfd, "memory cpu");
	(void)lock_parent(s);
	session_disable(s->place.fd, s->state.enabled);
	flock(s->place.fd, LOCK_UN);
	go_back(s);
	close(s->dirfd);
	s->dirfd = -1;
	if (s->moved)
		return; /* it is our own, and the state file says so to whoever comes next */
	err = remove_subtree(s->place.fd, s->state.cgroup, PATIENCE_NS, why, sizeof why);
	if (!err) {
		state_drop(&s->state, s->state_fd);
		s->state_fd = -1;
		return;
	}
	diag_at(d, E_LIVE_LEFT, (struct span){0}, "the cgroup `%s/%s` cannot be removed: %s",
		s->place.parent, s->state.cgroup, why);
	diag_hint(d, "`agentcg clean` tries again");
}

void live_session_close(struct live_session *s, struct diags *d)
{
	if (!s)
		return;
	zygote_stop(s->zygote);
	if (s->dirfd >= 0)
		undo_cgroup(s, d);
	else if (s->state_fd >= 0)
		state_drop(&s->state, s->state_fd), s->state_fd = -1;
	if (s->state_fd >= 0)
		close(s->state_fd);
	place_close(&s->place);
	if (current == s)
		current = NULL;
	free(s);
}
