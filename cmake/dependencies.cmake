# Debian packages, installed by scripts/install-dependencies.
find_package(PkgConfig REQUIRED)
find_package(OpenMP REQUIRED COMPONENTS CXX)
find_package(fmt REQUIRED)
find_package(CLI11 REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(JPEG REQUIRED)
find_package(PNG REQUIRED)
find_package(ZLIB REQUIRED)

pkg_check_modules(hwy REQUIRED IMPORTED_TARGET libhwy)
add_library(hwy::hwy ALIAS PkgConfig::hwy)

find_path(PROTOZERO_INCLUDE_DIR protozero/pbf_reader.hpp REQUIRED)
add_library(protozero INTERFACE)
target_include_directories(protozero SYSTEM INTERFACE ${PROTOZERO_INCLUDE_DIR})

# Debian's dnnl-config.cmake asks for OpenCL, which a CPU build does not need: find the library itself.
include(${CMAKE_CURRENT_LIST_DIR}/FindDNNL.cmake)
