# fmt on several files: --check names, --write rewrites, errors stop only their own file.
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
case $AGENTCG in /*) ;; *) AGENTCG=$PWD/$AGENTCG ;; esac
cd "$tmp" || exit 1
printf 'cgroup low\n' >good.acg
printf 'cgroup   low  # a comment\nat 0s   alloc 1M in low;\n' >loose.acg
printf 'cgroup low <\n' >bad.acg
chmod 640 loose.acg
echo "== check"
"$AGENTCG" fmt --check good.acg; echo "exit $?"
"$AGENTCG" fmt --check loose.acg good.acg; echo "exit $?"
"$AGENTCG" fmt --check loose.acg bad.acg none.acg good.acg; echo "exit $?"
echo "== print"
"$AGENTCG" fmt loose.acg good.acg; echo "exit $?"
"$AGENTCG" fmt - <loose.acg; echo "exit $?"
echo "== write"
cp bad.acg bad.orig
"$AGENTCG" fmt -w loose.acg bad.acg good.acg 2>/dev/null; echo "exit $?"
cat loose.acg
stat -c %a loose.acg
cmp bad.acg bad.orig && echo "bad.acg is as it was"
"$AGENTCG" fmt --check loose.acg && echo "loose.acg is canonical"
ls
echo "== imports are not followed"
echo 'use "nowhere"' | "$AGENTCG" fmt -; echo "exit $?"
