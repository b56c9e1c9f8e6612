# sweep: every combination, in one order however many run at a time; JSON, CSV; what it cannot do
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
f=tests/cmd/sweep.acg
echo "== two parameters"
"$AGENTCG" -j 1 $f >"$tmp/one"; echo "exit $?"
"$AGENTCG" -j 3 $f >"$tmp/three"
cmp "$tmp/one" "$tmp/three" && cat "$tmp/one"
echo "== one of them, as the other is given"
"$AGENTCG" -p total=600M $f
echo "exit $?"
echo "== as CSV"
"$AGENTCG" -p total=600M --csv - $f | sed 4q
echo "== as JSON"
"$AGENTCG" -p pause=1s --json - $f >"$tmp/json"
if command -v jq >/dev/null; then
	jq -c '.sweeps, (.cells[] | [.params, .found.verdict, .found.result.verdict,
		.found.claims[0].verdict, (.found.policies[1].roles[0] | [.role, .runs, .survived])])' "$tmp/json"
fi
echo "== none left: one experiment"
"$AGENTCG" -p pause=1s -p total=700M $f | tail -n 1
echo "== what it cannot do"
"$AGENTCG" - <$f 2>&1; echo "exit $?"
"$AGENTCG" --html "$tmp/page" $f 2>&1; echo "exit $?"
sed 's/^sweep total.*/sweep total in 600M, 2G/' $f >"$tmp/range.acg"
"$AGENTCG" "$tmp/range.acg" 2>&1 | sed "s|$tmp|TMP|"
sed 's/^sweep total.*/sweep pause in 1s/' $f >"$tmp/twice.acg"
"$AGENTCG" "$tmp/twice.acg" 2>&1 | sed "s|$tmp|TMP|"
"$AGENTCG" -j 2 --vm $f 2>&1; echo "exit $?"
"$AGENTCG" --vm --and-sim $f 2>&1; echo "exit $?"
