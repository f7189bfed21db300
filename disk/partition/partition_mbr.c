/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading the partitions of an MBR; see partition_mbr.h. */
#include "disk/partition/partition_mbr.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "disk/partition/bootsector.h"

enum {
	SECTOR_USUAL = 512,
	SECTOR_4K = 4096,
	FIRST_LOGICAL = 5,
};

/* The chain of extended records, over all extended partitions of the disk. */
struct chain {
	struct partition_builder *builder;
	uint64_t seen[PARTITION_MAX]; /* sectors of the records so far: a chain may be a loop */
	size_t seen_count;
	unsigned int number; /* of the next logical partition */
};

/* The first 512 bytes of a sector. */
static int read_record(struct source *disk, uint64_t sector, uint32_t sector_size,
		       uint8_t ret_data[MBR_SIZE])
{
	/* sectors are sums of 32-bit numbers here: no overflow */
	return source_pread(disk, ret_data, MBR_SIZE, sector * sector_size);
}

unsigned int partition_mbr_evidence(struct source *disk, const struct mbr *mbr,
				    uint32_t sector_size)
{
	unsigned int found = 0;

	for (size_t i = 0; i < MBR_ENTRIES; i++) {
		const struct mbr_entry *entry = &mbr->entries[i];
		uint8_t data[MBR_SIZE];
		struct mbr record;

		if (entry->type == MBR_TYPE_EMPTY || entry->start == 0)
			continue;
		if (read_record(disk, entry->start, sector_size, data) < 0)
			continue;
		if (mbr_is_extended(entry->type))
			found += mbr_parse(data, sizeof(data), &record) == MBR_TABLE;
		else
			found += bootsector_recognise(data, sizeof(data)) != BOOTSECTOR_NONE;
	}
	return found;
}

uint32_t partition_mbr_sector_size(struct source *disk, const struct mbr *mbr)
{
	uint32_t likely = disk->sector_size ? disk->sector_size : SECTOR_USUAL;
	uint32_t other = likely == SECTOR_USUAL ? SECTOR_4K : SECTOR_USUAL;

	if (partition_mbr_evidence(disk, mbr, likely) == 0 &&
	    partition_mbr_evidence(disk, mbr, other) > 0)
		return other;
	return likely;
}

static bool chain_seen(const struct chain *chain, uint64_t sector)
{
	for (size_t i = 0; i < chain->seen_count; i++) {
		if (chain->seen[i] == sector)
			return true;
	}
	return false;
}

/* Read the record in `sector`; false, with a warning, when the chain ends here too early. */
static bool chain_read(struct chain *chain, uint64_t sector, struct mbr *ret_record)
{
	struct notes *warnings = chain->builder->warnings;
	uint8_t data[MBR_SIZE];
	int result;

	if (chain_seen(chain, sector)) {
		notes_add(warnings,
			  "the chain of logical partitions is a loop: stopped at sector %" PRIu64,
			  sector);
		return false;
	}
	if (chain->seen_count == PARTITION_MAX) {
		notes_add(warnings, "the chain of logical partitions is too long: stopped after %d",
			  PARTITION_MAX);
		return false;
	}
	chain->seen[chain->seen_count++] = sector;
	result =
		read_record(chain->builder->disk, sector, chain->builder->table->sector_size, data);
	if (result < 0) {
		notes_add(warnings,
			  "the record of a logical partition in sector %" PRIu64
			  " cannot be read (%s): it and those after it are skipped",
			  sector,
			  result == -EINVAL ? "past the end of the disk"
					    : strerrordesc_np(-result));
		return false;
	}
	if (mbr_parse(data, sizeof(data), ret_record) != MBR_TABLE) {
		notes_add(warnings,
			  "there is no record of a logical partition in sector %" PRIu64
			  ": it and those after it are skipped",
			  sector);
		return false;
	}
	return true;
}

static int chain_walk(struct chain *chain, uint32_t start, struct err *err)
{
	uint64_t sector = start;
	struct mbr record;

	while (chain_read(chain, sector, &record)) {
		const struct mbr_entry *link = NULL;

		/* one partition and one link, as a rule in this order */
		for (size_t i = 0; i < 2; i++) {
			const struct mbr_entry *entry = &record.entries[i];
			struct partition partition = {.number = chain->number,
						      .mbr_type = entry->type};
			int result;

			if (entry->type == MBR_TYPE_EMPTY)
				continue;
			if (mbr_is_extended(entry->type)) {
				link = link ? link : entry;
				continue;
			}
			chain->number++;
			result = partition_builder_add(chain->builder, &partition,
						       sector + entry->start, entry->sectors, err);
			if (result < 0)
				return result;
		}
		if (!link)
			break;
		sector = (uint64_t)start + link->start;
	}
	return 0;
}

int partition_mbr_build(struct partition_builder *builder, const struct mbr *mbr, struct err *err)
{
	struct chain chain = {.builder = builder, .number = FIRST_LOGICAL};
	int result = 0;

	for (size_t i = 0; i < MBR_ENTRIES && result == 0; i++) {
		const struct mbr_entry *entry = &mbr->entries[i];
		struct partition partition = {.number = (unsigned int)i + 1,
					      .mbr_type = entry->type};

		if (entry->type != MBR_TYPE_EMPTY && entry->type != MBR_TYPE_PROTECTIVE &&
		    !mbr_is_extended(entry->type))
			result = partition_builder_add(builder, &partition, entry->start,
						       entry->sectors, err);
	}
	for (size_t i = 0; i < MBR_ENTRIES && result == 0; i++) {
		if (mbr_is_extended(mbr->entries[i].type))
			result = chain_walk(&chain, mbr->entries[i].start, err);
	}
	return result;
}
