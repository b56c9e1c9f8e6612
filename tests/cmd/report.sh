# Several kept experiments in one report: the table, pages, data, and what is refused.
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
cp tests/cmd/gate.acg "$tmp/gate.acg"
keep() {
	"$AGENTCG" run -q --save="$tmp/db" "$@" "$tmp/gate.acg"
	"$AGENTCG" runs --db "$tmp/db" --json - | jq -r '.[-1].name'
}
report() {
	"$AGENTCG" report --db "$tmp/db" "$@" 2>&1 |
		sed "s|$tmp|TMP|g; s/$a/AAAAAAAA/g; s/$b/BBBBBBBB/g; s/$c/CCCCCCCC/g"
}
status() {
	"$AGENTCG" report --db "$tmp/db" "$@" >/dev/null 2>&1
	echo "exit $?"
}
# Elements that do not match, ids that are there twice, references to none.
page() {
	awk 'BEGIN { RS = "<" }
		function value(name, at) {
			at = index(attrs, " " name "=\"")
			return at ? substr(attrs, at + length(name) + 3, index(substr(attrs, at + length(name) + 3), "\"") - 1) : ""
		}
		NR == 1 || /^!/ { next }
		{ attrs = $0; sub(/>.*/, "", attrs); tag = attrs; sub(/[ \n].*/, "", tag) }
		raw != "" && tag != "/" raw { next }
		tag ~ /^\// {
			if (stack[depth] != substr(tag, 2)) print "not closed:", stack[depth], "at", tag
			depth -= depth > 0
			raw = ""
			next
		}
		{
			if (value("id") != "" && ids[value("id")]++) print "twice:", value("id")
			n += value("id") != ""
			if (value("aria-labelledby") != "") wanted[value("aria-labelledby")]
			if (value("href") ~ /^#/) wanted[substr(value("href"), 2)]
			if (tag != "meta" && tag != "br") stack[++depth] = tag
			if (tag == "script" || tag == "style") raw = tag
		}
		END {
			for (w in wanted) if (!(w in ids)) print "of none:", w
			print n, "ids;", depth + 0, "elements open"
		}' "$1"
}
data() {
	sed -n '/id="data"/,/<\/script>/p' "$1" | sed '1d;$d'
}
a=$(keep) b=$(keep -p want=200M) c=$(keep -p total=150M --seed 2)
echo "== two, as a table"
report $a $b --across params
status $a $b --across params
echo "== three: as many at a time as there is room for"
report $a $b $c --across params,seed --width 80 | grep -c ' /A '
report $a $b $c --across params,seed --width 140 | sed -n '/^$/,$p' | head -n 12
report $a $b $c --across params,seed --width 40 | awk 'length > n { n = length } END { print n }'
echo "== markdown and data"
report $a $b $c --across params,seed --markdown - | head -n 12
report $a $b $c --across params,seed --json - | jq -c '(.experiments[] | [.letter, .verdict, .across, .paired]),
	(.figures[] | select(.policy == "none" and .cgroup == "high") | [.metric, .experiments[1:][].ratio, .experiments[].survived])'
echo "== the same figures as those of compare"
"$AGENTCG" compare --db "$tmp/db" $a $b --across params --json - |
	jq -c '[.sessions[] | .figures.time_s | .ratio, .ratio_ci95, .p]' >"$tmp/compared"
"$AGENTCG" report --db "$tmp/db" $a $b --across params --json - |
	jq -c '[.figures[] | select(.metric == "time_s") | .experiments[1] | .ratio, .ratio_ci95, .p]' >"$tmp/reported"
cmp "$tmp/compared" "$tmp/reported" && jq length "$tmp/reported"
echo "== a page"
status $a $b --across params --html "$tmp/p.html"
status $a $b --across params --html "$tmp/q.html"
cmp "$tmp/p.html" "$tmp/q.html" && page "$tmp/p.html"
data "$tmp/p.html" | jq -c '[.policies[].name], ([.runs[].policy] | unique), (.runs | length)'
grep -o '<h[23][^>]*>[^<]*' "$tmp/p.html"
echo "== other cgroups: no timelines side by side, and it is said"
sed 's/\<low\>/other/g; s/priority other/priority low/; s/protect other/protect low/' tests/cmd/gate.acg >"$tmp/gate.acg"
d=$(keep)
report $a $d --across scenario --html "$tmp/r.html" | sed "s/$d/DDDDDDDD/g" | sed -n '/^$/,$p'
grep -o '<p>Timelines.*' "$tmp/r.html"
page "$tmp/r.html"
data "$tmp/r.html" | jq -c '[.cgroups, .policies, .runs]'
echo "== one: as of show"
for o in "" "--html -" "--json -" "--markdown -"; do
	"$AGENTCG" show --db "$tmp/db" $a $o >"$tmp/shown"
	"$AGENTCG" report --db "$tmp/db" $a $o | cmp - "$tmp/shown" && echo "the same"
done
echo "== what is refused"
report $a $b $c
status $a $b
report $a $b --across param
report $a nothing
report
status $a nothing
status
report $(printf "$a %.0s" $(seq 27))
report $a $b --across params --html "$tmp/none/p.html" | tail -n 1
status $a $b --across params --html "$tmp/none/p.html"
