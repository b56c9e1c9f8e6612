# repeat ... until, interleave random: looks after 10, 13, 17, ... repetitions, each of which is whole;
# runs are shuffled between two looks only.
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
cat >"$tmp/until.acg" <<'EOT'
cgroup a[2]
at 0s alloc 10M in a[*]
at 20s +/- 4s free all in a[*]
policy x { }
policy y { cgroup a[*] < high 5M > }
compare x, y
repeat 10..60 until ci(a[0].time) < 4% interleave random seed 7
EOT
"$AGENTCG" --csv - "$tmp/until.acg" | awk -F, '
	NR > 1 && $8 == "root" { run++; order = order " " $3 $4; n[$3]++; last[run] = $4 }
	END {
		print "x", n["x"], "y", n["y"]
		# The runs of the first look, and those of the next, in their order.
		split(order, o, " ")
		for (i = 1; i <= run; i++) {
			printf "%s%s", o[i], i == 20 || i == 26 || i == 34 || i == 44 || i == run ? "\n" : " "
			most = last[i] > most ? last[i] : most
			if (i == 20 || i == 26 || i == 34 || i == 44 || i == run)
				print "-- up to repetition", most + 0
		}
	}'
"$AGENTCG" "$tmp/until.acg" | grep -A1 'policies x\|`until`'
echo "== a number given on the command line is that number"
"$AGENTCG" --repeat 7 "$tmp/until.acg" | grep 'policies x\|until'
echo "== not narrow enough"
sed 's/< 4%/< 0.1%/; s/10..60/3..8/' "$tmp/until.acg" >"$tmp/never.acg"
"$AGENTCG" "$tmp/never.acg" | grep -A1 'policies x\|`until`'
