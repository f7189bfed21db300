/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks on partition tables that the tests of disk/partition/partition share. */
#ifndef ADEFUSE_TESTS_PARTITION_CHECK_H
#define ADEFUSE_TESTS_PARTITION_CHECK_H

#include "disk/partition/partition.h"
#include "tests/craft.h"

/* A table and the warnings that came with it. */
struct read_table {
	struct partition_table *table;
	struct notes notes;
};

static inline struct read_table check_read_source(struct source *source)
{
	struct read_table read = {0};

	must(partition_table_read(source, &read.notes, &read.table, NULL) == 0);
	is(atomic_load(&source->references), 1, "references balance");
	return read;
}

/* With the sector size that a device would report, or 0. */
static inline struct read_table check_read(const struct craft_disk *disk, uint32_t hint)
{
	struct source *source = craft_source(disk);
	struct read_table read;

	source->sector_size = hint;
	read = check_read_source(source);
	source_unref(source);
	return read;
}

/* What the table is; ends the checks of it. */
static inline void check_done(struct read_table *read)
{
	partition_table_free(read->table);
	notes_clear(&read->notes);
	read->table = NULL;
}

static inline void check_table(const struct read_table *read, enum partition_scheme scheme,
			       uint32_t sector_size, size_t count, const char *what)
{
	is_text(partition_scheme_name(read->table->scheme), partition_scheme_name(scheme),
		"%s: scheme", what);
	is(read->table->sector_size, sector_size, "%s: sector size", what);
	is(read->table->count, count, "%s: number of partitions", what);
}

/* Partition `index` of the list, in bytes. */
static inline void check_partition(const struct read_table *read, size_t index, unsigned int number,
				   uint64_t offset, uint64_t size, const char *what)
{
	const struct partition *partition;

	if (!ok(index < read->table->count, "%s: partition %u is there", what, number))
		return;
	partition = &read->table->partitions[index];
	is(partition->number, number, "%s: number", what);
	is(partition->offset, offset, "%s: p%u: offset", what, number);
	is(partition->size, size, "%s: p%u: size", what, number);
}

/* Exactly so many warnings, one of which holds `text` (none needed for NULL). */
static inline void check_notes(const struct read_table *read, size_t count, const char *text,
			       const char *what)
{
	bool good = read->notes.count == count && (!text || craft_noted(&read->notes, text));

	if (!ok(good, "%s: %zu warnings, '%s'", what, count, text ? text : ""))
		craft_show(&read->notes);
}

#endif
