# One benchmark program per *_bench.cc beside the kernels (Google Benchmark), and per file in bench/
# (comparisons with peers and limits, timed by bench/harness).
find_package(benchmark REQUIRED)
file(GLOB harness CONFIGURE_DEPENDS bench/harness/*.cc)
add_library(bench_harness STATIC ${harness})
target_include_directories(bench_harness PUBLIC bench)
target_link_libraries(bench_harness PRIVATE zeropoint_flags fmt::fmt)

file(GLOB_RECURSE kernel_benches CONFIGURE_DEPENDS src/*_bench.cc)
file(GLOB comparisons CONFIGURE_DEPENDS bench/*.cc)
foreach(source ${kernel_benches} ${comparisons})
  get_filename_component(name ${source} NAME_WE)
  add_executable(${name} ${source})
  target_include_directories(${name} PRIVATE src tests)
  target_link_libraries(${name} PRIVATE
    zeropoint bench_harness zeropoint_flags benchmark::benchmark fmt::fmt hwy::hwy DNNL::dnnl)
endforeach()
