/* Model name -> fault. Pure. */
#include "simfault.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	enum simfault kind;
	const char *help;
} faults[] = {
#define SIMFAULT(name, text, help) {text, SIMFAULT_##name, help},
#include "simfault.def"
#undef SIMFAULT
};

static int take_number(struct bite b, unsigned *out)
{
	unsigned n = 0;
	if (b.len == 0 || b.len > 8)
		return 0;
	for (size_t i = 0; i < b.len; i++) {
		if (b.at[i] < '0' || b.at[i] > '9')
			return 0;
		n = n * 10 + (unsigned)(b.at[i] - '0');
	}
	*out = n;
	return 1;
}

static struct bite after_slash(struct bite b)
{
	const char *slash = b.len ? memrchr(b.at, '/', b.len) : NULL;
	if (!slash)
		return b;
	return (struct bite){slash + 1, b.len - (size_t)(slash + 1 - b.at)};
}

struct simfault_ask simfault_of(struct bite model)
{
	struct simfault_ask ask = {0};
	struct bite name = after_slash(model);
	if (name.len < 4 || memcmp(name.at, "sim-", 4) != 0)
		return ask;
	name.at += 4;
	name.len -= 4;
	const char *at = memmem(name.at, name.len, "-at-", 4);
	if (at) {
		size_t head = (size_t)(at - name.at);
		if (!take_number((struct bite){at + 4, name.len - head - 4}, &ask.at))
			return (struct simfault_ask){0};
		ask.has_at = 1;
		name.len = head;
	}
	if (name.len == 3 && take_number(name, &ask.status) && ask.status >= 400 && ask.status <= 599) {
		ask.kind = SIMFAULT_STATUS;
		return ask;
	}
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
		if (name.len == strlen(faults[i].name) && memcmp(name.at, faults[i].name, name.len) == 0) {
			ask.kind = faults[i].kind;
			return ask;
		}
	}
	return (struct simfault_ask){0};
}

void simfault_help(void)
{
	puts("Faults, by the model name of the request (\"sim-<fault>\" or \"sim-<fault>-at-<k>\"):");
	puts("  sim-400..sim-599     that status with a JSON error; 429 and 503 carry retry-after");
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
		printf("  sim-%-16s %s\n", faults[i].name, faults[i].help);
}
