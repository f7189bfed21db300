# SPDX-License-Identifier: GPL-3.0-or-later
# One property a file. A test links what it needs of all folders' libraries.

# A small volume in memory, made without any code of bde/.
bde_made = tests/bde_made.c tests/bde_made.h tests/tap.h
bde_made_eow = $(bde_made) tests/bde_made_eow.c tests/bde_made_eow.h
bde_fault = tests/fault.c tests/fault.h

UNIT_TESTS += \
	tests/unit/base/crc32 \
	tests/unit/base/secret \
	tests/unit/base/smallfile \
	tests/unit/base/text \
	tests/unit/bde/bek \
	tests/unit/bde/datum \
	tests/unit/bde/eow-damage \
	tests/unit/bde/eow \
	tests/unit/bde/find \
	tests/unit/bde/libbde \
	tests/unit/bde/metadata \
	tests/unit/bde/places \
	tests/unit/bde/rawkeys \
	tests/unit/bde/recovery \
	tests/unit/bde/regions \
	tests/unit/bde/state \
	tests/unit/bde/unlock \
	tests/unit/bde/volume \
	tests/unit/cli/harden \
	tests/unit/cli/logger \
	tests/unit/cli/options \
	tests/unit/cli/progress \
	tests/unit/crypto/sector \
	tests/unit/crypto/stretch \
	tests/unit/disk/compare \
	tests/unit/disk/file-short \
	tests/unit/disk/file \
	tests/unit/disk/overlay \
	tests/unit/disk/partition-gpt \
	tests/unit/disk/partition-mbr \
	tests/unit/disk/partition-volume \
	tests/unit/disk/source-contract \
	tests/unit/disk/vhd \
	tests/unit/entra/assertion \
	tests/unit/entra/challenge \
	tests/unit/entra/managed \
	tests/unit/entra/session \
	tests/unit/entra/tenant \
	tests/unit/export/pipeline \
	tests/unit/export/resume \
	tests/unit/export/run \
	tests/unit/fs/readahead \
	tests/unit/fs/tree \
	tests/unit/keyvault/ade \
	tests/unit/keyvault/answers \
	tests/unit/keyvault/azurejson \
	tests/unit/keyvault/trust \
	tests/unit/net/json \
	tests/unit/net/libcurl \
	tests/unit/net/local \
	tests/unit/net/retry \
	tests/unit/net/url \
	tests/unit/open/survey

tests_unit_base_crc32_SOURCES = tests/unit/base/crc32.c tests/tap.h
tests_unit_base_secret_SOURCES = tests/unit/base/secret.c tests/tap.h
tests_unit_base_smallfile_SOURCES = tests/unit/base/smallfile.c tests/tap.h
tests_unit_base_text_SOURCES = tests/unit/base/text.c tests/tap.h
tests_unit_bde_bek_SOURCES = tests/unit/bde/bek.c $(bde_made)
tests_unit_bde_datum_SOURCES = tests/unit/bde/datum.c $(bde_made)
tests_unit_bde_eow_damage_SOURCES = tests/unit/bde/eow-damage.c $(bde_made_eow) $(bde_fault) tests/eow_check.h
tests_unit_bde_eow_SOURCES = tests/unit/bde/eow.c $(bde_made_eow) tests/eow_check.h tests/source_contract.h
tests_unit_bde_find_SOURCES = tests/unit/bde/find.c $(bde_made_eow) $(bde_fault)
tests_unit_bde_libbde_SOURCES = tests/unit/bde/libbde.c $(bde_made) $(bde_fault) tests/source_contract.h
tests_unit_bde_metadata_SOURCES = tests/unit/bde/metadata.c $(bde_made) $(bde_fault)
tests_unit_bde_places_SOURCES = tests/unit/bde/places.c $(bde_made)
tests_unit_bde_rawkeys_SOURCES = tests/unit/bde/rawkeys.c $(bde_made)
tests_unit_bde_recovery_SOURCES = tests/unit/bde/recovery.c tests/tap.h
tests_unit_bde_regions_SOURCES = tests/unit/bde/regions.c tests/tap.h
tests_unit_bde_state_SOURCES = tests/unit/bde/state.c tests/tap.h
tests_unit_bde_unlock_SOURCES = tests/unit/bde/unlock.c $(bde_made)
tests_unit_bde_volume_SOURCES = tests/unit/bde/volume.c $(bde_made) $(bde_fault) tests/source_contract.h
tests_unit_cli_harden_SOURCES = tests/unit/cli/harden.c tests/tap.h
tests_unit_cli_logger_SOURCES = tests/unit/cli/logger.c tests/tap.h
tests_unit_cli_options_SOURCES = tests/unit/cli/options.c tests/tap.h
tests_unit_cli_progress_SOURCES = tests/unit/cli/progress.c tests/tap.h
tests_unit_crypto_sector_SOURCES = tests/unit/crypto/sector.c $(bde_made)
tests_unit_crypto_stretch_SOURCES = tests/unit/crypto/stretch.c tests/tap.h
tests_unit_disk_compare_SOURCES = tests/unit/disk/compare.c tests/fault.c tests/fault.h tests/tap.h
tests_unit_disk_file_short_SOURCES = tests/unit/disk/file-short.c tests/source_contract.h tests/tap.h
tests_unit_disk_file_SOURCES = tests/unit/disk/file.c tests/tap.h
tests_unit_disk_overlay_SOURCES = tests/unit/disk/overlay.c tests/fault.c tests/fault.h tests/source_contract.h tests/tap.h
tests_unit_disk_partition_gpt_SOURCES = tests/unit/disk/partition-gpt.c tests/craft.h tests/fault.c tests/fault.h tests/partition_check.h tests/tap.h
tests_unit_disk_partition_mbr_SOURCES = tests/unit/disk/partition-mbr.c tests/craft.h tests/fault.c tests/fault.h tests/partition_check.h tests/tap.h
tests_unit_disk_partition_volume_SOURCES = tests/unit/disk/partition-volume.c tests/craft.h tests/fault.c tests/fault.h tests/partition_check.h tests/tap.h
tests_unit_disk_source_contract_SOURCES = tests/unit/disk/source-contract.c tests/craft.h tests/fault.c tests/fault.h tests/source_contract.h tests/tap.h
tests_unit_disk_vhd_SOURCES = tests/unit/disk/vhd.c tests/craft.h tests/fault.c tests/fault.h tests/tap.h
tests_unit_entra_assertion_SOURCES = tests/unit/entra/assertion.c tests/tap.h
tests_unit_entra_challenge_SOURCES = tests/unit/entra/challenge.c tests/tap.h
tests_unit_entra_managed_SOURCES = tests/unit/entra/managed.c tests/tap.h
tests_unit_entra_session_SOURCES = tests/unit/entra/session.c tests/tap.h
tests_unit_entra_tenant_SOURCES = tests/unit/entra/tenant.c tests/tap.h
tests_unit_export_pipeline_SOURCES = tests/unit/export/pipeline.c tests/fault.c tests/fault.h tests/tap.h
tests_unit_export_resume_SOURCES = tests/unit/export/resume.c tests/tap.h
tests_unit_export_run_SOURCES = tests/unit/export/run.c tests/tap.h
tests_unit_fs_readahead_SOURCES = tests/unit/fs/readahead.c tests/tap.h
tests_unit_fs_tree_SOURCES = tests/unit/fs/tree.c tests/tap.h
tests_unit_keyvault_ade_SOURCES = tests/unit/keyvault/ade.c tests/tap.h
tests_unit_keyvault_answers_SOURCES = tests/unit/keyvault/answers.c tests/tap.h
tests_unit_keyvault_azurejson_SOURCES = tests/unit/keyvault/azurejson.c tests/tap.h
tests_unit_keyvault_trust_SOURCES = tests/unit/keyvault/trust.c tests/tap.h
tests_unit_net_json_SOURCES = tests/unit/net/json.c tests/tap.h
tests_unit_net_libcurl_SOURCES = tests/unit/net/libcurl.c tests/tap.h
tests_unit_net_local_SOURCES = tests/unit/net/local.c tests/tap.h
tests_unit_net_retry_SOURCES = tests/unit/net/retry.c tests/tap.h
tests_unit_net_url_SOURCES = tests/unit/net/url.c tests/tap.h
tests_unit_open_survey_SOURCES = tests/unit/open/survey.c tests/tap.h
