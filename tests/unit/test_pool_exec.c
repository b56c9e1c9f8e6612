/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * commands of a worker: how they end, what they leave behind, who ends with them
 *
 * They tell the numbers of their processes by writing to their output, a file.
 */
#include "tests/unit/pooled.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int output = -1;

static struct pool_commands commands(void)
{
	char path[] = "/tmp/agentcg-test-XXXXXX";

	if (output >= 0)
		close(output);
	output = mkostemp(path, O_CLOEXEC | O_APPEND);
	assert_true(output >= 0);
	unlink(path);
	return (struct pool_commands){.as_root = true, .output_fd = output, .workdir = "/tmp"};
}

static struct pool *open_one(void)
{
	struct pool_commands c = commands();

	return pooled_open(1, &c, false);
}

/* The n-th number that commands have written; waits for it. */
static pid_t told(int n)
{
	uint64_t until = pooled_now() + LONG_NS;

	for (;;) {
		char text[512], *p = text;
		ssize_t len = pread(output, text, sizeof text - 1, 0);
		int i = 0;

		text[len > 0 ? len : 0] = '\0';
		for (; i < n && p; i++) {
			p = strchr(p, '\n');
			p = p ? p + 1 : NULL;
		}
		if (p && strchr(p, '\n'))
			return atoi(p);
		if (pooled_now() > until)
			fail_msg("a command did not write");
		pooled_nap(MS);
	}
}

static struct pool_event exec(struct pool *p, const char *command, uint64_t timeout_ns)
{
	static struct op_exec some[16]; /* they have to stay */
	static uint32_t n;
	struct op_exec *x = &some[n++ % ARRAY_LEN(some)];

	*x = (struct op_exec){.command = command, .timeout_ns = timeout_ns};
	return pooled_run(p, 0, (struct op){.kind = OP_EXEC, .exec = x});
}

static const struct pool_event *command_event(void)
{
	for (size_t i = 0; i < pooled_seen.n; i++)
		if (pooled_seen.v[i].kind == POOL_COMMAND)
			return &pooled_seen.v[i];
	fail_msg("no command ended");
	return NULL;
}

static void an_exit_status_is_the_result(void **state)
{
	static const struct {
		const char *command;
		uint32_t status;
		int32_t code;
	} cases[] = {
	    {"true", DONE_OK, 0},
	    {"exit 3", DONE_FAILED, 3},
	    {"kill -TERM $$; sleep 10", DONE_FAILED, 128 + SIGTERM},
	    {"kill -KILL $$; sleep 10", DONE_FAILED, 128 + SIGKILL}, /* nobody's oom_kill rose */
	    {"no-such-command", DONE_FAILED, 127},
	    {"test \"$(pwd -P)\" = /tmp", DONE_OK, 0},
	    {"read a b c d e f </proc/$$/stat; test $e = $$", DONE_OK, 0}, /* its own group */
	    {"read x; test -z \"$x\"", DONE_OK, 0},
	    {"kill -INT $$; sleep 10", DONE_FAILED, 128 + SIGINT}, /* no signal is held back */
	};
	struct pool *p = open_one();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct pool_event e = exec(p, cases[i].command, NEVER);
		const struct pool_event *c = command_event();

		assert_int_equal(e.kind, POOL_DONE);
		assert_int_equal(e.done.status, cases[i].status);
		assert_int_equal(e.done.code, cases[i].code);
		assert_int_equal(c->command.status, cases[i].status);
		assert_int_equal(c->command.code, cases[i].code);
		assert_true(c->command.start_ns >= e.done.start_ns && c->t_ns <= e.t_ns);
	}
	pooled_close(p);
}

static void a_command_that_cannot_begin_says_why(void **state)
{
	struct pool_commands c = commands();
	struct pool_event e;
	struct pool *p;

	(void)state;
	c.workdir = "/no/such/place";
	p = pooled_open(1, &c, false);
	e = exec(p, "true", NEVER);
	assert_int_equal(e.done.status, DONE_FAILED);
	assert_int_equal(e.done.code, -ENOENT);
	pooled_close(p);
}

static void commands_are_not_roots_unless_told_so(void **state)
{
	static const struct op_exec x = {.command = "true", .timeout_ns = NEVER};
	static const struct op op = {.kind = OP_EXEC, .exec = &x};
	struct pool_commands c = commands();
	struct pool *p;

	(void)state;
	if (geteuid()) {
		print_message("only root has a choice\n");
		skip();
	}
	c.as_root = false;
	p = pooled_open(1, &c, false);
	assert_int_equal(pool_begin(p, 0, &op, 0), -EPERM);
	pooled_close(p);
	c.uid = c.gid = 65534;
	p = pooled_open(1, &c, false);
	assert_int_equal(
	    exec(p, "test \"$(id -u):$(id -g):$(id -G)\" = 65534:65534:65534", NEVER).done.code, 0);
	assert_int_equal(exec(p, "test \"$HOME\" = /tmp", NEVER).done.code, 0);
	pooled_close(p);
}

static void a_timeout_ends_the_whole_group(void **state)
{
	struct pool *p = open_one();
	struct pool_event e;
	uint64_t begin = pooled_now();

	(void)state;
	e = exec(p, "sleep 1000 & echo $!; trap '' TERM; wait; wait", 1500 * MS);
	assert_int_equal(e.done.status, DONE_TIMEOUT);
	assert_true(e.t_ns - begin >= 1500 * MS && e.t_ns - begin < LONG_NS);
	pooled_assert_gone(told(0));
	assert_int_equal(exec(p, "true", 1000 * LONG_NS).done.status, DONE_OK);
	pooled_close(p);
}

static void nothing_outlives_its_command(void **state)
{
	struct pool *p = open_one();

	(void)state;
	assert_int_equal(exec(p,
			      "sleep 1000 & echo $!; setsid sleep 1000 & echo $!; p=$! g=$$\n"
			      "while [ $g = $$ ]; do read a b c d g f </proc/$p/stat; done",
			      NEVER)
			     .done.status,
			 DONE_OK);
	assert_false(pooled_alive(told(0)) || pooled_alive(told(1)));
	pooled_close(p);
}

static void commands_die_with_their_worker(void **state)
{
	static const struct op_exec x = {.command = "echo $$; sleep 1000 & echo $!\n"
						    "setsid sleep 1000 & echo $!; wait",
					 .timeout_ns = NEVER};
	struct pool *p = open_one();

	(void)state;
	assert_int_equal(pool_begin(p, 0, &(struct op){.kind = OP_EXEC, .exec = &x}, 0), 0);
	told(2);
	kill(pool_pid(p, 0), SIGKILL);
	assert_int_equal(pooled_until(p, 0).kind, POOL_EXIT);
	for (int i = 0; i < 3; i++)
		pooled_assert_gone(told(i));
	pooled_close(p);
}

static void commands_die_with_the_coordinator(void **state)
{
	static const struct op_exec x = {.command = "echo $$; sleep 1000 & echo $!\n"
						    "setsid sleep 1000 & echo $!; wait",
					 .timeout_ns = NEVER};
	struct pool_commands c = commands();
	pid_t coordinator = fork();

	(void)state;
	if (!coordinator) {
		struct pool *p;

		if (zygote_start(&pooled_zygote))
			_exit(1);
		p = pooled_open(1, &c, false);
		pool_begin(p, 0, &(struct op){.kind = OP_EXEC, .exec = &x}, 0);
		for (;;)
			pause();
	}
	told(2);
	kill(coordinator, SIGKILL);
	waitpid(coordinator, NULL, 0);
	for (int i = 0; i < 3; i++)
		pooled_assert_gone(told(i));
}

static void tool_calls_run_beside_the_recorded_memory(void **state)
{
	static const struct op_call v[] = {
	    {.at_ns = 0, .dur_ns = 40 * MS, .tool = "Read"},
	    {.at_ns = 10 * MS, .dur_ns = MS, .command = "sleep 0.3", .tool = "Bash"},
	    {.at_ns = 20 * MS, .dur_ns = MS, .command = "exit 7", .tool = "Bash"},
	    {.at_ns = 30 * MS, .dur_ns = MS, .command = "sleep 1000", .tool = "Bash"},
	};
	static const struct op_sample samples[] = {
	    {0, 5 * MIB}, {100 * MS, 6 * MIB}, {200 * MS, 8 * MIB}, {250 * MS, 1 * MIB}};
	static const struct op_series memory = {samples, 4};
	static const struct op_calls calls = {
	    .v = v, .n = 4, .base_bytes = 3 * MIB, .memory = &memory};
	struct pool_commands c = commands();
	uint64_t start[4] = {0}, end[4] = {0}, due;
	uint32_t status[4] = {0}, steps = 0;
	struct pool_event e;
	struct pool *p;

	(void)state;
	c.call_timeout_ns = 2000 * MS;
	p = pooled_open(1, &c, false);
	due = pooled_now();
	assert_int_equal(pool_begin(p, 0, &(struct op){.kind = OP_TOOLS, .calls = &calls}, due), 0);
	e = pooled_until(p, 0);
	assert_int_equal(e.done.status, DONE_OK);
	assert_int_equal(e.done.code, 0);
	assert_int_equal(pooled_count(POOL_COMMAND), 3);
	for (size_t i = 0; i < pooled_seen.n; i++) {
		const struct pool_event *s = &pooled_seen.v[i];

		if (s->kind == POOL_COMMAND) {
			assert_in_range(s->command.call, 1, 3);
			start[s->command.call] = s->command.start_ns;
			end[s->command.call] = s->t_ns;
			status[s->command.call] = s->command.status;
		}
		if (s->kind == POOL_STEP && steps < 4) {
			static const uint64_t grown[] = {3 * MIB, 2 * MIB, MIB, 2 * MIB};

			assert_int_equal(s->step.bytes, grown[steps]);
			if (steps)
				assert_true(s->t_ns >= due + samples[steps - 1].at_ns);
			steps++;
		}
	}
	assert_int_equal(steps, 4);
	assert_int_equal(status[1], DONE_OK);
	assert_int_equal(status[2], DONE_FAILED);
	assert_int_equal(status[3], DONE_TIMEOUT);
	assert_true(start[1] >= due + 40 * MS && end[1] - start[1] >= 300 * MS);
	assert_true(start[2] >= end[1] && start[3] >= end[2]); /* one after the other */
	assert_true(end[3] - start[3] >= 2000 * MS);
	assert_int_equal(e.done.bytes, 8 * MIB);
	pooled_close(p);
}

/* A fork of the worker would otherwise copy the page tables of all it holds, in its cgroup. */
static void a_command_does_not_get_the_workers_memory(void **state)
{
	struct pool *p = open_one();

	(void)state;
	pooled_run(p, 0, (struct op){.kind = OP_ALLOC, .bytes = 64 * MIB});
	assert_int_equal(pooled_held(pool_pid(p, 0)), 64 * MIB); /* of maps that forks leave out */
	pooled_close(p);
}

static int stop(void **state)
{
	close(output);
	return pooled_stop(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    pooled_test(an_exit_status_is_the_result),
	    pooled_test(a_command_that_cannot_begin_says_why),
	    pooled_test(commands_are_not_roots_unless_told_so),
	    pooled_test(a_timeout_ends_the_whole_group),
	    pooled_test(nothing_outlives_its_command),
	    pooled_test(commands_die_with_their_worker),
	    pooled_test(commands_die_with_the_coordinator),
	    pooled_test(tool_calls_run_beside_the_recorded_memory),
	    pooled_test(a_command_does_not_get_the_workers_memory),
	};

	return cmocka_run_group_tests_name("commands of a worker", tests, pooled_start, stop);
}
