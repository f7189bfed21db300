/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of signatures; see signature.h. */
#include "disk/image/signature.h"

#include <stdbool.h>
#include <string.h>

struct pattern {
	size_t offset;
	const char *bytes;
	size_t length;
	/*
	 * So short that boot code could begin with it: not believed of a sector that ends in 55 AA,
	 * as boot sectors do.
	 */
	bool weak;
	struct signature signature;
};

#define BYTES(text) (text), sizeof(text) - 1

static const struct pattern patterns[] = {
	{0, BYTES("vhdxfile"), false, {"a VHDX image", REMEDY_CONVERT_QEMU, "vhdx"}},
	{0, BYTES("QFI\xfb\0\0\0\1"), false, {"a QCOW image", REMEDY_CONVERT_QEMU, "qcow"}},
	{0, BYTES("QFI\xfb"), false, {"a QCOW2 image", REMEDY_CONVERT_QEMU, "qcow2"}},
	{0, BYTES("KDMV"), false, {"a VMDK image", REMEDY_CONVERT_QEMU, "vmdk"}},
	{0, BYTES("COWD"), false, {"a VMDK image", REMEDY_CONVERT_QEMU, "vmdk"}},
	{0,
	 BYTES("# Disk DescriptorFile"),
	 false,
	 {"the descriptor of a VMDK image", REMEDY_CONVERT_QEMU, "vmdk"}},
	{64, BYTES("\x7f\x10\xda\xbe"), false, {"a VDI image", REMEDY_CONVERT_QEMU, "vdi"}},
	{0, BYTES("EVF\t\r\n\xff\0"), false, {"an EWF (E01) image", REMEDY_MOUNT_EWF, NULL}},
	{0, BYTES("EVF2\r\n\x81\0"), false, {"an EWF (Ex01) image", REMEDY_MOUNT_EWF, NULL}},
	{0,
	 BYTES("LVF\t\r\n\xff\0"),
	 false,
	 {"an EWF logical evidence file (L01)", REMEDY_CONVERT, NULL}},
	{0, BYTES("AFF10\r\n\0"), false, {"an AFF image", REMEDY_CONVERT, NULL}},
	{0, BYTES("\x1f\x8b\x08"), true, {"compressed with gzip", REMEDY_UNPACK, "gunzip -k"}},
	{0, BYTES("PK\3\4"), true, {"a zip archive", REMEDY_UNPACK, "unzip"}},
	{0, BYTES("PK00PK\3\4"), true, {"a zip archive", REMEDY_UNPACK, "unzip"}},
	{0, BYTES("\3757zXZ\0"), true, {"compressed with xz", REMEDY_UNPACK, "unxz -k"}},
	{0, BYTES("\x28\xb5\x2f\xfd"), true, {"compressed with zstd", REMEDY_UNPACK, "unzstd"}},
	{4, BYTES("1AY&SY"), true, {"compressed with bzip2", REMEDY_UNPACK, "bunzip2 -k"}},
	{0, BYTES("\x04\x22\x4d\x18"), true, {"compressed with lz4", REMEDY_UNPACK, "unlz4"}},
	{0, BYTES("7z\xbc\xaf\x27\x1c"), true, {"a 7z archive", REMEDY_UNPACK, "7z x"}},
	{0, BYTES("Rar!\x1a\x07"), true, {"a RAR archive", REMEDY_UNPACK, "unrar x"}},
	{257, BYTES("ustar"), true, {"a tar archive", REMEDY_UNPACK, "tar -xf"}},
	{0, BYTES("<?xml "), true, {"an XML text", REMEDY_DOWNLOAD, NULL}},
	{0, BYTES("\xef\xbb\xbf<?xml "), true, {"an XML text", REMEDY_DOWNLOAD, NULL}},
	{0, BYTES("<!DOCTYPE "), true, {"an HTML page", REMEDY_DOWNLOAD, NULL}},
	{0, BYTES("<html"), true, {"an HTML page", REMEDY_DOWNLOAD, NULL}},
};

const struct signature *signature_find(const uint8_t *data, size_t size)
{
	bool boot_sector = size >= SIGNATURE_BYTES && data[SIGNATURE_BYTES - 2] == 0x55 &&
			   data[SIGNATURE_BYTES - 1] == 0xaa;

	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		const struct pattern *pattern = &patterns[i];

		if (pattern->offset + pattern->length > size || (pattern->weak && boot_sector))
			continue;
		if (memcmp(data + pattern->offset, pattern->bytes, pattern->length) == 0)
			return &pattern->signature;
	}
	return NULL;
}
