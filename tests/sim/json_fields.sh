# SPDX-License-Identifier: GPL-2.0-or-later
# Every key of the JSON and every column of the CSV is in agentcg-json(5), as .Cm or behind one.
command -v jq >/dev/null || { echo "no jq"; exit 77; }
scenario=scenarios/three_way_1_5G.acg
{
	"$AGENTCG" run --repeat 1 --json - $scenario | jq -r '[paths[] | strings] | unique[]'
	"$AGENTCG" run --repeat 1 --csv - $scenario | head -n 1 | tr ',' '\n'
} | sort -u | while read -r key; do
	grep -qE "^(\.(It )?Cm|\.Pq Cm) (.* )?$key( |\$)" man/agentcg-json.5 || echo "not in the manual: $key"
done
