" Vim syntax file
" Language: agentcg scenarios (*.acg), see agentcg(5)

if exists("b:current_syntax")
  finish
endif

syn case match
syn iskeyword @,48-57,_

" Behind a dot any word is a name.
syn match   acgMember    "\.\s*\h\w*"
syn keyword acgStatement scenario use require machine param let root cgroup trace workload policy
syn keyword acgStatement at every for when after finish measure compare contention repeat sweep
syn keyword acgStatement expect claim abort mechanism
syn keyword acgOperator  and or not mod of
syn keyword acgAction    alloc free hold touch read sleep replay exec start set freeze thaw kill
syn keyword acgAction    reclaim mark
syn keyword acgModifier  in from over each as speed base timeout with memory tools simulated own
syn keyword acgModifier  like until within by units baseline interleave seed confidence else
syn match   acgNumber    "\<\d\+\(\.\d\+\)\{,2}\([%x]\|[BKMGT]\(/s\>\)\?\)\?"
syn match   acgNumber    "\<\(\d\+\(\.\d\+\)\?\(ns\|us\|ms\|[smh]\)\)\+\>"
syn match   acgRange     "\.\."
syn match   acgEscape    "\\[\"\\nt]" contained
syn region  acgString    start=+"+ skip=+\\.+ end=+"+ oneline contains=acgEscape
syn match   acgComment   "#.*$" contains=acgTodo,@Spell
syn keyword acgTodo      TODO FIXME contained

hi def link acgStatement Statement
hi def link acgOperator  Operator
hi def link acgAction    Function
hi def link acgModifier  Keyword
hi def link acgNumber    Number
hi def link acgRange     Operator
hi def link acgEscape    SpecialChar
hi def link acgString    String
hi def link acgComment   Comment
hi def link acgTodo      Todo

setlocal commentstring=#\ %s

let b:current_syntax = "agentcg"
