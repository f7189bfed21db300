/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The inner loop of crypto/aes_x86.c for one width of vectors; included once for each width, after
 * these definitions:
 *
 *   KERNEL(name)        the name with the width in it
 *   KERNEL_TARGET       the attribute that lets the compiler use the width's instructions
 *   LANES               blocks in a vector: 2 or 4
 *   vector              its type
 *   vector_load, vector_store            memory of any alignment
 *   vector_spread                        one block from memory into each lane
 *   vector_xor
 *   vector_decrypt, vector_decrypt_last  a round of AES in each lane
 *   vector_encrypt, vector_encrypt_last
 *   vector_numbers(value, step)          value, value + step, ..., a lane each
 *   vector_up, vector_down               each lane by so many bytes, as a number of 128 bits
 *   vector_left, vector_right            each half of a lane by as many bits as a second
 *                                        vector says there; 64 or more leave nothing
 *   vector_halves(n)                     this number in each half
 *   vector_lanes                         0, 0, 1, 1, ...: in each half its lane's number
 *   vector_reduce(v, half)               half 0 or 1 of each lane, below 2^57, times the polynomial
 *                                        x^7 + x^2 + x + 1
 *
 * Eight vectors are processed at once, since a round takes about four cycles and another can begin
 * in each cycle. The blocks of eight vectors are a turn.
 *
 * The number of rounds is a constant wherever it is passed: if it is a variable, gcc copies each
 * vector in each round. Nothing here calls code of another width: SSE instructions wait while the
 * upper halves of registers are in use.
 */

#define KERNEL_INLINE KERNEL_TARGET __attribute__((always_inline)) static inline

enum {
	KERNEL(TURN) = 16 * LANES * VECTORS, /* bytes */
	KERNEL(UNITS) = 2 * LANES /* units whose first tweaks or vectors are made at once */
};

/*
 * The first tweaks of a data unit, from that of its first block: times x^n for block n. Those of
 * the first eight blocks are shifted by bits, which waits for the port that AES needs; the others
 * are shifted from these by bytes, which does not.
 */
KERNEL_INLINE void KERNEL(begin)(const uint8_t *first, vector tweaks[VECTORS])
{
	const unsigned int eight = 8 / LANES; /* blocks, in vectors */
	vector tweak = vector_spread(first);

	UNROLL
	for (unsigned int i = 0; i < eight; i++) {
		vector bits = vector_halves(LANES * i) + vector_lanes;
		vector out = vector_right(tweak, vector_halves(64) - bits);

		/* out of the low half into the high one; out of the high one to the bottom */
		tweaks[i] = vector_xor(vector_left(tweak, bits), vector_up(out, 8));
		tweaks[i] = vector_xor(tweaks[i], vector_reduce(out, 1));
	}
	UNROLL
	for (unsigned int i = eight; i < VECTORS; i++) {
		vector before = tweaks[i - eight];

		tweaks[i] =
			vector_xor(vector_up(before, 1), vector_reduce(vector_down(before, 15), 0));
	}
}

/* Times x^(8 * LANES): up by LANES bytes. */
KERNEL_INLINE void KERNEL(next)(vector tweaks[VECTORS])
{
	UNROLL
	for (unsigned int i = 0; i < VECTORS; i++) {
		vector out = vector_down(tweaks[i], 16 - LANES);

		tweaks[i] = vector_xor(vector_up(tweaks[i], LANES), vector_reduce(out, 0));
	}
}

/* All rounds but the last. */
KERNEL_INLINE void KERNEL(rounds)(const struct keys *keys, unsigned int rounds,
				  vector state[VECTORS])
{
	UNROLL
	for (unsigned int round = 1; round < rounds; round++) {
		vector key = vector_spread(keys->data[round]);

		UNROLL
		for (unsigned int i = 0; i < VECTORS; i++)
			state[i] = vector_decrypt(state[i], key);
	}
}

/* The last round XORs its key, so the mask is XORed with it in the same step. */
KERNEL_INLINE void KERNEL(finish)(const struct keys *keys, unsigned int rounds,
				  vector state[VECTORS], const vector mask[VECTORS], uint8_t *data)
{
	vector key = vector_spread(keys->data[rounds]);

	UNROLL
	for (unsigned int i = 0; i < VECTORS; i++) {
		state[i] = vector_decrypt_last(state[i], vector_xor(key, mask[i]));
		vector_store(data + 16 * LANES * i, state[i]);
	}
}

/* A data unit of XTS; `size` is a multiple of a turn. */
KERNEL_INLINE void KERNEL(xts)(const struct keys *keys, unsigned int rounds, const uint8_t *first,
			       uint8_t *data, size_t size)
{
	vector key = vector_spread(keys->data[0]);
	vector tweaks[VECTORS];
	vector state[VECTORS];

	KERNEL(begin)(first, tweaks);
	for (;;) {
		UNROLL
		for (unsigned int i = 0; i < VECTORS; i++)
			state[i] = vector_xor(vector_load(data + 16 * LANES * i),
					      vector_xor(tweaks[i], key));
		KERNEL(rounds)(keys, rounds, state);
		KERNEL(finish)(keys, rounds, state, tweaks, data);
		data += KERNEL(TURN);
		size -= KERNEL(TURN);
		if (size == 0)
			return;
		KERNEL(next)(tweaks);
	}
}

/* A message of CBC. Each block is XORed with the ciphertext before it, which is read before it is
 * overwritten. */
KERNEL_INLINE void KERNEL(cbc)(const struct keys *keys, unsigned int rounds, const uint8_t *iv,
			       uint8_t *data, size_t size)
{
	vector key = vector_spread(keys->data[0]);
	uint8_t start[16 * LANES]; /* the ciphertext before the first vector's blocks */
	vector before[VECTORS];
	vector state[VECTORS];

	memcpy(start, iv, 16);
	for (; size > 0; size -= KERNEL(TURN), data += KERNEL(TURN)) {
		memcpy(start + 16, data, sizeof(start) - 16);
		before[0] = vector_load(start);
		memcpy(start, data + KERNEL(TURN) - 16, 16);
		UNROLL
		for (unsigned int i = 1; i < VECTORS; i++)
			before[i] = vector_load(data + 16 * LANES * i - 16);
		UNROLL
		for (unsigned int i = 0; i < VECTORS; i++)
			state[i] = vector_xor(vector_load(data + 16 * LANES * i), key);
		KERNEL(rounds)(keys, rounds, state);
		KERNEL(finish)(keys, rounds, state, before, data);
	}
}

/* Encrypt UNITS numbers from `number` on. */
KERNEL_INLINE void KERNEL(numbers)(const struct keys *keys, unsigned int rounds, uint64_t number,
				   uint64_t step, uint8_t (*ret_blocks)[16])
{
	vector a = vector_numbers(number, step);
	vector b = vector_numbers(number + LANES * step, step);
	vector key = vector_spread(keys->iv[0]);

	a = vector_xor(a, key);
	b = vector_xor(b, key);
	UNROLL
	for (unsigned int round = 1; round < rounds; round++) {
		key = vector_spread(keys->iv[round]);
		a = vector_encrypt(a, key);
		b = vector_encrypt(b, key);
	}
	key = vector_spread(keys->iv[rounds]);
	vector_store(ret_blocks[0], vector_encrypt_last(a, key));
	vector_store(ret_blocks[LANES], vector_encrypt_last(b, key));
}

/*
 * The numbers of the next units are encrypted while these units are decrypted: alone, each of their
 * rounds would wait for the one before.
 */
KERNEL_INLINE void KERNEL(units)(const struct keys *keys, unsigned int rounds, bool xts,
				 uint64_t number, uint64_t step, uint8_t *data, size_t count,
				 uint32_t size)
{
	const size_t ahead = KERNEL(UNITS);
	uint8_t first[2 * KERNEL(UNITS)][16];

	KERNEL(numbers)(keys, rounds, number, step, first);
	for (size_t i = 0; i < count; i++, data += size) {
		const uint8_t *block = first[i % (2 * ahead)];

		if (i % ahead == 0 && count - i > ahead)
			KERNEL(numbers)
		(keys, rounds, number + (i + ahead) * step, step,
		 first + (i + ahead) % (2 * ahead));
		if (xts)
			KERNEL(xts)(keys, rounds, block, data, size);
		else
			KERNEL(cbc)(keys, rounds, block, data, size);
	}
}

KERNEL_TARGET static void KERNEL(run)(const struct keys *keys, bool xts, uint64_t number,
				      uint64_t step, uint8_t *data, size_t count, uint32_t size)
{
	if (xts && keys->rounds == AES_256_ROUNDS)
		KERNEL(units)(keys, AES_256_ROUNDS, true, number, step, data, count, size);
	else if (xts)
		KERNEL(units)(keys, AES_128_ROUNDS, true, number, step, data, count, size);
	else if (keys->rounds == AES_256_ROUNDS)
		KERNEL(units)(keys, AES_256_ROUNDS, false, number, step, data, count, size);
	else
		KERNEL(units)(keys, AES_128_ROUNDS, false, number, step, data, count, size);
}

#undef KERNEL
#undef KERNEL_TARGET
#undef KERNEL_INLINE
#undef LANES
#undef vector
#undef vector_load
#undef vector_store
#undef vector_spread
#undef vector_xor
#undef vector_decrypt
#undef vector_decrypt_last
#undef vector_encrypt
#undef vector_encrypt_last
#undef vector_numbers
#undef vector_up
#undef vector_down
#undef vector_left
#undef vector_right
#undef vector_halves
#undef vector_lanes
#undef vector_reduce
