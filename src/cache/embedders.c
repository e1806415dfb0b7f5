#include "cache/embedders.h"

#include <sys/stat.h>

#include "cache/grams.h"
#include "cache/static_embed.h"

const struct embedder *embedders_open(const char *path, const char **out_why)
{
	struct stat st;

	if (path[0] == '\0')
		return grams_builtin();
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return static_embed_open(path, out_why);
	return grams_open(path, out_why);
}

void embedders_close(const struct embedder **e)
{
	/* Who has a `close` was made on the heap. */
	if (*e && (*e)->close)
		(*e)->close((struct embedder *)(uintptr_t)*e);
	*e = NULL;
}
