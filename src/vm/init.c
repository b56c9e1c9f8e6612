/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * init.c - agentcg as the first process of a machine (guest.h).
 *
 * Whatever goes wrong here is said on the console and ends in a panic, which the host sees: there
 * is nobody else to tell.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/units.h"
#include "vm/channel.h"
#include "vm/guest.h"

#define BEAT_S 2
/* klogctl(2): SYSLOG_ACTION_CONSOLE_LEVEL.  Reports of the OOM killer would take a processor. */
#define CONSOLE_LEVEL 8

bool guest_is_init(int argc, char **argv)
{
	return argc == 2 && getpid() == 1 && !strcmp(argv[1], GUEST_WORD);
}

static _Noreturn void give_up(const char *what, int err)
{
	fprintf(stderr, "agentcg: %s: %s\n", what, strerror(-err));
	_exit(1); /* of init: a panic */
}

/* ---- the system --------------------------------------------------------------------------------
 */

static void put_up(const char *type, const char *where, const char *data, bool needed)
{
	(void)mkdir(where, 0755);
	if (mount(type, where, type, MS_NOSUID | (strcmp(type, "devtmpfs") ? MS_NODEV : 0), data) &&
	    needed && errno != EBUSY)
		give_up(where, -errno);
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, text, strlen(text)) < 0)
		fprintf(stderr, "agentcg: %s: %s\n", path, strerror(errno));
	close(fd);
}

static void make_system(void)
{
	umask(022);
	put_up("proc", "/proc", NULL, true);
	put_up("sysfs", "/sys", NULL, true);
	put_up("devtmpfs", "/dev", NULL, true);
	put_up("tmpfs", "/dev/shm", "mode=1777", false);
	put_up("devpts", "/dev/pts", "ptmxmode=0666", false);
	put_up("tmpfs", "/run", "mode=755", false);
	put_up("cgroup2", "/sys/fs/cgroup", NULL, true);
	put_up("bpf", "/sys/fs/bpf", NULL, false);
	put_up("tracefs", "/sys/kernel/tracing", NULL, false);
	(void)symlink("/proc/self/fd", "/dev/fd");
	(void)mkdir("/tmp", 01777);
	(void)chmod("/tmp", 01777);
	(void)mkdir("/var", 0755);
	(void)mkdir("/var/tmp", 01777);
	(void)chmod("/var/tmp", 01777);
	write_file("/sys/fs/cgroup/cgroup.subtree_control", "+memory");
	write_file("/sys/fs/cgroup/cgroup.subtree_control", "+cpu");
	write_file("/proc/self/oom_score_adj", "-1000");
}

static void put_up_disk(void)
{
	if (mount(ROOT_DISK, "/var/tmp", "ext4", MS_NOSUID | MS_NODEV | MS_NOATIME, NULL))
		give_up("the disk", -errno);
	(void)chmod("/var/tmp", 01777);
}

static void set_clock(uint64_t realtime_ns)
{
	struct timespec t = {.tv_sec = (time_t)(realtime_ns / NS_PER_SEC),
			     .tv_nsec = (long)(realtime_ns % NS_PER_SEC)};

	(void)clock_settime(CLOCK_REALTIME, &t);
}

/* ---- the child ---------------------------------------------------------------------------------
 */

static void prepare_child(const struct root_setup *s)
{
	int fd;

	(void)setsid();
	/* Not init's -1000: it sets its own. */
	write_file("/proc/self/oom_score_adj", "0");
	(void)clearenv();
	for (size_t i = 0; i < s->nenvironment; i++)
		(void)putenv((char *)(uintptr_t)s->environment[i]);
	fd = open(s->has_stdin ? ROOT_STDIN : "/dev/null", O_RDONLY);
	if (fd > 0) {
		dup2(fd, STDIN_FILENO);
		close(fd);
	}
	if (chdir(s->cwd))
		give_up(s->cwd, -errno);
	/* Everything is root's in here, and commands may not be. */
	(void)chmod(".", 01777);
}

/* ---- init --------------------------------------------------------------------------------------
 */

static void say_alive(struct guest_host *h)
{
	struct wire_alive m = {0};
	struct utsname u;
	struct sysinfo si;
	struct timespec up;
	struct buf b = {0};

	uname(&u);
	sysinfo(&si);
	clock_gettime(CLOCK_BOOTTIME, &up);
	m.release = u.release;
	m.memory_bytes = (uint64_t)si.totalram * si.mem_unit;
	m.up_ns = (uint64_t)up.tv_sec * NS_PER_SEC + (uint64_t)up.tv_nsec;
	wire_put_alive(&b, &m);
	channel_send(h, MSG_ALIVE, &b);
	buf_free(&b);
}

/* Until the child has ended: its wait status. */
static int look_after(struct guest_host *h, pid_t child)
{
	const struct timespec beat = {.tv_sec = BEAT_S};
	sigset_t chld;
	int status;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	for (;;) {
		pid_t pid;

		while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
			if (pid == child)
				return status;
		if (sigtimedwait(&chld, NULL, &beat) < 0)
			channel_send(h, MSG_BEAT, NULL);
	}
}

void guest_init(const struct guest_calls *calls)
{
	struct guest_host h;
	struct root_setup s;
	struct arena a = {0};
	struct buf b = {0};
	sigset_t chld;
	pid_t child;
	int err;

	make_system();
	err = channel_open(&h);
	if (err)
		give_up("the second serial port", err);
	say_alive(&h);
	err = root_read_setup(&a, &s);
	if (err)
		give_up(ROOT_SETUP, err);
	set_clock(s.realtime_ns);
	if (s.has_disk)
		put_up_disk();
	(void)klogctl(CONSOLE_LEVEL, NULL, 1);
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, NULL);
	child = fork();
	if (child < 0)
		give_up("fork", -errno);
	if (!child) {
		sigprocmask(SIG_UNBLOCK, &chld, NULL);
		prepare_child(&s);
		exit(calls->main(&s, &h));
	}
	wire_put(&b, (uint64_t)(unsigned)look_after(&h, child));
	channel_send(&h, MSG_DIED, &b);
	/* The host ends us when it has read that. */
	for (;;)
		pause();
}
