/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mkade: makes disks as Azure Disk Encryption leaves them, for tests: a file system image goes
 * in, a disk with a BitLocker volume comes out, together with what a reader must show of it.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/mkade/bde/vista.h"
#include "tests/mkade/manifest.h"
#include "tests/mkade/random.h"
#include "tests/mkade/show.h"

static const char usage[] =
	"usage: mkade [options] OUT\n"
	"       mkade --show FILE [--offset BYTES]\n"
	"       mkade --fix-crc FILE [1|2|3|eow...] [--offset BYTES]\n"
	"disk:       --volume FILE  --layout bare|mbr|gpt  --system FILE  --sector 512|4096  --vhd\n"
	"volume:     --method NAME  --togo  --format vista|seven\n"
	"            --state encrypted|decrypted|suspended|converting:STATE,NEXT,WATERMARK\n"
	"            --conversion-size SIZE  --sparse-size SIZE  --header-sectors N  --place A,B,C,H  --volume-guid GUID\n"
	"            --description TEXT  --auto-unlock\n"
	"EOW:        --eow  --chunk SIZE  --eow-region SIZE  --eow-header encrypted|plain\n"
	"            --eow-encrypted all|none|random|used|FROM-TO,...  --eow-log-chunk OFFSET\n"
	"            --eow-damage descriptor1|descriptor2|\n"
	"                         record|records|stale-record|bitmap|log[:REGION]\n"
	"protectors: [--guid GUID] --bek PATH | --recovery-password P|random | --password P |\n"
	"            --recovery-key PATH | --clear-key | --tpm | --tpm-pin | --tpm-bek PATH |\n"
	"            --tpm-pin-bek PATH | --public-key | --tpm-network | --protector-type N\n"
	"            with --bek-layout 156|180, --clear-key-version N before\n"
	"damage:     --overwrite zeros|noise:SECTORS  of the front\n"
	"output:     --manifest FILE  --plain-out FILE  --plain-disk-out FILE  --seed N\n";

enum opt {
	OPT_VOLUME = 256,
	OPT_LAYOUT,
	OPT_SYSTEM,
	OPT_SECTOR,
	OPT_VHD,
	OPT_METHOD,
	OPT_STATE,
	OPT_CONVERSION_SIZE,
	OPT_TOGO,
	OPT_FORMAT,
	OPT_SPARSE_SIZE,
	OPT_HEADER_SECTORS,
	OPT_PLACE,
	OPT_VOLUME_GUID,
	OPT_DESCRIPTION,
	OPT_AUTO_UNLOCK,
	OPT_EOW,
	OPT_CHUNK,
	OPT_EOW_REGION,
	OPT_EOW_HEADER,
	OPT_EOW_ENCRYPTED,
	OPT_EOW_LOG_CHUNK,
	OPT_EOW_DAMAGE,
	OPT_GUID,
	OPT_BEK_LAYOUT,
	OPT_BEK,
	OPT_RECOVERY_PASSWORD,
	OPT_PASSWORD,
	OPT_CLEAR_KEY,
	OPT_CLEAR_KEY_VERSION,
	OPT_TPM,
	OPT_RECOVERY_KEY,
	OPT_TPM_PIN,
	OPT_TPM_BEK,
	OPT_TPM_PIN_BEK,
	OPT_PUBLIC_KEY,
	OPT_TPM_NETWORK,
	OPT_PROTECTOR_TYPE,
	OPT_OVERWRITE,
	OPT_MANIFEST,
	OPT_PLAIN_OUT,
	OPT_PLAIN_DISK_OUT,
	OPT_SEED,
	OPT_SHOW,
	OPT_FIX_CRC,
	OPT_OFFSET,
	OPT_HELP,
};

static const struct option long_options[] = {
	{"volume", required_argument, NULL, OPT_VOLUME},
	{"layout", required_argument, NULL, OPT_LAYOUT},
	{"system", required_argument, NULL, OPT_SYSTEM},
	{"sector", required_argument, NULL, OPT_SECTOR},
	{"vhd", no_argument, NULL, OPT_VHD},
	{"method", required_argument, NULL, OPT_METHOD},
	{"state", required_argument, NULL, OPT_STATE},
	{"conversion-size", required_argument, NULL, OPT_CONVERSION_SIZE},
	{"togo", no_argument, NULL, OPT_TOGO},
	{"format", required_argument, NULL, OPT_FORMAT},
	{"sparse-size", required_argument, NULL, OPT_SPARSE_SIZE},
	{"header-sectors", required_argument, NULL, OPT_HEADER_SECTORS},
	{"place", required_argument, NULL, OPT_PLACE},
	{"volume-guid", required_argument, NULL, OPT_VOLUME_GUID},
	{"description", required_argument, NULL, OPT_DESCRIPTION},
	{"auto-unlock", no_argument, NULL, OPT_AUTO_UNLOCK},
	{"eow", no_argument, NULL, OPT_EOW},
	{"chunk", required_argument, NULL, OPT_CHUNK},
	{"eow-region", required_argument, NULL, OPT_EOW_REGION},
	{"eow-header", required_argument, NULL, OPT_EOW_HEADER},
	{"eow-encrypted", required_argument, NULL, OPT_EOW_ENCRYPTED},
	{"eow-log-chunk", required_argument, NULL, OPT_EOW_LOG_CHUNK},
	{"eow-damage", required_argument, NULL, OPT_EOW_DAMAGE},
	{"guid", required_argument, NULL, OPT_GUID},
	{"bek-layout", required_argument, NULL, OPT_BEK_LAYOUT},
	{"bek", required_argument, NULL, OPT_BEK},
	{"recovery-password", required_argument, NULL, OPT_RECOVERY_PASSWORD},
	{"password", required_argument, NULL, OPT_PASSWORD},
	{"clear-key", no_argument, NULL, OPT_CLEAR_KEY},
	{"clear-key-version", required_argument, NULL, OPT_CLEAR_KEY_VERSION},
	{"tpm", no_argument, NULL, OPT_TPM},
	{"recovery-key", required_argument, NULL, OPT_RECOVERY_KEY},
	{"tpm-pin", no_argument, NULL, OPT_TPM_PIN},
	{"tpm-bek", required_argument, NULL, OPT_TPM_BEK},
	{"tpm-pin-bek", required_argument, NULL, OPT_TPM_PIN_BEK},
	{"public-key", no_argument, NULL, OPT_PUBLIC_KEY},
	{"tpm-network", no_argument, NULL, OPT_TPM_NETWORK},
	{"protector-type", required_argument, NULL, OPT_PROTECTOR_TYPE},
	{"overwrite", required_argument, NULL, OPT_OVERWRITE},
	{"manifest", required_argument, NULL, OPT_MANIFEST},
	{"plain-out", required_argument, NULL, OPT_PLAIN_OUT},
	{"plain-disk-out", required_argument, NULL, OPT_PLAIN_DISK_OUT},
	{"seed", required_argument, NULL, OPT_SEED},
	{"show", required_argument, NULL, OPT_SHOW},
	{"fix-crc", required_argument, NULL, OPT_FIX_CRC},
	{"offset", required_argument, NULL, OPT_OFFSET},
	{"help", no_argument, NULL, OPT_HELP},
	{NULL, 0, NULL, 0},
};

struct job {
	const char *volume_path, *show_path, *fix_path;
	char *state;
	const char *overwrite;
	uint64_t offset, sparse_size;
	bool has_place, has_volume_guid;
	uint64_t place[META_COPIES + 1];
	struct disk disk;
	struct volume volume;
	struct outputs out;
	struct protector **last; /* where the next protector is linked */
	/* For the protector options that follow. */
	bool has_guid;
	struct guid guid;
	unsigned int bek_layout;
	uint16_t clear_key_version;
};

static enum layout parse_layout(const char *text)
{
	for (int i = LAYOUT_BARE; i <= LAYOUT_GPT; i++)
		if (strcmp(text, layout_name((enum layout)i)) == 0)
			return (enum layout)i;
	die("unknown layout '%s'", text);
}

static void parse_place(struct job *j, char *text)
{
	char *save = NULL, *one = strtok_r(text, ",", &save);

	for (size_t i = 0; i < ARRAY_LEN(j->place); i++) {
		if (!one)
			die("--place takes four offsets");
		j->place[i] = parse_size(one);
		one = strtok_r(NULL, ",", &save);
	}
	if (one)
		die("--place takes four offsets");
	j->has_place = true;
}

static struct protector *add_protector(struct job *j, enum protector_type type, const char *text)
{
	struct protector *p = protector_new(type, j->has_guid ? &j->guid : NULL, text);

	j->has_guid = false;
	*j->last = p;
	j->last = &p->next;
	return p;
}

static struct protector *add_bek(struct job *j, enum protector_type type, const char *path)
{
	struct protector *p = add_protector(j, type, NULL);
	struct stat st;
	char name[GUID_TEXT];
	size_t size = strlen(path) + sizeof(name) + sizeof("/.BEK");

	p->bek_layout = j->bek_layout;
	p->bek_path = xalloc(size);
	guid_format(&p->guid, true, name);
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		snprintf(p->bek_path, size, "%s/%s.BEK", path, name);
	else
		snprintf(p->bek_path, size, "%s", path);
	return p;
}

/* Protectors that need a chip, a card or a server. */
static void hardware_option(struct job *j, int opt)
{
	switch (opt) {
	case OPT_TPM:
		add_protector(j, PROTECTOR_TPM, NULL);
		break;
	case OPT_TPM_PIN:
		add_protector(j, PROTECTOR_TPM_PIN, NULL);
		break;
	case OPT_TPM_BEK:
		add_bek(j, PROTECTOR_TPM_STARTUP_KEY, optarg);
		break;
	case OPT_TPM_PIN_BEK:
		add_bek(j, PROTECTOR_TPM_PIN_STARTUP_KEY, optarg);
		break;
	case OPT_PUBLIC_KEY:
		add_protector(j, PROTECTOR_PUBLIC_KEY, NULL);
		break;
	case OPT_TPM_NETWORK:
		add_protector(j, PROTECTOR_TPM_NETWORK, NULL);
		break;
	case OPT_PROTECTOR_TYPE:
		add_protector(j, (enum protector_type)(parse_size(optarg) & UINT16_MAX), NULL);
		break;
	default: /* getopt has said what is wrong */
		fputs(usage, stderr);
		exit(2);
	}
}

static void protector_option(struct job *j, int opt)
{
	switch (opt) {
	case OPT_GUID:
		guid_parse(optarg, &j->guid);
		j->has_guid = true;
		break;
	case OPT_BEK_LAYOUT:
		j->bek_layout = (unsigned int)parse_size(optarg);
		if (j->bek_layout != 156 && j->bek_layout != 180)
			die("--bek-layout is 156 or 180");
		break;
	case OPT_BEK:
		add_bek(j, PROTECTOR_STARTUP_KEY, optarg);
		break;
	case OPT_RECOVERY_KEY:
		add_bek(j, PROTECTOR_STARTUP_KEY, optarg)->recovery_key = true;
		break;
	case OPT_RECOVERY_PASSWORD:
		add_protector(j, PROTECTOR_RECOVERY_PASSWORD, optarg);
		break;
	case OPT_PASSWORD:
		add_protector(j, PROTECTOR_PASSWORD, optarg);
		break;
	case OPT_CLEAR_KEY:
		add_protector(j, PROTECTOR_CLEAR_KEY, NULL)->flags = j->clear_key_version;
		break;
	case OPT_CLEAR_KEY_VERSION:
		j->clear_key_version = (uint16_t)parse_size(optarg);
		break;
	default:
		hardware_option(j, opt);
	}
}

static void parse_eow_header(struct eow *e, const char *text)
{
	if (strcmp(text, "encrypted") == 0)
		e->header = EOW_HEADER_ENCRYPTED;
	else if (strcmp(text, "plain") == 0)
		e->header = EOW_HEADER_PLAIN;
	else
		die("--eow-header is encrypted or plain");
}

static void eow_option(struct job *j, int opt)
{
	struct eow *e = &j->volume.eow;

	switch (opt) {
	case OPT_EOW:
		e->on = j->volume.meta.eow = true;
		break;
	case OPT_CHUNK:
		e->chunk = (uint32_t)parse_size(optarg);
		break;
	case OPT_EOW_REGION:
		e->region_max = parse_size(optarg);
		break;
	case OPT_EOW_HEADER:
		parse_eow_header(e, optarg);
		break;
	case OPT_EOW_ENCRYPTED:
		e->encrypted = optarg;
		break;
	case OPT_EOW_LOG_CHUNK:
		if (e->log_chunks == EOW_LOG_MAX)
			die("too many --eow-log-chunk");
		e->log_chunk[e->log_chunks++] = parse_size(optarg);
		break;
	case OPT_EOW_DAMAGE:
		eow_add_damage(e, optarg);
		break;
	default:
		protector_option(j, opt);
	}
}

static void parse_format(struct meta *m, const char *text)
{
	m->vista = strcmp(text, "vista") == 0;
	if (!m->vista && strcmp(text, "seven") != 0)
		die("--format is vista or seven");
}

static void metadata_option(struct job *j, int opt)
{
	struct meta *m = &j->volume.meta;

	switch (opt) {
	case OPT_METHOD:
		m->method = method_by_name(optarg);
		break;
	case OPT_CONVERSION_SIZE:
		m->conversion_size = (uint32_t)parse_size(optarg);
		break;
	case OPT_FORMAT:
		parse_format(m, optarg);
		break;
	case OPT_TOGO:
		m->togo = true;
		break;
	case OPT_HEADER_SECTORS:
		m->header_sectors = (uint32_t)parse_size(optarg);
		break;
	case OPT_DESCRIPTION:
		m->description = optarg;
		break;
	case OPT_AUTO_UNLOCK:
		m->auto_unlock = true;
		break;
	default:
		eow_option(j, opt);
	}
}

static void volume_option(struct job *j, int opt)
{
	switch (opt) {
	case OPT_STATE:
		j->state = optarg;
		break;
	case OPT_SPARSE_SIZE:
		j->sparse_size = parse_size(optarg);
		break;
	case OPT_PLACE:
		parse_place(j, optarg);
		break;
	case OPT_VOLUME_GUID:
		guid_parse(optarg, &j->volume.meta.volume_guid);
		j->has_volume_guid = true;
		break;
	default:
		metadata_option(j, opt);
	}
}

static void disk_option(struct job *j, int opt)
{
	switch (opt) {
	case OPT_VOLUME:
		j->volume_path = optarg;
		break;
	case OPT_LAYOUT:
		j->disk.layout = parse_layout(optarg);
		break;
	case OPT_SYSTEM:
		j->disk.system_path = optarg;
		break;
	case OPT_SECTOR:
		j->disk.sector_size = (uint32_t)parse_size(optarg);
		break;
	case OPT_VHD:
		j->disk.vhd = true;
		break;
	case OPT_OVERWRITE:
		j->overwrite = optarg;
		break;
	default:
		volume_option(j, opt);
	}
}

static void output_option(struct job *j, int opt)
{
	switch (opt) {
	case OPT_MANIFEST:
		j->out.manifest = optarg;
		break;
	case OPT_PLAIN_OUT:
		j->out.plain = optarg;
		break;
	case OPT_PLAIN_DISK_OUT:
		j->out.plain_disk = optarg;
		break;
	case OPT_SEED: /* read before all others, which may need random bytes */
		break;
	case OPT_SHOW:
		j->show_path = optarg;
		break;
	case OPT_FIX_CRC:
		j->fix_path = optarg;
		break;
	case OPT_OFFSET:
		j->offset = parse_size(optarg);
		break;
	case OPT_HELP:
		fputs(usage, stdout);
		exit(0);
	default:
		disk_option(j, opt);
	}
}

static void parse_options(struct job *j, int argc, char **argv)
{
	int opt, quiet = opterr;

	opterr = 0;
	while ((opt = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		if (opt == OPT_SEED)
			random_seed(parse_size(optarg));
	opterr = quiet;
	optind = 1;
	while ((opt = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		output_option(j, opt);
	if (j->has_guid)
		die("--guid is followed by no protector");
}

static void open_plaintext(struct job *j)
{
	struct volume *v = &j->volume;
	struct meta *m = &v->meta;

	if (!j->volume_path)
		die("--volume is missing");
	v->fd = open_read(j->volume_path);
	v->file_size = file_size(v->fd, j->volume_path);
	v->map = fsmap_read(v->fd);
	v->sparse = j->sparse_size != 0;
	m->sector_size = v->map->sector_size;
	if (j->disk.sector_size && j->disk.sector_size != m->sector_size)
		die("the volume has sectors of %u bytes", m->sector_size);
	j->disk.sector_size = m->sector_size;
	m->cluster_sectors = v->map->cluster_size / m->sector_size;
	m->volume_size = v->sparse ? j->sparse_size : v->file_size;
	if (m->volume_size < v->file_size || m->volume_size % m->sector_size)
		die("the volume's size is smaller than its file or not whole sectors");
	if (m->togo && v->map->kind != FS_FAT32)
		die("--togo takes a FAT32 volume");
	m->mft_mirror = v->map->mft_mirror;
	if (m->vista && v->map->kind != FS_NTFS)
		die("--format vista takes an NTFS volume");
}

/* text: STATE,NEXT,WATERMARK. All three may be what no Windows would write. */
static void parse_converting(struct meta *m, char *text)
{
	char *save = NULL;
	const char *state = strtok_r(text, ",", &save), *next = strtok_r(NULL, ",", &save);
	const char *watermark = strtok_r(NULL, ",", &save);

	if (!watermark || strtok_r(NULL, ",", &save))
		die("--state converting: takes STATE,NEXT,WATERMARK");
	m->state = (uint16_t)parse_size(state);
	m->next_state = (uint16_t)parse_size(next);
	m->encrypted_size = parse_size(watermark);
	m->has_watermark = true;
}

static void complete_state(struct job *j)
{
	static const char converting[] = "converting:";
	struct meta *m = &j->volume.meta;
	bool clear = false;

	for (struct protector *p = m->protectors; p; p = p->next)
		clear |= p->type == PROTECTOR_CLEAR_KEY;
	m->state = m->next_state = STATE_ENCRYPTED;
	m->encrypted_size = m->volume_size;
	if (strncmp(j->state, converting, strlen(converting)) == 0) {
		parse_converting(m, j->state + strlen(converting));
	} else if (strcmp(j->state, "decrypted") == 0) {
		m->state = m->next_state = STATE_DECRYPTED;
		m->encrypted_size = 0;
	} else if (strcmp(j->state, "suspended") == 0 && !clear) {
		add_protector(j, PROTECTOR_CLEAR_KEY, NULL)->flags = j->clear_key_version;
	} else if (strcmp(j->state, "suspended") != 0 && strcmp(j->state, "encrypted") != 0) {
		die("unknown state '%s'", j->state);
	}
}

static void complete_meta(struct job *j)
{
	struct meta *m = &j->volume.meta;

	if (m->vista)
		vista_check(m);
	else if (!m->header_sectors)
		m->header_sectors = (uint32_t)((m->togo ? MIB : 8192) / m->sector_size);
	complete_state(j);
	if (!j->has_volume_guid)
		random_guid(&m->volume_guid);
	random_bytes(m->vmk, sizeof(m->vmk));
	random_bytes(m->fvek, m->method->fvek_len);
	m->filetime = filetime_now();
}

static void make_disk(struct job *j, const char *path)
{
	struct volume *v = &j->volume;
	const struct partition *p;
	int fd;

	open_plaintext(j);
	complete_meta(j);
	disk_plan(&j->disk, v->meta.volume_size);
	p = disk_volume(&j->disk);
	v->meta.partition_start = p->offset / j->disk.sector_size;
	volume_place(v, j->has_place ? j->place : NULL);
	j->out.disk = path;
	fd = create_file(path);
	disk_write(&j->disk, fd);
	volume_write(v, fd, p->offset);
	if (j->overwrite)
		volume_overwrite_front(v, j->overwrite, fd, p->offset);
	for (struct protector *k = v->meta.protectors; k; k = k->next)
		if (k->bek_path)
			bek_write(k, &v->meta.volume_guid);
	outputs_write(&j->out, &j->disk, v, fd);
	close_written(fd, path);
	volume_close(v);
}

static unsigned int parse_copies(int n, char **text)
{
	unsigned int which = n ? 0 : ((1u << META_COPIES) - 1) | FIX_EOW;

	for (int i = 0; i < n; i++) {
		uint64_t copy;

		if (strcmp(text[i], "eow") == 0) {
			which |= FIX_EOW;
			continue;
		}
		copy = parse_size(text[i]);
		if (copy < 1 || copy > META_COPIES)
			die("there is no copy %s", text[i]);
		which |= 1u << (copy - 1);
	}
	return which;
}

int main(int argc, char **argv)
{
	static char encrypted[] = "encrypted";
	struct job j = {.offset = OFFSET_SEARCH,
			.state = encrypted,
			.bek_layout = 156,
			.clear_key_version = 1};

	cipher_init();
	j.last = &j.volume.meta.protectors;
	j.volume.meta.method = method_by_name("xts-256");
	j.volume.meta.description = "MKADE C: 2/3/2024";
	parse_options(&j, argc, argv);
	if (j.show_path) {
		show_file(j.show_path, j.offset);
	} else if (j.fix_path) {
		fix_crc(j.fix_path, j.offset, parse_copies(argc - optind, argv + optind));
	} else if (argc - optind == 1) {
		make_disk(&j, argv[optind]);
	} else {
		fputs(usage, stderr);
		return 2;
	}
	return 0;
}
