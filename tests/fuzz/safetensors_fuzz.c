/* Whatever a head says: a tensor that is found lies in the file and is as long as its shape. */
#include "codec/safetensors.h"
#include "fuzz.h"

static void check(const struct safetensors *s, const char *name, struct slice file)
{
	struct safetensors_tensor t;
	const char *why = "";

	if (!safetensors_find(s, name, &t, &why)) {
		must(why == NULL || strlen(why) > 0);
		return;
	}
	must(why == NULL && t.rank <= SAFETENSORS_RANK_MAX && t.type != SAFETENSORS_OTHER);
	must(t.data.p >= file.p + 8 && t.data.p + t.data.n <= file.p + file.n);
	uint64_t n = t.data.n ? 1 : 0;
	for (uint32_t i = 0; i < t.rank && n; i++)
		n *= t.shape[i];
	must(n <= t.data.n && (n == 0 || t.data.n % n == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char *const names[] = { "embeddings", "embedding.weight", "weights", "mapping", "" };
	const struct slice file = slice_of(data, n);
	struct safetensors s;
	struct arena a;
	const char *why = NULL;

	arena_init(&a, 64 << 20);
	if (safetensors_open(&s, &a, file, &why))
		for (size_t i = 0; i < COUNT_OF(names); i++)
			check(&s, names[i], file);
	else
		must(why != NULL);
	arena_done(&a);
	return 0;
}
