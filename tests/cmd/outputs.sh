# Outputs that cannot be written: an error that names the place, status 5, nothing half-written left.
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
s=tests/cmd/small.acg
try() {
	"$@" 2>&1
	echo "exit $?"
}
echo "== a full disk"
"$AGENTCG" $s 2>&1 >/dev/full; echo "exit $?"
"$AGENTCG" --json - $s 2>&1 >/dev/full; echo "exit $?"
"$AGENTCG" plan $s 2>&1 >/dev/full; echo "exit $?"
"$AGENTCG" fmt $s 2>&1 >/dev/full; echo "exit $?"
"$AGENTCG" --version 2>&1 >/dev/full; echo "exit $?"
try "$AGENTCG" -q --json /dev/full $s
echo "== a closed pipe"
# Its reader is gone before the first write, not some time around it.
mkfifo "$tmp/pipe"
exec 3<>"$tmp/pipe" 4>"$tmp/pipe" 3<&-
rm "$tmp/pipe"
"$AGENTCG" $s 2>&1 >&4; echo "exit $?"
exec 4>&-
echo "== a closed descriptor"
"$AGENTCG" $s 2>&1 >&-; echo "exit $?"
echo "== no such folder, not a file"
try "$AGENTCG" -q --json "$tmp/none/x.json" $s | sed "s|$tmp|TMP|"
try "$AGENTCG" -q --csv "$tmp" $s | sed "s|$tmp|TMP|"
echo "== one that fails does not stop the others"
"$AGENTCG" -q --json /dev/full --csv "$tmp/x.csv" $s 2>/dev/null; echo "exit $?"
head -c 12 "$tmp/x.csv"; echo
echo "== written completely, and nothing else beside it"
"$AGENTCG" -q --json "$tmp/x.json" --csv "$tmp/x.csv" $s; echo "exit $?"
jq -r .verdict "$tmp/x.json"
(cd "$tmp" && ls)
echo "== an existing file is kept when the scenario is wrong"
echo keep >"$tmp/x.json"
"$AGENTCG" -q --json "$tmp/x.json" -p none=1 $s 2>/dev/null; echo "exit $?"
cat "$tmp/x.json"
