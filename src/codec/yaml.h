/* A YAML file as a plain tree with positions (libfyaml): mappings, sequences, scalars.  Everything lives in the
 * arena. */
#ifndef CODEC_YAML_H
#define CODEC_YAML_H

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

enum yaml_kind { YAML_SCALAR, YAML_MAP, YAML_LIST };

struct yaml {
	enum yaml_kind kind;
	unsigned line, column;		/* from 1, of the value */
	unsigned key_line, key_column;	/* of its key inside a mapping */
	struct slice key;		/* inside a mapping */
	struct slice text;		/* scalars, unquoted content */
	bool quoted;			/* scalars: written in quotes, so never null/bool/number */
	struct yaml *first, *next;	/* children in order; sibling */
	size_t n;			/* children */
};

struct yaml_fault {
	unsigned line, column;
	struct slice what;
};

/* ERR_BAD_CONFIG with *out_fault (texts live in the arena): syntax errors, bytes that are not UTF-8, duplicate
 * keys, aliases that grow past YAML_MAX_NODES, depth past 32, keys that are not scalars, merge keys (<<), tags
 * other than !!str, a second document. An alias stands for a copy of what it names: the copy keeps its places, only
 * its key has the place of use. An empty document gives *out_root NULL.  Nothing is ever printed. */
enum err yaml_parse(struct arena *a, struct slice text, struct yaml **out_root,
	struct yaml_fault *out_fault) MUST_CHECK;
struct yaml *yaml_find(const struct yaml *map, struct slice key);
/* Line `n` (from 1) of `text` without its line end: shown under an error. */
struct slice yaml_line(struct slice text, unsigned n);
#define YAML_MAX_NODES 100000u

#endif
