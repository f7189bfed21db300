/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CRC-32: the published check value, the empty string, and pieces of any length. */
#include "base/crc32.h"

#include "tests/tap.h"

int main(void)
{
	static const char check[] = "123456789";
	uint8_t data[600];
	uint32_t whole;
	bool same = true;

	ok(crc32_compute(check, 9) == 0xcbf43926, "the check value of the algorithm");
	ok(crc32_compute("", 0) == 0, "nothing");
	ok(crc32_compute("\0\0\0\0", 4) == 0x2144df1c, "four zero bytes");
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 37 + i / 256);
	whole = crc32_compute(data, sizeof(data));
	for (size_t cut = 0; cut <= sizeof(data); cut++) {
		uint32_t crc = crc32_update(0, data, cut);

		same = same && crc32_update(crc, data + cut, sizeof(data) - cut) == whole;
	}
	ok(same, "in two pieces, cut anywhere");
	return tap_done();
}
