/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * agentcg.y - the scenario language.  agentcg(5) describes it, lang/ast.h what it becomes.
 *
 * Actions only construct nodes (lang/build.h).  Words other than statement heads, `and or not mod`
 * and `of` are names wherever a name is expected: see `name`.  Recovery is at statements, actions
 * and attributes: see the rules that begin with bad_.
 */
%require "3.8"
%define api.prefix {acg_}
%define api.pure full
%define api.token.prefix {T_}
%define api.symbol.prefix {S_}
%define api.location.type {struct span}
%define parse.error custom
/* Reduce only what the next token allows, so that errors are met where they stand. */
%define lr.default-reduction consistent
%locations
%expect 0
%parse-param {struct scan *x} {void *scanner}
%lex-param {void *scanner}

%code requires {
#include "lang/build.h"
}

%union {
	const struct sym *sym;
	struct ast_expr *expr;
	struct ast_action *action;
	struct ast_stmt *stmt;
	struct ast_attr *attrs;
	struct ast_args *args;
	struct segs segs;
	struct paths paths;
	struct exprs exprs;
	struct names names;
	struct attrs attr_list;
	struct actions actions;
	struct body body;
	struct stmts stmts;
	struct overlays overlays;
	struct formals formals;
	struct needs needs;
	struct arg_list arg_list;
	struct ast_param *param;
	struct ast_cgroup *cgroup;
	struct ast_trace *trace;
	struct ast_every *every;
	struct ast_when *when;
	struct ast_measure *measure;
	struct ast_compare *compare;
	struct ast_repeat *repeat;
	struct ast_expect *expect;
	struct ast_overlay *overlay;
	struct ast_formal *formal;
	struct ast_need *need;
	struct ast_arg *arg;
	enum ast_op op;
	uint32_t bracket;
}

%initial-action { @$ = (struct span){x->file->source->base, x->file->source->base}; }

%code {
#include "lang/syntax.h"

#define YYLLOC_DEFAULT(cur, rhs, n)                                                                \
	((cur) = (n) ? (struct span){YYRHSLOC(rhs, 1).beg, YYRHSLOC(rhs, n).end}                   \
		     : (struct span){YYRHSLOC(rhs, 0).end, YYRHSLOC(rhs, 0).end})
/* Recovery ends before the next token, if that is a good place; else that is dropped too. */
#define RECOVER                                                                                    \
	do {                                                                                       \
		if (scan_recovered(x, yylloc)) {                                                   \
			yyerrok;                                                                   \
		} else {                                                                           \
			yyclearin;                                                                 \
			YYERROR;                                                                   \
		}                                                                                  \
	} while (0)
/* A word at the start of a line that begins nothing, met during recovery. */
#define UNKNOWN(at, in_block)                                                                      \
	do {                                                                                       \
		syntax_report_unknown(x, at, in_block);                                            \
		YYERROR;                                                                           \
	} while (0)
/* The closing bracket is missing before this token; silent behind an error. */
#define UNCLOSED(at) scan_unclosed(x, at, YYRECOVERING())
/* Between two statements, and the next one begins with `at`: the same as the rules make of it. */
#define BRIEF                                                                                      \
	do {                                                                                       \
		if (yychar == T_AT && !x->watch && !YYRECOVERING() &&                              \
		    scan_brief(x, scanner, &yylloc))                                               \
			yyclearin;                                                                 \
	} while (0)
#define YYMAXDEPTH 10000

int acg_lex(ACG_STYPE *value, ACG_LTYPE *at, void *scanner);
static void acg_error(struct span *at, struct scan *x, void *scanner, const char *text);
}

/* Statement heads: reserved. */
%token SCENARIO "scenario" USE "use" REQUIRE "require" MACHINE "machine" PARAM "param" LET "let"
%token ROOT "root" CGROUP "cgroup" TRACE "trace" WORKLOAD "workload" POLICY "policy" AT "at"
%token EVERY "every" FOR "for" WHEN "when" AFTER "after" FINISH "finish" MEASURE "measure"
%token COMPARE "compare" CONTENTION "contention" REPEAT "repeat" SWEEP "sweep" EXPECT "expect"
%token CLAIM "claim" ABORT "abort" MECHANISM "mechanism"
/* Operators that are words: reserved. */
%token AND "and" OR "or" NOT "not" MOD "mod" OF "of"
/* Verbs, modifiers and words of statements: names elsewhere. */
%token ALLOC "alloc" FREE "free" HOLD "hold" TOUCH "touch" READ "read" SLEEP "sleep"
%token REPLAY "replay" EXEC "exec" START "start" SET "set" FREEZE "freeze" THAW "thaw"
%token KILL "kill" RECLAIM "reclaim" MARK "mark"
%token IN "in" FROM "from" OVER "over" EACH "each" AS "as" SPEED "speed" BASE "base"
%token TIMEOUT "timeout" WITH "with" MEMORY "memory" TOOLS "tools" SIMULATED "simulated"
%token OWN "own" LIKE "like" UNTIL "until" WITHIN "within" BY "by" UNITS "units"
%token BASELINE "baseline" INTERLEAVE "interleave" SEED "seed" CONFIDENCE "confidence" ELSE "else"
%token LE "<=" GE ">=" EQ "==" NE "!=" DOTDOT ".." PLUSMINUS "+/-" DOTSTAR ".*"
%token <sym> WORD "a name" DOTNAME ".NAME" STRING "a quoted text"
%token <expr> SIZE "a size" DURATION "a duration" RATE "a rate" NUMBER "a number"
%token <expr> VERSION "a version"
%token BAD "(reported)"	    /* what the scanner reported, or dropped during recovery */
%token LOST "(lost)"	    /* reported, and what follows cannot be trusted: fits nowhere */
%token CLOSE "(close)"	    /* the scanner says that a closing bracket is missing here */
%token UNKNOWN "(unknown)"    /* a word that begins a line, but nothing else; during recovery */
%token NEVER "(never)"	    /* not a token: makes the parser look ahead before it recovers */

%type <sym> name
%type <expr> arith expr mark_ref
%type <action> act
%type <attrs> attrs
%type <attr_list> attr_list
%type <attrs> attr
%type <args> args
%type <arg_list> arg_list
%type <arg> arg
%type <segs> path
%type <paths> paths
%type <exprs> exprs values
%type <names> names
%type <actions> actions
%type <body> body block
%type <stmts> stmts cgroups expects
%type <stmt> stmt cgroup_stmt
%type <overlays> overlays
%type <overlay> overlay
%type <formals> formals formal_list
%type <formal> formal
%type <needs> needs alternatives
%type <need> need
%type <param> param
%type <cgroup> cgroup cgroup_name
%type <trace> trace
%type <every> every
%type <when> when after
%type <measure> measure
%type <compare> compare
%type <repeat> repeat
%type <expect> expect
%type <op> relation
%type <bracket> open_attrs open_actions open_cgroups open_overlays open_expects open_stmts
%type <overlays> overlay_block
%type <stmts> cgroup_block expect_block stmt_block

%left OR
%left AND
%precedence NOT
%left '+' '-'
%left '*' '/' MOD
%right OF
%precedence MINUS

%destructor { scan_close(x, $$); } <bracket>

%%

file: %empty
	| file stmt		{ build_top(x, $2); BRIEF; }
	| file ';'
	| file bad_top
	;
bad_top: error			{ RECOVER; }
	| error NEVER
	| UNKNOWN		{ UNKNOWN(@1, false); }
	;

stmt: SCENARIO STRING		{ $$ = build_text(x, @$, AS_SCENARIO, $2, @2); }
	| USE STRING		{ $$ = build_text(x, @$, AS_USE, $2, @2); }
	| REQUIRE needs		{ $$ = build_require(x, @$, $2); }
	| MACHINE attrs		{ $$ = build_attrs_stmt(x, @$, AS_MACHINE, $2); }
	| ROOT attrs		{ $$ = build_attrs_stmt(x, @$, AS_ROOT, $2); }
	| param			{ $$ = &$1->s; }
	| LET name '=' expr	{ $$ = build_let(x, @$, $2, @2, $4); }
	| cgroup_stmt
	| trace			{ $$ = &$1->s; }
	| WORKLOAD name formals block
				{ $$ = build_workload(x, @$, $2, @2, $3, $4); }
	| POLICY name overlay_block
				{ $$ = build_policy(x, @$, $2, @2, $3); }
	| MECHANISM name	{ $$ = build_mechanism(x, @$, $2, @2); }
	| AT arith body		{ $$ = build_at(x, @$, $2, NULL, $3); }
	| AT arith PLUSMINUS arith body
				{ $$ = build_at(x, @$, $2, $4, $5); }
	| AT '+' arith body	{ $$ = build_at_relative(x, @$, $3, NULL, $4); }
	| AT '+' arith PLUSMINUS arith body
				{ $$ = build_at_relative(x, @$, $3, $5, $6); }
	| every body		{ $$ = build_every_body($1, @$, $2); }
	| FOR name IN arith DOTDOT arith stmt_block
				{ $$ = build_for(x, @$, $2, @2, $4, $6, $7); }
	| when body		{ $$ = build_when_body($1, @$, $2); }
	| after body		{ $$ = build_when_body($1, @$, $2); }
	| FINISH WHEN expr	{ $$ = build_finish(x, @$, AS_FINISH, $3, NULL); }
	| FINISH WHEN expr BY arith
				{ $$ = build_finish(x, @$, AS_FINISH, $3, $5); }
	| FINISH AT arith	{ $$ = build_finish(x, @$, AS_FINISH, NULL, $3); }
	| ABORT WHEN expr	{ $$ = build_finish(x, @$, AS_ABORT, $3, NULL); }
	| measure		{ $$ = &$1->s; }
	| compare		{ $$ = &$1->s; }
	| CONTENTION name	{ $$ = build_contention(x, @$, $2, @2); }
	| repeat		{ $$ = &$1->s; }
	| SWEEP name IN values	{ $$ = build_sweep(x, @$, $2, @2, $4); }
	| expect		{ $$ = &$1->s; }
	| CLAIM STRING expect_block
				{ $$ = build_claim(x, @$, $2, @2, $3); }
	;

/* ---- statements with parts in any order --------------------------------------------------- */

param: PARAM name '=' expr	{ $$ = build_param(x, @$, $2, @2, $4); }
	| param IN arith DOTDOT arith
				{ $$ = build_param_range(x, @$, $1, $3, $5); }
	| param STRING		{ $$ = build_param_doc(x, @$, $1, $2, @2); }
	;
trace: TRACE name '=' arith	{ $$ = build_trace(x, @$, $2, @2, $4); }
	| trace UNITS name	{ $$ = build_trace_units(x, @$, $1, $3, @3); }
	;
every: EVERY arith		{ $$ = build_every(x, @$, $2); }
	| every FROM arith	{ $$ = $1; build_once(x, &$$->from, $3, @2); }
	| every UNTIL arith	{ $$ = $1; build_once(x, &$$->until, $3, @2); }
	;
when: WHEN expr			{ $$ = build_when(x, @$, AS_WHEN, $2, NULL); }
	| when FOR arith	{ $$ = $1; build_once(x, &$$->hold, $3, @2); }
	| when WITHIN arith	{ $$ = $1; build_once(x, &$$->within, $3, @2); }
	;
after: AFTER mark_ref		{ $$ = build_when(x, @$, AS_AFTER, $2, NULL); }
	| AFTER mark_ref '+' arith
				{ $$ = build_when(x, @$, AS_AFTER, $2, $4); }
	;
mark_ref: path			{ $$ = build_path_expr(x, @$, $1); }
	| name '(' exprs ')'	{ $$ = build_call(x, @$, $1, @1, $3); }
	;
measure: MEASURE paths		{ $$ = build_measure(x, @$, $2, NULL, NULL); }
	| MEASURE paths OF paths
				{ $$ = build_measure(x, @$, $2, $4.first, NULL); }
	| MEASURE paths EACH arith
				{ $$ = build_measure(x, @$, $2, NULL, $4); }
	| MEASURE paths OF paths EACH arith
				{ $$ = build_measure(x, @$, $2, $4.first, $6); }
	;
compare: COMPARE names		{ $$ = build_compare(x, @$, $2); }
	| compare BASELINE name	{ $$ = build_baseline(x, @$, $1, $3, @3, @2); }
	;
repeat: REPEAT arith		{ $$ = build_repeat(x, @$, $2, NULL); }
	| REPEAT arith DOTDOT arith
				{ $$ = build_repeat(x, @$, $2, $4); }
	| repeat UNTIL expr	{ $$ = $1; $$->s.at = @$; build_once(x, &$$->until, $3, @2); }
	| repeat SEED arith	{ $$ = $1; $$->s.at = @$; build_once(x, &$$->seed, $3, @2); }
	| repeat INTERLEAVE name
				{ $$ = build_interleave(x, @$, $1, $3, @3, @2); }
	;
expect: EXPECT expr		{ $$ = build_expect(x, @$, $2); }
	| expect CONFIDENCE arith
				{ $$ = $1; $$->s.at = @$; build_once(x, &$$->confidence, $3, @2); }
	| expect ELSE name	{ $$ = build_else(x, @$, $1, $3, @3); }
	;

/* ---- lists of statements ------------------------------------------------------------------ */

stmts: %empty			{ $$ = (struct stmts){0}; }
	| stmts stmt		{ LIST_ADD($$, $1, $2); }
	| stmts ';'
	| stmts bad_stmt
	;
bad_stmt: error			{ RECOVER; }
	| error NEVER
	| UNKNOWN		{ UNKNOWN(@1, false); }
	;
cgroup_stmt: cgroup		{ $$ = &$1->s; }
	| cgroup cgroup_block	{ $$ = build_kids(@$, $1, $2); }
	;
cgroup: cgroup_name
	| cgroup_name attrs	{ $$ = build_cgroup_attrs(@$, $1, $2); }
	;
cgroup_name: CGROUP name	{ $$ = build_cgroup(x, @$, $2, @2, NULL); }
	| CGROUP name '[' arith ']'
				{ $$ = build_cgroup(x, @$, $2, @2, $4); }
	;
cgroups: %empty			{ $$ = (struct stmts){0}; }
	| cgroups cgroup_stmt	{ LIST_ADD($$, $1, $2); }
	| cgroups ';'
	| cgroups bad_cgroup
	;
bad_cgroup: error		{ RECOVER; }
	| error NEVER
	;
overlays: %empty		{ $$ = (struct overlays){0}; }
	| overlays overlay	{ LIST_ADD($$, $1, $2); }
	| overlays ';'
	| overlays bad_overlay
	;
overlay: CGROUP paths attrs	{ $$ = build_overlay(x, @$, $2.first, $3); }
	| ROOT attrs		{ $$ = build_overlay(x, @$, NULL, $2); }
	| MECHANISM name	{ $$ = build_overlay_mechanism(x, @$, $2, @2); }
	;
bad_overlay: error		{ RECOVER; }
	| error NEVER
	;
expects: %empty			{ $$ = (struct stmts){0}; }
	| expects expect	{ LIST_ADD($$, $1, &$2->s); }
	| expects ';'
	| expects bad_expect
	;
bad_expect: error		{ RECOVER; }
	| error NEVER
	;
formals: %empty			{ $$ = (struct formals){0}; }
	| '(' ')'		{ $$ = (struct formals){0}; }
	| '(' formal_list ')'	{ $$ = $2; }
	;
formal_list: formal		{ LIST_ONE($$, $1); }
	| formal_list ',' formal
				{ LIST_ADD($$, $1, $3); }
	;
formal: name			{ $$ = build_formal(x, @$, $1, NULL); }
	| name '=' expr		{ $$ = build_formal(x, @1, $1, $3); }
	;
needs: alternatives		{ LIST_ONE($$, $1.first); }
	| needs ',' alternatives
				{ LIST_ADD($$, $1, $3.first); }
	;
alternatives: need		{ LIST_ONE($$, $1); }
	| alternatives OR need	{ $$ = $1; $$.last->or_next = $3; $$.last = $3; }
	;
need: name			{ $$ = build_need(x, @$, $1, AO_NONE, NULL); }
	| name relation arith	{ $$ = build_need(x, @$, $1, $2, $3); }
	;

/* ---- actions ------------------------------------------------------------------------------ */

body: act			{ $$ = (struct body){$1, false}; }
	| block
	;
block: open_actions actions end	{ $$ = (struct body){$2.first, true}; scan_close(x, $1); }
	;
actions: %empty			{ $$ = (struct actions){0}; }
	| actions act		{ LIST_ADD($$, $1, $2); }
	| actions ';'
	| actions bad_action
	;
bad_action: error		{ RECOVER; }
	| error NEVER
	| UNKNOWN		{ UNKNOWN(@1, true); }
	;
act: ALLOC arith		{ $$ = build_action(x, @$, AA_ALLOC, $2); }
	| FREE arith		{ $$ = build_action(x, @$, AA_FREE, $2); }
	| HOLD arith		{ $$ = build_action(x, @$, AA_HOLD, $2); }
	| TOUCH arith		{ $$ = build_action(x, @$, AA_TOUCH, $2); }
	| READ arith		{ $$ = build_action(x, @$, AA_READ, $2); }
	| SLEEP arith		{ $$ = build_action(x, @$, AA_SLEEP, $2); }
	| REPLAY MEMORY arith	{ $$ = build_action(x, @$, AA_REPLAY_MEMORY, $3); }
	| REPLAY TOOLS arith	{ $$ = build_action(x, @$, AA_REPLAY_TOOLS, $3); }
	| EXEC arith		{ $$ = build_action(x, @$, AA_EXEC, $2); }
	| RECLAIM arith		{ $$ = build_action(x, @$, AA_RECLAIM, $2); }
	| START paths args	{ $$ = build_start(x, @$, $2, $3); }
	| SET paths attrs	{ $$ = build_set(x, @$, $2, $3); }
	| FREEZE paths		{ $$ = build_cgroup_action(x, @$, AA_FREEZE, $2); }
	| THAW paths		{ $$ = build_cgroup_action(x, @$, AA_THAW, $2); }
	| KILL paths		{ $$ = build_cgroup_action(x, @$, AA_KILL, $2); }
	| MARK name		{ $$ = build_mark(x, @$, $2, @2); }
	| act IN paths		{ $$ = build_in(x, @$, $1, $3, @2, false); }
	| act FROM paths	{ $$ = build_in(x, @$, $1, $3, @2, true); }
	| act OVER arith	{ $$ = build_mod(x, @$, $1, MOD_OVER, $3, @2, @3); }
	| act EACH arith	{ $$ = build_mod(x, @$, $1, MOD_EACH, $3, @2, @3); }
	| act SPEED arith	{ $$ = build_mod(x, @$, $1, MOD_SPEED, $3, @2, @3); }
	| act BASE arith	{ $$ = build_mod(x, @$, $1, MOD_BASE, $3, @2, @3); }
	| act TIMEOUT arith	{ $$ = build_mod(x, @$, $1, MOD_TIMEOUT, $3, @2, @3); }
	| act AS name		{ $$ = build_as(x, @$, $1, $3, @3, @2); }
	| act WITH MEMORY	{ $$ = build_flag(x, @$, $1, MOD_WITH_MEMORY, @2, @3); }
	| act SIMULATED		{ $$ = build_flag(x, @$, $1, MOD_SIMULATED, @2, @2); }
	| act OWN CGROUP	{ $$ = build_flag(x, @$, $1, MOD_OWN_CGROUP, @2, @3); }
	| act LIKE attrs	{ $$ = build_like(x, @$, $1, $3, @2, @3); }
	;
args: name			{ $$ = build_args(x, @$, $1, @1, NULL); }
	| name '(' ')'		{ $$ = build_args(x, @$, $1, @1, NULL); }
	| name '(' arg_list ')'	{ $$ = build_args(x, @$, $1, @1, $3.first); }
	;
arg_list: arg			{ LIST_ONE($$, $1); }
	| arg_list ',' arg	{ LIST_ADD($$, $1, $3); }
	;
arg: expr			{ $$ = build_arg(x, NULL, @1, $1); }
	| name '=' expr		{ $$ = build_arg(x, $1, @1, $3); }
	;

/* ---- attributes --------------------------------------------------------------------------- */

attrs: open_attrs attr_list attrs_end
				{ $$ = $2.first; scan_close(x, $1); }
	;
attrs_end: '>'
	| CLOSE			{ UNCLOSED(@1); }
	;
attr_list: attr			{ LIST_ONE($$, $1); }
	| attr_list ';' attr	{ LIST_ADD($$, $1, $3); }
	;
attr: %empty			{ $$ = NULL; }
	| name			{ $$ = build_attr(x, @$, $1, @1, NULL); }
	| name arith		{ $$ = build_attr(x, @$, $1, @1, $2); }
	| name arith name	{ $$ = build_attr_extra(x, @$, $1, @1, $2, $3, @3); }
	| bad_attr		{ $$ = NULL; }
	;
bad_attr: error			{ RECOVER; }
	| error NEVER
	;

/* ---- blocks ------------------------------------------------------------------------------- */

stmt_block: open_stmts stmts end
				{ $$ = $2; scan_close(x, $1); } ;
cgroup_block: open_cgroups cgroups end
				{ $$ = $2; scan_close(x, $1); } ;
overlay_block: open_overlays overlays end
				{ $$ = $2; scan_close(x, $1); } ;
expect_block: open_expects expects end
				{ $$ = $2; scan_close(x, $1); } ;
end: '}'
	| CLOSE			{ UNCLOSED(@1); }
	;
open_attrs: '<'			{ $$ = scan_open(x, IN_ATTRS, @1); } ;
open_actions: '{'		{ $$ = scan_open(x, IN_ACTIONS, @1); } ;
open_cgroups: '{'		{ $$ = scan_open(x, IN_CGROUPS, @1); } ;
open_overlays: '{'		{ $$ = scan_open(x, IN_OVERLAYS, @1); } ;
open_expects: '{'		{ $$ = scan_open(x, IN_EXPECTS, @1); } ;
open_stmts: '{'			{ $$ = scan_open(x, IN_STMTS, @1); } ;

/* ---- expressions -------------------------------------------------------------------------- */

expr: arith
	| arith relation arith	{ $$ = build_binary(x, @$, $2, $1, $3); }
	| NOT expr		{ $$ = build_unary(x, @$, AO_NOT, $2); }
	| expr AND expr		{ $$ = build_binary(x, @$, AO_AND, $1, $3); }
	| expr OR expr		{ $$ = build_binary(x, @$, AO_OR, $1, $3); }
	;
relation: '<'			{ $$ = AO_LT; }
	| LE			{ $$ = AO_LE; }
	| '>'			{ $$ = AO_GT; }
	| GE			{ $$ = AO_GE; }
	| EQ			{ $$ = AO_EQ; }
	| NE			{ $$ = AO_NE; }
	;
arith: SIZE
	| DURATION
	| RATE
	| NUMBER
	| VERSION
	| STRING		{ $$ = build_string(x, @$, $1); }
	| BAD			{ $$ = build_bad(x, @$); }
	| path			{ $$ = build_path_expr(x, @$, $1); }
	| name '(' exprs ')'	{ $$ = build_call(x, @$, $1, @1, $3); }
	| '(' expr ')'		{ $$ = build_parens($2); }
	| '-' arith %prec MINUS	{ $$ = build_unary(x, @$, AO_NEG, $2); }
	| arith '+' arith	{ $$ = build_binary(x, @$, AO_ADD, $1, $3); }
	| arith '-' arith	{ $$ = build_binary(x, @$, AO_SUB, $1, $3); }
	| arith '*' arith	{ $$ = build_binary(x, @$, AO_MUL, $1, $3); }
	| arith '/' arith	{ $$ = build_binary(x, @$, AO_DIV, $1, $3); }
	| arith MOD arith	{ $$ = build_binary(x, @$, AO_MOD, $1, $3); }
	| arith OF arith	{ $$ = build_binary(x, @$, AO_OF, $1, $3); }
	;
exprs: %empty			{ $$ = (struct exprs){0}; }
	| values
	;
values: expr			{ LIST_ONE($$, build_item(x, $1)); }
	| values ',' expr	{ LIST_ADD($$, $1, build_item(x, $3)); }
	;

/* ---- names -------------------------------------------------------------------------------- */

names: name			{ LIST_ONE($$, build_name(x, $1, @1)); }
	| names ',' name	{ LIST_ADD($$, $1, build_name(x, $3, @3)); }
	;
paths: path			{ LIST_ONE($$, build_target(x, @1, $1)); }
	| paths ',' path	{ LIST_ADD($$, $1, build_target(x, @3, $3)); }
	;
path: name			{ LIST_ONE($$, build_seg(x, @1, $1)); }
	| ROOT			{ LIST_ONE($$, build_seg(x, @1, scan_sym(x, @1))); }
	| '*'			{ LIST_ONE($$, build_seg(x, @1, NULL)); }
	| path DOTNAME		{ LIST_ADD($$, $1, build_seg(x, @2, $2)); }
	| path DOTSTAR		{ LIST_ADD($$, $1, build_seg(x, @2, NULL)); }
	| path '[' arith ']'	{ $$ = $1; build_select(x, @$, $$, $3, NULL); }
	| path '[' arith DOTDOT arith ']'
				{ $$ = $1; build_select(x, @$, $$, $3, $5); }
	;
name: WORD
	| word			{ $$ = scan_sym(x, @1); }
	;
word: ALLOC | FREE | HOLD | TOUCH | READ | SLEEP | REPLAY | EXEC | START | SET | FREEZE | THAW
	| KILL | RECLAIM | MARK | IN | FROM | OVER | EACH | AS | SPEED | BASE | TIMEOUT | WITH
	| MEMORY | TOOLS | SIMULATED | OWN | LIKE | UNTIL | WITHIN | BY | UNITS | BASELINE
	| INTERLEAVE | SEED | CONFIDENCE | ELSE
	;

%%

static void acg_error(struct span *at, struct scan *x, void *scanner, const char *text)
{
	(void)scanner;
	(void)text; /* the stack is full: nothing else is reported this way */
	diag_at(&x->unit->diags, E_TOO_DEEP, *at, "nested too deeply; the rest is not read");
}

/* The name of a symbol; bison quotes those of one character. */
static const char *symbol(yysymbol_kind_t kind)
{
	static const char signs[] = "+\0-\0*\0/\0<\0>\0=\0,\0;\0(\0)\0[\0]\0{\0}";
	const char *name = yysymbol_name(kind);

	if (*name == '\'')
		for (size_t i = 0; i < sizeof(signs); i += 2)
			if (signs[i] == name[1])
				return &signs[i];
	return name;
}

/*
 * Would the parser come to shift this token?  The tables alone say less: a state's reductions are
 * listed for all the places that share it.  So the reductions are walked through, on the stack that
 * ends at `top` and the states pushed over it.
 */
static bool could_follow(const yy_state_t *top, yysymbol_kind_t token)
{
	yy_state_t over[YYNTOKENS];
	int n = 0;

	while (n < YYNTOKENS) {
		int state = n ? over[n - 1] : *top;
		int yyn = yypact[state];

		if (!yypact_value_is_default(yyn) && yyn + token >= 0 && yyn + token <= YYLAST &&
		    yycheck[yyn + token] == token) {
			yyn = yytable[yyn + token];
			if (yyn > 0)
				return true;
			if (yytable_value_is_error(yyn))
				return false;
			yyn = -yyn;
		} else {
			yyn = yydefact[state];
			if (!yyn)
				return false;
		}
		int len = yyr2[yyn], lhs = yyr1[yyn] - YYNTOKENS;

		if (len > n)
			top -= len - n;
		n = len > n ? 0 : n - len;
		state = n ? over[n - 1] : *top;
		int to = yypgoto[lhs] + state;

		over[n++] = (yy_state_t)(to >= 0 && to <= YYLAST && yycheck[to] == state
						 ? yytable[to]
						 : yydefgoto[lhs]);
	}
	return false;
}

/* lang/syntax.c says it in the language's own words; this only collects what the parser knows. */
static int yyreport_syntax_error(const yypcontext_t *ctx, struct scan *x, void *scanner)
{
	yysymbol_kind_t due[YYNTOKENS];
	struct syntax_error e = {.at = *yypcontext_location(ctx)};
	int n = yypcontext_expected_tokens(ctx, due, YYNTOKENS);

	(void)scanner;
	e.token = symbol(yypcontext_token(ctx));
	for (int i = 0; i < n && e.ndue < SYNTAX_MAX_DUE; i++)
		if (could_follow(ctx->yyssp, due[i]))
			e.due[e.ndue++] = symbol(due[i]);
	/* The bottom of the stack is state 0; nothing else is. */
	for (const yy_state_t *s = ctx->yyssp; *s && e.nstack < SYNTAX_MAX_STACK; s--)
		e.stack[e.nstack++] = symbol(YY_ACCESSING_SYMBOL(*s));
	syntax_report(x, &e);
	return 0;
}
