# Who may include whom: cmake -DROOT=<repository> -P layers.cmake. Fails with every breach, one a line.
cmake_minimum_required(VERSION 3.25)

set(qt "<Q[A-Za-z]|<q[a-z]+\\.h>|qcustomplot")
set(torch "[<\"](torch|ATen|c10|caffe2)/")
set(graphviz "[<\"](graphviz/|gvc\\.h|cgraph\\.h)")
set(onednn "[<\"](oneapi/)?dnnl")
set(hidden "${torch}|${graphviz}|${onednn}|[<\"](nlohmann|openssl|curl)/|[<\"]pcre2|_impl\\.h\"")
set(starts_thread "std::(jthread|thread|async)|QThread|QtConcurrent|include <(thread|future)>")

set(breaches "")

# forbid(FILES LINES PATTERN WHY): of the lines of these files that match LINES, none may match PATTERN
function(forbid files lines pattern why)
  foreach(file ${files})
    file(STRINGS ${ROOT}/${file} found REGEX "${lines}")
    foreach(line IN LISTS found)
      if(line MATCHES "${pattern}")
        string(STRIP "${line}" line)
        list(APPEND breaches "${file}: ${line}: ${why}")
      endif()
    endforeach()
  endforeach()
  set(breaches "${breaches}" PARENT_SCOPE)
endfunction()

function(sources result)
  set(all "")
  foreach(folder ${ARGN})
    file(GLOB_RECURSE found RELATIVE ${ROOT} ${ROOT}/${folder}/*.h ${ROOT}/${folder}/*.h.in ${ROOT}/${folder}/*.cpp)
    list(APPEND all ${found})
  endforeach()
  set(${result} "${all}" PARENT_SCOPE)
endfunction()

set(include "^[ \t]*#[ \t]*include")
set(code "^[ \t]*[^/ \t]") # not a line of comment

sources(core core)
sources(ui ui)
sources(app app)
sources(command_line app/cli)
if(NOT core OR NOT ui OR NOT app)
  message(FATAL_ERROR "Found no sources below ${ROOT}.")
endif()

forbid("${core}" "${include}" "${qt}" "core has no Qt")
forbid("${core}" "${include}" "\"(ui|app)/" "core knows neither ui nor app")

set(public_headers ${core})
list(FILTER public_headers INCLUDE REGEX "\\.h(\\.in)?$")
list(FILTER public_headers EXCLUDE REGEX "_impl\\.h$")
forbid("${public_headers}" "${include}" "${hidden}" "core's public headers hold plain values")

forbid("${ui}" "${include}" "${hidden}" "ui sees Qt and core's public headers only")
forbid("${ui}" "${include}" "\"app/" "ui does not know app")
forbid("${ui}" "${code}" "${starts_thread}" "ui starts no thread")
forbid("${command_line}" "${include}" "${qt}|\"(ui|app/session)/" "the command line tool has no Qt")

# Each library is seen by the files named here and by no other.
function(only_in library pattern)
  set(others ${core} ${ui} ${app})
  list(REMOVE_ITEM others ${ARGN})
  forbid("${others}" "${include}" "${pattern}" "${library} is for ${ARGN} only")
  set(breaches "${breaches}" PARENT_SCOPE)
endfunction()
only_in(LibTorch "${torch}" core/nn/device.cpp core/nn/gemm.cpp core/nn/torch_step.cpp)
only_in(oneDNN "${onednn}" core/nn/device.cpp core/nn/matmul.cpp core/nn/matmul_impl.h)
only_in(libcurl "[<\"]curl/" core/io/http_transfer.cpp)
only_in(Graphviz "${graphviz}" core/circuits/graph_layout.cpp)

if(breaches)
  list(JOIN breaches "\n" text)
  message(FATAL_ERROR "The layers are breached:\n${text}")
endif()
list(LENGTH core core_count)
list(LENGTH ui ui_count)
list(LENGTH app app_count)
message(STATUS "No breach in ${core_count} files of core, ${ui_count} of ui and ${app_count} of app")
