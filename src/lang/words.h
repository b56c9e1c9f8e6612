/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * words.h - the words and signs of the language, for messages: what each is, and what is due behind
 * it.  The grammar knows them too; this is how people call them.
 */
#ifndef AGENTCG_LANG_WORDS_H
#define AGENTCG_LANG_WORDS_H

#include <stddef.h>
#include <stdint.h>

enum word_class {
	W_SIGN,
	W_HEAD,
	W_OPERATOR,
	W_VERB,
	W_MODIFIER, /* and the other words inside statements */
};

struct word {
	const char *name;
	uint8_t class;	   /* enum word_class */
	const char *value; /* what is due behind it: where a value may stand ("size"), */
	const char *noun;  /* and where only a name may; NULL: nothing in particular */
};

extern const struct word words[];			/* the last has no name */
const struct word *words_find(const char *s, size_t n); /* or NULL */

#endif
