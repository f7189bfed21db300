# SPDX-License-Identifier: GPL-3.0-or-later
noinst_LIBRARIES += export/libexport.a
export_libexport_a_SOURCES = \
	export/evidence.c export/evidence.h \
	export/callbacks.h \
	export/copy.c \
	export/export.h \
	export/export_check.c export/export_check.h \
	export/finish.c \
	export/job.h \
	export/keeper.c export/keeper.h \
	export/output.c export/output.h \
	export/piece.c export/piece.h \
	export/pipeline.c export/pipeline.h \
	export/prepare.c \
	export/resume.c export/resume.h \
	export/run.c \
	export/unreadable.c export/unreadable.h
