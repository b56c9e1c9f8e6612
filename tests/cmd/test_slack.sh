# agentcg test --slack: figures are compared as values, all else as text.
# What the comparison makes of a table is in tests/unit/test_cmd_slack.c.
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
cp tests/cmd/small.acg "$tmp/s.acg"
case $AGENTCG in /*) ;; *) AGENTCG=$PWD/$AGENTCG ;; esac
cd "$tmp" || exit 1
echo 'claim "quick" { expect low.alloc.p99 < 10s }' >>s.acg
"$AGENTCG" test --update s >/dev/null
cp s.table good

# The table with the figures of column $1 of its sessions multiplied by $2.
scaled() {
	awk -v column="$1" -v by="$2" '/^  low/ {
		line = ""
		for (i = 1; match($0, / *[^ ]+/); i++) {
			word = substr($0, 1, RLENGTH)
			if (i == column) {
				blanks = word
				sub(/[^ ]+$/, "", blanks)
				word = blanks sprintf("%.4g", word * by)
			}
			line = line word
			$0 = substr($0, RLENGTH + 1)
		}
		$0 = line
	} 1' good
}
try() {
	printf '%-28s ' "--slack $1"
	"$AGENTCG" test --slack "$1" s.acg >out 2>&1
	printf 'exit %s\n' $?
	sed -n 's/ is [0-9].* (/ is N M, expected N M (/p' out
}
echo "== the mean time is 3% off"
scaled 3 1.03 >s.table
try 0%
try 2%
try 5%
try time=5%
try time=2%
try alloc=50%
try 50%,time=2%
try 1%,time=5%
echo "== so is the peak"
scaled 10 1.03 >s.table
try peak=5%
try peak=1%,time=5%
echo "== kills, survivors, verdicts and words are not measured"
sed 's/      0$/      1/' good >s.table
try 1000%
sed 's|2/2|1/2|' good >s.table
try 1000%
sed 's/^verdict: PASS/verdict: FAIL/' good >s.table
try 1000%
sed 's/^small/large/' good >s.table
try 1000%
echo "exit 1" | cat good - >s.table
try 1000%
echo "== the sides of a claim"
sed '/^PASS    low/s/ [0-9.]*ms </ 20s </' good >s.table
try 5%
sed '/^PASS    low/s/ 10.0s$/ 10.2s/' good >s.table
try 5%
try time=5%
try claims=5%
echo "== what is no slack"
for s in 5 '' time time=5 tmie=5% kills=5% alive=5% 2000% 5%,; do
	"$AGENTCG" test --slack "$s" s.acg 2>&1
done
"$AGENTCG" test --update s --slack 5% 2>&1
"$AGENTCG" test --update s --tap 2>&1
"$AGENTCG" test --tap --junit - 2>&1
"$AGENTCG" test -j 0 2>&1; echo "exit $?"
