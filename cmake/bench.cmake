# One benchmark program per *_bench.cc beside the kernels, and per file in bench/.
find_package(benchmark REQUIRED)
file(GLOB_RECURSE sources CONFIGURE_DEPENDS src/*_bench.cc bench/*.cc)
foreach(source ${sources})
  get_filename_component(name ${source} NAME_WE)
  add_executable(${name} ${source})
  target_include_directories(${name} PRIVATE src bench)
  target_link_libraries(${name} PRIVATE zeropoint zeropoint_flags benchmark::benchmark fmt::fmt hwy::hwy DNNL::dnnl)
endforeach()
