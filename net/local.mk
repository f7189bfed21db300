# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += net/libnet.a
net_libnet_a_SOURCES = \
	net/cafile.c net/cafile.h \
	net/curl.c net/curl.h \
	net/fetch.c net/fetch.h \
	net/http.c net/http.h \
	net/httperr.c net/httperr.h \
	net/json.c net/json.h \
	net/json_write.c net/json_write.h \
	net/retry.c net/retry.h \
	net/url.c net/url.h

NET_TEST_LIBS = net/libnet.a base/libbase.a $(CJSON_LIBS) -lm
UNIT_TESTS += tests/unit/net-url tests/unit/net-json tests/unit/net-local tests/unit/net-retry
tests_unit_net_url_SOURCES = tests/unit/net-url.c tests/tap.h
tests_unit_net_url_LDADD = $(NET_TEST_LIBS)
tests_unit_net_json_SOURCES = tests/unit/net-json.c tests/tap.h
tests_unit_net_json_LDADD = $(NET_TEST_LIBS)
tests_unit_net_local_SOURCES = tests/unit/net-local.c tests/tap.h
tests_unit_net_local_LDADD = $(NET_TEST_LIBS) -lpthread
tests_unit_net_retry_SOURCES = tests/unit/net-retry.c tests/tap.h
tests_unit_net_retry_LDADD = $(NET_TEST_LIBS)
