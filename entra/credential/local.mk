# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += entra/credential/libcredential.a
entra_credential_libcredential_a_SOURCES = \
	entra/credential/arc.c entra/credential/arc.h \
	entra/credential/assertion.c entra/credential/assertion.h \
	entra/credential/credential.c entra/credential/credential.h \
	entra/credential/credential_cli.c \
	entra/credential/credential_device.c \
	entra/credential/credential_env.c \
	entra/credential/credential_managed.c \
	entra/credential/credential_token.c \
	entra/credential/credential_workload.c \
	entra/credential/device.c entra/credential/device.h \
	entra/credential/endpoint.c entra/credential/endpoint.h \
	entra/credential/managed.c entra/credential/managed.h \
	entra/credential/program.c entra/credential/program.h
