#include "chat/fault.h"

struct fault fault_make(struct arena *a, enum err err, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	struct fault f = { .err = err, .message = arena_vprintf(a, fmt, args) };
	va_end(args);
	return f;
}

struct slice fault_message(const struct fault *f)
{
	return f->message.n ? f->message : slice_str(err_text(f->err));
}

struct fault fault_copy(struct arena *a, const struct fault *f)
{
	struct fault copy = *f;
	copy.message = f->message.n ? arena_copy(a, f->message) : SLICE_EMPTY;
	copy.code = f->code.n ? arena_copy(a, f->code) : SLICE_EMPTY;
	copy.request_id = f->request_id.n ? arena_copy(a, f->request_id) : SLICE_EMPTY;
	copy.param = f->param.n ? arena_copy(a, f->param) : SLICE_EMPTY;
	return copy;
}
