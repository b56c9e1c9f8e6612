# SPDX-License-Identifier: GPL-2.0-or-later
# A million timeouts of ten processes in SimPy, no model behind them: prints events per CPU second.
import time

import simpy

EVENTS, PROCESSES = 1_000_000, 10


def ticker(env, first):
    for i in range(EVENTS // PROCESSES):
        yield env.timeout(first + i % 7)


env = simpy.Environment()
for n in range(PROCESSES):
    env.process(ticker(env, n + 1))
begin = time.process_time()
env.run()
print(int(EVENTS / (time.process_time() - begin)))
