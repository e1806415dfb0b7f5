/* The safetensors format (huggingface/safetensors, README "Format"): u64 length, JSON head {name: {dtype, shape,
 * data_offsets}}, then the tensors' bytes.  Everything the head says is checked against the file. */
#ifndef CODEC_SAFETENSORS_H
#define CODEC_SAFETENSORS_H

#include "codec/json.h"

#define SAFETENSORS_HEAD_MAX (1u << 20)		/* bytes; a model of one table needs 200 */
#define SAFETENSORS_RANK_MAX 4u

enum safetensors_type {
	SAFETENSORS_OTHER,
#define SAFETENSORS(name, bytes) SAFETENSORS_##name,
#include "codec/safetensors.def"
#undef SAFETENSORS
};

struct safetensors {
	yyjson_val *head;
	struct slice data;
};

struct safetensors_tensor {
	enum safetensors_type type;
	uint32_t rank;
	uint64_t shape[SAFETENSORS_RANK_MAX];
	struct slice data;	/* in the file; as long as type and shape say; at any alignment */
};

/* Reads the head; it lives in `a`.  False with a sentence in *out_why. */
bool safetensors_open(struct safetensors *s, struct arena *a, struct slice file, const char **out_why) MUST_CHECK;
/* False when there is no such tensor (*out_why NULL), or it is not what the head says. */
bool safetensors_find(const struct safetensors *s, const char *name, struct safetensors_tensor *out,
	const char **out_why) MUST_CHECK;

#endif
