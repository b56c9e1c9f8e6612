# Kept experiments: shown as they were, completed after any death, written by several at a time.
command -v sqlite3 >/dev/null || { echo "sqlite3 is missing"; exit 77; }
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
XDG_DATA_HOME=$tmp/data
export XDG_DATA_HOME
s=tests/cmd/small.acg

echo "== every scenario: shown as it was run, to the byte"
for f in scenarios/*.acg; do
	grep -q '^ *sweep' "$f" && continue
	"$AGENTCG" run --save -q "$f" --json "$tmp/a.json" --csv "$tmp/a.csv" --markdown "$tmp/a.md" 2>"$tmp/err"
	was=$?
	"$AGENTCG" show last >"$tmp/b.txt" --json "$tmp/b.json" --csv "$tmp/b.csv" --markdown "$tmp/b.md" 2>>"$tmp/err"
	[ $? = $was ] || echo "$f: another status than $was"
	for form in json csv md; do
		cmp "$tmp/a.$form" "$tmp/b.$form"
	done
	sed '/^exit [0-9]*$/d' "${f%.acg}.table" | cmp - "$tmp/b.txt"
	cat "$tmp/err"
done
"$AGENTCG" runs --json "$tmp/runs.json"
jq -r '[.[] | select(.state == "complete" and .runs == .planned and .verdict != null)] | length > 15' "$tmp/runs.json"

echo "== charts, simulated again"
"$AGENTCG" run --save -q --html "$tmp/a.html" $s
"$AGENTCG" show last -q --html "$tmp/b.html"
cmp "$tmp/a.html" "$tmp/b.html"
"$AGENTCG" run --plot $s >"$tmp/a.txt"
"$AGENTCG" show last --plot >"$tmp/b.txt"
cmp "$tmp/a.txt" "$tmp/b.txt"

echo "== without its files, from elsewhere, with its options"
mkdir "$tmp/gone" "$tmp/gone/inc"
printf 'use "agents"\nuse "./inc/../inc/part.acg"\nuse "inc/part.acg"\ncgroup a\nat 0s alloc amount in a\n' >"$tmp/gone/x.acg"
printf 'param amount = 100M\n' >"$tmp/gone/inc/part.acg"
here=$PWD
(cd "$tmp/gone" && AGENTCG_PATH="$here/stdlib" "$here/$AGENTCG" run --save -q -p amount=200M \
	--seed 18446744073709551615 --repeat 3 --json "$tmp/a.json" x.acg)
rm -r "$tmp/gone"
"$AGENTCG" show last --json - | cmp - "$tmp/a.json"
jq -r '.seed' "$tmp/a.json"

echo "== standard input, and a recording"
"$AGENTCG" run --save -q --csv "$tmp/a.csv" - <$s
"$AGENTCG" show last --csv - | cmp - "$tmp/a.csv"

echo "== killed twenty times, resumed, the same as without"
# Long enough that twenty short lives do not complete it, on a fast machine either.
big="-q --repeat 60000 --save=$tmp/crash.db"
"$AGENTCG" run --repeat 60000 -q --csv "$tmp/a.csv" $s
"$AGENTCG" run $big $s 2>/dev/null & pid=$!
until [ "$("$AGENTCG" runs --db "$tmp/crash.db" --json - 2>/dev/null | jq '.[0].runs > 0')" = true ]; do
	sleep 0.05
done
kills=0
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	sleep 0.00$(od -An -N1 -tu1 /dev/urandom | tr -d ' ')
	kill -KILL $pid 2>/dev/null && kills=$((kills + 1))
	wait $pid 2>/dev/null
	"$AGENTCG" resume --db "$tmp/crash.db" -q last >/dev/null 2>&1 & pid=$!
done
kill -KILL $pid 2>/dev/null
wait $pid 2>/dev/null
"$AGENTCG" runs --db "$tmp/crash.db" --json - | jq -c '.[] | [.state, .runs < .planned]'
"$AGENTCG" show --db "$tmp/crash.db" last | grep -o '^verdict: [A-Z]*\|interrupted: [0-9]* of' | sed 's/[0-9][0-9]*/N/'
"$AGENTCG" resume --db "$tmp/crash.db" -q last --csv "$tmp/b.csv"
cmp "$tmp/a.csv" "$tmp/b.csv"
"$AGENTCG" show --db "$tmp/crash.db" last --csv - | cmp - "$tmp/a.csv"
[ $kills -ge 10 ] || echo "killed only $kills times"
sqlite3 "$tmp/crash.db" 'PRAGMA integrity_check; PRAGMA foreign_key_check'
"$AGENTCG" resume --db "$tmp/crash.db" last 2>&1 | sed 's/`[0-9a-f]\{8\}`/`NAME`/; s/show [0-9a-f]*/show NAME/'

echo "== interrupted, resumed"
env --default-signal=INT "$AGENTCG" run -v --save --repeat 20000 --json "$tmp/x.json" $s >/dev/null 2>"$tmp/err" & pid=$!
until grep -q '^run 3 of' "$tmp/err"; do sleep 0.1; done
kill -INT $pid
wait $pid
echo "exit $?"
"$AGENTCG" show last --json - | cmp - "$tmp/x.json"
"$AGENTCG" runs --json - interrupted | jq length

echo "== eight at a time, and a sweep"
for i in 1 2 3 4 5 6 7 8; do
	"$AGENTCG" run --save="$tmp/many.db" -q --seed $i --repeat 20 $s &
done
wait
"$AGENTCG" run --save="$tmp/many.db" -q -j 4 tests/cmd/sweep.acg
"$AGENTCG" runs --db "$tmp/many.db" --json - | jq -c '[length, (map(select(.state != "complete")) | length), ([.[:8][].seed] | sort)]'

echo "== what cannot be kept"
try() {
	"$@" 2>&1 | sed "s|$tmp|TMP|g" | grep -v '^kept as'
}
try "$AGENTCG" run --save="$s/x.db" $s
echo "no database" >"$tmp/text.db"
try "$AGENTCG" run --save="$tmp/text.db" $s
try "$AGENTCG" runs --db "$tmp/none.db"
try "$AGENTCG" show --db "$tmp/many.db" zz
try "$AGENTCG" show --db "$tmp/many.db" 0123456789
head -c 20000 "$tmp/crash.db" >"$tmp/cut.db"
"$AGENTCG" show --db "$tmp/cut.db" last >/dev/null 2>&1
echo "a cut one: exit $?"
: >"$tmp/err"
"$AGENTCG" run --save="$tmp/none/../d/x.db" -q $s && "$AGENTCG" runs --db "$tmp/d/x.db" --json - | jq length
