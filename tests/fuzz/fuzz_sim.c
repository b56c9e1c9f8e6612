/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes as a world and ops on it: whatever they say, the simulator's invariants hold and every op
 * ends.  The decoder and the checks are those of the property tests.
 */
#include "tests/unit/sim_bytes.c"
#include "tests/unit/sim_world.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
	uint64_t digest = sim_bytes_run(data, size_bytes, true);

	if (sim_bytes_run(data, size_bytes, false) != digest ||
	    sim_bytes_run_unseen(data, size_bytes) != digest)
		__builtin_trap();
	return 0;
}
