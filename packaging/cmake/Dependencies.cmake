# Everything that is linked, found once. Debian's package names stand in packaging/packages.
find_package(Threads REQUIRED)
find_package(OpenMP REQUIRED COMPONENTS CXX)
find_package(nlohmann_json REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto SSL)
find_package(PkgConfig REQUIRED)
pkg_check_modules(PCRE2 REQUIRED IMPORTED_TARGET libpcre2-8)
if(TT_FUZZ) # core's readers need no more
  return()
endif()
find_package(Torch REQUIRED)
# Debian's dnnl CMake file asks for OpenCL headers that the library does not need.
find_library(DNNL_LIBRARY dnnl REQUIRED)
find_path(DNNL_INCLUDE_DIR dnnl.h REQUIRED)
find_package(CLI11 REQUIRED)
find_package(CURL 7.85 REQUIRED)
pkg_check_modules(GRAPHVIZ REQUIRED IMPORTED_TARGET libcgraph libgvc)

# LibTorch's own flags are for its users only: targets that include torch link this.
add_library(tt_torch INTERFACE)
target_include_directories(tt_torch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
separate_arguments(TT_TORCH_FLAGS UNIX_COMMAND "${TORCH_CXX_FLAGS}")
target_compile_options(tt_torch INTERFACE ${TT_TORCH_FLAGS} -Wno-old-style-cast -Wno-shadow -Wno-pedantic)
target_link_libraries(tt_torch INTERFACE ${TORCH_LIBRARIES})

# Without the window Qt is only for the tests, and may be missing: core and the command line need none of it.
if(TT_BUILD_TESTS AND NOT TT_BUILD_UI)
  find_package(Qt6 6.4 QUIET COMPONENTS Core Test)
  if(NOT Qt6Test_FOUND)
    message(STATUS "Qt 6 Core and Test are not installed: the tests are left out")
    set(TT_BUILD_TESTS OFF)
  endif()
endif()
if(TT_BUILD_UI)
  find_package(Qt6 6.4 REQUIRED COMPONENTS Core Test)
  find_package(Qt6 6.4 REQUIRED COMPONENTS Widgets Svg Charts PrintSupport)
  find_package(QCustomPlotQt6 REQUIRED)
endif()
