/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_test.c - agentcg test: scenarios against the tables beside them.
 *
 * Each scenario is run by a process of its own, this very executable, so that a crash or an endless
 * run is one failed test.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/diff.h"
#include "cmd/output.h"
#include "cmd/signals.h"

#define TIMEOUT_S 120
#define MAX_DEPTH 32

struct testing {
	struct cmd *c;
	struct arena names;
	struct buf out;
	uint32_t passed, failed, skipped;
	int status;
};

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n > m && !strcmp(s + n - m, end);
}

/* X.acg -> X.table */
static const char *table_of(struct testing *t, const char *scenario)
{
	return arena_printf(&t->names, "%.*s.table", (int)(strlen(scenario) - strlen(".acg")),
			    scenario);
}

/* What was said so far; tests take time, and a reader wants to see them as they end. */
static void flush(struct testing *t)
{
	t->status = status_of_both(t->status, output_stdout(t->c, &t->out));
	buf_clear(&t->out);
}

/* ---- running one ---------------------------------------------------------------------------- */

static int read_all(int fd, struct buf *out)
{
	char chunk[4096];
	ssize_t n;

	if (lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	while ((n = read(fd, chunk, sizeof chunk)) > 0)
		buf_put(out, chunk, (size_t)n);
	return n < 0 ? -errno : 0;
}

static int read_file(const char *path, struct buf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	err = read_all(fd, out);
	close(fd);
	return err;
}

/* In the child: what a user has set must not change what a test sees. */
_Noreturn static void exec_run(const char *scenario, unsigned int timeout_s, int out, int err)
{
	char name[] = "agentcg", run[] = "run", width[] = "--width=80", plain[] = "--color=never",
	     end[] = "--";
	char *argv[] = {name, run, width, plain, end, (char *)(uintptr_t)scenario, NULL};
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	unsetenv("AGENTCG_SEED");
	unsetenv("AGENTCG_REPEAT");
	if (null >= 0 && dup2(null, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0 &&
	    dup2(err, STDERR_FILENO) >= 0) {
		alarm(timeout_s); /* outlives exec; its signal ends the run */
		execv("/proc/self/exe", argv);
	}
	_exit(127);
}

/*
 * What `agentcg run scenario` writes, and a last line about its end unless that is 0.  -errno when
 * it could not be run at all, or was ended by what no expectation can want; *said is why.
 */
static int run_scenario(struct testing *t, const char *scenario, struct buf *out, struct buf *said)
{
	unsigned int timeout_s = t->c->opt.timeout_s ? t->c->opt.timeout_s : TIMEOUT_S;
	int out_fd = memfd_create("stdout", MFD_CLOEXEC);
	int err_fd = memfd_create("stderr", MFD_CLOEXEC);
	int status, err = 0;
	pid_t pid = -1;

	if (out_fd >= 0 && err_fd >= 0)
		pid = fork();
	if (!pid)
		exec_run(scenario, timeout_s, out_fd, err_fd);
	if (pid < 0) {
		err = -errno;
		buf_printf(said, "cannot run it: %s\n", strerror(-err));
		goto out;
	}
	/* A signal to stop reaches the child too where it matters: from the terminal. */
	while ((err = waitpid(pid, &status, 0) < 0 ? -errno : 0) == -EINTR)
		;
	if (!err)
		err = read_all(out_fd, out);
	if (!err)
		err = read_all(err_fd, said);
	if (!err && WIFSIGNALED(status)) {
		err = -ECANCELED;
		if (WTERMSIG(status) == SIGALRM)
			buf_printf(said, "timed out after %u s\n", timeout_s);
		else
			buf_printf(said, "ended by signal %d: %s\n", WTERMSIG(status),
				   strsignal(WTERMSIG(status)));
	} else if (!err && WEXITSTATUS(status) == 127) {
		err = -ENOEXEC;
		buf_puts(said, "cannot run it: /proc/self/exe\n");
	} else if (!err && WEXITSTATUS(status)) {
		buf_printf(out, "exit %d\n", WEXITSTATUS(status));
	}
out:
	if (out_fd >= 0)
		close(out_fd);
	if (err_fd >= 0)
		close(err_fd);
	return err;
}

static void test_scenario(struct testing *t, const char *scenario)
{
	const char *table = table_of(t, scenario);
	struct buf want = {0}, got = {0}, said = {0}, diff = {0};
	int err = read_file(table, &want);

	if (err == -ENOENT) {
		t->skipped++;
		buf_printf(&t->out, "skipped %s: no %s\n", scenario, table);
	} else if (err) {
		t->failed++;
		diag_file(&t->c->diags, E_TEST_FILE, table, 0, 0, "cannot read it: %s",
			  strerror(-err));
	} else {
		err = run_scenario(t, scenario, &got, &said);
		diff_print(&want, &got, table, "actual", &diff);
		if (err || diff.n) {
			t->failed++;
			buf_printf(&t->out, "not ok %s\n", scenario);
			buf_put(&t->out, diff.s, diff.n);
			if (said.n)
				buf_printf(&t->out, "it said:\n%s", said.s);
		} else {
			t->passed++;
			if (t->c->opt.verbose)
				buf_printf(&t->out, "ok %s\n", scenario);
		}
	}
	flush(t);
	buf_free(&want);
	buf_free(&got);
	buf_free(&said);
	buf_free(&diff);
}

/* ---- finding them --------------------------------------------------------------------------- */

static int wanted(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

static void test_folder(struct testing *t, const char *path, int depth)
{
	struct dirent **list;
	int n = depth < MAX_DEPTH ? scandir(path, &list, wanted, alphasort) : (errno = ELOOP, -1);

	if (n < 0) {
		diag_file(&t->c->diags, E_TEST_FILE, path, 0, 0, "cannot read it: %s",
			  strerror(errno));
		return;
	}
	for (int i = 0; i < n; i++) {
		const char *name = list[i]->d_name;
		const char *full = !strcmp(path, ".")
				       ? arena_strndup(&t->names, name, strlen(name))
				       : arena_printf(&t->names, "%s%s%s", path,
						      ends_with(path, "/") ? "" : "/", name);
		struct stat st;

		free(list[i]);
		if (signals_stop || lstat(full, &st))
			continue;
		if (S_ISDIR(st.st_mode))
			test_folder(t, full, depth + 1);
		else if (ends_with(full, ".acg"))
			test_scenario(t, full);
	}
	free(list);
}

static void test_operand(struct testing *t, const char *path)
{
	struct stat st;

	if (stat(path, &st))
		diag_file(&t->c->diags, E_TEST_FILE, path, 0, 0, "cannot read it: %s",
			  strerror(errno));
	else if (S_ISDIR(st.st_mode))
		test_folder(t, path, 0);
	else if (!ends_with(path, ".acg"))
		diag_file(&t->c->diags, E_TEST_FILE, path, 0, 0, "a scenario's name ends in .acg");
	else
		test_scenario(t, path);
}

/* ---- --update ------------------------------------------------------------------------------- */

/* NAME may be given with .acg, .table or neither. */
static const char *scenario_of(struct testing *t, const char *name)
{
	size_t n = strlen(name);

	if (ends_with(name, ".acg"))
		return name;
	if (ends_with(name, ".table"))
		n -= strlen(".table");
	return arena_printf(&t->names, "%.*s.acg", (int)n, name);
}

static void update(struct testing *t, const char *name)
{
	const char *scenario = scenario_of(t, name), *table = table_of(t, scenario);
	struct buf old = {0}, got = {0}, said = {0};
	int err;

	if (access(scenario, R_OK)) {
		diag_file(&t->c->diags, E_TEST_FILE, scenario, 0, 0, "cannot read it: %s",
			  strerror(errno));
		return;
	}
	err = read_file(table, &old);
	if (err && err != -ENOENT) {
		diag_file(&t->c->diags, E_TEST_FILE, table, 0, 0, "cannot read it: %s",
			  strerror(-err));
		goto out;
	}
	if (run_scenario(t, scenario, &got, &said)) {
		buf_printf(&t->out, "%s%s: left as it was\n", buf_str(&said), table);
		t->status = status_of_both(t->status, STATUS_FAIL);
	} else if (old.n == got.n && !memcmp(buf_str(&old), buf_str(&got), got.n) && !err) {
		buf_printf(&t->out, "%s: no change\n", table);
	} else {
		diff_print(&old, &got, err ? "/dev/null" : table, table, &t->out);
		err = output_file(t->c, table, &got);
		t->status = status_of_both(t->status, err);
		if (!err)
			buf_printf(&t->out, "%s: rewritten\n", table);
	}
	flush(t);
out:
	buf_free(&old);
	buf_free(&got);
	buf_free(&said);
}

int cmd_test(struct cmd *c)
{
	struct testing t = {.c = c, .status = STATUS_OK};

	signals_catch();
	if (c->opt.update) {
		if (!cmd_operands(c, 0, 0))
			return STATUS_USAGE;
		update(&t, c->opt.update);
	} else {
		for (size_t i = 0; i < c->opt.operands.n && !signals_stop; i++)
			test_operand(&t, c->opt.operands.v[i]);
		if (!c->opt.operands.n)
			test_folder(&t, ".", 0);
		buf_printf(&t.out, "%" PRIu32 " passed, %" PRIu32 " failed, %" PRIu32 " skipped\n",
			   t.passed, t.failed, t.skipped);
		flush(&t);
		if (t.failed)
			t.status = status_of_both(t.status, STATUS_FAIL);
		else if (!t.passed) /* nothing was tested: no success */
			t.status = status_of_both(t.status, STATUS_SKIP);
	}
	if (signals_stop)
		t.status = status_of_both(t.status, STATUS_INTERRUPTED);
	if (c->diags.errors && t.status != STATUS_INTERNAL)
		t.status = STATUS_USAGE;
	arena_free(&t.names);
	buf_free(&t.out);
	return t.status;
}
