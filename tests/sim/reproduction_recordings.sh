# SPDX-License-Identifier: GPL-2.0-or-later
# The figures of docs/reproduction.md that are modelled from the recordings of the paper, if
# AGENTCG_TRACES names the folder that has them.
high=${AGENTCG_TRACES-}/dask__dask-11628 low=${AGENTCG_TRACES-}/sigmavirus24__github3.py-673
if [ ! -d "$high" ] || [ ! -d "$low" ]; then
	echo "AGENTCG_TRACES names no folder with the paper's recordings"
	exit 77
fi
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
for name in paper_tight_1100M paper_moderate_1300M paper_tight_honest; do
	"$AGENTCG" run -p dask="$high" -p github3="$low" scenarios/$name.acg >"$tmp/$name.table"
done
awk -v column=4 -v dir="$tmp" -f tests/sim/reproduction.awk docs/reproduction.md
