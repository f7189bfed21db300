# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += entra/libentra.a
entra_libentra_a_SOURCES = \
	entra/arc.c entra/arc.h \
	entra/assertion.c entra/assertion.h \
	entra/audience.h \
	entra/authority.c entra/authority.h \
	entra/challenge.c entra/challenge.h \
	entra/credential.c entra/credential.h \
	entra/credential_cli.c \
	entra/credential_device.c \
	entra/credential_env.c \
	entra/credential_managed.c \
	entra/credential_token.c \
	entra/credential_workload.c \
	entra/device.c entra/device.h \
	entra/endpoint.c entra/endpoint.h \
	entra/entra.c entra/entra.h \
	entra/managed.c entra/managed.h \
	entra/program.c entra/program.h \
	entra/settings.c entra/settings.h \
	entra/tenant.c entra/tenant.h \
	entra/tokens.c entra/tokens.h
