/* SPDX-License-Identifier: GPL-3.0-or-later */
/* keyvault/ade and bek_fetch: which secrets are tried for a disk, in which order, and with which
 * KEK. */
#include <errno.h>

#include "keyvault/ade.h"
#include "keyvault/bek_fetch.h"
#include "tests/tap.h"

#define ID_A "4381F759-C4F8-4DE0-BB61-FC33A831BDA5"
#define ID_B "7EB4F531-5FBA-4970-8E2D-C11FD6B0C69D"
#define HOST "https://contoso-kv.vault.azure.net"

static struct vault_secret *item_of(const char *json_text)
{
	struct json *json CLEANUP(json_free) = NULL;
	struct url *vault CLEANUP(url_free) = NULL;
	struct vault_secret *item = NULL;

	must(url_parse(HOST, &vault, NULL) == 0);
	must(json_parse(json_text, strlen(json_text), &json) == 0);
	must(vault_secret_parse(json_root(json), vault, &item) == 0);
	return item;
}

static void add(struct ade_candidates *candidates, const char *json_text)
{
	struct vault_secret *item = item_of(json_text);

	must(ade_consider(candidates, &item) == 0);
	vault_secret_free(item);
}

#define ITEM(name, created, type, file, machine)                        \
	"{\"id\":\"" HOST "/secrets/" name "\",\"contentType\":\"" type \
	"\",\"attributes\":{\"created\":" created                       \
	"},\"tags\":{\"DiskEncryptionKeyFileName\":\"" file "\",\"MachineName\":\"" machine "\"}}"

static void test_order(void)
{
	struct guid ids[2];
	struct ade_candidates candidates = {.ids = ids, .id_count = 2, .machine = "vm01"};
	static const char *const want[] = {"4381f759-c4f8-4de0-bb61-fc33a831bda5",
					   "newer",
					   "older",
					   "tie",
					   "tiebreak",
					   ID_B,
					   "vm-newer",
					   "vm-older"};

	must(guid_parse(ID_A, 36, &ids[0]) && guid_parse(ID_B, 36, &ids[1]));
	add(&candidates, ITEM("vm-older", "1", "BEK", "x.bek", "VM01"));
	add(&candidates, ITEM("older", "100", "BEK", ID_A ".BEK", "VM02"));
	add(&candidates, ITEM(ID_B, "1", "BEK", "x", "y"));
	add(&candidates, ITEM("newer", "200", "Wrapped BEK", ID_A ".bek", ""));
	add(&candidates,
	    ITEM("unrelated", "999", "BEK", "11111111-1111-1111-1111-111111111111.BEK", "VM02"));
	add(&candidates, ITEM("4381f759-c4f8-4de0-bb61-fc33a831bda5", "1", "", "", ""));
	add(&candidates, ITEM("tiebreak", "50", "BEK", ID_A, ""));
	add(&candidates, ITEM("tie", "50", "BEK", "{" ID_A "}.BEK", ""));
	add(&candidates, ITEM("password", "999", "text/plain", "", "vm01"));
	add(&candidates, ITEM("vm-newer", "2", "wrapped bek", "", "Vm01"));
	ade_sort(&candidates);
	is(candidates.count, sizeof(want) / sizeof(want[0]), "the right number of candidates");
	for (size_t i = 0; i < candidates.count && i < sizeof(want) / sizeof(want[0]); i++)
		is_text(candidates.list[i].item->id->name, want[i], "candidate %zu", i);
	ade_candidates_clear(&candidates);
}

#define VM_ITEM(name, created, letter, more)                                   \
	"{\"id\":\"" HOST "/secrets/" name                                     \
	"\",\"contentType\":\"BEK\",\"attributes\":{\"created\":" created more \
	"},\"tags\":{\"MachineName\":\"vm01\",\"VolumeLetter\":\"" letter "\"}}"

static void test_machine_order(void)
{
	struct ade_candidates candidates = {.machine = "VM01", .now = 1000};
	static const char *const want[] = {"c-new", "d-new", "c-mid", "d-old", "c-old", "expired"};

	add(&candidates, VM_ITEM("c-old", "1", "c:\\\\", ""));
	add(&candidates, VM_ITEM("d-old", "50", "D:\\\\", ""));
	add(&candidates, VM_ITEM("c-mid", "2", "C:\\\\", ",\"exp\":1001"));
	add(&candidates, VM_ITEM("expired", "99", "E:\\\\", ",\"exp\":1000"));
	add(&candidates, VM_ITEM("d-new", "60", "d:\\\\", ",\"exp\":0"));
	add(&candidates, VM_ITEM("c-new", "3", "C:\\\\", ""));
	ade_sort(&candidates);
	is(candidates.count, sizeof(want) / sizeof(want[0]), "all of the machine");
	for (size_t i = 0; i < candidates.count && i < sizeof(want) / sizeof(want[0]); i++)
		is_text(candidates.list[i].item->id->name, want[i],
			"the newest of each letter: %zu", i);
	ade_candidates_clear(&candidates);
}

static void check_foreign(const char *json_text, const char *want)
{
	struct vault_secret *item CLEANUP(vault_secret_free) = item_of(json_text);
	const char *why = ade_foreign(item, "vm01");

	ok(want ? why && strstr(why, want) : !why, "foreign: %s", json_text);
}

static void test_foreign(void)
{
	struct ade_candidates candidates = {.machine = "vm01"};

	check_foreign(ITEM("a", "1", "BEK", "", "VM01"), NULL);
	check_foreign(ITEM("a", "1", "", "x.bek", "VM01"), NULL);
	check_foreign(ITEM("a", "1", "text/plain", "", "VM02"), NULL);
	check_foreign(ITEM("a", "1", "text/plain", "", "VM01"), "no BEK's content type");
	check_foreign(ITEM("a", "1", "Wrapped BEK", "LinuxPassPhraseFileName_1_0", "VM01"),
		      "Linux");
	add(&candidates, ITEM("a", "1", "Wrapped BEK", "LinuxPassPhraseFileName_1_0", "VM01"));
	is(candidates.count, 0, "a Linux pass phrase is no candidate");
	ade_candidates_clear(&candidates);
}

static void check_wrapped(const char *json_text, bool kek, bool want)
{
	struct vault_secret *item CLEANUP(vault_secret_free) = item_of(json_text);

	ok(ade_is_wrapped(item, kek) == want, "%s%s: %s", want ? "wrapped" : "plain",
	   kek ? " with --kek" : "", json_text);
}

#define SHORT(rest) "{\"id\":\"" HOST "/secrets/a\"" rest "}"
#define ALG	    ",\"tags\":{\"DiskEncryptionKeyEncryptionAlgorithm\":\"RSA-OAEP\"}"
#define KEK	    ",\"tags\":{\"DiskEncryptionKeyEncryptionKeyURL\":\"" HOST ":443/keys/kek/v1\"}"

static void test_wrapped(void)
{
	check_wrapped(SHORT(",\"contentType\":\"BEK\""), false, false);
	check_wrapped(SHORT(",\"contentType\":\"BEK\"" ALG), false, false);
	check_wrapped(SHORT(",\"contentType\":\"BEK\""), true, false);
	check_wrapped(SHORT(",\"contentType\":\"Wrapped BEK\""), false, true);
	check_wrapped(SHORT(",\"contentType\":\"Wrapped BEK\"" KEK), false, true);
	check_wrapped(SHORT(KEK), false, true);
	check_wrapped(SHORT(ALG), false, false);
	check_wrapped(SHORT(""), false, false);
	check_wrapped(SHORT(""), true, true);
}

static void check_kek(const char *json_text, const char *given, const char *want)
{
	struct vault_secret *item CLEANUP(vault_secret_free) = item_of(json_text);
	struct object_id *kek CLEANUP(object_id_free) = NULL;
	struct err err = {0};
	char *text = NULL;
	int result = bek_fetch_choose_kek(item, given, &kek, &err);

	if (!want) {
		ok(result != 0 && err.message[0], "refused: --kek %s", given ? given : "(none)");
		return;
	}
	must(result == 0);
	text = object_id_format(kek, "keys");
	is_text(text, want, "--kek %s", given ? given : "(none)");
	free(text);
}

static void test_kek(void)
{
	check_kek(SHORT(KEK), NULL, HOST "/keys/kek/v1");
	check_kek(SHORT(KEK), "other", HOST "/keys/other");
	check_kek(SHORT(KEK), "kek", HOST "/keys/kek/v1");
	check_kek(SHORT(KEK), "https://moved.vault.azure.net/keys/KEK",
		  "https://moved.vault.azure.net/keys/KEK/v1");
	check_kek(SHORT(KEK), "https://moved.vault.azure.net:443/keys/kek/v9",
		  "https://moved.vault.azure.net/keys/kek/v9");
	check_kek(SHORT(""), "kek", HOST "/keys/kek");
	check_kek(SHORT(""), NULL, NULL);
	check_kek(SHORT(KEK), "https://moved.vault.azure.net/secrets/kek/v9", NULL);
	check_kek(SHORT(KEK), "https://moved.vault.azure.net/keys/kek/v9/x", NULL);
	check_kek(SHORT(KEK), "../secrets", NULL);
	check_kek(SHORT(",\"tags\":{\"DiskEncryptionKeyEncryptionKeyURL\":\"http://x/keys/a/b\"}"),
		  NULL, NULL);
}

int main(void)
{
	test_order();
	test_machine_order();
	test_foreign();
	test_wrapped();
	test_kek();
	return tap_done();
}
