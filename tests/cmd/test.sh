# agentcg test: passing, failing, updating, skipping, timing out.
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
cp tests/cmd/small.acg "$tmp/a.acg"
case $AGENTCG in /*) ;; *) AGENTCG=$PWD/$AGENTCG ;; esac
cd "$tmp" || exit 1
mkdir sub .hidden
echo "== nothing to test"
"$AGENTCG" test; echo "exit $?"
echo "== a first table"
"$AGENTCG" test --update a >out; echo "exit $?"
sed -n '1,2p;$p' out
"$AGENTCG" test --update a.acg; echo "exit $?"
"$AGENTCG" test; echo "exit $?"
echo "== what a user has set does not matter"
AGENTCG_SEED=5 AGENTCG_REPEAT=9 COLUMNS=60 "$AGENTCG" test -v; echo "exit $?"
echo "== a difference"
cp a.acg sub/b.acg
cp a.acg .hidden/c.acg
sed 's/^low/LOW/; s/survive/SURVIVE/' a.table >sub/b.table
echo 'cgroup low' >sub/no_table.acg
"$AGENTCG" test --verbose . | grep -v '^ '; echo
"$AGENTCG" test sub/b.acg >/dev/null; echo "exit $?"
"$AGENTCG" test --update sub/b.table >/dev/null && cmp a.table sub/b.table && echo updated
echo "== the exit status is part of it"
echo 'cgroup low < hihg 1M >' >wrong.acg
"$AGENTCG" test --update wrong | tail -n 2
"$AGENTCG" test wrong.acg; echo "exit $?"
: >wrong.table
"$AGENTCG" test wrong.acg; echo "exit $?"
rm wrong.*
echo "== too long"
cat >long.acg <<'EOT'
cgroup low
every 1ms from 0s until 1000s { alloc 1M in low; free all in low }
repeat 1000000
EOT
: >long.table
"$AGENTCG" test --timeout 1 long.acg; echo "exit $?"
"$AGENTCG" test --timeout 1 --update long.acg; echo "exit $?"
[ -s long.table ] || echo "long.table is as it was"
ls
