# Charts: of runs, of demand, narrow, of many sessions, without contention.
s=scenarios/three_way_1_5G.acg
echo "== runs"
"$AGENTCG" --plot --repeat 1 --policy none,bpf $s | sed '1,/^verdict/d'
echo "== demand"
"$AGENTCG" plan --plot $s
echo "== demand, narrow"
"$AGENTCG" plan --plot --width 40 tests/cmd/small.acg
echo "== a hundred sessions"
"$AGENTCG" plan --plot scenarios/many_tenants.acg
echo "== wide enough for everybody, no wider"
"$AGENTCG" plan --plot --width 9999 $s | awk '{ if (length > n) n = length } END { print n }'
echo "== nothing happens"
echo 'cgroup low < high 400M >' | "$AGENTCG" plan --plot -
