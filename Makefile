# SPDX-License-Identifier: GPL-2.0
# weir: a layer-4 load balancer for Linux. `make help` lists the targets.
#
#   make modules KERNELS="6.1 6.12"      for unpacked distribution kernels (scripts/lib/kernels.sh)
#   make modules KDIR=/lib/modules/...   for one kernel's headers, e.g. the running kernel's
#   make install DESTDIR=... PREFIX=/usr

KERNELS ?= 6.1 6.12
JOBS ?= $(shell nproc)
PREFIX ?= /usr
WERROR ?=
CMAKE ?= cmake
# What make install builds for: the running kernel, or the one whose headers KDIR has.
KDIR ?=
INSTALL_KDIR = $(or $(KDIR),/lib/modules/$(shell uname -r)/build)
RELEASE = $(if $(KDIR),$(shell sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' $(KDIR)/include/generated/utsrelease.h),$(shell uname -r))
MODDIR = $(DESTDIR)/lib/modules/$(RELEASE)/updates

USERLAND := build/userland
SANITIZED := build/userland-asan
FUZZERS := build/userland-fuzz
kernels := $(if $(KDIR),$(KDIR),$(KERNELS))
build_module := scripts/build-module --jobs $(JOBS) $(if $(WERROR),--werror)

.PHONY: all help modules userland unit lint check check-netns check-long check-harness fuzz install \
	install-modules install-userland uninstall clean distclean

all: modules userland

help:
	@echo 'make                 modules and userland'
	@echo 'make modules         build/<kernel release>/*.ko for KERNELS="$(KERNELS)", or for KDIR=<headers>'
	@echo 'make userland        build/bin/*'
	@echo 'make unit            unit tests, with address and undefined-behaviour sanitizers'
	@echo 'make lint            every static check'
	@echo 'make check-netns     tests in the virtual machine on each of KERNELS [TESTS="a b"]'
	@echo 'make check DEBUG=1   those tagged "debug" on the debug kernel (without DEBUG=1: the same as check-netns)'
	@echo 'make check-harness   the test wrapper must catch broken modules'
	@echo 'make check-long      everything on the debug kernel, storms, long simulations: hours [PARTS="lint 6.1 debug:1/4"]'
	@echo 'make fuzz            every fuzzer for FUZZ_SECONDS=20 each'
	@echo 'make install         modules for the running kernel, programs, manual pages [DESTDIR= PREFIX=$(PREFIX)]'
	@echo 'make clean           remove what was built (downloaded kernels stay: make distclean)'

modules:
	@$(build_module) $(kernels)

$(USERLAND)/build.ninja: userland/CMakeLists.txt
	$(CMAKE) -S userland -B $(USERLAND) -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DWEIR_TESTS=OFF \
		-DCMAKE_INSTALL_PREFIX=$(PREFIX)

userland: $(USERLAND)/build.ninja
	$(CMAKE) --build $(USERLAND) -j $(JOBS)

$(SANITIZED)/build.ninja: userland/CMakeLists.txt
	$(CMAKE) -S userland -B $(SANITIZED) -G Ninja -DCMAKE_BUILD_TYPE=Debug -DWEIR_SANITIZE=ON \
		-DCMAKE_RUNTIME_OUTPUT_DIRECTORY=$(CURDIR)/$(SANITIZED)/bin

unit: $(SANITIZED)/build.ninja
	$(CMAKE) --build $(SANITIZED) -j $(JOBS)
	ctest --test-dir $(SANITIZED) --output-on-failure -j $(JOBS)

lint:
	@test/run-lint

check-netns:
	@status=0; for kernel in $(KERNELS); do test/run-netns --kernel $$kernel $(TESTS) || status=1; done; exit $$status

check:
ifeq ($(DEBUG),1)
	@scripts/debug-kernel --build
	@test/run-netns --kernel debug --tag debug $(TESTS)
else
	@$(MAKE) --no-print-directory check-netns
endif

check-harness:
	@test/run-harness

check-long:
	@test/run-long $(PARTS)

fuzz:
	@test/run-fuzz

install: install-modules install-userland

install-modules:
	@test -d '$(INSTALL_KDIR)' || { echo 'the headers of the kernel are missing: apt-get install linux-headers-$(RELEASE)' >&2; \
		exit 1; }
	@scripts/build-module --jobs $(JOBS) '$(INSTALL_KDIR)'
	install -d '$(MODDIR)'
	install -m 644 build/$(RELEASE)/*.ko '$(MODDIR)/'
	$(if $(DESTDIR),,depmod -a $(RELEASE))

install-userland: userland
	DESTDIR='$(DESTDIR)' $(CMAKE) --install $(USERLAND) --prefix '$(PREFIX)'

uninstall:
	rm -f '$(MODDIR)'/weir*.ko
	$(if $(DESTDIR),,depmod -a $(RELEASE))
	sed 's|^|$(DESTDIR)|' $(USERLAND)/install_manifest.txt | xargs -d '\n' rm -f

clean:
	find build -mindepth 1 -maxdepth 1 ! -name kernels -exec rm -rf {} + 2>/dev/null || true

distclean: clean
	rm -rf build
