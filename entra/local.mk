# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += entra/libentra.a
entra_libentra_a_SOURCES = \
	entra/arc.c entra/arc.h \
	entra/assertion.c entra/assertion.h \
	entra/challenge.c entra/challenge.h \
	entra/cloud.c entra/cloud.h \
	entra/command.c entra/command.h \
	entra/credential.c entra/credential.h \
	entra/credential_cli.c \
	entra/credential_device.c \
	entra/credential_env.c \
	entra/credential_managed.c \
	entra/credential_token.c \
	entra/credential_workload.c \
	entra/device.c entra/device.h \
	entra/entra.c entra/entra.h \
	entra/managed.c entra/managed.h \
	entra/token.c entra/token.h
