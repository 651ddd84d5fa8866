# The extension, built by PGXS in a folder of its own for each server version: objects of one version
# must never be linked into another, and PGXS itself would reuse them.

EXTENSION    = control/pg_baton
DATA         = control/pg_baton--1.0.sql
MODULE_big   = pg_baton
HERE        := $(patsubst %/extension/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))
SOURCES      = $(patsubst $(HERE)/%,%,$(wildcard $(HERE)/core/*.cpp $(HERE)/archive/*.cpp $(HERE)/extension/*.cpp $(HERE)/extension/pg/*.cpp))
OBJS         = $(SOURCES:.cpp=.o)

PG_CPPFLAGS  = -I$(HERE) -I$(HERE)/extension $(libpq_includes) -DFMT_HEADER_ONLY
PG_CXXFLAGS  = -std=c++20 -Wall -Wextra -Wshadow=local -MMD -MP $(WERROR)
# On 15 every C++ symbol of a library would be visible in the whole server process.
SHLIB_LINK  += $(libpq) -lzstd -llz4 -lz -lstdc++ -Wl,--version-script=$(HERE)/extension/exports.map

REGRESS      = install settings health registry promote privileges
REGRESS_OPTS = --inputdir=$(HERE) --outputdir=$(CURDIR)
EXTRA_CLEAN  = $(OBJS:.o=.d)

# Bitcode would be compiled without PG_CXXFLAGS, and JIT cannot inline C++ of ours anyway.
override with_llvm := no

PG_CONFIG   ?= pg_config
libpq_includes = -I$(shell $(PG_CONFIG) --includedir)
PGXS        := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

# PGXS knows no header dependencies, and a stale object would share memory with new ones.
$(OBJS): $(HERE)/extension/pgxs.mk $(shell $(PG_CONFIG) --includedir-server)/pg_config.h
-include $(OBJS:.o=.d)
