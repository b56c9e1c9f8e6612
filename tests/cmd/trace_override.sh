# -p with a trace: by its name, or as `trace` where there is one; relative to the current directory.
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
case $AGENTCG in /*) ;; *) AGENTCG=$PWD/$AGENTCG ;; esac
cp scenarios/traces/dask-like/resources.json "$tmp/dask.json"
cp scenarios/traces/github3-like/resources.json "$tmp/github3.json"
cd "$tmp" || exit 1
mkdir sub
cat >sub/one.acg <<'EOT'
trace t = "../dask.json"
cgroup a
at 0s replay memory t in a speed 100x
EOT
{ cat sub/one.acg; echo 'trace u = "../dask.json"'; echo 'at 0s replay memory u in a as other speed 100x'; } >sub/two.acg
run() {
	echo "== $*"
	"$AGENTCG" run "$@" 2>&1 | sed -n '/^trace /p; /error/,$p'
}
run sub/one.acg
run -p trace=github3.json sub/one.acg
run -p t=github3.json sub/one.acg
run -p t=dask.json -p trace=github3.json sub/one.acg
run -p u=github3.json sub/two.acg
run -p trace=github3.json sub/two.acg
run -p trace=absent.json sub/one.acg
run -p v=github3.json sub/two.acg
