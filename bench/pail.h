/*
 * Bytes for the measuring tools: a borrowed piece (`struct bite`) and a growable buffer (`struct pail`).
 * The tools stand alone on purpose: a defect in weir's own buffers must not hide itself in the measurement.
 */
#ifndef BENCH_PAIL_H
#define BENCH_PAIL_H

#include <stddef.h>

struct bite {
	const char *at;         /* borrowed, not zero-terminated */
	size_t len;
};

struct pail {
	char *at;               /* heap, owned; NULL while cap is 0 */
	size_t len;
	size_t cap;
};

/* Appends n bytes. Running out of memory ends the program: a measuring tool has nothing to save. */
void pail_add(struct pail *p, const void *bytes, size_t n);

/* Makes room for n more bytes and returns where they go; the caller adds to len what it wrote. */
char *pail_room(struct pail *p, size_t n);

/* Appends printf-style text. */
void pail_print(struct pail *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Removes the first n bytes (n <= len). */
void pail_drop(struct pail *p, size_t n);

/* Frees the memory and leaves an empty, usable pail. */
void pail_done(struct pail *p);

#endif
