/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm.c - throw-away virtual machines: opened, asked and closed (vm.h) */
#include "vm/vm.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/units.h"
#include "plan/plan.h"
#include "vm/disk.h"
#include "vm/state.h"

/* Of machines for commands. */
#define COMMAND_BYTES	   (512 * MIB)
#define COMMAND_DISK_BYTES (256 * MIB)

/* probe() has no handle to find it by. */
static struct vm *current;

/* ---- the backend ------------------------------------------------------------------------------
 */

static int probe(const struct requirement *r, char *why, size_t why_size)
{
	struct buf b = {0};
	struct frame f;
	struct wire w;
	int err;

	if (!backend_feature_known(r->feature))
		return -EINVAL;
	if (!current) {
		snprintf(why, why_size, "there is no machine");
		return 0;
	}
	wire_put_str(&b, r->feature);
	wire_put(&b, (uint64_t)r->cmp);
	for (int i = 0; i < 3; i++)
		wire_put(&b, r->version[i]);
	machine_send(&current->m, MSG_PROBE, &b);
	buf_free(&b);
	do
		err = machine_next(&current->m, NEVER, &f);
	while (!err && f.type != MSG_PROBED);
	if (err) {
		snprintf(why, why_size, "the machine does not answer");
		return 0;
	}
	w = wire_of(f.bytes, f.n);

	uint64_t met = wire_get(&w);

	snprintf(why, why_size, "%s", wire_get_str(&w, &current->a));
	return met > 1 || w.bad ? -EINVAL : (int)met;
}

static int cannot_open(const struct world *w, uint64_t seed, uint32_t rep, struct obs_sink sink,
		       struct diags *d, void **run)
{
	(void)w, (void)seed, (void)rep, (void)sink, (void)d, (void)run;
	return -EOPNOTSUPP;
}

const struct backend *vm_backend(const struct vm *v)
{
	return &v->backend;
}

const struct vm_facts *vm_facts(const struct vm *v)
{
	return &v->facts;
}

/* ---- measurements ------------------------------------------------------------------------------
 */

int vm_gauge(struct vm *v, uint32_t what, uint32_t samples, uint64_t budget_ns, struct diags *d,
	     struct gauge *out)
{
	const struct wire_gauge ask = {.what = what, .samples = samples, .budget_ns = budget_ns};
	struct wire_gauged answer;
	struct buf b = {0};
	struct frame f;
	struct wire w;
	int err;

	v->m.d = d;
	v->m.heard_ns = machine_now();
	wire_put_gauge(&b, &ask);
	machine_send(&v->m, MSG_GAUGE, &b);
	buf_free(&b);
	for (;;) {
		err = machine_next(&v->m, NEVER, &f);
		if (err)
			return err == -ETIMEDOUT ? machine_complain_silent(&v->m) : err;
		w = wire_of(f.bytes, f.n);
		if (f.type == MSG_GAUGED)
			break;
		if (f.type == MSG_DIAGS && !wire_get_diags(&w, &v->a, d))
			break;
	}
	if (f.type != MSG_GAUGED || !wire_get_gauged(&w, &answer)) {
		diag_at(d, E_VM_DIED, (struct span){0}, "the machine says what is not understood");
		return -EBADMSG;
	}
	if (!answer.err)
		*out = answer.gauge;
	else if (!d->errors)
		diag_at(d, E_RUN_FAILED, (struct span){0}, "the machine cannot be measured: %s",
			strerror(-answer.err));
	return answer.err;
}

/* ---- commands ---------------------------------------------------------------------------------
 */

int vm_command(struct vm *v, void (*put)(void *ctx, const void *bytes, size_t n), void *ctx,
	       struct diags *d, int *status)
{
	struct frame f;
	struct wire w;

	v->m.d = d;
	for (;;) {
		int err = machine_next(&v->m, NEVER, &f);

		if (err)
			return err == -ETIMEDOUT ? machine_complain_silent(&v->m) : err;
		w = wire_of(f.bytes, f.n);
		if (f.type == MSG_OUTPUT) {
			put(ctx, f.bytes, f.n);
		} else if (f.type == MSG_EXITED) {
			*status = (int)wire_get(&w);
			return 0;
		}
	}
}

/* ---- opening and closing ----------------------------------------------------------------------
 */

static uint64_t choose_memory(const struct vm *v)
{
	if (v->o->memory_bytes)
		return v->o->memory_bytes;
	return v->plan ? vm_memory_for(v->plan, v->facts.initrd_bytes)
		       : COMMAND_BYTES + 2 * v->facts.initrd_bytes;
}

int vm_open(const struct vm_options *o, struct diags *d, struct vm **out)
{
	struct vm *v = mem_alloc(sizeof *v);
	const char *program;
	int err;

	*v = (struct vm){.o = o, .plan = o->plan, .initrd = -1, .disk = -1};
	v->backend.probe = probe;
	v->backend.open = cannot_open;
	err = boot_find_qemu(v, d, &program);
	if (!err)
		err = o->plan ? disk_for(o->plan, o->cache, d, &v->disk)
			      : disk_make(o->cache, COMMAND_DISK_BYTES, d, &v->disk);
	if (!err)
		err = boot_pack(v, d);
	if (!err) {
		v->facts.memory_bytes = choose_memory(v);
		err = boot_machine(v, program, d);
	}
	if (err) {
		vm_close(v);
		return err;
	}
	current = v;
	*out = v;
	return 0;
}

void vm_close(struct vm *v)
{
	if (!v)
		return;
	if (current == v)
		current = NULL;
	machine_stop(&v->m);
	if (v->initrd >= 0)
		close(v->initrd);
	if (v->disk >= 0)
		close(v->disk);
	arena_free(&v->a);
	free(v);
}
