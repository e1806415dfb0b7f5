/* Personal data and secrets in a text, by their form: mail addresses, phone and account numbers, payment cards, IBANs,
 * keys of interfaces.  Meant to find too much rather than too little. */
#ifndef CACHE_GUARD_PERSON_H
#define CACHE_GUARD_PERSON_H

#include "base/slice.h"

bool guard_person(struct slice text);

#endif
