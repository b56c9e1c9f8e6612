# A signal ends a run early: what was measured is reported, the exit status is 130.
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
for sig in INT TERM; do
	: >"$tmp/err"
	# What a shell runs in the background ignores INT.
	env --default-signal=INT "$AGENTCG" run -v --repeat 100000 --json "$tmp/r.json" \
		tests/cmd/small.acg >"$tmp/out" 2>"$tmp/err" &
	pid=$!
	tries=0
	until grep -q '^run 3 of' "$tmp/err" || [ $tries -ge 100 ]; do
		sleep 0.1
		tries=$((tries + 1))
	done
	[ $tries -lt 100 ] || { echo "it does not run"; sed 5q "$tmp/err"; kill -KILL $pid; }
	kill -$sig $pid
	wait $pid
	echo "SIG$sig: exit $?"
	jq -r '"interrupted: \(.interrupted)"' "$tmp/r.json"
	grep -c '^  low' "$tmp/out"
	grep -o 'interrupted: [0-9]* of 100000' "$tmp/out" | sed 's/[0-9]* of/N of/'
done
