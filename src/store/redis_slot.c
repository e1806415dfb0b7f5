#include "store/redis_slot.h"

/* CRC-16/XMODEM: polynomial 0x1021, start 0. */
static uint16_t crc16(struct slice s)
{
	uint16_t crc = 0;

	for (size_t i = 0; i < s.n; i++) {
		crc ^= (uint16_t)((unsigned char)s.p[i] << 8);
		for (int bit = 0; bit < 8; bit++)
			crc = (uint16_t)(crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1);
	}
	return crc;
}

uint16_t redis_slot_of(struct slice key)
{
	struct slice rest = slice_skip(key, slice_find(key, '{') + 1);
	size_t end = slice_find(rest, '}');

	if (end > 0 && end < rest.n)
		key = slice_of(rest.p, end);
	return crc16(key) % REDIS_SLOTS;
}
