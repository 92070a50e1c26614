# Each bench/NAME.cpp is one program, bench_NAME. `make bench` runs them; they are never timed tests.
file(GLOB bench_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/bench/*.cpp")
foreach(source IN LISTS bench_sources)
  get_filename_component(name "${source}" NAME_WE)
  string(REGEX REPLACE "^bench_" "" name "${name}")
  set(libraries results)
  if(name MATCHES "^(kernel|sim)")
    set(libraries sim)
  endif()
  brokersim_program(bench_${name} SOURCES "${source}" DEPENDS ${libraries})
  target_include_directories(bench_${name} PRIVATE "${PROJECT_SOURCE_DIR}/bench")  # workloads/
endforeach()
