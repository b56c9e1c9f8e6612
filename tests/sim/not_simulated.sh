# SPDX-License-Identifier: GPL-2.0-or-later
"$AGENTCG" run tests/sim/not_simulated.acg 2>&1
