/* The first pass of reading a question: characters to words, each with its hash and marks.  Contractions are taken
 * apart (don't: do not), plural and -ing taken off, 5kg is a number and a unit, a letter-and-digit word is an
 * identifier. */
#ifndef CACHE_GUARD_SCAN_H
#define CACHE_GUARD_SCAN_H

#include "cache/guard_read.h"

/* Fills words, n, scripts and too_long; of a number `hash` holds the digits.  True: written in capitals, or most words
 * begin with one, so that they say nothing about names. */
bool guard_scan(struct slice text, struct guard_read *out);

#endif
