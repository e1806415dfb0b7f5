#include "chat/drops.h"

#include "base/must.h"

bool drops_has(const struct drops *d, const char *name)
{
	for (size_t i = 0; i < d->n; i++)
		if (strcmp(d->names[i], name) == 0)
			return true;
	return false;
}

void drops_add(struct drops *d, struct slice name)
{
	char kept[DROPS_NAME];

	slice_copy(name, kept, sizeof(kept));
	for (char *c = kept; *c; c++)
		if (*c <= ' ' || *c > '~' || *c == ',')
			*c = '?';
	if (kept[0] == '\0' || drops_has(d, kept))
		return;
	if (d->n == DROPS_MAX) {
		d->more = true;
		return;
	}
	memcpy(d->names[d->n++], kept, sizeof(kept));
}

char *drops_text(const struct drops *d, char *out, size_t cap)
{
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < d->n + d->more; i++) {
		const char *name = i < d->n ? d->names[i] : "...", *between = i ? ", " : "";
		size_t len = strlen(between) + strlen(name);
		if (n + len >= cap)
			break;
		memcpy(out + n, between, strlen(between));
		memcpy(out + n + strlen(between), name, strlen(name) + 1);
		n += len;
	}
	return out;
}
