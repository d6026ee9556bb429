# The commands of the README. The build itself is CMake's (CMakePresets.json).
.PHONY: build demo test check bench fuzz clean

build:
	@scripts/install-dependencies
	@cmake --preset release >build-configure.log 2>&1 || { cat build-configure.log; rm -f build-configure.log; exit 1; }
	@rm -f build-configure.log
	@cmake --build --preset release

demo: build
	@examples/digits/demo build/release/zeropoint

test: build
	@ctest --preset release

check:
	@scripts/install-dependencies check
	@scripts/check

bench:
	@scripts/install-dependencies
	@scripts/bench

fuzz:
	@scripts/install-dependencies check
	@scripts/fuzz

clean:
	rm -rf build
