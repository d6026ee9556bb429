# One test program per folder of src (its *_test.cc files) and per folder of tests.
find_package(GTest REQUIRED)
find_package(rapidcheck REQUIRED)
enable_testing()

file(GLOB support_sources CONFIGURE_DEPENDS tests/support/*.cc)
add_library(zeropoint_test_main STATIC ${support_sources})
target_link_libraries(zeropoint_test_main PUBLIC zeropoint_commands zeropoint_flags GTest::gmock GTest::gtest rapidcheck
  fmt::fmt nlohmann_json::nlohmann_json protozero hwy::hwy DNNL::dnnl)
target_include_directories(zeropoint_test_main PUBLIC src tests)
target_compile_definitions(zeropoint_test_main PUBLIC ZEROPOINT_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
  ZEROPOINT_SANITIZE="${ZEROPOINT_SANITIZE}")

function(zeropoint_add_test name)
  if(NOT ARGN)
    return()
  endif()
  add_executable(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE zeropoint_test_main)
  target_compile_definitions(${name} PRIVATE ZEROPOINT_BINARY="$<TARGET_FILE:zeropoint_cli>")
  add_dependencies(${name} zeropoint_cli)
  add_test(NAME ${name} COMMAND ${name})
endfunction()

file(GLOB folders RELATIVE ${PROJECT_SOURCE_DIR}/src CONFIGURE_DEPENDS src/*)
foreach(folder ${folders})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS src/${folder}/*_test.cc)
  zeropoint_add_test(${folder}_test ${sources})
endforeach()
foreach(folder conformance golden interop cli install)
  file(GLOB sources CONFIGURE_DEPENDS tests/${folder}/*.cc)
  zeropoint_add_test(${folder}_suite ${sources})
endforeach()
