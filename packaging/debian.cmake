# cpack --preset release, in the build folder: tinytranscoder_VERSION_ARCHITECTURE.deb
set(TT_RELEASE_DATE_RFC "Wed, 25 Nov 2026 12:00:00 +0000") # of TT_RELEASE_DATE
set(documents ${CMAKE_INSTALL_DATADIR}/doc/tinytranscoder)
configure_file(debian/changelog.in changelog.Debian @ONLY)
tt_compress(changelog.Debian)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/changelog.Debian.gz debian/copyright DESTINATION ${documents})

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME tinytranscoder)
set(CPACK_PACKAGE_CONTACT "${TT_MAINTAINER}")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "train small GPTs and transcoders, trace what causes the next word")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS ${CMAKE_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS})
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE ${TT_DEBIAN_RELEASE})
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
# Found by name at run time, which shlibdeps cannot see. A Wayland session without an X server needs qt6-wayland; only
# downloads need certificates.
if(TT_BUILD_UI)
  set(CPACK_DEBIAN_PACKAGE_DEPENDS "fonts-inter, fonts-dejavu-core")
  set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "ca-certificates, qt6-wayland")
else()
  set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "ca-certificates")
endif()
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
    "TinyTranscoder trains a small GPT on short stories and transcoders that
replace its MLPs by sparse features. It shows which features light up on
which tokens, traces exactly which of them cause the next word, and proves
it by changing them: one window, offline, on the processor.
.
A command line tool does the same without a display.")
include(CPack)
