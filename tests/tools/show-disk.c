/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Prints what disk/ makes of a file, as JSON, one object a line: the image, each partition, each
 * warning. For tests that hold it against other programs' view. Exit codes as the main program's.
 */
#include <inttypes.h>
#include <stdio.h>

#include "disk/file.h"
#include "disk/image/image.h"
#include "disk/partition/partition.h"

/* All that is printed was made free of control characters by err_sanitise(). */
static void print_text(const char *key, const char *text)
{
	printf("\"%s\":\"", key);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			putchar('\\');
		putchar(*text);
	}
	printf("\"");
}

static void print_partition(const struct partition_table *table, const struct partition *partition)
{
	printf("{\"number\":%u,\"offset\":%" PRIu64 ",\"size\":%" PRIu64 ",\"clipped\":%s,"
	       "\"size_in_table\":%" PRIu64 ",",
	       partition->number, partition->offset, partition->size,
	       partition->clipped ? "true" : "false", partition->size_in_table);
	if (table->scheme == PARTITION_MBR)
		printf("\"type\":\"%x\",", partition->mbr_type);
	if (table->scheme == PARTITION_GPT) {
		print_text("type", guid_format(&partition->type).text);
		printf(",");
		print_text("uuid", guid_format(&partition->id).text);
		printf(",");
		print_text("name", partition->name);
		printf(",");
	}
	print_text("type_name", partition_type_name(table, partition));
	printf("}\n");
}

static void print_table(const struct partition_table *table, const struct source *disk,
			enum image_format format)
{
	printf("{\"format\":\"%s\",\"size\":%" PRIu64 ",\"scheme\":\"%s\",\"sector_size\":%u,",
	       image_format_name(format), disk->size, partition_scheme_name(table->scheme),
	       table->sector_size);
	if (table->scheme == PARTITION_MBR)
		printf("\"id\":\"0x%08x\",", table->disk_signature);
	if (table->scheme == PARTITION_GPT) {
		print_text("id", guid_format(&table->disk_id).text);
		printf(",");
	}
	printf("\"count\":%zu}\n", table->count);
	for (size_t i = 0; i < table->count; i++)
		print_partition(table, &table->partitions[i]);
}

static int show(const char *path, struct err *err)
{
	struct source *file CLEANUP(source_unref) = NULL;
	struct source *disk CLEANUP(source_unref) = NULL;
	struct partition_table *table CLEANUP(partition_table_free) = NULL;
	struct notes notes CLEANUP(notes_clear) = {0};
	enum image_format format = IMAGE_RAW;
	int result = file_open(path, &file, err);

	if (result == 0)
		result = image_open(file, path, &notes, &format, &disk, err);
	if (result == 0)
		result = partition_table_read(disk, &notes, &table, err);
	if (result < 0 || !disk || !table)
		return result;
	print_table(table, disk, format);
	for (size_t i = 0; i < notes.count; i++) {
		printf("{");
		print_text("warning", notes.text[i]);
		printf("}\n");
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct err err = {0};

	if (argc != 2) {
		(void)fprintf(stderr, "usage: show-disk FILE\n");
		return ERR_USAGE;
	}
	if (show(argv[1], &err) < 0) {
		(void)fprintf(stderr, "error: %s\nhint: %s\n", err.message, err.hint);
		return (int)err.kind;
	}
	return 0;
}
