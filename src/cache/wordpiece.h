/* WordPiece as BERT's uncased models use it (Wu et al. 2016; Devlin et al. 2018), from a `tokenizer.json` of the
 * Hugging Face tokenizers library: BertNormalizer, BertPreTokenizer, greedy longest match.  The ids are the same as
 * that library's (tests/embed), for all characters that the Unicode versions of both know alike. */
#ifndef CACHE_WORDPIECE_H
#define CACHE_WORDPIECE_H

#include "base/arena.h"

#define WORDPIECE_TOKENS_MAX 512u	/* a text; model2vec's default */
#define WORDPIECE_VOCABULARY_MAX (1u << 20)
#define WORDPIECE_FILE_MAX ((size_t)64 << 20)

struct wordpiece;

/* Reads the text of a tokenizer.json; all that it keeps lives in `a`.  NULL with a sentence in *out_why: not JSON, a
 * normalizer, pre-tokenizer or model of another kind, added tokens that depend on the text around them. */
struct wordpiece *wordpiece_new(struct arena *a, struct slice json, const char **out_why) MUST_CHECK;
/* One more than the largest id. */
uint32_t wordpiece_ids(const struct wordpiece *w);
/* The median length of all tokens, in characters: what model2vec cuts texts by. */
uint32_t wordpiece_median(const struct wordpiece *w);
/* The ids of a text, at most `max`, in order, without special tokens around them; unknown words give the unknown id.
 * Allocates nothing.  Returns how many. */
uint32_t wordpiece_cut(const struct wordpiece *w, struct slice text, uint32_t *out_ids, uint32_t max);
uint32_t wordpiece_unknown(const struct wordpiece *w);

#endif
