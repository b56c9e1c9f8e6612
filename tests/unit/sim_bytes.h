/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sim_bytes.h - any bytes as a world and what is done to it, for the property tests and the fuzzer.
 */
#ifndef AGENTCG_TESTS_SIM_BYTES_H
#define AGENTCG_TESTS_SIM_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Make the world, do the ops, wait for their end, and abort() with the reason when something does
 * not hold: an invariant (sim_check), time or a counter that goes back, an op that does not end or
 * ends twice.  A digest of all that was observed.
 */
uint64_t sim_bytes_run(const uint8_t *data, size_t n, bool single_step); /* as sim_single_step */
/*
 * The same without sim_check, which looks at everything between any two calls: workers stay in
 * stride until an op or the model itself looks at them.
 */
uint64_t sim_bytes_run_unseen(const uint8_t *data, size_t n);

#endif
