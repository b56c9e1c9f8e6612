# SPDX-License-Identifier: GPL-2.0-or-later
"$AGENTCG" run tests/sim/not_built.acg 2>&1
