# SPDX-License-Identifier: GPL-2.0-or-later
# Completions of agentcg for bash; tests/cmd/docs.sh holds them to `agentcg COMMAND --help`.

_agentcg_options() {
	case $1 in
	run) echo "--param --policy --repeat --seed --json --csv --markdown --latex --html --plot --save --live --vm --vm-memory --and-sim --pack" \
		"--mechanism --cgroup --workdir --as-root --width --color --tap --junit --jobs --diagnostics --quiet --verbose --help" \
		"--version -p -j -q -v -h -V" ;;
	check) echo "--param --color --diagnostics --quiet --help --version -p -q -h -V" ;;
	plan) echo "--param --policy --repeat --seed --plot --width --color --diagnostics --help --version -p -h -V" ;;
	fmt) echo "--check --write --ast --color --diagnostics --help --version -w -h -V" ;;
	test) echo "--update --timeout --jobs --slack --tap --junit --side-by-side --color --diagnostics" \
		"--quiet --verbose --help --version -j -q -v -h -V" ;;
	find) echo "--param --policy --repeat --seed --color --diagnostics --help --version -p -h -V" ;;
	help) echo "--param --color --diagnostics --help --version -p -h -V" ;;
	doctor) echo "--cgroup --color --diagnostics --help --version -h -V" ;;
	calibrate) echo "--json --live --vm --vm-memory --cgroup --color --diagnostics --quiet --help --version -q -h -V" ;;
	clean) echo "--color --diagnostics --help --version -h -V" ;;
	runs) echo "--json --db --width --color --diagnostics --help --version -h -V" ;;
	show) echo "--json --csv --markdown --latex --html --plot --db --width --color --tap --junit --diagnostics --quiet" \
		"--help --version -q -h -V" ;;
	explain) echo "--param --policy --repeat --rep --seed --json --markdown --db --width --color --diagnostics --help --version" \
		"-p -h -V" ;;
	bundle) echo "--verify --db --color --diagnostics --help --version -h -V" ;;
	compare) echo "--across --fail-if --json --markdown --db --width --color --diagnostics --help --version -h -V" ;;
	report) echo "--across --json --markdown --html --db --width --color --diagnostics --help --version -h -V" ;;
	resume) echo "--json --csv --markdown --latex --html --plot --db --width --color --tap --junit --diagnostics --quiet" \
		"--verbose --help --version -q -v -h -V" ;;
	vm) echo "--jobs --vm-memory --pack --kernel --color --diagnostics --quiet --help --version -j -q -h -V" ;;
	esac
}

# The parameters or policies of the scenario on the command line, as `agentcg help FILE` lists them.
_agentcg_of_scenario() {
	local word file
	for word in "${COMP_WORDS[@]}"; do
		[[ $word == *.acg ]] && file=$word
	done
	[[ -n $file ]] || return
	"${COMP_WORDS[0]}" help "$file" 2>/dev/null | awk -v part="$1" '
		/^[a-z]/ { on = $1 == part }
		on && part == "parameters" && /^  [^ ].* = / { print $1 "=" }
		on && part == "policies" && /^  [^ ]/ { print $1 }'
}

_agentcg() {
	local commands="run check plan fmt test find runs show explain compare report bundle resume help doctor calibrate clean vm"
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command=run
	local IFS=$' \t\n'

	[[ " $commands " == *" ${COMP_WORDS[1]} "* ]] && command=${COMP_WORDS[1]}
	COMPREPLY=()
	if [[ $COMP_CWORD -gt 1 || $cur == -* ]]; then
		case $prev in
		-p | --param)
			mapfile -t COMPREPLY < <(compgen -W "$(_agentcg_of_scenario parameters)" -- "$cur")
			compopt -o nospace
			return
			;;
		--policy)
			mapfile -t COMPREPLY < <(compgen -W "$(_agentcg_of_scenario policies)" -- "$cur")
			return
			;;
		--color) mapfile -t COMPREPLY < <(compgen -W "auto always never" -- "$cur") && return ;;
		--diagnostics) mapfile -t COMPREPLY < <(compgen -W "text json" -- "$cur") && return ;;
		--mechanism)
			mapfile -t COMPREPLY < <(compgen -W "memcg_bpf freeze high sched_ext poll none" -- "$cur")
			return
			;;
		--across)
			mapfile -t COMPREPLY < <(compgen -W "scenario traces params backend mechanism kernel seed" -- "$cur")
			return
			;;
		--db | --json | --csv | --markdown | --latex | --html | --junit)
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
			compopt -o filenames
			return
			;;
		--repeat | --rep | --seed | --width | --timeout | -j | --jobs | --slack) return ;;
		esac
	fi
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_agentcg_options "$command")" -- "$cur")
		return
	fi
	case $command in
	doctor | calibrate | clean | runs) return ;;
	show | compare | report | resume)
		mapfile -t COMPREPLY < <(compgen -W "last $("${COMP_WORDS[0]}" runs 2>/dev/null |
			awk '$1 ~ /^[0-9a-f]{8}$/ { print $1 }')" -- "$cur")
		return
		;;
	explain)
		mapfile -t COMPREPLY < <(
			compgen -W "last $("${COMP_WORDS[0]}" runs 2>/dev/null | awk '$1 ~ /^[0-9a-f]{8}$/ { print $1 }')" -- "$cur"
			compgen -f -X '!*.acg' -- "$cur"
		)
		return
		;;
	vm)
		mapfile -t COMPREPLY < <(compgen -W "list fetch build remove exec debian:6.1 debian:6.12 debian:7.3 memcg-bpf" \
			-- "$cur")
		return
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -d -- "$cur"; compgen -f -X '!*.acg' -- "$cur")
	compopt -o filenames
	if [[ $COMP_CWORD -eq 1 || ($COMP_CWORD -eq 2 && $command == help) ]]; then
		mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -W "$commands" -- "$cur")
	fi
}

complete -F _agentcg agentcg
