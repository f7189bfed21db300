# SPDX-License-Identifier: GPL-3.0-or-later
dist_man_pods = man/adefuse.1.pod man/mount.adefuse.8.pod
man_MANS = man/adefuse.1 man/mount.adefuse.8
EXTRA_DIST += $(dist_man_pods)
CLEANFILES += $(man_MANS)

# The same text on every build: no date but the release's own.
pod_to_man = $(AM_V_GEN)$(MKDIR_P) man && $(POD2MAN) --utf8 --errors=die --release="adefuse $(PACKAGE_VERSION)" \
	--center="adefuse" --date="$(PACKAGE_VERSION)"
man/adefuse.1: man/adefuse.1.pod
	$(pod_to_man) --section=1 --name=ADEFUSE $(srcdir)/man/adefuse.1.pod $@
man/mount.adefuse.8: man/mount.adefuse.8.pod
	$(pod_to_man) --section=8 --name=MOUNT.ADEFUSE $(srcdir)/man/mount.adefuse.8.pod $@
