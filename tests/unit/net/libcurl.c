/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * net/libcurl passes every kind of argument on as it is: options that take a long, a pointer, a
 * function, a curl_off_t and a blob, and infos of each type. A file is fetched; no network is used.
 */
#include <stdint.h>
#include <unistd.h>

#include "net/libcurl.h"
#include "tests/tap.h"

/* Truncated to 32 bits it is less than the size of the file. */
#define FAR_MORE ((curl_off_t)((INT64_C(1) << 40) + 1))

static const char content[] = "sixteen of bytes";
static char url[64];

static size_t count_bytes(char *data, size_t unit, size_t count, void *context)
{
	size_t *bytes = context;

	(void)data;
	*bytes += unit * count;
	return unit * count;
}

static void make_file(char *path)
{
	int fd = mkstemp(path);

	must(fd >= 0 && write(fd, content, strlen(content)) == (ssize_t)strlen(content) &&
	     close(fd) == 0);
	(void)snprintf(url, sizeof(url), "file://%s", path);
}

static CURL *new_handle(size_t *bytes)
{
	CURL *curl = curl_easy_init();

	must(curl != NULL);
	is(curl_easy_setopt(curl, CURLOPT_URL, url), CURLE_OK, "an option that takes a pointer");
	is(curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, count_bytes), CURLE_OK,
	   "an option that takes a function");
	is(curl_easy_setopt(curl, CURLOPT_WRITEDATA, bytes), CURLE_OK,
	   "an option that takes a pointer to anything");
	return curl;
}

static void test_options(CURL *curl, size_t *bytes)
{
	*bytes = 0;
	is(curl_easy_perform(curl), CURLE_OK, "the file is fetched");
	is(*bytes, strlen(content), "  and all of it arrives where it was asked for");
	*bytes = 0;
	is(curl_easy_setopt(curl, CURLOPT_NOBODY, 1L), CURLE_OK, "an option that takes a long");
	is(curl_easy_perform(curl), CURLE_OK, "  is followed");
	is(*bytes, 0, "  and the body is left out");
	is(curl_easy_setopt(curl, CURLOPT_NOBODY, 0L), CURLE_OK, "  0 is passed on, too");
	is(curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L), CURLE_OK, "  back to the whole file");
	is(curl_easy_setopt(curl, CURLOPT_RESUME_FROM_LARGE, (curl_off_t)4), CURLE_OK,
	   "an option that takes a curl_off_t");
	is(curl_easy_perform(curl), CURLE_OK, "  is followed");
	is(*bytes, strlen(content) - 4, "  and the first four bytes are left out");
	is(curl_easy_setopt(curl, CURLOPT_RESUME_FROM_LARGE, FAR_MORE), CURLE_OK,
	   "a curl_off_t of more than 32 bits");
	ok(curl_easy_perform(curl) != CURLE_OK, "  is passed on whole: the file is shorter");
	is(curl_easy_setopt(curl, CURLOPT_RESUME_FROM_LARGE, (curl_off_t)0), CURLE_OK, "  and 0");
}

static void test_blob(CURL *curl)
{
	static char pem[] = "no certificate";
	struct curl_blob blob = {pem, sizeof(pem), CURL_BLOB_COPY};
	struct curl_blob vast = {pem, SIZE_MAX, CURL_BLOB_NOCOPY};

	is(curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &blob), CURLE_OK,
	   "an option that takes a blob");
	is(curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &vast), CURLE_BAD_FUNCTION_ARGUMENT,
	   "  which is looked at");
}

static void test_infos(CURL *curl)
{
	char *effective = NULL;
	long number = -1;
	double seconds = -1;
	curl_off_t size = -1;

	is(curl_easy_perform(curl), CURLE_OK, "the file is fetched again");
	is(curl_easy_getinfo(curl, CURLINFO_EFFECTIVE_URL, &effective), CURLE_OK, "an info: text");
	is_text(effective, url, "  is the URL");
	is(curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &number), CURLE_OK, "an info: long");
	is(number, 0, "  is 0 for a file");
	is(curl_easy_getinfo(curl, CURLINFO_TOTAL_TIME, &seconds), CURLE_OK, "an info: double");
	ok(seconds >= 0, "  is a time");
	is(curl_easy_getinfo(curl, CURLINFO_SIZE_DOWNLOAD_T, &size), CURLE_OK,
	   "an info: curl_off_t");
	is(size, strlen(content), "  is the file's size");
}

static void test_unknown(CURL *curl)
{
	static const int numbers[] = {9999, 19999, 29999, 39999, 49999, 59999};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		is((curl_easy_setopt)(curl, (CURLoption)numbers[i], 0L), CURLE_UNKNOWN_OPTION,
		   "option %d is not known", numbers[i]);
}

int main(void)
{
	char path[] = "/tmp/adefuse-libcurl.XXXXXX";
	size_t bytes = 0;
	CURL *curl;

	is(libcurl_load(NULL), 0, "libcurl is loaded");
	make_file(path);
	curl = new_handle(&bytes);
	test_options(curl, &bytes);
	test_blob(curl);
	test_infos(curl);
	test_unknown(curl);
	curl_easy_cleanup(curl);
	(void)unlink(path);
	return tap_done();
}
