/* Growable bytes. Owns its memory, knows nothing of sockets or formats. */
#include "pail.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *pail_room(struct pail *p, size_t n)
{
	if (p->cap - p->len < n) {
		size_t cap = p->cap ? p->cap : 256;
		while (cap - p->len < n)
			cap *= 2;
		char *at = realloc(p->at, cap);
		if (!at) {
			fprintf(stderr, "out of memory (%zu bytes)\n", cap);
			abort();
		}
		p->at = at;
		p->cap = cap;
	}
	return p->at + p->len;
}

void pail_add(struct pail *p, const void *bytes, size_t n)
{
	if (n == 0)
		return;
	memcpy(pail_room(p, n), bytes, n);
	p->len += n;
}

void pail_print(struct pail *p, const char *format, ...)
{
	va_list args;
	size_t room = 256;
	for (;;) {
		char *to = pail_room(p, room);
		va_start(args, format);
		int n = vsnprintf(to, room, format, args);
		va_end(args);
		if (n < 0)
			abort();
		if ((size_t)n < room) {
			p->len += (size_t)n;
			return;
		}
		room = (size_t)n + 1;
	}
}

void pail_drop(struct pail *p, size_t n)
{
	p->len -= n;
	if (p->len > 0)
		memmove(p->at, p->at + n, p->len);
}

void pail_done(struct pail *p)
{
	free(p->at);
	*p = (struct pail){0};
}
