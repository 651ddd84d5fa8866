# pg_baton.  `make`, `make install`, `make installcheck` as PGXS users know them; `make test` and
# `make demo` do all set-up themselves.

PG_CONFIG ?= pg_config
HERE      := $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))
MAJOR      = $(shell $(PG_CONFIG) --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
PG_BUILD   = $(HERE)/build/pg$(MAJOR)
CXX_BUILD  = $(HERE)/build/helper
JOBS      ?= $(shell nproc)
BINDIR     = $(shell $(PG_CONFIG) --bindir)
# Where man and bash look for what no package brings; PostgreSQL's own folders are not among that.
DATADIR   ?= /usr/local/share
MANUAL     = $(DATADIR)/man/man1/pg_baton.1
COMPLETION = $(DATADIR)/bash-completion/completions/pg_baton

.PHONY: all extension helper install install-extension install-helper uninstall installcheck \
        clean deps test test-long test-matrix test-package test-architecture deb demo demo-stop bench format

all: extension helper

# PGXS needs the subfolders of a build outside of the sources to exist.
PGXS_MAKE = mkdir -p $(PG_BUILD)/core $(PG_BUILD)/archive $(PG_BUILD)/extension/pg && \
            $(MAKE) -C $(PG_BUILD) -f $(HERE)/extension/pgxs.mk VPATH=$(HERE) PG_CONFIG=$(PG_CONFIG)

extension:
	+$(PGXS_MAKE) -j$(JOBS) all

$(CXX_BUILD)/CMakeCache.txt:
	cmake -S $(HERE) -B $(CXX_BUILD) -DCMAKE_BUILD_TYPE=RelWithDebInfo

helper: $(CXX_BUILD)/CMakeCache.txt
	+cmake --build $(CXX_BUILD) --target pg_baton -j$(JOBS)

install: install-extension install-helper

install-extension: extension
	+$(PGXS_MAKE) install

install-helper: helper
	install -d '$(DESTDIR)$(BINDIR)'
	install -m 755 $(CXX_BUILD)/pg_baton '$(DESTDIR)$(BINDIR)/pg_baton'
	install -D -m 644 $(CXX_BUILD)/pg_baton.1 '$(DESTDIR)$(MANUAL)'
	install -D -m 644 $(CXX_BUILD)/pg_baton.bash '$(DESTDIR)$(COMPLETION)'

uninstall:
	+$(PGXS_MAKE) uninstall
	rm -f '$(DESTDIR)$(BINDIR)/pg_baton' '$(DESTDIR)$(MANUAL)' '$(DESTDIR)$(COMPLETION)'

# Against a running server that has the library loaded; `make test` makes one for itself.
installcheck:
	+$(PGXS_MAKE) installcheck

clean:
	rm -rf $(HERE)/build

deps:
	@$(HERE)/test/deps.sh

test: deps
	@$(HERE)/test/run.sh

test-long: deps
	@PG_BATON_LONG=1 $(HERE)/test/run.sh

test-matrix:
	@$(HERE)/test/matrix.sh $(MODE)

# Packages of Debian, in build/debian.
deb: extension helper
	@PG_CONFIG=$(PG_CONFIG) $(HERE)/packaging/debian/build.sh

test-package: extension helper
	@PG_CONFIG=$(PG_CONFIG) $(HERE)/test/package.sh

test-architecture:
	@PG_CONFIG=$(PG_CONFIG) $(HERE)/test/architecture.sh

bench: deps
	@PG_BATON_BENCH=1 $(HERE)/test/run.sh

demo: deps
	@$(HERE)/demo/demo.sh

demo-stop:
	@$(HERE)/demo/demo.sh stop

format:
	clang-format -i $$(git -C $(HERE) ls-files '*.cpp' '*.hpp')
