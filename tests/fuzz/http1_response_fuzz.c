#include "http1_play.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	play_all(HTTP1_RESPONSE, data, n);
	return 0;
}
