/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * zygote.c - the small process that makes the workers, reaps them and ends them.
 *
 * It waits for the coordinator's orders, for its children and for the coordinator's death, which
 * it sees by the socket's end and by PR_SET_PDEATHSIG.  It sends nothing back over the socket, so
 * a busy coordinator cannot block it: how a worker was made and how it ended stands in its slot.
 *
 * As a subreaper it inherits what commands leave behind when their worker dies, and kills it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "backend/cgroup/shared.h"
#include "backend/cgroup/spawn.h"
#include "backend/cgroup/worker.h"
#include "base/mem.h"
#include "base/units.h"

#define STOP_NS (10 * NS_PER_SEC) /* then it is killed, and its workers with it */

/* ---- the zygote itself ----------------------------------------------------------------------- */

struct nursery {
	pid_t self;
	int sock, signals;
	struct pool_shared *shared; /* NULL: no pool */
	int data_fd, event_fd, life_fd, output_fd;
	bool closing;
};

static bool is_worker(void *ctx, pid_t pid)
{
	struct nursery *z = ctx;

	for (uint32_t i = 0; z->shared && i < z->shared->n; i++) {
		struct pool_slot *s = shared_slot(z->shared, i);

		if (atomic_load(&s->pid) == pid && !atomic_load(&s->ended))
			return true;
	}
	return false;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void drop_pool(struct nursery *z)
{
	if (z->shared)
		munmap(z->shared, z->shared->bytes);
	z->shared = NULL;
	z->closing = false;
	close_fd(&z->data_fd);
	close_fd(&z->event_fd);
	close_fd(&z->output_fd);
	close_fd(&z->life_fd); /* last: the coordinator waits for it */
}

static void kill_workers(struct nursery *z)
{
	for (uint32_t i = 0; z->shared && i < z->shared->n; i++) {
		struct pool_slot *s = shared_slot(z->shared, i);
		pid_t pid = atomic_load(&s->pid);

		if (pid > 0 && !atomic_load(&s->ended))
			kill(pid, SIGKILL);
	}
}

static void ended(struct nursery *z, pid_t pid, int status)
{
	for (uint32_t i = 0; z->shared && i < z->shared->n; i++) {
		struct pool_slot *s = shared_slot(z->shared, i);

		if (atomic_load(&s->pid) != pid || atomic_load(&s->ended))
			continue;
		s->status = status;
		s->ended_ns = shared_now();
		atomic_store(&s->ended, 1);
		shared_signal(z->shared, i, z->event_fd);
		return;
	}
}

/* Reap who has ended; false: there are no children any more. */
static bool reap(struct nursery *z)
{
	int status;
	pid_t pid;

	for (;;) {
		pid = waitpid(-1, &status, WNOHANG);
		if (pid > 0)
			ended(z, pid, status);
		else if (!pid)
			break;
		else if (errno != EINTR)
			return false;
	}
	if (z->shared && atomic_load(&z->shared->commands))
		spawn_kill_children(is_worker, z);
	return true;
}

/* The end: kill and reap all there is, except what may not be killed. */
_Noreturn static void die(struct nursery *z)
{
	kill_workers(z);
	while (reap(z)) {
		struct pollfd p = {.fd = z->signals, .events = POLLIN};
		struct signalfd_siginfo s;

		if (!spawn_kill_children(NULL, NULL))
			break;
		poll(&p, 1, 100);
		while (read(z->signals, &s, sizeof s) > 0)
			;
	}
	_exit(0);
}

static void open_pool(struct nursery *z, const int *fds, uint32_t nfds)
{
	struct pool_shared head;
	void *map;

	drop_pool(z);
	if (nfds < 4 || pread(fds[0], &head, sizeof head, 0) != (ssize_t)sizeof head)
		goto failed;
	map = mmap(NULL, head.bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fds[0], 0);
	if (map == MAP_FAILED)
		goto failed;
	close(fds[0]);
	z->shared = map;
	z->data_fd = fds[1];
	z->event_fd = fds[2];
	z->life_fd = fds[3];
	z->output_fd = nfds > 4 ? fds[4] : -1;
	return;
failed: /* the coordinator sees the end of `life` */
	for (uint32_t i = 0; i < nfds; i++)
		close(fds[i]);
}

static void spawn(struct nursery *z, const struct zygote_message *m, const int *fds, uint32_t nfds)
{
	int cgroup = -1, own = -1, err;
	struct pool_slot *s;
	uint32_t n = 0;
	pid_t pid;

	if (m->has_cgroup && n < nfds)
		cgroup = fds[n++];
	if (m->has_own && n < nfds)
		own = fds[n++];
	if (!z->shared || m->worker >= z->shared->n)
		goto out;
	s = shared_slot(z->shared, m->worker);
	if ((m->has_cgroup && cgroup < 0) || (m->has_own && own < 0)) {
		atomic_store(&s->pid, -EMFILE);
		shared_signal(z->shared, m->worker, z->event_fd);
		goto out;
	}
	pid = spawn_into(cgroup, &err);
	if (!pid) {
		struct worker_seat seat = {
		    .shared = z->shared,
		    .index = m->worker,
		    .parent = z->self,
		    .event_fd = z->event_fd,
		    .data_fd = z->data_fd,
		    .output_fd = z->output_fd,
		    .cgroup_fd = cgroup,
		    .own_fd = own,
		    .err = err,
		};

		close(z->sock);
		close(z->signals);
		worker_main(&seat);
	}
	atomic_store(&s->pid, pid);
	shared_signal(z->shared, m->worker, z->event_fd);
out:
	for (n = 0; n < nfds; n++)
		close(fds[n]);
}

/* Carry out one order; false: there are none now. */
static bool obey(struct nursery *z)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(ZYGOTE_MAX_FDS * sizeof(int))];
	} control;
	struct zygote_message m;
	struct iovec iov = {.iov_base = &m, .iov_len = sizeof m};
	struct msghdr h = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = &control,
			   .msg_controllen = sizeof control};
	ssize_t len = recvmsg(z->sock, &h, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	int fds[ZYGOTE_MAX_FDS];
	uint32_t nfds = 0;

	if (len < 0)
		return errno == EINTR;
	if (len != (ssize_t)sizeof m)
		die(z); /* the coordinator has gone */
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&h); c; c = CMSG_NXTHDR(&h, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		nfds = (uint32_t)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		memcpy(fds, CMSG_DATA(c), nfds * sizeof(int));
	}
	switch ((enum zygote_order)m.order) {
	case ZYGOTE_OPEN:
		open_pool(z, fds, nfds);
		break;
	case ZYGOTE_SPAWN:
		spawn(z, &m, fds, nfds);
		break;
	case ZYGOTE_CLOSE:
		z->closing = true;
		kill_workers(z);
		break;
	}
	return true;
}

static void serve(struct nursery *z)
{
	struct pollfd p[2] = {
	    {.fd = z->sock, .events = POLLIN},
	    {.fd = z->signals, .events = POLLIN},
	};

	for (;;) {
		struct signalfd_siginfo s;

		if (poll(p, 2, -1) < 0 && errno != EINTR)
			die(z);
		while (read(z->signals, &s, sizeof s) > 0)
			if (s.ssi_signo != SIGCHLD)
				die(z);
		while (obey(z))
			;
		if (!reap(z) && z->closing)
			drop_pool(z);
		else if (z->closing)
			spawn_kill_children(is_worker, z);
	}
}

/* Whatever else is open belongs to the coordinator. */
static void close_all_but(int *sock)
{
	if (*sock != 3) {
		dup3(*sock, 3, O_CLOEXEC);
		*sock = 3;
	}
	if (syscall(SYS_close_range, 4U, ~0U, 0U)) {
		long max = sysconf(_SC_OPEN_MAX);

		for (int fd = 4; fd < max && fd < 65536; fd++)
			close(fd);
	}

	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null >= 0) {
		dup2(null, 0);
		dup2(null, 1);
		close(null);
	}
}

_Noreturn static void zygote_main(int sock, pid_t coordinator)
{
	struct nursery z = {
	    .self = getpid(), .data_fd = -1, .event_fd = -1, .life_fd = -1, .output_fd = -1};
	struct rlimit no_core = {0, 0};
	sigset_t all, heard;

	/* A terminal's ^C is for the coordinator, which then has everything ended in order. */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
	if (getppid() != coordinator)
		_exit(0);
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	prctl(PR_SET_NAME, "agentcg-zygote", 0, 0, 0);
	setrlimit(RLIMIT_CORE, &no_core);
	/* Never the victim, where that is permitted; its workers then set their own. */
	spawn_write_at(AT_FDCWD, "/proc/self/oom_score_adj", "-1000");
	close_all_but(&sock);
	z.sock = sock;
	sigemptyset(&heard);
	sigaddset(&heard, SIGCHLD);
	sigaddset(&heard, SIGTERM);
	sigaddset(&heard, SIGHUP);
	z.signals = signalfd(-1, &heard, SFD_CLOEXEC | SFD_NONBLOCK);
	if (z.signals < 0)
		_exit(1);
	serve(&z);
	_exit(0);
}

/* ---- the coordinator's side ------------------------------------------------------------------ */

int zygote_start(struct zygote **out)
{
	pid_t self = getpid(), pid;
	struct timeval patience = {.tv_sec = 10};
	int sv[2], err;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv))
		return -errno;
	pid = fork();
	if (pid < 0) {
		err = -errno;
		close(sv[0]);
		close(sv[1]);
		return err;
	}
	if (!pid)
		zygote_main(sv[1], self);
	close(sv[1]);
	/* It takes what it is sent at once, unless somebody has stopped it. */
	setsockopt(sv[0], SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);

	struct zygote *z = mem_alloc(sizeof *z);

	z->pid = pid;
	z->sock = sv[0];
	*out = z;
	return 0;
}

pid_t zygote_pid(const struct zygote *z)
{
	return z->pid;
}

bool zygote_lives(const struct zygote *z)
{
	char c;

	return recv(z->sock, &c, 1, MSG_PEEK | MSG_DONTWAIT) != 0;
}

int zygote_send(struct zygote *z, const struct zygote_message *m, const int *fds, uint32_t nfds)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(ZYGOTE_MAX_FDS * sizeof(int))];
	} control;
	struct iovec iov = {.iov_base = (void *)(uintptr_t)m, .iov_len = sizeof *m};
	struct msghdr h = {.msg_iov = &iov, .msg_iovlen = 1};

	if (nfds) {
		struct cmsghdr *c;

		memset(&control, 0, sizeof control);
		h.msg_control = &control;
		h.msg_controllen = CMSG_SPACE(nfds * sizeof(int));
		c = CMSG_FIRSTHDR(&h);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(nfds * sizeof(int));
		memcpy(CMSG_DATA(c), fds, nfds * sizeof(int));
	}
	while (sendmsg(z->sock, &h, MSG_NOSIGNAL) < 0) {
		struct timespec ms = {.tv_nsec = (long)NS_PER_MS};

		if (errno == EINTR)
			continue;
		if (errno == EAGAIN)
			return -ETIMEDOUT;
		if (errno != ETOOMANYREFS) /* of descriptors under way: it is taking them */
			return errno == ECONNRESET ? -EPIPE : -errno;
		nanosleep(&ms, NULL);
	}
	return 0;
}

void zygote_stop(struct zygote *z)
{
	uint64_t until = shared_now() + STOP_NS;
	struct timespec pause = {.tv_nsec = 100000};
	bool killed = false;

	if (!z)
		return;
	close(z->sock);
	kill(z->pid, SIGCONT);
	for (;;) {
		pid_t pid = waitpid(z->pid, NULL, WNOHANG);

		if (pid == z->pid || (pid < 0 && errno != EINTR))
			break;
		if (!killed && shared_now() > until) {
			kill(z->pid, SIGKILL);
			killed = true;
		}
		nanosleep(&pause, NULL);
		if (pause.tv_nsec < 5000000)
			pause.tv_nsec *= 2;
	}
	free(z);
}
