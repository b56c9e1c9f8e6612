# find: halving, more repetitions where noise hides the border, what does not keep holding
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
cat >"$tmp/n.acg" <<'EOT'
param n = 10 in 0..100
param size = 100M
cgroup low
at 0s alloc size in low
at n * 1s free all in low
repeat 6 seed 1
EOT
find() {
	echo "== $*"
	"$AGENTCG" find "$@" "$tmp/n.acg" 2>&1 | sed "s|$tmp|TMP|"
}
find max n such that 'low.time <= 33.3s'
find min n such that 'low.time >= 64s'
find min n such that 'low.time >= 0s'
find max n such that 'low.time >= 100s + 1s'
echo "== it does not keep holding"
sed -i 's/^at n \* 1s/at (n mod 80) * 1s/' "$tmp/n.acg"
find min n such that 'low.time >= 20s or low.time <= 19s and low.time >= 18.9s'
echo "== noise"
cat >"$tmp/n.acg" <<'EOT'
param n = 10 in 0..100
cgroup low
at 0s alloc 100M in low
at n * 1s +/- 3s free all in low
repeat 6 seed 1
EOT
find min n such that 'low.time >= 50s'
echo "== a parameter that is swept, too"
"$AGENTCG" find -p total=600M min pause such that 'survived(delay.high) >= 0.5' tests/cmd/sweep.acg
echo "exit $?"
echo "== what it does not understand"
find min
find least n such that 'low.time > 1s'
find min m such that 'low.time > 1s'
find min n such that 'low.tme > 1s'
find min n such that 'low.time'
"$AGENTCG" find min pause such that 'low.time > 1s' tests/cmd/sweep.acg 2>&1; echo "exit $?"
"$AGENTCG" find min n such that 'low.time > 1s' - <"$tmp/n.acg" 2>&1; echo "exit $?"
