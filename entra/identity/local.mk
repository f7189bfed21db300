# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += entra/identity/libidentity.a
entra_identity_libidentity_a_SOURCES = \
	entra/identity/audience.h \
	entra/identity/authority.c entra/identity/authority.h \
	entra/identity/challenge.c entra/identity/challenge.h \
	entra/identity/settings.c entra/identity/settings.h \
	entra/identity/tenant.c entra/identity/tenant.h
