# Where a live run cannot be, it says why and how to get it, and touches nothing.
s=tests/cmd/small.acg
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/runtime"
XDG_RUNTIME_DIR=$tmp/runtime
export XDG_RUNTIME_DIR

# What there is of agentcg's in any cgroup tree, and of state files.
traces() {
	find /sys/fs/cgroup -type d -name 'agentcg-*' 2>/dev/null
	ls /run/agentcg "$tmp/runtime" 2>/dev/null
	cat /sys/fs/cgroup/cgroup.subtree_control /sys/fs/cgroup/unified/cgroup.subtree_control \
		2>/dev/null
}
traces >"$tmp/before"
"$AGENTCG" --live $s >"$tmp/out" 2>"$tmp/err"
status=$?
traces >"$tmp/after"
if [ $status -ne 2 ]; then
	echo "a live run is possible on this host"
	exit 77
fi
case $(cat "$tmp/err") in
*'error[E630]: '* | *'error[E631]: '* | *'error[E632]: '*) echo "it says why" ;;
*) cat "$tmp/err" ;;
esac
grep -q -e systemd -e container -e '--vm' -e boot "$tmp/err" && echo "and how to get it"
[ ! -s "$tmp/out" ] || echo "it printed results"
cmp "$tmp/before" "$tmp/after" && echo "nothing was touched"

# The host comes first: a scenario with a mistake is not looked at.
echo 'at 0s' >"$tmp/wrong.acg"
"$AGENTCG" --live "$tmp/wrong.acg" 2>&1 | grep -c 'error\['
