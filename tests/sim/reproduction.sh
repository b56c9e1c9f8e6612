# SPDX-License-Identifier: GPL-2.0-or-later
# The modelled figures of docs/reproduction.md are what the scenarios print.
awk -v column=3 -v dir=scenarios -f tests/sim/reproduction.awk docs/reproduction.md
