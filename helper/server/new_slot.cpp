#include "helper/server/new_slot.hpp"

#include <chrono>
#include <cstdio>
#include <fmt/format.h>
#include <thread>

#include "helper/server/queries.hpp"
#include "helper/system/interrupt.hpp"

namespace baton::helper {
namespace {

using namespace std::chrono_literals;

// A WAL stream that has lost its receiver needs a moment to notice, and a lost host more.
constexpr std::chrono::seconds kPatience = 30s;
constexpr const char* kIsInUse = "55006";  // object_in_use

// By a new session, where the source has been restarted meanwhile.
bool IsBack(Connection& source) {
  PQreset(source.get());
  return PQstatus(source.get()) == CONNECTION_OK;
}

void DropWhenItIsFree(Connection& source, const std::string& name) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  bool was_lost = false;
  for (;;) {
    try {
      return DropSlot(source, name);
    } catch (const SqlError& error) {
      if (PQstatus(source.get()) != CONNECTION_OK) {
        if (was_lost || !IsBack(source)) throw;
        was_lost = true;
      } else if (error.sqlstate() != kIsInUse || std::chrono::steady_clock::now() >= end) {
        throw;
      }
    }
    std::this_thread::sleep_for(50ms);
  }
}

void WarnOf(const std::string& name) {
  fmt::print(stderr,
             "pg_baton: warning: replication slot \"{}\" might be left behind\n"
             "pg_baton: hint: Drop it on the source soon, or it holds back WAL there.\n",
             name);
}

}  // namespace

NewSlot::NewSlot(Connection& source, std::string name) : source_(source), name_(std::move(name)) {
  // Only the answer tells whether there is a slot to be dropped again.
  const WithoutInterrupts until_it_is_answered;
  try {
    CreateSlot(source_, name_);
  } catch (const core::Error& error) {
    const auto* const refusal = dynamic_cast<const SqlError*>(&error);
    if (refusal == nullptr || refusal->sqlstate().empty()) WarnOf(name_);
    throw;
  }
}

NewSlot::~NewSlot() {
  if (kept_) return;
  const WithoutInterrupts cleaning_up;
  try {
    DropWhenItIsFree(source_, name_);
  } catch (const std::exception&) {
    WarnOf(name_);
  }
}

}  // namespace baton::helper
