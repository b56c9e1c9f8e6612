# Why a session took as long as it did: of a scenario, of kept runs; in each form; what is wrong.
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
s=tests/cmd/explain.acg
explain() { "$AGENTCG" explain "$@" 2>&1 | sed "s|$tmp|TMP|g"; }
echo "== everything that can hold it up"
explain $s low
echo "== killed"
explain $s high --policy none,alone
echo "== one repetition, narrow, as Markdown"
explain $s low --policy bpf --rep 2 --width 60
explain $s low --policy bpf --rep 2 --markdown -
echo "== for programs: the parts are the time, of every run and every allocation"
explain $s low --json - | jq -c '
	def adds_up: (.time_s - ([to_entries[] | select(.key | test("_s$") and . != "time_s" and . != "ended_s").value] | add)) | fabs < 1e-9;
	(.policies[] | [.policy, .n, (.runs | all(adds_up)), (.runs | all(.unexplained_s == 0))]),
	[.session, .workers, .recorded, .allocations, (.slowest | length, all(adds_up))]'
explain $s low --json - --policy native | jq '.policies[0].runs[1], .slowest[0]'
echo "== kept: the same"
"$AGENTCG" run -q --save="$tmp/db" $s
"$AGENTCG" explain $s low >"$tmp/file"
"$AGENTCG" explain --db "$tmp/db" last low >"$tmp/kept"
cmp "$tmp/file" "$tmp/kept"
echo "== kept by a version that did not record it: simulated again"
sqlite3 "$tmp/db" "UPDATE cgroup_run SET spent_ns = NULL"
"$AGENTCG" explain --db "$tmp/db" last low | cmp - "$tmp/file"
echo "== ... on a real kernel: said"
sqlite3 "$tmp/db" "UPDATE experiment SET backend = 'live'"
explain --db "$tmp/db" last low --policy bpf | sed 's/digest.*/digest/'
explain --db "$tmp/db" last low --json - | jq -c '.recorded, .policies, .slowest'
echo "== a real kernel does not tell everything"
sqlite3 "$tmp/db" "UPDATE cgroup_run SET spent_ns = 10000000000, spent_due_ns = 1000000000,
	spent_pace_ns = 2000000000, spent_cpu_ns = 500000000, spent_throttle_ns = 0, spent_delay_ns = 3000000000,
	spent_reclaim_ns = 0, spent_ready_ns = 0, spent_disk_ns = 0, spent_frozen_ns = 0"
explain --db "$tmp/db" last low --policy bpf | sed -n '/of that/,/^the\|^Its/p'
echo "== two workers: means"
printf '%s\n' 'cgroup a' 'at 1s alloc 100M in a' 'at 1s alloc 50M in a as two over 9s' >"$tmp/two.acg"
explain "$tmp/two.acg" a
echo "== never ended, hostile title, nothing allocated"
explain tests/bugs/frozen_for_ever.acg a
printf '%s\n' 'scenario "a|<b>*"' 'cgroup low' 'at 1s read 10M in low' >"$tmp/h.acg"
explain "$tmp/h.acg" low --markdown - | head -5
echo "== wrong"
explain $s
explain $s lwo
explain $s root
explain $s low --policy nativ
explain $s low --rep 4
explain "$tmp/no.acg" low
explain nope low --db "$tmp/db"
explain last low --db "$tmp/no.db"
explain last low --seed 2 --db "$tmp/db"
explain $s low --rep 0
"$AGENTCG" explain $s lwo >/dev/null 2>&1
echo "exit $?"
echo "== in a pipe that closes, to a file that cannot be"
"$AGENTCG" explain $s low --json /nowhere/x 2>&1 >/dev/null
echo "exit $?"
