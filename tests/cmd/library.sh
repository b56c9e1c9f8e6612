# Where a library file is looked for: AGENTCG_PATH, then stdlib/ beside the executable.
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
case $AGENTCG in /*) ;; *) AGENTCG=$PWD/$AGENTCG ;; esac
mkdir "$tmp/bin" "$tmp/bin/stdlib" "$tmp/one" "$tmp/two"
cp "$AGENTCG" "$tmp/bin/agentcg"
echo 'let here = 1M' >"$tmp/bin/stdlib/own.acg"
echo 'let here = 2M' >"$tmp/two/own.acg"
cat >"$tmp/s.acg" <<'EOT'
use "own"
cgroup low
at 0s alloc here in low
EOT
show() { "$tmp/bin/agentcg" plan "$tmp/s.acg" 2>&1 | grep -e ' alloc ' -e error -e looked | sed "s|$tmp|TMP|g"; }
unset AGENTCG_PATH
show
AGENTCG_PATH=$tmp/one:$tmp/two show
AGENTCG_PATH=$tmp/none:$tmp/one: show
mkdir -p "$tmp/share/agentcg"
mv "$tmp/bin/stdlib" "$tmp/share/agentcg/stdlib"
show
rm -r "$tmp/share"
AGENTCG_PATH=$tmp/one:$tmp/one:$tmp/none show | sed 's|, /.*||'
