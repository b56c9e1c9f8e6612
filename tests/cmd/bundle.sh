# One experiment in one file: shown elsewhere, made again, and caught when it is not what it was.
command -v sqlite3 >/dev/null || { echo "sqlite3 is missing"; exit 77; }
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
db=$tmp/all.db
for p in 300M 400M; do
	"$AGENTCG" run -q --save="$db" -p total=$p --json "$tmp/$p.json" tests/cmd/gate.acg
done
first=$("$AGENTCG" runs --db "$db" --json - | jq -r '.[0].name')
echo "== packed, and shown alone"
"$AGENTCG" bundle --db "$db" "$first" "$tmp/b"
echo "exit $?"
(cd "$tmp" && ls b*)
chmod a-w "$tmp/b"
"$AGENTCG" runs --db "$tmp/b" --json - | jq length
"$AGENTCG" show --db "$tmp/b" last --json - | cmp - "$tmp/300M.json"
echo "== made again"
"$AGENTCG" bundle --verify "$tmp/b" | sed 's/^[0-9a-f]*/NAME/'
"$AGENTCG" bundle --verify "$db" | sed 's/^[0-9a-f]*/NAME/'
echo "== not over a file that is there"
"$AGENTCG" bundle --db "$db" "$first" "$tmp/b" 2>&1 | sed "s|$tmp|TMP|"
"$AGENTCG" bundle --db "$db" 2>&1
echo "== altered"
chmod u+w "$tmp/b"
sqlite3 "$tmp/b" 'PRAGMA foreign_key_check; UPDATE cgroup_run SET time_ns = time_ns + 1 WHERE has_time'
"$AGENTCG" bundle --verify "$tmp/b" | sed 's/^[0-9a-f]*:/NAME:/'
"$AGENTCG" bundle --verify "$tmp/b" >/dev/null
echo "exit $?"
