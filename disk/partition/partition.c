/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which partition table a disk has. Its first sector decides:
 *
 *   a volume's boot sector    no table, whatever else lies on the disk (an old backup GPT, say)
 *   an MBR that protects      GPT; without any copy of it, other entries of the MBR (hybrid)
 *   an ordinary MBR           MBR; a GPT beside it is what an earlier partitioning left
 *   neither                   GPT if there is one: only the MBR is damaged; else no table
 */
#include "disk/partition/partition.h"

#include <errno.h>
#include <string.h>

#include "disk/partition/bootsector.h"
#include "disk/partition/partition_gpt.h"
#include "disk/partition/partition_mbr.h"

enum {
	OVERLAPS_NAMED = 4,
	SECTOR_USUAL = 512,
};

static bool overlap(const struct partition *a, const struct partition *b)
{
	return a->offset < b->offset + b->size && b->offset < a->offset + a->size;
}

static void warn_of_overlaps(const struct partition_table *table, struct notes *warnings)
{
	size_t found = 0;

	for (size_t i = 0; i < table->count; i++) {
		for (size_t k = i + 1; k < table->count; k++) {
			if (!overlap(&table->partitions[i], &table->partitions[k]))
				continue;
			if (found++ < OVERLAPS_NAMED)
				notes_add(warnings, "partitions %u and %u overlap",
					  table->partitions[i].number, table->partitions[k].number);
		}
	}
	if (found > OVERLAPS_NAMED)
		notes_add(warnings, "%zu more pairs of partitions overlap", found - OVERLAPS_NAMED);
}

/*
 * A FAT boot sector is less distinctive than the others: some boot loaders keep its fields in an
 * MBR. Such an MBR protects a GPT, or leads to volumes.
 */
static bool is_bare_volume(struct source *disk, enum bootsector kind, const struct mbr *mbr)
{
	if (kind != BOOTSECTOR_FAT || !mbr)
		return kind != BOOTSECTOR_NONE;
	return !mbr_protective(mbr) &&
	       partition_mbr_evidence(disk, mbr, partition_mbr_sector_size(disk, mbr)) == 0;
}

static int build_whole(struct partition_builder *builder, struct err *err)
{
	struct partition whole = {
		.number = 1, .size = builder->disk->size, .size_in_table = builder->disk->size};

	builder->table->scheme = PARTITION_NONE;
	builder->table->sector_size =
		builder->disk->sector_size ? builder->disk->sector_size : SECTOR_USUAL;
	return partition_builder_append(builder, &whole) < 0 ? err_nomem(err) : 0;
}

static int build_mbr(struct partition_builder *builder, const struct mbr *mbr, struct err *err)
{
	builder->table->scheme = PARTITION_MBR;
	builder->table->sector_size = partition_mbr_sector_size(builder->disk, mbr);
	builder->table->disk_signature = mbr->disk_signature;
	return partition_mbr_build(builder, mbr, err);
}

static int build_gpt(struct partition_builder *builder, const struct mbr *mbr,
		     const struct gpt_table *gpt, struct err *err)
{
	int result;

	if (!mbr || !mbr_protective(mbr))
		notes_add(builder->warnings, "the protective MBR is damaged or missing");
	else if (mbr_count_ordinary(mbr) > 0)
		notes_add(builder->warnings,
			  "the MBR is a hybrid: it lists partitions beside the GPT, which is used");
	result = partition_gpt_judge(builder->disk, gpt, builder->warnings, err);
	if (result < 0)
		return result;
	builder->table->scheme = PARTITION_GPT;
	builder->table->sector_size = gpt->sector_size;
	builder->table->disk_id = gpt->header.disk_id;
	return partition_gpt_build(builder, gpt, err);
}

/* The table of a disk whose first sector does not begin a volume. */
static int build_table(struct partition_builder *builder, const struct mbr *mbr, struct err *err)
{
	struct gpt_table gpt CLEANUP(partition_gpt_clear) = {0};
	bool protective = mbr && mbr_protective(mbr);
	bool ordinary = mbr && mbr_count_ordinary(mbr) > 0;
	int result = partition_gpt_find(builder->disk, mbr, &gpt, err);

	if (result < 0)
		return result;
	if (gpt.sector_size != 0) {
		if (protective || !ordinary)
			return build_gpt(builder, mbr, &gpt, err);
		notes_add(builder->warnings, "a GPT on the disk is ignored: the MBR does not "
					     "protect it, so it is left from earlier");
	} else if (protective) {
		notes_add(builder->warnings, "the MBR protects a GPT, but neither copy of it is "
					     "there");
	}
	return ordinary ? build_mbr(builder, mbr, err) : build_whole(builder, err);
}

static int build(struct partition_builder *builder, struct err *err)
{
	uint8_t data[MBR_SIZE] = {0};
	size_t size =
		builder->disk->size < sizeof(data) ? (size_t)builder->disk->size : sizeof(data);
	enum bootsector kind;
	enum mbr_verdict verdict;
	struct mbr mbr;
	int result;

	if (size == 0)
		return err_set(err, ERR_DISK, ENODATA, "the disk is empty");
	result = source_pread(builder->disk, data, size, 0);
	if (result < 0) {
		err_errno(err, ERR_DISK, -result, "cannot read the first sector of the disk");
		err_hint(err, "copy what can be read of the disk first (ddrescue), and use the "
			      "copy");
		return result;
	}
	kind = bootsector_recognise(data, size);
	verdict = mbr_parse(data, size, &mbr);
	if (is_bare_volume(builder->disk, kind, verdict == MBR_TABLE ? &mbr : NULL))
		return build_whole(builder, err);
	result = build_table(builder, verdict == MBR_TABLE ? &mbr : NULL, err);
	if (result == 0 && verdict == MBR_NOT_A_TABLE && builder->table->scheme == PARTITION_NONE)
		notes_add(
			builder->warnings,
			"the first sector ends like a partition table but is not one: the disk is treated as one volume");
	return result;
}

int partition_table_read(struct source *disk, struct notes *warnings,
			 struct partition_table **ret_table, struct err *err)
{
	struct partition_table *table = calloc(1, sizeof(*table));
	struct partition_builder builder = {.disk = disk, .warnings = warnings, .table = table};
	int result;

	if (!table)
		return err_nomem(err);
	result = build(&builder, err);
	if (result < 0) {
		partition_table_free(table);
		return result;
	}
	warn_of_overlaps(table, warnings);
	*ret_table = table;
	return 0;
}
