/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading a GPT from its two copies; see partition_gpt.h. */
#include "disk/partition/partition_gpt.h"

#include <inttypes.h>

#include "base/checked.h"
#include "base/crc32.h"
#include "base/text/utf16.h"

enum {
	SECTOR_MAX = 4096,
	SIZES = 2,
	PRIMARY_SECTOR = 1,
};

/* The sizes of a sector to try, the likelier first. */
static void sector_sizes(const struct source *disk, uint32_t ret_sizes[SIZES])
{
	ret_sizes[0] = disk->sector_size == 4096 ? 4096 : 512;
	ret_sizes[1] = disk->sector_size == 4096 ? 512 : 4096;
}

void partition_gpt_clear(struct gpt_table *table)
{
	free(table->entries);
	*table = (struct gpt_table){0};
}

/* How reliable a copy is; good entries prove more than a good header. */
static int rank(const struct gpt_table *table)
{
	if (table->sector_size == 0)
		return -1;
	return (table->entries_good ? 2 : 0) + (table->header_good ? 1 : 0);
}

enum {
	RANK_FULL = 3
};

/*
 * Read the copy whose header is in `sector`. ret_table->sector_size stays 0 when there is none, or
 * its entries cannot be read.
 */
static int read_copy(struct source *disk, uint64_t sector, uint32_t sector_size,
		     struct gpt_table *ret_table, struct err *err)
{
	struct gpt_table table = {.sector_size = sector_size, .sector = sector};
	uint8_t data[SECTOR_MAX];
	uint64_t offset;
	size_t size;

	*ret_table = (struct gpt_table){0};
	if (!checked_mul(sector, sector_size, &offset) ||
	    source_pread(disk, data, sector_size, offset) < 0)
		return 0;
	if (!gpt_header_parse(data, sector_size, &table.header))
		return 0;
	table.header_good = table.header.crc_good && table.header.sector == sector;
	size = gpt_array_size(&table.header);
	if (!checked_mul(table.header.entries_sector, sector_size, &offset) ||
	    !checked_within(offset, size, disk->size))
		return 0;
	table.entries = malloc(size);
	if (!table.entries)
		return err_nomem(err);
	if (source_pread(disk, table.entries, size, offset) < 0) {
		free(table.entries);
		return 0;
	}
	table.entries_good = crc32_compute(table.entries, size) == table.header.entries_crc;
	*ret_table = table;
	return 0;
}

/* Read a copy, and keep it if it is better than the best so far. */
static int consider(struct source *disk, uint64_t sector, uint32_t sector_size, bool is_backup,
		    struct gpt_table *best, struct err *err)
{
	struct gpt_table table;
	int result;

	if (rank(best) == RANK_FULL)
		return 0;
	result = read_copy(disk, sector, sector_size, &table, err);
	if (result < 0)
		return result;
	table.is_backup = is_backup;
	if (rank(&table) > rank(best)) {
		partition_gpt_clear(best);
		*best = table;
	} else {
		partition_gpt_clear(&table);
	}
	return 0;
}

/*
 * The backup is in the last sector of the disk. In an image that is longer than the disk was, it is
 * where the primary says, or where the protective partition ends.
 */
static int consider_backups(struct source *disk, const struct mbr *mbr, uint32_t sector_size,
			    struct gpt_table *best, struct err *err)
{
	const struct mbr_entry *protective = mbr ? mbr_protective(mbr) : NULL;
	uint64_t candidates[3];
	size_t count = 0;
	int result = 0;

	if (disk->size >= sector_size)
		candidates[count++] = disk->size / sector_size - 1;
	if (best->sector_size == sector_size && !best->is_backup)
		candidates[count++] = best->header.alternate;
	if (protective)
		candidates[count++] = (uint64_t)protective->start + protective->sectors - 1;
	for (size_t i = 0; i < count && result == 0; i++) {
		if (candidates[i] > PRIMARY_SECTOR)
			result = consider(disk, candidates[i], sector_size, true, best, err);
	}
	return result;
}

int partition_gpt_find(struct source *disk, const struct mbr *mbr, struct gpt_table *ret_table,
		       struct err *err)
{
	struct gpt_table best CLEANUP(partition_gpt_clear) = {0};
	uint32_t sizes[SIZES];
	int result = 0;

	sector_sizes(disk, sizes);
	for (size_t i = 0; i < SIZES && result == 0; i++)
		result = consider(disk, PRIMARY_SECTOR, sizes[i], false, &best, err);
	for (size_t i = 0; i < SIZES && result == 0; i++)
		result = consider_backups(disk, mbr, sizes[i], &best, err);
	if (result < 0)
		return result;
	*ret_table = best;
	best.entries = NULL;
	return 0;
}

/* A good primary was chosen: check whether its backup exists and says the same. */
static int judge_backup(struct source *disk, const struct gpt_table *table, struct notes *warnings,
			struct err *err)
{
	struct gpt_table backup CLEANUP(partition_gpt_clear) = {0};
	uint64_t alternate = table->header.alternate;
	uint64_t size = 0;
	int result;

	if (alternate < UINT64_MAX && checked_mul(alternate + 1, table->sector_size, &size) &&
	    size > disk->size) {
		notes_add(warnings,
			  "the disk is cut off: its GPT was made for %" PRIu64
			  " bytes, and it has %" PRIu64,
			  size, disk->size);
		return 0;
	}
	result = read_copy(disk, alternate, table->sector_size, &backup, err);
	if (result < 0)
		return result;
	if (rank(&backup) != RANK_FULL || alternate == table->sector)
		notes_add(warnings, "the backup GPT is damaged or missing; the primary is used");
	else if (backup.header.entries_crc != table->header.entries_crc ||
		 !guid_equal(&backup.header.disk_id, &table->header.disk_id))
		notes_add(warnings, "the backup GPT differs from the primary; the primary is used");
	return 0;
}

int partition_gpt_judge(struct source *disk, const struct gpt_table *table, struct notes *warnings,
			struct err *err)
{
	if (rank(table) == RANK_FULL && !table->is_backup)
		return judge_backup(disk, table, warnings, err);
	if (table->is_backup)
		notes_add(warnings,
			  "the primary GPT is damaged or missing: the backup in sector %" PRIu64
			  " is used",
			  table->sector);
	else
		notes_add(warnings, "both copies of the GPT are damaged: the primary is used as "
				    "far as it goes");
	if (!table->header_good)
		notes_add(warnings, "the header of the GPT has a wrong checksum or place");
	if (!table->entries_good)
		notes_add(warnings, "the entries of the GPT have a wrong checksum: partitions may "
				    "be wrong or missing");
	return 0;
}

static int add_entry(struct partition_builder *builder, unsigned int number,
		     const struct gpt_entry *entry, struct err *err)
{
	struct partition partition = {.number = number, .type = entry->type, .id = entry->id};

	if (entry->last < entry->first || entry->last - entry->first == UINT64_MAX) {
		notes_add(builder->warnings,
			  "partition %u is skipped: it is from sector %" PRIu64 " to %" PRIu64,
			  number, entry->first, entry->last);
		return 0;
	}
	partition.name = utf16_to_utf8(entry->name, GPT_NAME_SIZE);
	if (!partition.name)
		return err_nomem(err);
	err_sanitise(partition.name);
	return partition_builder_add(builder, &partition, entry->first,
				     entry->last - entry->first + 1, err);
}

int partition_gpt_build(struct partition_builder *builder, const struct gpt_table *table,
			struct err *err)
{
	const struct gpt_header *header = &table->header;

	for (uint32_t i = 0; i < header->entry_count; i++) {
		const uint8_t *data = table->entries + (size_t)i * header->entry_size;
		struct gpt_entry entry;
		int result = 0;

		if (gpt_entry_parse(data, header->entry_size, &entry))
			result = add_entry(builder, i + 1, &entry, err);
		if (result < 0)
			return result;
	}
	return 0;
}
