# What is said about wrong command lines, and that the exit status is 2.
s=scenarios/three_way_1_5G.acg
try() {
	echo "\$ agentcg $*"
	"$AGENTCG" "$@" 2>&1
	[ $? -eq 2 ] || echo "exit status is not 2"
}
try chekc
try nonsense
try scenarios/none.acg
try run
try run $s $s
try doctor $s
try run --jsno x $s
try run --check $s
try run -x $s
try run --json
try run --quiet=yes $s
try run --repeat 0 $s
try run --repeat many $s
try run --seed 99999999999999999999 $s
try run --color red $s
try run --diagnostics xml $s
try run --json - --csv - $s
try run --json x --csv x $s
try run --live --vm $s
try run -p total $s
try run -p totl=2G $s
try run --policy none,, $s
try run --policy nome $s
try run --width 10 $s
try fmt --check --write $s
try fmt --write -
try run --vm=debian:x $s
try run --vm --cgroup /x $s
try run --vm --vm-memory 512 $s
try run --and-sim $s
try run --vm --and-sim=calibratd $s
try calibrate
try calibrate $s
try calibrate --vm --cgroup /x
try run --workdir . $s
try run --live --mechanism nonsense $s
try run --mechanism memcg_bfp $s
try test Makefile
try test nowhere
AGENTCG_SEED=x AGENTCG_REPEAT=0 "$AGENTCG" run $s 2>&1
echo "exit $?"
"$AGENTCG" run --diagnostics=json --vm=debian:x $s 2>&1
echo "exit $?"
"$AGENTCG" 2>&1 | head -n 1
for c in "" run check plan fmt test help doctor calibrate clean; do "$AGENTCG" $c --help; done |
	awk 'length > 80 { print "too wide: " $0 }'
