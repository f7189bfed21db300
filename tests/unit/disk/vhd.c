/* SPDX-License-Identifier: GPL-3.0-or-later */
/* disk/image/vhd and disk/image/image: footers good, odd and lost; formats that are refused by
 * name. */
#include "disk/image/vhd.h"

#include <errno.h>
#include <inttypes.h>

#include "disk/image/image.h"
#include "tests/craft.h"
#include "tests/fault.h"

#define MIB ((size_t)1 << 20)

/* What image_open() made of some bytes. */
struct outcome {
	int result;
	enum image_format format;
	uint64_t size; /* of the disk; 0 when refused */
	struct notes notes;
	struct err err;
};

static struct outcome open_source(struct source *source, const char *name)
{
	struct outcome outcome = {.format = IMAGE_RAW};
	struct source *disk = NULL;

	outcome.result =
		image_open(source, name, &outcome.notes, &outcome.format, &disk, &outcome.err);
	outcome.size = disk ? disk->size : 0;
	source_unref(disk);
	is(atomic_load(&source->references), 1, "%s: references balance", name);
	return outcome;
}

static struct outcome open_bytes(const uint8_t *data, size_t size, const char *name)
{
	struct source *source = NULL;
	struct outcome outcome;

	must(memory_new(data, size, &source) == 0);
	outcome = open_source(source, name);
	source_unref(source);
	return outcome;
}

/* Served, with this format and size, and with one warning that holds `note` (none when NULL). */
static void served(struct outcome outcome, enum image_format format, uint64_t size,
		   const char *note, const char *what)
{
	is(outcome.result, 0, "%s: served", what);
	is(outcome.format, format, "%s: as %s", what, image_format_name(format));
	is(outcome.size, size, "%s: size", what);
	if (note ? !ok(craft_noted(&outcome.notes, note), "%s: warns '%s'", what, note)
		 : !ok(outcome.notes.count == 0, "%s: warns of nothing", what))
		craft_show(&outcome.notes);
	notes_clear(&outcome.notes);
}

static void refused(struct outcome outcome, int errnum, const char *message, const char *hint,
		    const char *what)
{
	is(outcome.result, -errnum, "%s: refused", what);
	is(outcome.err.kind, ERR_DISK, "%s: kind", what);
	is(outcome.size, 0, "%s: no disk", what);
	if (!ok(strstr(outcome.err.message, message), "%s: says '%s'", what, message))
		printf("# message: %s\n", outcome.err.message);
	if (!ok(strstr(outcome.err.hint, hint), "%s: hints '%s'", what, hint))
		printf("# hint: %s\n", outcome.err.hint);
	notes_clear(&outcome.notes);
}

static void test_parser(void)
{
	uint8_t footer[513];
	struct vhd_footer parsed;

	craft_footer(footer, 0x123456789a00, 2);
	ok(vhd_footer_parse(footer, 512, &parsed), "a footer");
	is(parsed.current_size, 0x123456789a00, "size");
	is(parsed.original_size, 0x123456789a00, "original size");
	is(parsed.type, VHD_TYPE_FIXED, "type");
	is(parsed.version, 0x10000, "version");
	ok(parsed.header_offset == UINT64_MAX, "header offset");
	ok(parsed.checksum_good, "checksum");
	ok(vhd_footer_parse(footer, 511, &parsed) && parsed.checksum_good, "511 bytes of it");
	ok(!vhd_footer_parse(footer, 510, &parsed), "510 bytes are not one");
	ok(!vhd_footer_parse(footer, 513, &parsed), "513 bytes are not one");
	ok(!vhd_footer_parse(footer, 0, &parsed), "no bytes are not a footer");
	for (size_t i = 0; i < 512; i++) {
		footer[i] ^= 0x10;
		if (i < 8 ? vhd_footer_parse(footer, 512, &parsed)
			  : !vhd_footer_parse(footer, 512, &parsed) || parsed.checksum_good) {
			ok(false, "byte %zu damaged", i);
			break;
		}
		footer[i] ^= 0x10;
	}
	ok(vhd_footer_parse(footer, 512, &parsed) && parsed.checksum_good,
	   "any damaged byte is seen, and undone");
}

/* Size field against the size of the file. */
static void test_sizes(void)
{
	static uint8_t file[2 * MIB + 512];
	uint8_t *footer = file + 2 * MIB;

	craft_footer(footer, 2 * MIB, 2);
	served(open_bytes(file, sizeof(file), "a.vhd"), IMAGE_VHD_FIXED, 2 * MIB, NULL, "good");
	served(open_bytes(file, sizeof(file), NULL), IMAGE_VHD_FIXED, 2 * MIB, NULL, "no name");
	/* the geometry says far less than the size, and does not count */
	craft_be(footer + 56, 0x00010101, 4);
	craft_footer_seal(footer);
	served(open_bytes(file, sizeof(file), "a.vhd"), IMAGE_VHD_FIXED, 2 * MIB, NULL, "geometry");
	footer[200] = 1;
	served(open_bytes(file, sizeof(file), "a.vhd"), IMAGE_VHD_FIXED, 2 * MIB, "wrong checksum",
	       "checksum");
	craft_footer(footer, 3 * MIB, 2);
	served(open_bytes(file, sizeof(file), "a.vhd"), IMAGE_VHD_FIXED, 2 * MIB,
	       "bytes are missing", "too large");
	craft_footer(footer, UINT64_MAX, 2);
	served(open_bytes(file, sizeof(file), "a.vhd"), IMAGE_VHD_FIXED, 2 * MIB,
	       "bytes are missing", "huge");
	craft_footer(footer, MIB, 2);
	served(open_bytes(file, sizeof(file), "a.vhd"), IMAGE_VHD_FIXED, MIB, "skipped",
	       "smaller than the file");
	craft_footer(footer, 0, 2);
	served(open_bytes(file, sizeof(file), "a.vhd"), IMAGE_VHD_FIXED, 2 * MIB, "are used",
	       "size of 0");
	craft_footer(footer, 2 * MIB, 2);
	craft_be(footer + 12, 0x00020000, 4);
	craft_footer_seal(footer);
	served(open_bytes(file, sizeof(file), "a.vhd"), IMAGE_VHD_FIXED, 2 * MIB,
	       "unknown version 2", "version");
	craft_footer(footer, 2 * MIB, 9);
	served(open_bytes(file, sizeof(file), "a.vhd"), IMAGE_VHD_FIXED, 2 * MIB, "type 9", "type");
	craft_footer(footer, 2 * MIB, 2);
	refused(open_bytes(footer, 512, "a.vhd"), ENODATA, "footer without a disk",
		"compare its size", "only a footer");
}

static void test_lost_footer(void)
{
	static uint8_t file[2 * MIB + 512];

	memset(file + 2 * MIB, 0xff, 512);
	served(open_bytes(file, sizeof(file), "disk.VHD"), IMAGE_RAW, 2 * MIB,
	       "without the last 512 bytes", "overwritten");
	served(open_bytes(file, 2 * MIB, "disk.vhd"), IMAGE_RAW, 2 * MIB, "no VHD footer", "cut");
	served(open_bytes(file, 2 * MIB - 5000, "disk.vhd"), IMAGE_RAW, 2 * MIB - 5000,
	       "may be cut off", "truncated");
	served(open_bytes(file, sizeof(file), "disk.img"), IMAGE_RAW, sizeof(file), NULL,
	       "raw of an odd size");
	served(open_bytes(file, sizeof(file), NULL), IMAGE_RAW, sizeof(file), NULL, "no name");
	served(open_bytes(file, 2 * MIB, ".vhd"), IMAGE_RAW, 2 * MIB, NULL, "no more than .vhd");
	served(open_bytes(file, 512, "a.img"), IMAGE_RAW, 512, NULL, "one sector");
	refused(open_bytes(file, 511, "a.img"), ENODATA, "too small", "compare its size",
		"511 bytes");
	refused(open_bytes(file, 1, NULL), ENODATA, "the image is too small", "compare", "a byte");
}

static void test_other_vhds(void)
{
	static uint8_t file[MIB + 512];
	uint8_t *footer = file + MIB;

	craft_footer(footer, 100 * MIB, 3);
	memcpy(file, footer, 512);
	refused(open_bytes(file, sizeof(file), "a.vhd"), ENOTSUP, "'a.vhd' is a dynamic VHD",
		"qemu-img convert -p -f vpc -O raw 'a.vhd' disk.raw", "dynamic");
	refused(open_bytes(file, sizeof(file), "a'b.vhd"), ENOTSUP, "dynamic VHD",
		"-O raw IMAGE disk.raw", "a name that a shell would trip over");
	memset(footer, 0, 512);
	refused(open_bytes(file, sizeof(file), "a.vhd"), ENOTSUP, "dynamic VHD", "qemu-img",
		"dynamic without its footer");
	craft_footer(file, 100 * MIB, 4);
	refused(open_bytes(file, sizeof(file), "a.vhd"), ENOTSUP, "differencing VHD",
		"Convert-VHD -Path 'a.vhd'", "differencing without its footer");
	memset(file, 0, 512);
	craft_footer(footer, 100 * MIB, 4);
	refused(open_bytes(file, sizeof(file), NULL), ENOTSUP, "the image is a differencing VHD",
		"Convert-VHD -Path IMAGE", "differencing without its copy");
	craft_footer(file, 100 * MIB, 3);
	craft_footer(footer, 100 * MIB, 77);
	refused(open_bytes(file, sizeof(file), "a.vhd"), ENOTSUP, "dynamic VHD", "qemu-img",
		"a damaged type, and a copy that is whole");
	craft_footer(file, 100 * MIB, 78);
	refused(open_bytes(file, sizeof(file), "a.vhd"), ENOTSUP, "unknown type 78", "qemu-img",
		"a type that does not exist");
	/* a dynamic VHD as the content of a fixed one is just bytes */
	craft_footer(file, 100 * MIB, 3);
	craft_footer(footer, MIB, 2);
	served(open_bytes(file, sizeof(file), "a.vhd"), IMAGE_VHD_FIXED, MIB, NULL,
	       "a VHD in a fixed VHD");
}

static const struct {
	const char *bytes;
	size_t size;
	size_t offset;
	bool weak;
	const char *message;
	const char *hint;
} signatures[] = {
	{"vhdxfile", 8, 0, false, "a VHDX image", "-f vhdx"},
	{"QFI\xfb\0\0\0\3", 8, 0, false, "a QCOW2 image", "-f qcow2"},
	{"QFI\xfb\0\0\0\1", 8, 0, false, "a QCOW image", "-f qcow "},
	{"KDMV\1\0\0\0", 8, 0, false, "a VMDK image", "-f vmdk"},
	{"# Disk DescriptorFile\n", 22, 0, false, "descriptor of a VMDK", "-f vmdk"},
	{"\x7f\x10\xda\xbe", 4, 64, false, "a VDI image", "-f vdi"},
	{"EVF\t\r\n\xff\0\1", 9, 0, false, "EWF (E01)", "ewfmount 'x.bin' DIR"},
	{"EVF2\r\n\x81\0", 8, 0, false, "EWF (Ex01)", "ewfmount"},
	{"LVF\t\r\n\xff\0", 8, 0, false, "logical evidence", "raw image"},
	{"AFF10\r\n\0", 8, 0, false, "AFF", "raw image"},
	{"\x1f\x8b\x08\0", 4, 0, true, "compressed with gzip", "gunzip -k 'x.bin'"},
	{"PK\3\4\x14\0", 6, 0, true, "a zip archive", "unzip"},
	{"\xfd"
	 "7zXZ\0",
	 6, 0, true, "compressed with xz", "unxz"},
	{"\x28\xb5\x2f\xfd", 4, 0, true, "compressed with zstd", "unzstd"},
	{"BZh91AY&SY", 10, 0, true, "compressed with bzip2", "bunzip2"},
	{"\x04\x22\x4d\x18", 4, 0, true, "compressed with lz4", "unlz4"},
	{"7z\xbc\xaf\x27\x1c", 6, 0, true, "a 7z archive", "7z x"},
	{"Rar!\x1a\x07\1\0", 8, 0, true, "a RAR archive", "unrar"},
	{"ustar\0", 6, 257, true, "a tar archive", "tar -xf"},
	{"\xef\xbb\xbf<?xml version", 16, 0, true, "an XML text", "link that has expired"},
	{"<html>", 6, 0, true, "an HTML page", "link that has expired"},
};

static void test_signatures(void)
{
	for (size_t i = 0; i < sizeof(signatures) / sizeof(signatures[0]); i++) {
		uint8_t file[1024] = {0};

		memcpy(file + signatures[i].offset, signatures[i].bytes, signatures[i].size);
		refused(open_bytes(file, sizeof(file), "x.bin"), ENOTSUP, signatures[i].message,
			signatures[i].hint, signatures[i].message);
		refused(open_bytes(file, 300, "x.bin"), ENOTSUP, signatures[i].message,
			signatures[i].hint, "shorter than a sector");
		file[510] = 0x55;
		file[511] = 0xaa;
		if (signatures[i].weak)
			served(open_bytes(file, sizeof(file), "x.bin"), IMAGE_RAW, sizeof(file),
			       NULL, "a boot sector that begins like it");
	}
}

static void test_unreadable(void)
{
	static uint8_t file[MIB + 512];
	struct fault_rule rule = {.action = FAULT_ERROR, .length = 1, .errnum = EIO};
	struct source *memory = NULL;
	struct source *fault = NULL;

	craft_footer(file + MIB, MIB, 2);
	must(memory_new(file, sizeof(file), &memory) == 0);
	must(fault_new(memory, &fault) == 0);
	source_unref(memory);
	fault_add(fault, &rule);
	refused(open_source(fault, "a.vhd"), EIO, "cannot read the first sector of 'a.vhd'",
		"ddrescue", "first sector");
	fault_clear(fault);
	rule.offset = MIB + 100;
	fault_add(fault, &rule);
	served(open_source(fault, "a.img"), IMAGE_RAW, sizeof(file), "last sector cannot be read",
	       "last sector");
	source_unref(fault);
}

/* What we make is what we read, and what the geometry says is never more. */
static void test_make(void)
{
	static const struct {
		uint64_t size;
		uint32_t geometry; /* by the specification's algorithm, by hand */
	} disks[] = {
		{512, 0x00000411},
		{(uint64_t)24 << 20, 0x02d20411},
		{(uint64_t)127 << 30, 0xfefe10ff},
		{(uint64_t)4 << 40, 0xffff10ff},
	};
	static const uint8_t id[VHD_ID_SIZE] = {1, 2, 3};
	uint8_t footer[VHD_FOOTER_SIZE];
	struct vhd_footer parsed;

	for (size_t i = 0; i < sizeof(disks) / sizeof(disks[0]); i++) {
		uint32_t geometry = 0;

		vhd_footer_make(disks[i].size, id, footer);
		ok(vhd_footer_parse(footer, sizeof(footer), &parsed) && parsed.checksum_good &&
			   parsed.type == VHD_TYPE_FIXED && parsed.version == 0x00010000 &&
			   parsed.header_offset == UINT64_MAX &&
			   parsed.current_size == disks[i].size &&
			   parsed.original_size == disks[i].size,
		   "a footer of ours, %" PRIu64 " bytes", disks[i].size);
		for (size_t k = 56; k < 60; k++)
			geometry = geometry << 8 | footer[k];
		is(geometry, disks[i].geometry, "  its geometry");
		ok(memcmp(footer + 68, id, sizeof(id)) == 0 && footer[84] == 0, "  its identifier");
	}
}

int main(void)
{
	test_make();
	test_parser();
	test_sizes();
	test_lost_footer();
	test_other_vhds();
	test_signatures();
	test_unreadable();
	return tap_done();
}
