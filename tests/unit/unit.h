/* SPDX-License-Identifier: GPL-2.0-or-later */
/* unit.h - cmocka, and what it wants included first */
#ifndef AGENTCG_TESTS_UNIT_H
#define AGENTCG_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#endif
