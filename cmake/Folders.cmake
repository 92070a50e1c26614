option(BROKERSIM_WHOLE "Compile folders in few pieces: a first build takes a third less, a change costs more" OFF)

# brokersim_whole(TARGET [EXCEPT file...]): TARGET's files are compiled eight at a time, if BROKERSIM_WHOLE is on.
function(brokersim_whole target)
  cmake_parse_arguments(ARG "" "" "EXCEPT" ${ARGN})
  if(BROKERSIM_WHOLE)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
    # A coroutine's frame holds types of its file's anonymous namespace, which g++ takes for a header's.
    target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
    set_source_files_properties(${ARG_EXCEPT} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  endif()
endfunction()

# brokersim_library(NAME [DIRECTORY dir] [FLAT] [EXCLUDE file...] [DEPENDS name...] [EXTERNAL target...])
#
# Makes brokersim_NAME from every .cpp under DIRECTORY (default: NAME); FLAT takes the folder's own files only.
# A folder that is absent or holds headers only becomes an INTERFACE library, so that arrows can be drawn before
# the code exists. DEPENDS are other folders' names without the prefix, PUBLIC; EXTERNAL are outside libraries.
function(brokersim_library name)
  cmake_parse_arguments(ARG "FLAT" "DIRECTORY" "EXCLUDE;DEPENDS;EXTERNAL" ${ARGN})
  if(NOT ARG_DIRECTORY)
    set(ARG_DIRECTORY ${name})
  endif()
  set(mode GLOB_RECURSE)
  if(ARG_FLAT)
    set(mode GLOB)
  endif()
  file(${mode} sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${ARG_DIRECTORY}/*.cpp")
  foreach(excluded IN LISTS ARG_EXCLUDE)
    list(REMOVE_ITEM sources "${PROJECT_SOURCE_DIR}/${ARG_DIRECTORY}/${excluded}")
  endforeach()
  list(TRANSFORM ARG_DEPENDS PREPEND brokersim_)

  set(target brokersim_${name})
  if(sources)
    add_library(${target} STATIC ${sources})
    target_link_libraries(${target} PRIVATE brokersim_compile_options PUBLIC ${ARG_DEPENDS} ${ARG_EXTERNAL})
    target_include_directories(${target} PUBLIC "${PROJECT_SOURCE_DIR}")
  else()
    add_library(${target} INTERFACE)
    target_link_libraries(${target} INTERFACE ${ARG_DEPENDS} ${ARG_EXTERNAL})
    target_include_directories(${target} INTERFACE "${PROJECT_SOURCE_DIR}")
  endif()
endfunction()

# brokersim_program(NAME SOURCES file... DEPENDS name...): an executable of ours.
function(brokersim_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;EXTERNAL" ${ARGN})
  list(TRANSFORM ARG_DEPENDS PREPEND brokersim_)
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE brokersim_compile_options ${ARG_DEPENDS} ${ARG_EXTERNAL})
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}")
endfunction()
