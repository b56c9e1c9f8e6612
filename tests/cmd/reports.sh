# Reports for pages, papers and test runners: of a scenario whose texts mean something to each format,
# of one that is VOID, of a report without claims.
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
s=tests/cmd/hostile.acg
for form in markdown latex junit; do
	echo "== $form"
	"$AGENTCG" --$form - $s
	echo "exit $?"
done
echo "== tap"
"$AGENTCG" --tap $s
echo "== of what is VOID"
"$AGENTCG" --tap scenarios/void_no_contention.acg
"$AGENTCG" --junit - scenarios/void_no_contention.acg | grep -c '<error '
echo "== of a report"
"$AGENTCG" --tap tests/cmd/small.acg
"$AGENTCG" --junit "$tmp/r.xml" -q tests/cmd/small.acg
xmllint --noout "$tmp/r.xml" && echo "well-formed"
"$AGENTCG" --junit "$tmp/h.xml" -q $s
xmllint --noout "$tmp/h.xml" && echo "well-formed"
echo "== html: complete in itself, and its data can be read"
"$AGENTCG" --html "$tmp/p.html" -q $s
grep -c '</script>' "$tmp/p.html"
grep -o 'https\?://[a-z0-9./]*' "$tmp/p.html" | sort -u
sed -n '/id="data"/,/<\/script>/p' "$tmp/p.html" | sed '1d;$d' >"$tmp/data.json"
jq -c '[.runs | length, (map(.end) | max | floor)], (.policies | map(.name)), (.cgroups | map(.name)),
	([.runs[0].max[0][], 0] | max >= 100000), (.runs[0].max[0] | length) == (.runs[0].min[0] | length)' "$tmp/data.json"
jq -c '[.runs[] | select(.policy == 1) | .events[] | select(.[0] == 2)] | length > 0' "$tmp/data.json"
echo "== tool calls, also of kept runs"
"$AGENTCG" run -q --save="$tmp/db" --repeat 1 --policy none --json "$tmp/a.json" scenarios/hybrid.acg
jq -c '.runs[] | select(.policy == "none").cgroups[] | select(.calls) |
	[.name, .commands.n, (.calls | length), (.calls | map(.ended) | unique), .calls[7]]' "$tmp/a.json"
"$AGENTCG" show --db "$tmp/db" last -q --json - | cmp - "$tmp/a.json"
echo "== two into one place"
"$AGENTCG" --markdown - --latex - $s 2>&1
"$AGENTCG" --html x --junit x $s 2>&1
"$AGENTCG" --tap --json - $s 2>&1
