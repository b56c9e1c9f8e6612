# agentcg test --tap and side by side, whatever a name or a table holds.
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
cp tests/cmd/small.acg "$tmp/a.acg"
case $AGENTCG in /*) ;; *) AGENTCG=$PWD/$AGENTCG ;; esac
cd "$tmp" || exit 1
"$AGENTCG" test --update a >/dev/null
digest='s/digest [0-9a-f]*/digest D/'
mkdir 'it is #1'
for n in changed control same "it's none"; do cp a.acg "it is #1/$n.acg"; done
sed 's/^low/LOW/; s/survive/SURVIVE/' a.table >'it is #1/changed.table'
cp a.table 'it is #1/same.table'
printf '\001\n' >'it is #1/control.table'
cp a.acg "$(printf 'line\nbreak.acg')"
echo "== tap"
"$AGENTCG" test --tap | sed "$digest"
"$AGENTCG" test --tap >/dev/null; echo "exit $?"
echo "== tap, nothing there"
mkdir empty
"$AGENTCG" test --tap empty; echo "exit $?"
echo "== side by side where there is room"
COLUMNS=160 "$AGENTCG" test --side-by-side 'it is #1/changed.acg' | sed "$digest"
COLUMNS=159 "$AGENTCG" test --side-by-side 'it is #1/changed.acg' | sed -n 2p
sed 2d a.table >'it is #1/same.table'
echo more >>'it is #1/same.table'
COLUMNS=160 "$AGENTCG" test --side-by-side 'it is #1/same.acg' | grep '[<>]$\|[<>] '
echo "== all that is wrong before anything runs"
"$AGENTCG" test a.acg none none/b.acg empty/ a.table 2>&1; echo "exit $?"
