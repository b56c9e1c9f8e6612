# agentcg test --junit: well-formed whatever names and tables hold, complete or not there.
command -v xmllint >/dev/null || { echo "xmllint is missing"; exit 77; }
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
cp tests/cmd/small.acg "$tmp/passes.acg"
case $AGENTCG in /*) ;; *) AGENTCG=$PWD/$AGENTCG ;; esac
cd "$tmp" || exit 1
"$AGENTCG" test --update passes >/dev/null
mkdir 'x & <y>'
cp passes.acg "x & <y>/\"it's\".acg"
printf 'an end ]]> & a <tag>\001\033[1m\377\r\n' >"x & <y>/\"it's\".table"
cp passes.acg "$(printf 'no\ntable\tto \377 see.acg')"
cat >long.acg <<'EOT'
cgroup low
every 1ms from 0s until 1000s { alloc 1M in low; free all in low }
repeat 1000000
EOT
: >long.table
"$AGENTCG" test --timeout 1 --junit r.xml >out; echo "exit $?"
sed "s/digest [0-9a-f]*/digest D/" out
rm out
echo "== what a parser reads"
xmllint --noout r.xml && echo well-formed
ask() { xmllint --xpath "$1" r.xml; echo; }
ask 'concat(/testsuite/@tests, " tests, ", /testsuite/@failures, " failures, ", /testsuite/@errors, " errors, ", /testsuite/@skipped, " skipped")'
ask 'concat(count(//testcase), " ", count(//failure), " ", count(//error), " ", count(//skipped))'
for i in 1 2 3 4; do
	ask "concat(//testcase[$i]/@classname, '|', //testcase[$i]/@name, '|', name(//testcase[$i]/*), '|', //testcase[$i]/*/@message)"
done
ask 'string(//failure)' | sed -n '1,/^+/p'
ask 'count(//testcase[@time >= 0])'
echo "== to standard output, in place of the text"
"$AGENTCG" test --junit - passes.acg >r.xml; echo "exit $?"
ask 'string(//testcase/@name)'
echo "== kept when nothing is tested"
"$AGENTCG" test --junit r.xml nowhere 2>/dev/null; echo "exit $?"
ask 'string(//testcase/@name)'
echo "== that cannot be written"
"$AGENTCG" test --junit none/r.xml passes.acg 2>&1; echo "exit $?"
"$AGENTCG" test --junit /dev/full passes.acg 2>&1; echo "exit $?"
ls | LC_ALL=C sort | tr -c 'a-z.\n' '?'
