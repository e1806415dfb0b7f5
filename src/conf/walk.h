/* From the YAML tree to structs, along the row tables.  Owns: the walk and its sentences about keys.  Must not know:
 * how a value is read (value.h), expanded (expand.h) or where it comes from (source.h). */
#ifndef CONF_WALK_H
#define CONF_WALK_H

#include "codec/yaml.h"
#include "conf/conf.h"

#define WALK_TEXT_MAX (4u << 20)	/* bytes of all texts together: aliases and variables could repeat one
					 * 64 KiB text a hundred thousand times */

/* Fills c->root with all defaults; everything else in it is zeroed memory before. */
void walk_defaults(struct conf *c);
/* Then fills in what the file says, and adds to c->faults and c->places.  tree NULL: an empty file. */
void walk_tree(struct conf *c, const struct yaml *tree, const struct source *from);

#endif
