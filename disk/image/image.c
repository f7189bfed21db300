/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Recognising a file by its first and last bytes, and opening the disk in it; see image.h. */
#include "disk/image/image.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "disk/image/signature.h"
#include "disk/image/vhd.h"
#include "disk/slice.h"

/* Azure's disks have sizes of whole MiB: a file with a footer has 512 bytes more. */
#define AZURE_UNIT ((uint64_t)1 << 20)

/* Both ends of the file, and its name for messages. */
struct image {
	struct source *below;
	const char *name; /* NULL when it has none */
	struct notes *warnings;
	uint8_t head[SIGNATURE_BYTES];
	size_t head_size;
	bool has_footer;
	struct vhd_footer footer;
	size_t footer_size;
	bool has_copy; /* of the footer at the start, as all but fixed VHDs have it */
	struct vhd_footer copy;
};

struct label {
	char text[ERR_TEXT_MAX];
};

const char *image_format_name(enum image_format format)
{
	switch (format) {
	case IMAGE_RAW:
		return "raw";
	case IMAGE_VHD_FIXED:
		return "vhd (fixed)";
	}
	return "unknown";
}

static struct label image_label(const struct image *image)
{
	struct label label;

	if (image->name)
		(void)snprintf(label.text, sizeof(label.text), "'%s'", image->name);
	else
		(void)snprintf(label.text, sizeof(label.text), "the image");
	return label;
}

/* For a command in a hint: the name in quotes if a shell takes it so, else a placeholder. */
static struct label image_argument(const struct image *image)
{
	struct label label = {"IMAGE"};
	const char *name = image->name;

	if (name && name[0] != '-' && !strchr(name, '\'') && !strstr(name, "://"))
		(void)snprintf(label.text, sizeof(label.text), "'%s'", name);
	return label;
}

static int image_read_ends(struct image *image, struct err *err)
{
	static const size_t footer_sizes[] = {VHD_FOOTER_SIZE, VHD_FOOTER_SIZE_OLD};
	uint64_t size = image->below->size;
	uint8_t tail[VHD_FOOTER_SIZE];
	int result;

	image->head_size = size < SIGNATURE_BYTES ? (size_t)size : SIGNATURE_BYTES;
	result = source_pread(image->below, image->head, image->head_size, 0);
	if (result < 0) {
		err_errno(err, ERR_DISK, -result, "cannot read the first sector of %s",
			  image_label(image).text);
		err_hint(err, "copy what can be read of the disk first (ddrescue), and use the "
			      "copy");
		return result;
	}
	image->has_copy = vhd_footer_parse(image->head, image->head_size, &image->copy);
	if (size < VHD_FOOTER_SIZE)
		return 0;
	result = source_pread(image->below, tail, sizeof(tail), size - sizeof(tail));
	if (result < 0) {
		notes_add(
			image->warnings,
			"the last sector cannot be read (%s): it is not known whether there is a VHD footer",
			strerrordesc_np(-result));
		return 0;
	}
	for (size_t i = 0; i < 2 && !image->has_footer; i++) {
		image->footer_size = footer_sizes[i];
		image->has_footer = vhd_footer_parse(tail + sizeof(tail) - footer_sizes[i],
						     footer_sizes[i], &image->footer);
	}
	return 0;
}

static void hint_qemu(const struct image *image, const char *format, struct err *err)
{
	err_hint(err, "convert it first: qemu-img convert -p -f %s -O raw %s disk.raw", format,
		 image_argument(image).text);
}

static int refuse_vhd(const struct image *image, uint32_t type, struct err *err)
{
	struct label label = image_label(image);

	if (type == VHD_TYPE_DIFFERENCING) {
		err_set(err, ERR_DISK, ENOTSUP,
			"%s is a differencing VHD: only fixed ones are supported", label.text);
		err_hint(err,
			 "merge it with its parent first, in Windows: Convert-VHD -Path %s "
			 "-DestinationPath fixed.vhd -VHDType Fixed",
			 image_argument(image).text);
		return -ENOTSUP;
	}
	if (type == VHD_TYPE_DYNAMIC)
		err_set(err, ERR_DISK, ENOTSUP,
			"%s is a dynamic VHD: only fixed ones are supported", label.text);
	else
		err_set(err, ERR_DISK, ENOTSUP, "%s is a VHD of the unknown type %" PRIu32,
			label.text, type);
	hint_qemu(image, "vpc", err);
	return -ENOTSUP;
}

static int refuse_signature(const struct image *image, const struct signature *signature,
			    struct err *err)
{
	struct label argument = image_argument(image);

	err_set(err, ERR_DISK, ENOTSUP, "%s is %s, which is not supported", image_label(image).text,
		signature->name);
	switch (signature->remedy) {
	case REMEDY_CONVERT_QEMU:
		hint_qemu(image, signature->tool, err);
		break;
	case REMEDY_MOUNT_EWF:
		err_hint(err, "show it as a raw disk with ewfmount %s DIR, then use DIR/ewf1",
			 argument.text);
		break;
	case REMEDY_UNPACK:
		err_hint(err, "unpack it first: %s %s", signature->tool, argument.text);
		break;
	case REMEDY_DOWNLOAD:
		err_hint(err,
			 "look into the file: a server that refuses a download, or a link that "
			 "has expired, leaves its answer in place of the disk");
		break;
	case REMEDY_CONVERT:
		err_hint(err, "export a raw image with the tool that made it");
		break;
	}
	return -ENOTSUP;
}

/* The first `size` bytes, in sectors of a VHD. */
static int serve_vhd(const struct image *image, uint64_t size, struct source **ret_disk,
		     struct err *err)
{
	int result = slice_new(image->below, 0, size, ret_disk);

	if (result == -ENOMEM)
		return err_nomem(err);
	if (result < 0)
		return err_set(err, ERR_DISK, -result, "%s has no room for its disk",
			       image_label(image).text);
	(*ret_disk)->sector_size = VHD_SECTOR_SIZE;
	return 0;
}

/* How many bytes before the footer are the disk. */
static uint64_t fixed_size(const struct image *image)
{
	const struct vhd_footer *footer = &image->footer;
	uint64_t present = image->below->size - image->footer_size;

	if (footer->current_size == present)
		return present;
	if (footer->current_size > present) {
		notes_add(image->warnings,
			  "the VHD footer says %" PRIu64 " bytes, but the file holds %" PRIu64
			  ": bytes are missing",
			  footer->current_size, present);
		return present;
	}
	if (footer->current_size < VHD_SECTOR_SIZE) {
		notes_add(image->warnings,
			  "the VHD footer says %" PRIu64 " bytes: all %" PRIu64
			  " before it are used",
			  footer->current_size, present);
		return present;
	}
	notes_add(image->warnings,
		  "the VHD footer says %" PRIu64 " bytes: the %" PRIu64 " after those are skipped",
		  footer->current_size, present - footer->current_size);
	return footer->current_size;
}

static int open_fixed(const struct image *image, struct source **ret_disk, struct err *err)
{
	const struct vhd_footer *footer = &image->footer;
	uint32_t major = footer->version >> 16;

	if (image->below->size - image->footer_size < VHD_SECTOR_SIZE) {
		err_set(err, ERR_DISK, ENODATA, "%s is a VHD footer without a disk",
			image_label(image).text);
		err_hint(err, "the copy or download may have failed: compare its size with the "
			      "original");
		return -ENODATA;
	}
	if (!footer->checksum_good)
		notes_add(image->warnings, "the VHD footer has a wrong checksum");
	if (major != 1)
		notes_add(image->warnings, "the VHD footer is of the unknown version %" PRIu32,
			  major);
	if (footer->type != VHD_TYPE_FIXED)
		notes_add(image->warnings,
			  "the VHD footer says type %" PRIu32
			  ", which is unknown: treated as fixed",
			  footer->type);
	return serve_vhd(image, fixed_size(image), ret_disk, err);
}

static bool is_sparse_type(uint32_t type)
{
	return type == VHD_TYPE_DYNAMIC || type == VHD_TYPE_DIFFERENCING;
}

static bool named_vhd(const struct image *image)
{
	size_t length = image->name ? strlen(image->name) : 0;

	return length > 4 && strcasecmp(image->name + length - 4, ".vhd") == 0;
}

/*
 * A file named .vhd without a footer. When its size is whole MiB and 512 bytes, the last sector is
 * a footer that was overwritten, and not part of the disk; if it were kept, the backup GPT would
 * not be found at the end of the disk. When the size is whole MiB, the footer was cut off. With any
 * other size, more than the footer may be missing.
 */
static int open_without_footer(const struct image *image, struct source **ret_disk, struct err *err)
{
	uint64_t size = image->below->size;
	uint64_t odd = size % AZURE_UNIT;

	if (odd == VHD_FOOTER_SIZE && size > AZURE_UNIT) {
		notes_add(image->warnings, "the VHD footer is lost: served as a raw disk, without "
					   "the last 512 bytes where it should be");
		return serve_vhd(image, size - VHD_FOOTER_SIZE, ret_disk, err);
	}
	notes_add(
		image->warnings,
		odd == 0 ? "there is no VHD footer: served as a raw disk"
			 : "there is no VHD footer: served as a raw disk; the file may be cut off");
	*ret_disk = source_ref(image->below);
	return 0;
}

static int open_raw(const struct image *image, struct source **ret_disk, struct err *err)
{
	const struct signature *signature = signature_find(image->head, image->head_size);

	if (signature)
		return refuse_signature(image, signature, err);
	if (image->below->size < VHD_SECTOR_SIZE) {
		err_set(err, ERR_DISK, ENODATA, "%s is too small to be a disk: %" PRIu64 " bytes",
			image_label(image).text, image->below->size);
		err_hint(err, "the copy or download may have failed: compare its size with the "
			      "original");
		return -ENODATA;
	}
	if (named_vhd(image))
		return open_without_footer(image, ret_disk, err);
	*ret_disk = source_ref(image->below);
	return 0;
}

int image_open(struct source *below, const char *name, struct notes *warnings,
	       enum image_format *ret_format, struct source **ret_disk, struct err *err)
{
	struct image image = {.below = below, .name = name, .warnings = warnings};
	bool fixed;
	int result = image_read_ends(&image, err);

	if (result < 0)
		return result;
	/* the copy at the start counts when the footer is lost or has an unknown type */
	if (image.has_footer && is_sparse_type(image.footer.type))
		return refuse_vhd(&image, image.footer.type, err);
	fixed = image.has_footer && image.footer.type == VHD_TYPE_FIXED;
	if (image.has_copy && !fixed && image.copy.type != VHD_TYPE_FIXED)
		return refuse_vhd(&image, image.copy.type, err);
	result = image.has_footer ? open_fixed(&image, ret_disk, err)
				  : open_raw(&image, ret_disk, err);
	if (result == 0)
		*ret_format = image.has_footer ? IMAGE_VHD_FIXED : IMAGE_RAW;
	return result;
}
