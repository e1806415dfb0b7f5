#include "ability.h"

static const struct ability abilities[] = {
#define ABILITY(dialect, provider, model, seals, can) { dialect, provider, model, seals, can },
#include "abilities.def"
#undef ABILITY
};

const struct ability *ability_of(const struct dialect *d)
{
	for (size_t i = 0; i < COUNT_OF(abilities); i++)
		if (strcmp(abilities[i].dialect, d->name) == 0)
			return &abilities[i];
	must_never("a dialect without a row in abilities.def");
}
