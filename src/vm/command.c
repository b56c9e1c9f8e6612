/* SPDX-License-Identifier: GPL-2.0-or-later */
/* command.c - the programs that a shell command names, as far as its surface shows (pack.h) */
#include <ctype.h>
#include <string.h>

#include "vm/pack.h"

static bool among(const char *word, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(word, list[i]))
			return true;
	return false;
}
#define AMONG(word, list) among(word, list, sizeof(list) / sizeof *(list))

/* Behind these comes a command. */
static const char *const before_commands[] = {"if",    "then",	  "else",   "elif", "while",
					      "until", "do",	  "!",	    "{",    "time",
					      "exec",  "command", "builtin"};
/* These do, too, and are programs themselves. */
static const char *const wrappers[] = {"env", "nohup", "nice", "timeout", "setsid", "stdbuf"};
static const char *const not_programs[] = {
    "fi",      "done",	 "esac",    "}",     "]]",	 "[[",	     ":",	".",
    "[",       "alias",	 "bg",	    "break", "cd",	 "continue", "declare", "dirs",
    "disown",  "echo",	 "eval",    "exit",  "export",	 "false",    "fg",	"function",
    "getopts", "hash",	 "history", "jobs",  "kill",	 "let",	     "local",	"popd",
    "printf",  "pushd",	 "pwd",	    "read",  "readonly", "return",   "set",	"shift",
    "shopt",   "source", "test",    "times", "trap",	 "true",     "type",	"typeset",
    "ulimit",  "umask",	 "unalias", "unset", "wait"};
/* Up to the next separator these name no program. */
static const char *const skipping[] = {"for", "case", "select", "in"};

/* NAME=value */
static bool is_assignment(const char *word)
{
	size_t n = 0;

	while (isalnum((unsigned char)word[n]) || word[n] == '_')
		n++;
	return n && !isdigit((unsigned char)word[0]) && word[n] == '=';
}

static bool is_plain(const char *word)
{
	return *word && !strpbrk(word, "$`*?[]~") && *word != '-';
}

struct scan {
	const char *at;
	struct buf word;
	bool quoted; /* some of the word was */
};

/* One word, quotes taken off; false at a separator or the end, which stays. */
static bool next_word(struct scan *s)
{
	char quote = '\0';
	bool any = false;

	buf_clear(&s->word);
	s->quoted = false;
	while (*s->at == ' ' || *s->at == '\t')
		s->at++;
	if (*s->at == '#')
		while (*s->at && *s->at != '\n')
			s->at++;
	for (; *s->at; s->at++, any = true) {
		char c = *s->at;

		if (quote) {
			if (c == quote)
				quote = '\0';
			else if (c == '\\' && quote == '"' && s->at[1])
				buf_putc(&s->word, *++s->at);
			else
				buf_putc(&s->word, c);
		} else if (c == '\'' || c == '"') {
			quote = c;
			s->quoted = true;
		} else if (c == '\\' && s->at[1] == '\n') {
			s->at++;
		} else if (c == '\\' && s->at[1]) {
			buf_putc(&s->word, *++s->at);
		} else if (strchr(" \t\n;&|()<>`", c)) {
			break;
		} else {
			buf_putc(&s->word, c);
		}
	}
	return any;
}

/* A redirection and what it names; false when there is none here. */
static bool redirection(struct scan *s)
{
	if (*s->at != '<' && *s->at != '>')
		return false;
	while (*s->at == '<' || *s->at == '>' || *s->at == '&' || *s->at == '|')
		s->at++;
	/* >(command) and <(command) are commands */
	if (*s->at != '(')
		(void)next_word(s);
	return true;
}

void pack_command_files(const char *command, struct arena *a, const char *const **v, size_t *n)
{
	struct scan s = {.at = command};
	VEC(const char *) found = {0};

	while (*s.at) {
		const char *word;

		if (!next_word(&s)) {
			s.at += *s.at != '\0';
			continue;
		}
		word = buf_str(&s.word);
		if (is_plain(word) && !among(word, found.v, found.n))
			vec_push(&found, arena_strndup(a, word, strlen(word)));
	}
	buf_free(&s.word);
	*v = arena_dup(a, found.v, found.n * sizeof *found.v);
	*n = found.n;
	vec_free(&found);
}

void pack_command_words(const char *command, struct arena *a, const char *const **v, size_t *n)
{
	struct scan s = {.at = command};
	VEC(const char *) found = {0};
	bool due = true, duration = false, ticked = false;

	while (*s.at) {
		const char *word;

		if (redirection(&s))
			continue;
		if (!next_word(&s)) {
			if (*s.at && *s.at != '<' && *s.at != '>') {
				/* The second of two backquotes ends a command and goes on with
				   another. */
				ticked ^= *s.at == '`';
				due = *s.at++ != '`' || ticked;
			}
			continue;
		}
		word = buf_str(&s.word);
		/* 2>file */
		if ((*s.at == '<' || *s.at == '>') && word[strspn(word, "0123456789")] == '\0')
			continue;
		if (!due || is_assignment(word))
			continue;
		/* timeout -k 5 10 PROGRAM, nice -n 5 PROGRAM */
		if (duration && isdigit((unsigned char)word[0]))
			continue;
		if (word[0] == '-' || (!s.quoted && AMONG(word, before_commands)))
			continue;
		due = false;
		if (!s.quoted && (AMONG(word, skipping) || AMONG(word, not_programs)))
			continue;
		if (!is_plain(word))
			continue;
		if (!among(word, found.v, found.n))
			vec_push(&found, arena_strndup(a, word, strlen(word)));
		if (AMONG(word, wrappers)) {
			due = true;
			duration = true;
		}
	}
	buf_free(&s.word);
	*v = arena_dup(a, found.v, found.n * sizeof *found.v);
	*n = found.n;
	vec_free(&found);
}
