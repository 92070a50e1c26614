# How every file is compiled. The language flags here are part of the determinism contract.
#
# Targets link brokersim_compile_options (PRIVATE), so that nothing leaks into what uses us.

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

# The Python module is a shared object built from the same static libraries. Hidden symbols and no semantic
# interposition make position-independent code as fast as the rest.
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)

# NDEBUG takes away assert(), never SIM_CHECK (tests/lint/sim_check_in_release.cpp).
set(CMAKE_CXX_FLAGS_RELEASE "-O3 -DNDEBUG")

if(NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  find_program(BROKERSIM_CCACHE ccache)
  mark_as_advanced(BROKERSIM_CCACHE)
  if(BROKERSIM_CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER "${BROKERSIM_CCACHE}")
  endif()
endif()

if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_GENERATOR MATCHES "Ninja")
  add_compile_options(-fcolor-diagnostics)
elseif(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_GENERATOR MATCHES "Ninja")
  add_compile_options(-fdiagnostics-color=always)
endif()

add_library(brokersim_compile_options INTERFACE)
target_compile_options(brokersim_compile_options INTERFACE
  # A fused multiply-add rounds once where two operations round twice: the same source would give different
  # numbers at different optimisation levels and on different machines.
  -ffp-contract=off
  -fno-semantic-interposition
  # Places in messages and traces are written from the repository root, wherever it was checked out.
  -ffile-prefix-map=${CMAKE_CURRENT_SOURCE_DIR}/=
  -Wall -Wextra -Wshadow
  -Wnon-virtual-dtor -Woverloaded-virtual
  -Wfloat-conversion            # double -> integer without saying so
  -Wcast-align -Wvla -Wformat=2
  # Designated initialisers that leave the rest at its default are how configs are written here.
  -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # -Wall's -Wmaybe-uninitialized, -Wrestrict and the string-op family look through inlined coroutine frames and
  # std::string in g++ 12 and report what is not there (GCC PR 105329, 105651). valgrind and the sanitizers in
  # `make gate` look for the real thing.
  target_compile_options(brokersim_compile_options INTERFACE
    -Wlogical-op -Wduplicated-cond -Wno-maybe-uninitialized -Wno-restrict
    -Wno-stringop-overflow -Wno-stringop-overread -Wno-array-bounds)
endif()
if(BROKERSIM_DEEP_CHECKS)
  target_compile_definitions(brokersim_compile_options INTERFACE BROKERSIM_DEEP_CHECKS)
endif()
if(BROKERSIM_WERROR)
  target_compile_options(brokersim_compile_options INTERFACE -Werror)
endif()

if(BROKERSIM_SANITIZE)
  # Every object and every executable, or none: mixing them breaks the container annotations.
  add_compile_options(-fsanitize=${BROKERSIM_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${BROKERSIM_SANITIZE})
endif()
