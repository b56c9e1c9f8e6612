# agentcg test -j: the same report in the same order, whatever ends first; crashes, endless runs and
# signals touch one test or none, and leave no process.
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
cp tests/cmd/small.acg "$tmp/a.acg"
case $AGENTCG in /*) ;; *) AGENTCG=$PWD/$AGENTCG ;; esac
cd "$tmp" || exit 1
"$AGENTCG" test --update a >/dev/null
cat >long.acg <<'EOT'
cgroup low
every 1ms from 0s until 1000s { alloc 1M in low; free all in low }
repeat 1000000
EOT
: >long.table
for i in 1 2 3 4 5 6 7 8; do
	cp a.acg s$i.acg
	sed "s/^small/number $i/" a.table >s$i.table
done
cp a.table s5.table
rm s7.table
echo "== order"
"$AGENTCG" test -v -j 1 --timeout 2 >one; echo "exit $?"
grep -v '^[-+@ ]' one
for j in 2 4 20; do
	"$AGENTCG" test -v -j $j --timeout 2 | cmp one - && echo "the same with -j $j"
done

children() { tr ' ' '\n' <"/proc/$1/task/$1/children"; }
# Runs of agentcg that were started from this folder.
left() {
	for p in /proc/[0-9]*; do
		[ "$(readlink "$p/cwd" 2>/dev/null)" = "$tmp" ] &&
			[ "$(readlink "$p/exe" 2>/dev/null)" = "$(readlink -f "$AGENTCG")" ] &&
			grep -q long.acg "$p/cmdline" 2>/dev/null && echo "$p is left"
	done
}
# Tests in the background, until the long one runs; what a shell starts there ignores INT.
begin() {
	env --default-signal=INT "$AGENTCG" test "$@" >out 2>&1 &
	pid=$!
	tries=0 child=
	while [ -z "$child" ] && [ $tries -lt 100 ]; do
		sleep 0.1
		for child in $(children $pid); do
			grep -q long.acg "/proc/$child/cmdline" && break
			child=
		done
		tries=$((tries + 1))
	done
	[ -n "$child" ] || echo "it does not run"
}

echo "== a crash is one failed test"
begin -j 2 -v a.acg long.acg s5.acg
kill -KILL "$child"
wait $pid; echo "exit $?"
cat out
echo "== signals end it all"
for sig in INT TERM; do
	begin -j 1 --junit r.xml a.acg s7.acg long.acg
	kill -$sig $pid
	wait $pid; echo "SIG$sig: exit $?"
	cat out
	left
done
begin -j 1 --tap a.acg long.acg
kill -TERM $pid
wait $pid; cat out
echo "== and no process stays when it is killed"
begin long.acg
kill -KILL $pid
wait $pid 2>/dev/null
tries=0
while [ -n "$(left)" ] && [ $tries -lt 50 ]; do sleep 0.1; tries=$((tries + 1)); done
left
ls
