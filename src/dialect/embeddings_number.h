/* The numbers of a vector as text: the shortest decimal that reads back as the same float32, as OpenAI and
 * Google write them.  A vector has thousands, an answer millions: printf would take seconds. */
#ifndef DIALECT_EMBEDDINGS_NUMBER_H
#define DIALECT_EMBEDDINGS_NUMBER_H

#include <stddef.h>

#define EMBEDDINGS_NUMBER_MAX 24u	/* longest text: "-0.000012345678" and "-1.17549435e-38" have 15 */

/* Writes a JSON number, without a closing NUL, to a place with room for EMBEDDINGS_NUMBER_MAX bytes.  Returns
 * its length.  `f` is finite. */
size_t embeddings_number(float f, char *out);

#endif
