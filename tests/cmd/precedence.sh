# Command line before environment before file; options anywhere; standard input; -- and run left out.
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
cat >"$tmp/s.acg" <<'EOT'
param size = 10M in 1M..100M "what low allocates"
cgroup low
at 0s alloc size in low
policy a { }
policy b { }
compare a, b
contention none
repeat 2 seed 7
EOT
show() { sed -n '/; seed/s/, digest.*//p; /^size/p'; }
cd "$tmp" || exit 1
case $AGENTCG in /*) ;; *) AGENTCG=$OLDPWD/$AGENTCG ;; esac
run() {
	echo "== $1"
	shift
	env "$@" 2>&1 | show
}
run "file" "$AGENTCG" s.acg
run "environment" AGENTCG_REPEAT=3 AGENTCG_SEED=8 "$AGENTCG" run s.acg
run "command line" AGENTCG_REPEAT=3 AGENTCG_SEED=8 "$AGENTCG" s.acg --repeat 4 --seed=9 -p size=20M
run "the last counts" "$AGENTCG" run -psize=30M s.acg -p size=20M -v --repeat=1 --repeat 2
run "one policy" "$AGENTCG" run --policy b -- s.acg
echo "== standard input"
"$AGENTCG" - <s.acg | show
"$AGENTCG" check - <s.acg && echo silent
