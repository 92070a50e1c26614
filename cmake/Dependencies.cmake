# Outside libraries, all from Debian 12. Each stays in one folder of the tree (tests/lint/arrows.py).
#
# They are SYSTEM includes behind one INTERFACE target each, so that their warnings are not ours and no target
# gets a library that its folder may not use.

function(brokersim_external name package target)
  cmake_parse_arguments(ARG "" "DEBIAN" "" ${ARGN})
  find_package(${package} QUIET)
  if(NOT TARGET ${target})
    message(FATAL_ERROR "${package} is missing. On Debian: apt-get install ${ARG_DEBIAN}   (or: make dependencies)")
  endif()
  add_library(${name} INTERFACE)
  get_target_property(includes ${target} INTERFACE_INCLUDE_DIRECTORIES)
  target_include_directories(${name} SYSTEM INTERFACE ${includes})
endfunction()

brokersim_external(brokersim_boost Boost Boost::headers DEBIAN libboost-graph-dev)
brokersim_external(brokersim_eigen Eigen3 Eigen3::Eigen DEBIAN libeigen3-dev)
brokersim_external(brokersim_json nlohmann_json nlohmann_json::nlohmann_json DEBIAN nlohmann-json3-dev)
brokersim_external(brokersim_cli11 CLI11 CLI11::CLI11 DEBIAN libcli11-dev)
