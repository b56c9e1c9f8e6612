# A full disk: what was measured is reported, it is said that not all is kept, and what is kept is sound.
# In a mount namespace of its own, which takes root.
unshare -m sh -c 'mount -t tmpfs -o size=400k none /mnt' 2>/dev/null ||
	{ echo "mounting a small disk is not permitted"; exit 77; }
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/full"
export AGENTCG tmp
unshare -m sh -c '
	mount -t tmpfs -o size=8m none "$tmp/full" || exit 1
	"$AGENTCG" run -q --repeat 60000 --save="$tmp/full/x.db" --csv "$tmp/r.csv" tests/cmd/small.acg 2>&1
	echo "exit $?"
	"$AGENTCG" runs --db "$tmp/full/x.db" --json - | jq -c ".[] | [.state, .runs > 0, .runs < .planned]"
	mount -o remount,size=150m "$tmp/full"
	"$AGENTCG" resume -q --db "$tmp/full/x.db" last --csv "$tmp/s.csv"
	echo "resumed: exit $?"
' | sed "s|$tmp|TMP|"
wc -l <"$tmp/r.csv"
cmp "$tmp/r.csv" "$tmp/s.csv"
