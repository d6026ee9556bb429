# cmake --install: the program, the static library, the headers, and files for find_package and pkg-config.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
install(TARGETS zeropoint_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS zeropoint ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/zeropoint DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

set(LIBDIR ${CMAKE_INSTALL_LIBDIR})
set(INCLUDEDIR ${CMAKE_INSTALL_INCLUDEDIR})
set(config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/zeropoint)
configure_package_config_file(cmake/zeropointConfig.cmake.in ${PROJECT_BINARY_DIR}/zeropointConfig.cmake
  INSTALL_DESTINATION ${config_dir} PATH_VARS LIBDIR INCLUDEDIR)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/zeropointConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/zeropointConfig.cmake ${PROJECT_BINARY_DIR}/zeropointConfigVersion.cmake
  cmake/FindDNNL.cmake DESTINATION ${config_dir})
file(RELATIVE_PATH pc_to_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(cmake/zeropoint.pc.in ${PROJECT_BINARY_DIR}/zeropoint.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/zeropoint.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
