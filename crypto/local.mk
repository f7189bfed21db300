# SPDX-License-Identifier: GPL-3.0-or-later
# Not "libcrypto": that is OpenSSL's.
noinst_LIBRARIES += crypto/libciphers.a
crypto_libciphers_a_SOURCES = \
	crypto/aes_x86.c crypto/aes_x86.h \
	crypto/aes_x86_kernel.h \
	crypto/certificate.c crypto/certificate.h \
	crypto/crypto.c crypto/crypto.h \
	crypto/diffuser.c crypto/diffuser.h \
	crypto/sector.c crypto/sector.h \
	crypto/stretch.c crypto/stretch.h \
	crypto/unroll.h \
	crypto/xts.c crypto/xts.h
