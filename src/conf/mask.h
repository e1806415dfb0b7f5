/* Which parts of the configuration text a message must not repeat: secrets written into the file, and text that may be
 * one (the value of a mistyped key).  Owns: the list of such places.  Must not know: the messages. */
#ifndef CONF_MASK_H
#define CONF_MASK_H

#include "base/arena.h"
#include "codec/yaml.h"
#include "conf/row.h"

struct mask_item;

struct mask {
	struct arena *arena;
	struct slice text;		/* the whole file */
	const struct section *guess;	/* set when the text could not be read as a tree: guess by look */
	struct mask_item *items;
};

/* Hides one scalar.  `after`: the node that follows it in the file, or NULL; where the scalar's end cannot be told
 * (block scalars, folded quotes), everything up to there is hidden. */
void mask_add(struct mask *m, const struct yaml *scalar, const struct yaml *after);
/* Hides every scalar in `node`. */
void mask_tree(struct mask *m, const struct yaml *node, const struct yaml *after);
/* Sets hidden[i] for each hidden byte i of `line` (from 1), whose text is `shown`. */
void mask_apply(const struct mask *m, unsigned line, struct slice shown, bool *hidden);
/* Byte offset of `column` (from 1, in characters, as YAML counts) in a line; its length when it is past the end. */
size_t mask_offset(struct slice line, unsigned column);

#endif
