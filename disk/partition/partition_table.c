/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Freeing a table; names of its scheme and of the types of partitions that are met on disks with
 * Windows. */
#include "disk/partition/partition_table.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *guid;
	const char *name;
} gpt_types[] = {
	{"C12A7328-F81F-11D2-BA4B-00A0C93EC93B", "EFI system"},
	{"E3C9E316-0B5C-4DB8-817D-F92DF00215AE", "Microsoft reserved"},
	{"EBD0A0A2-B9E5-4433-87C0-68B6B72699C7", "basic data"},
	{"DE94BBA4-06D1-4D40-A16A-BFD50179D6AC", "Windows recovery"},
	{"5808C8AA-7E8F-42E0-85D2-E1E90434CFB3", "LDM metadata"},
	{"AF9B60A0-1431-4F62-BC68-3311714A69AD", "LDM data"},
	{"E75CAF8F-F680-4CEE-AFA3-B001E56EFC2D", "Storage Spaces"},
	{"558D43C5-A1AC-43C0-AAC8-D1472B2923D1", "Storage Replica"},
	{"21686148-6449-6E6F-744E-656564454649", "BIOS boot"},
	{"0FC63DAF-8483-4772-8E79-3D69D8477DE4", "Linux file system"},
	{"4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709", "Linux root"},
	{"BC13C2FF-59E6-4262-A352-B275FD6F7172", "Linux boot"},
	{"933AC7E1-2EB4-4F13-B844-0E14E2AEF915", "Linux home"},
	{"0657FD6D-A4AB-43C4-84E5-0933C84B4F4F", "Linux swap"},
	{"E6D6D379-F507-44C2-A23C-238F2A3DF928", "Linux LVM"},
	{"A19D880F-05FC-4D3B-A006-743F0F84911E", "Linux RAID"},
	{"CA7D7CCB-63ED-4C53-861C-1742536059CC", "Linux LUKS"},
	{"48465300-0000-11AA-AA11-00306543ECAC", "Apple HFS+"},
	{"7C3457EF-0000-11AA-AA11-00306543ECAC", "Apple APFS"},
};

static const struct {
	uint8_t type;
	const char *name;
} mbr_types[] = {
	{0x01, "FAT12"},
	{0x04, "FAT16"},
	{0x06, "FAT16"},
	{0x07, "NTFS or exFAT"},
	{0x0b, "FAT32"},
	{0x0c, "FAT32"},
	{0x0e, "FAT16"},
	{0x11, "hidden FAT12"},
	{0x12, "vendor's recovery"},
	{0x14, "hidden FAT16"},
	{0x16, "hidden FAT16"},
	{0x17, "hidden NTFS"},
	{0x1b, "hidden FAT32"},
	{0x1c, "hidden FAT32"},
	{0x1e, "hidden FAT16"},
	{0x27, "Windows recovery"},
	{0x42, "LDM data"},
	{0x82, "Linux swap"},
	{0x83, "Linux file system"},
	{0x8e, "Linux LVM"},
	{0xa5, "FreeBSD"},
	{0xaf, "Apple HFS+"},
	{0xef, "EFI system"},
	{0xfd, "Linux RAID"},
};

const char *partition_scheme_name(enum partition_scheme scheme)
{
	switch (scheme) {
	case PARTITION_NONE:
		return "none";
	case PARTITION_MBR:
		return "mbr";
	case PARTITION_GPT:
		return "gpt";
	}
	return "unknown";
}

void partition_table_free(struct partition_table *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < table->count; i++)
		free(table->partitions[i].name);
	free(table->partitions);
	free(table);
}

static const char unknown[] = "unknown";

static const char *gpt_type_name(const struct guid *type)
{
	struct guid_text text = guid_format(type);

	for (size_t i = 0; i < sizeof(gpt_types) / sizeof(gpt_types[0]); i++) {
		if (strcmp(gpt_types[i].guid, text.text) == 0)
			return gpt_types[i].name;
	}
	return unknown;
}

static const char *mbr_type_name(uint8_t type)
{
	for (size_t i = 0; i < sizeof(mbr_types) / sizeof(mbr_types[0]); i++) {
		if (mbr_types[i].type == type)
			return mbr_types[i].name;
	}
	return unknown;
}

const char *partition_type_name(const struct partition_table *table,
				const struct partition *partition)
{
	switch (table->scheme) {
	case PARTITION_NONE:
		return "whole disk";
	case PARTITION_MBR:
		return mbr_type_name(partition->mbr_type);
	case PARTITION_GPT:
		return gpt_type_name(&partition->type);
	}
	return unknown;
}
