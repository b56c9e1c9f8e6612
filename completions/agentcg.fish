# SPDX-License-Identifier: GPL-2.0-or-later
# Completions of agentcg for fish; tests/cmd/docs.sh holds them to `agentcg COMMAND --help`.

set -l commands run check plan fmt test find runs show explain compare report bundle resume help doctor calibrate clean vm

function __agentcg_command
    set -l words (commandline -opc)
    if set -q words[2]; and contains -- $words[2] run check plan fmt test find runs show explain compare report bundle resume help doctor calibrate clean vm
        echo $words[2]
    else
        echo run
    end
end

function __agentcg_is
    contains -- (__agentcg_command) $argv
end

# The parameters or policies of the scenario on the command line, as `agentcg help FILE` lists them.
function __agentcg_of_scenario
    set -l words (commandline -opc)
    set -l files (string match -- '*.acg' $words)
    set -q files[1]; or return
    $words[1] help $files[-1] 2>/dev/null | awk -v part=$argv[1] '
        /^[a-z]/ { on = $1 == part }
        on && part == "parameters" && /^  [^ ].* = / { print $1 "=" }
        on && part == "policies" && /^  [^ ]/ { print $1 }'
end

complete -c agentcg -f
complete -c agentcg -n 'not __agentcg_is doctor calibrate clean vm runs show compare report resume' -k -a '(__fish_complete_suffix .acg)'
complete -c agentcg -n __fish_use_subcommand -a run -d 'Run a scenario in the simulator'
complete -c agentcg -n __fish_use_subcommand -a check -d 'Check scenarios'
complete -c agentcg -n __fish_use_subcommand -a plan -d 'Show the timeline, demand against the budget'
complete -c agentcg -n __fish_use_subcommand -a fmt -d 'Print scenarios in the canonical form'
complete -c agentcg -n __fish_use_subcommand -a test -d 'Compare with the tables beside scenarios'
complete -c agentcg -n __fish_use_subcommand -a find -d 'Search a parameter for where a condition holds'
complete -c agentcg -n __fish_use_subcommand -a runs -d 'List kept experiments'
complete -c agentcg -n __fish_use_subcommand -a show -d 'Report a kept experiment again'
complete -c agentcg -n __fish_use_subcommand -a explain -d 'Tell why a session took as long as it did'
complete -c agentcg -n __fish_use_subcommand -a compare -d 'Compare two kept experiments'
complete -c agentcg -n __fish_use_subcommand -a report -d 'Report several kept experiments together'
complete -c agentcg -n __fish_use_subcommand -a bundle -d 'Pack a kept experiment into one file'
complete -c agentcg -n __fish_use_subcommand -a resume -d 'Make the runs that one lacks'
complete -c agentcg -n __fish_use_subcommand -a help -d 'Explain a command or a scenario'
complete -c agentcg -n __fish_use_subcommand -a doctor -d 'Say what this host and build can do'
complete -c agentcg -n __fish_use_subcommand -a calibrate -d 'Measure a machine for the simulator'
complete -c agentcg -n __fish_use_subcommand -a clean -d 'Remove what killed runs left behind'
complete -c agentcg -n __fish_use_subcommand -a vm -d 'Kernels for --vm'
complete -c agentcg -n '__agentcg_is help' -a "$commands"
complete -c agentcg -n '__agentcg_is vm' -a 'list fetch build remove exec debian:6.1 debian:6.12 debian:7.3 memcg-bpf'

complete -c agentcg -n '__agentcg_is run check plan find explain help' -s p -l param -x -a '(__agentcg_of_scenario parameters)' -d 'Give a parameter another value'
complete -c agentcg -n '__agentcg_is run plan find explain' -l policy -x -a '(__agentcg_of_scenario policies)' -d 'Run only these policies'
complete -c agentcg -n '__agentcg_is run plan find explain' -l repeat -x -d 'Repeat every run'
complete -c agentcg -n '__agentcg_is explain' -l rep -x -d 'Explain only this repetition'
complete -c agentcg -n '__agentcg_is run plan find explain' -l seed -x -d 'Seed of jitter, noise and order'
complete -c agentcg -n '__agentcg_is run runs show explain compare report resume calibrate' -l json -r -F -d 'Write results as JSON'
complete -c agentcg -n '__agentcg_is run show resume' -l csv -r -F -d 'Write results as CSV'
complete -c agentcg -n '__agentcg_is run show explain compare report resume' -l markdown -r -F -d 'Write tables for a page of Markdown'
complete -c agentcg -n '__agentcg_is run show resume' -l latex -r -F -d 'Write a table for a paper'
complete -c agentcg -n '__agentcg_is run show report resume' -l html -r -F -d 'Write a page for a browser'
complete -c agentcg -n '__agentcg_is run' -l save -d 'Keep runs as they end'
complete -c agentcg -n '__agentcg_is runs show explain compare report bundle resume' -l db -r -F -d 'Database of kept runs'
complete -c agentcg -n '__agentcg_is show explain compare report resume' -x -a "last (agentcg runs 2>/dev/null | string match -r '^[0-9a-f]{8}')"
complete -c agentcg -n '__agentcg_is bundle' -l verify -d 'Simulate it again and compare'
complete -c agentcg -n '__agentcg_is bundle' -F
complete -c agentcg -n '__agentcg_is compare report' -l across -x -a 'scenario traces params backend mechanism kernel seed' -d 'Differences that are meant'
complete -c agentcg -n '__agentcg_is compare' -l fail-if -x -d 'Exit 1 when it holds'
complete -c agentcg -n '__agentcg_is run calibrate' -l live -d 'Run on this host'
complete -c agentcg -n '__agentcg_is run calibrate' -l vm -d 'Run in a virtual machine'
complete -c agentcg -n '__agentcg_is run vm calibrate' -l vm-memory -x -d 'Memory of that machine'
complete -c agentcg -n '__agentcg_is run' -l and-sim -d 'Predict too, and show the error'
complete -c agentcg -n '__agentcg_is run vm' -l pack -r -F -d 'Take a file or program into it'
complete -c agentcg -n '__agentcg_is vm' -l kernel -x -a 'debian:6.1 debian:6.12 debian:7.3' -d 'What exec boots'
complete -c agentcg -n '__agentcg_is run' -l mechanism -x -a 'memcg_bpf freeze high sched_ext poll none' -d 'What carries out delays'
complete -c agentcg -n '__agentcg_is run doctor calibrate' -l cgroup -x -a '(__fish_complete_directories)' -d 'Live: make cgroups in this one'
complete -c agentcg -n '__agentcg_is run' -l workdir -x -a '(__fish_complete_directories)' -d 'Live: where commands run'
complete -c agentcg -n '__agentcg_is run' -l as-root -d 'Live: commands of root run as root too'
complete -c agentcg -n '__agentcg_is fmt' -l check -d 'Name files that are not formatted'
complete -c agentcg -n '__agentcg_is fmt' -s w -l write -d 'Rewrite the files in place'
complete -c agentcg -n '__agentcg_is fmt' -l ast -d 'Print the syntax tree'
complete -c agentcg -n '__agentcg_is test' -l update -x -k -a '(__fish_complete_suffix .acg)' -d 'Rewrite one expected table'
complete -c agentcg -n '__agentcg_is test' -l timeout -x -d 'How long one scenario may take'
complete -c agentcg -n '__agentcg_is run test vm' -s j -l jobs -x -d 'Run so many at a time'
complete -c agentcg -n '__agentcg_is test' -l slack -x -d 'How far figures may lie apart'
complete -c agentcg -n '__agentcg_is run test show resume' -l tap -d 'Report in the Test Anything Protocol'
complete -c agentcg -n '__agentcg_is run test show resume' -l junit -r -F -d 'Write a report as JUnit XML'
complete -c agentcg -n '__agentcg_is test' -l side-by-side -d 'Show differences in two columns'
complete -c agentcg -n '__agentcg_is run plan runs show explain compare report resume' -l width -x -d 'Width of tables and charts'
complete -c agentcg -n '__agentcg_is run plan show resume' -l plot -d 'Chart memory over time'
complete -c agentcg -n '__agentcg_is run check plan fmt test find runs show explain compare report bundle resume help doctor calibrate clean vm' -l color -x -a 'auto always never' -d 'Colour'
complete -c agentcg -n '__agentcg_is run check plan fmt test find runs show explain compare report bundle resume help doctor calibrate clean vm' -l diagnostics -x -a 'text json' -d 'Form of errors and warnings'
complete -c agentcg -n '__agentcg_is run check test vm show resume calibrate' -s q -l quiet -d 'No progress, warnings, table'
complete -c agentcg -n '__agentcg_is run test resume' -s v -l verbose -d 'Name each run or test'
complete -c agentcg -n '__agentcg_is run check plan fmt test find runs show explain compare report bundle resume help doctor calibrate clean vm' -s h -l help -d 'List the options'
complete -c agentcg -n '__agentcg_is run check plan fmt test find runs show explain compare report bundle resume help doctor calibrate clean vm' -s V -l version -d 'Version'
