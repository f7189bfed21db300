# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += net/libnet.a
net_libnet_a_SOURCES = \
	net/cafile.c net/cafile.h \
	net/fetch.c net/fetch.h \
	net/http.c net/http.h \
	net/http_failure.c net/http_failure.h \
	net/http_reception.c net/http_reception.h \
	net/http_response.h \
	net/json.c net/json.h \
	net/json_write.c net/json_write.h \
	net/libcurl.c net/libcurl.h \
	net/retry.c net/retry.h \
	net/url.c net/url.h
