# `mechanism` and --mechanism: which one wins, what is kept of it, and that unlike ones have unlike digests.
command -v jq >/dev/null && command -v sqlite3 >/dev/null || { echo "jq or sqlite3 is missing"; exit 77; }
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
XDG_DATA_HOME=$tmp/data
export XDG_DATA_HOME
s=tests/sim/report_mechanism.acg
names() { "$AGENTCG" "$@" --json - | jq -r '.mechanism, (.policies[] | "  \(.name): \(.mechanism)")'; }
digest() { "$AGENTCG" "$@" --json - | jq -r .digest; }

echo "== policies keep what they name, the others take the default"
names $s --policy none,frozen,plain
echo "== of the command line"
names $s --policy none,frozen,plain --mechanism poll
echo "== of the scenario, and over that the command line"
{ cat $s; echo 'mechanism high'; } >"$tmp/high.acg"
names "$tmp/high.acg" --policy plain
names "$tmp/high.acg" --policy plain --mechanism sched_ext
"$AGENTCG" "$tmp/high.acg" --policy plain --mechanism sched_ext | sed -n 2p

echo "== the default named is the default; another is another experiment"
[ "$(digest $s)" = "$(digest $s --mechanism memcg_bpf)" ] && echo same
[ "$(digest $s)" = "$(digest $s --mechanism freeze)" ] || echo other
for m in memcg_bpf freeze high sched_ext poll; do
	"$AGENTCG" $s --policy none,plain --mechanism $m --json - | jq -c '[.mechanism, .policies[1].cgroups[2].delays]'
done

echo "== kept, and shown as it was"
"$AGENTCG" run --save -q $s --mechanism freeze --json "$tmp/a.json" 2>"$tmp/err"
"$AGENTCG" show last --json "$tmp/b.json" >"$tmp/out"
cmp "$tmp/a.json" "$tmp/b.json" && echo same
sqlite3 "$tmp/data/agentcg/runs.db" "SELECT policy, mechanism FROM run ORDER BY policy"

echo "== pages, papers and cases say which"
"$AGENTCG" -q $s --html "$tmp/p.html" --markdown "$tmp/p.md" --junit "$tmp/p.xml" 2>"$tmp/err"
grep -o '<dt>mechanism</dt><dd>[^<]*' "$tmp/p.html"
grep -o '"name":"frozen","mechanism":"[^"]*"\|"name":"frozen","baseline[^,]*,"mechanism":"[^"]*"' "$tmp/p.html"
grep -o 'freeze (modelled) in frozen[^;]*' "$tmp/p.md"
grep -o 'name="mechanism" value="[^"]*"' "$tmp/p.xml"

echo "== names"
"$AGENTCG" --mechanism frezee $s 2>&1
"$AGENTCG" --mechanism none $s 2>&1
