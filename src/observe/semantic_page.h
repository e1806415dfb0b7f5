/* The semantic cache's figures by model, as Prometheus text. */
#ifndef OBSERVE_SEMANTIC_PAGE_H
#define OBSERVE_SEMANTIC_PAGE_H

#include "cache/semantic.h"

/* Appends weir_semantic_results_total{model,result} and weir_semantic_denied_total{model,guard}.  Models are configured
 * names: there are at most as many as the cache has met. */
void semantic_page_write(const struct semantic *s, struct buf *out);

#endif
