# Are the manuals and completions true to the tables that the program is made from?
# Every line of output is a difference: `<` is in the program, `>` in the text.
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

compare() {
	echo "== $1"
	LC_ALL=C sort -u "$2" >"$tmp/a"
	LC_ALL=C sort -u "$3" >"$tmp/b"
	[ -s "$tmp/a" ] || echo "nothing to compare"
	diff "$tmp/a" "$tmp/b" | grep '^[<>]'
}

# Diagnostics: code and summary.
sed -n 's/^DIAG(.*, \([EW][0-9]*\), "\(.*\)").*/\1 \2/p' src/base/diag_codes.def |
	sed 's/`//g; s/\\"/"/g' >"$tmp/codes"
awk '
	/^\.It [EW][0-9][0-9][0-9]$/ { if (line) print line; line = $2; next }
	/^\.(El|Ss|Sh)/ { if (line) print line; line = "" }
	line {
		sub(/^\.Ql (\\&)?/, "")
		gsub(/\\&/, "")
		line = line " " $0
	}' man/agentcg.5 | sed 's/ \([,:]\)/\1/g' >"$tmp/man"
compare "diagnostics, agentcg(5)" "$tmp/codes" "$tmp/man"

# Metrics.
sed -n 's/^METRIC([A-Z0-9_]*, "\([^"]*\)", .*/\1/p' src/plan/metrics.def >"$tmp/metrics"
sed -n '/^\.Sh METRICS/,/^\.El/s/^\.It Ic \([a-z0-9_.]*\)$/\1/p' man/agentcg.5 >"$tmp/man"
compare "metrics, agentcg(5)" "$tmp/metrics" "$tmp/man"

# Attributes.
sed -n 's/^    {"\([a-z]*\)", .*\(CG(CGA_\|FIELD(machine\).*/\1/p' src/plan/attrs.c >"$tmp/attrs"
sed -n '/^\.Sh ATTRIBUTES/,/^\.Sh METRICS/s/^\.It Ic \([a-z]*\) .*/\1/p' man/agentcg.5 >"$tmp/man"
compare "attributes, agentcg(5)" "$tmp/attrs" "$tmp/man"

# Commands and options, as --help says them: `run --json`, `run -q`.
commands=$("$AGENTCG" help | sed -n 's/^  \([a-z]*\) .*/\1/p' | grep -v '^agentcg$')
for c in $commands; do
	"$AGENTCG" "$c" --help | sed -n 's/^  \(   \|\(-.\), \)\( *\)\(--[a-z-]*\).*/\2 \4/p' |
		tr ' ' '\n' | sed -n "s/^-/$c -/p"
done >"$tmp/options"
cut -d ' ' -f 2 "$tmp/options" >"$tmp/names"

echo "$commands" | tr ' ' '\n' >"$tmp/commands"
sed -n '/^\.Ss Commands/,/^\.Ss Options/s/^\.It Cm \([a-z]*\).*/\1/p' man/agentcg.1 >"$tmp/man"
compare "commands, agentcg(1)" "$tmp/commands" "$tmp/man"

sed -n '/^\.Ss Options/,/^\.Sh/s/^\.It Fl //p' man/agentcg.1 |
	sed 's/ , Fl /\n/g' | sed 's/[ =].*//; s/^/-/' >"$tmp/man"
compare "options, agentcg(1)" "$tmp/names" "$tmp/man"

# Environment.
cat src/cmd/*.c | grep -o '\(getenv\|env_number\)([^")]*"[A-Z_]*"' | cut -d '"' -f 2 |
	grep -v -e '^TERM$' -e '^PATH$' >"$tmp/env"
sed -n 's/^\.It Ev //p' man/agentcg.1 >"$tmp/man"
compare "environment, agentcg(1)" "$tmp/env" "$tmp/man"

bash -c '. completions/agentcg.bash
	for c; do for o in $(_agentcg_options $c); do echo "$c $o"; done; done' - $commands >"$tmp/bash"
compare "options, bash" "$tmp/options" "$tmp/bash"

awk '/^complete .*__agentcg_is / && / -l / {
	split($0, quoted, "\047")
	n = split(quoted[2], c, " ")
	rest = $0
	sub(/^[^\047]*\047[^\047]*\047/, "", rest)
	m = split(rest, w, " ")
	for (i = 2; i <= n; i++)
		for (k = 1; k < m; k++)
			if (w[k] == "-l")
				print c[i], "--" w[k + 1]
			else if (w[k] == "-s")
				print c[i], "-" w[k + 1]
}' completions/agentcg.fish >"$tmp/fish"
compare "options, fish" "$tmp/options" "$tmp/fish"

grep -o "['{,]-\{1,2\}[a-zA-Z-]*" completions/_agentcg | sed -n "s/^['{,]\(-[-a-zA-Z]\{1,\}\)/\1/p" >"$tmp/zsh"
grep -o ')--[a-z-]*\|\*--[a-z-]*' completions/_agentcg | sed 's/^.//' >>"$tmp/zsh"
compare "options, zsh" "$tmp/names" "$tmp/zsh"

# The scenario that agentcg(5) opens with does what it says.
echo "== example, agentcg(5)"
awk '/^\.Bd/ { n++; on = n == 2; next } /^\.Ed/ { on = 0 } on' man/agentcg.5 >"$tmp/example.acg"
"$AGENTCG" "$tmp/example.acg" | tail -n 1

# scenarios/README.md names every scenario, with the verdict of its table.
for f in scenarios/*.table; do
	[ ! -f "$f" ] || echo "$(basename "$f" .table) $(sed -n 's/^verdict: //p' "$f")"
done >"$tmp/verdicts"
for f in scenarios/*.acg; do
	[ -f "${f%.acg}.table" ] || echo "$(basename "$f" .acg) ?"
done >>"$tmp/verdicts"
sed -n 's/^| `\([a-z0-9A-Z_]*\)` | \([A-Z?]*\) |.*/\1 \2/p' scenarios/README.md >"$tmp/readme"
compare "verdicts, scenarios/README.md" "$tmp/verdicts" "$tmp/readme"
exit 0
