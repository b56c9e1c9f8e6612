# Two kept experiments side by side: what may be compared, what changed, what must not have.
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
cp tests/cmd/gate.acg "$tmp/gate.acg"
keep() {
	"$AGENTCG" run -q --save="$tmp/db" "$@" "$tmp/gate.acg"
	"$AGENTCG" runs --db "$tmp/db" --json - | jq -r '.[-1].name'
}
compare() {
	"$AGENTCG" compare --db "$tmp/db" "$@" 2>&1 |
		sed "s|$tmp|TMP|g; s/$a/AAAAAAAA/g; s/$b/BBBBBBBB/g"
}
status() {
	"$AGENTCG" compare --db "$tmp/db" "$@" >/dev/null 2>&1
	echo "exit $?"
}
a=$(keep) b=$(keep)
echo "== the same twice"
compare $a $b --fail-if 'high.time > +0%' --fail-if 'killed(high) > 0'
b=$(keep -p want=200M)
echo "== other parameters: refused, and told that they are meant"
compare $a $b
compare $a $b --across params --fail-if 'bpf.high.time > +5%' --fail-if 'high.time > +0.5s' \
	--fail-if 'none.high.time > +11%' --fail-if 'none.high.throughput < -100M/s'
status $a $b --across params --fail-if 'none.high.time > +50%'
status $a $b --across params --fail-if 'high.time > +5%'
b=$(keep --seed 2)
echo "== another seed: independent samples"
compare $a $b --across seed --markdown - --fail-if 'bpf.high.alloc.p99 > -100ms'
compare $a $b --across seed --json - | jq -c '.paired, (.sessions | length),
	[.sessions[] | select(.policy == "bpf" and .cgroup == "high").figures.time_s | .a_n, .b_n, .p > 0]'
echo "== too few runs, a killed session: UNDECIDED"
b=$(keep --repeat 5)
compare $a $b --fail-if 'bpf.high.time > +5%' | grep UNDECIDED
status $a $b --fail-if 'bpf.high.time > +5%'
b=$(keep -p total=150M)
compare $a $b --across params --fail-if 'none.high.time > +5%' --fail-if 'none.high.time > 1s' --fail-if 'killed(none.high) > 0' | grep ' fail if '
echo "== another text"
sed 's/100ms/200ms/' tests/cmd/gate.acg >"$tmp/gate.acg"
b=$(keep)
compare $a $b
compare $a $b --across params,scenario | head -n 7
echo "== what is not understood"
for k in high.time 'high.time > 5%' 'high.x > +5%' 'none.time > 1s' 'high.time > +5M' 'killed(high) > +1' 'high.time == 1s'; do
	compare $a $a --fail-if "$k"
done
compare $a $b --across sed
compare $a
