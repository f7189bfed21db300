/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs within a piece; see piece.h. */
#include "export/piece.h"

bool piece_next_data(const struct piece *piece, size_t least, struct piece_run *run)
{
	size_t blocks = (size_t)(piece->length + PIECE_BLOCK - 1) / PIECE_BLOCK;
	size_t at = (run->end + PIECE_BLOCK - 1) / PIECE_BLOCK;
	size_t zeros = 0; /* blocks, at the end of the run */

	/* zeros by the source, which may be longer than the table */
	if (!piece->data)
		return false;
	while (at < blocks && piece->zero[at])
		at++;
	if (at >= blocks)
		return false;
	run->start = at * PIECE_BLOCK;
	for (; at < blocks && zeros * PIECE_BLOCK < least; at++)
		zeros = piece->zero[at] ? zeros + 1 : 0;
	run->end = (at - zeros) * PIECE_BLOCK;
	if (run->end > piece->length)
		run->end = (size_t)piece->length;
	return true;
}

bool piece_next_bad(const struct piece *piece, struct piece_run *run)
{
	size_t sectors = (size_t)(piece->length + PIECE_SECTOR - 1) / PIECE_SECTOR;
	size_t at = (run->end + PIECE_SECTOR - 1) / PIECE_SECTOR;

	if (piece->errnum == 0)
		return false;
	while (at < sectors && !piece->bad[at])
		at++;
	if (at >= sectors)
		return false;
	run->start = at * PIECE_SECTOR;
	while (at < sectors && piece->bad[at])
		at++;
	run->end = at * PIECE_SECTOR;
	if (run->end > piece->length)
		run->end = (size_t)piece->length;
	return true;
}
