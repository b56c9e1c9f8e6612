# agentcg vm without a network: the cache, wrong names, an archive that cannot be reached.
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
export XDG_CACHE_HOME="$tmp"
# Nothing answers here.
export http_proxy=http://127.0.0.1:9 https_proxy=http://127.0.0.1:9
try() {
	echo "\$ agentcg vm $*"
	"$AGENTCG" vm "$@" >"$tmp/out" 2>&1
	status=$?
	sed "s|$tmp|TMP|g" "$tmp/out"
	[ $status -eq 0 ] || echo "exit $status"
}
try list
try list debian:6.1
try fecth
try fetch 6.1
try fetch debian:6
try build debian:7.2
try remove
try remove debian:6.1
try remove Makefile ./Makefile

# A kernel that somebody put there.
mkdir -p "$tmp/agentcg/kernels/mine"
{
	head -c 514 /dev/zero; printf 'HdrS'; head -c 8 /dev/zero; printf '\020\000'; printf '9.9.9-mine (a@b)'
	head -c 1000 /dev/zero
} >"$tmp/agentcg/kernels/mine/vmlinuz"
try list
try remove mine
try list

echo "== an archive that cannot be reached, a program that is not there"
"$AGENTCG" vm fetch 2>&1 | sed -n 's/^agentcg: //p'
PATH=/nowhere "$AGENTCG" vm fetch -q 2>&1 | grep -v '^  '
PATH=/nowhere "$AGENTCG" vm build -q 2>&1
HOME='' XDG_CACHE_HOME=relative "$AGENTCG" vm list 2>&1
exit 0
