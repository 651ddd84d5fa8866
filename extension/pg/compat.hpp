// All differences between PostgreSQL 15 and 18 that this extension meets, written in the newest
// form, each with the release that made it.
#pragma once

#include "pg/postgres.hpp"

#if PG_VERSION_NUM < 150000
#error "pg_baton needs PostgreSQL 15 or later"
#endif

namespace baton::pg {

// 17: extensions name their own wait events (src/include/utils/wait_event.h); before that all of
// them show as "Extension".
inline std::uint32_t NewWaitEvent([[maybe_unused]] const char* name) {
#if PG_VERSION_NUM >= 170000
  return WaitEventExtensionNew(name);
#else
  return PG_WAIT_EXTENSION;
#endif
}

}  // namespace baton::pg

// 18: a module tells its name and version (src/include/fmgr.h).
#if PG_VERSION_NUM >= 180000
#define PG_BATON_MODULE_MAGIC(text) PG_MODULE_MAGIC_EXT(.name = "pg_baton", .version = text)
#else
#define PG_BATON_MODULE_MAGIC(text) PG_MODULE_MAGIC
#endif
