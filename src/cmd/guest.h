/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest.h - agentcg as the first process of a machine.
 */
#ifndef AGENTCG_CMD_GUEST_H
#define AGENTCG_CMD_GUEST_H

/* Where guest_is_init() says so; ends the machine. */
_Noreturn void guest_main(void);

#endif
