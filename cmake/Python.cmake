# The Python module _brokersim. Built when python3-dev and pybind11-dev are there and python/bindings has sources.
#
# It lands in <build>/python/brokersim/ beside links to the .py files, so that PYTHONPATH=<build>/python is all
# a test or a notebook needs; `pip install .` (pyproject.toml) puts the same two things into site-packages.
set(BROKERSIM_PYTHON_FOUND FALSE)
file(GLOB_RECURSE binding_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/python/bindings/*.cpp")
if(BROKERSIM_PYTHON AND binding_sources)
  find_package(Python3 QUIET COMPONENTS Interpreter Development.Module)
  if(Python3_FOUND)
    set(PYBIND11_NOPYTHON ON)  # its own search for Python may find another one
    find_package(pybind11 CONFIG QUIET)
  endif()
  if(Python3_FOUND AND pybind11_FOUND)
    set(BROKERSIM_PYTHON_FOUND TRUE)
    python3_add_library(_brokersim MODULE WITH_SOABI ${binding_sources})
    target_link_libraries(_brokersim PRIVATE brokersim_compile_options brokersim_results brokersim_branch brokersim_sweep brokersim_report brokersim_trace pybind11::headers)
    target_include_directories(_brokersim PRIVATE "${PROJECT_SOURCE_DIR}")
    set_target_properties(_brokersim PROPERTIES LIBRARY_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/python/brokersim")
    file(GLOB_RECURSE package_files CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}/python"
         "${PROJECT_SOURCE_DIR}/python/brokersim/*.py" "${PROJECT_SOURCE_DIR}/python/brokersim/py.typed"
         "${PROJECT_SOURCE_DIR}/python/brokersim/*.pyi")
    foreach(package_file IN LISTS package_files)
      get_filename_component(folder "${PROJECT_BINARY_DIR}/python/${package_file}" DIRECTORY)
      file(MAKE_DIRECTORY "${folder}")
      file(CREATE_LINK "${PROJECT_SOURCE_DIR}/python/${package_file}" "${PROJECT_BINARY_DIR}/python/${package_file}"
           SYMBOLIC)
    endforeach()
    install(TARGETS _brokersim LIBRARY DESTINATION brokersim COMPONENT python)
  else()
    message(STATUS "Python module: not built (needs python3-dev and pybind11-dev)")
  endif()
endif()
