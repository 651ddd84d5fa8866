#include "helper/server/new_slot.hpp"

#include <cstdio>
#include <fmt/format.h>

#include "helper/server/queries.hpp"
#include "helper/system/interrupt.hpp"

namespace baton::helper {

NewSlot::NewSlot(Connection& source, std::string name) : source_(source), name_(std::move(name)) {
  CreateSlot(source_, name_);
}

NewSlot::~NewSlot() {
  if (kept_) return;
  const WithoutInterrupts cleaning_up;
  try {
    DropSlot(source_, name_);
  } catch (const std::exception&) {
    fmt::print(stderr,
               "pg_baton: warning: replication slot \"{}\" might be left behind\n"
               "pg_baton: hint: Drop it on the source soon, or it holds back WAL there.\n",
               name_);
  }
}

}  // namespace baton::helper
