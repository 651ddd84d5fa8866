#include "lag_file.hpp"

#include "pg/postgres.hpp"

#include <fmt/format.h>
#include <sstream>

#include "durable_file.hpp"
#include "event_file.hpp"
#include "pg/clock.hpp"

namespace baton {
namespace {

constexpr const char* kFile = "pg_baton/lag";

}  // namespace

void LoadLag(const std::string& node_name, core::LagHistory& history) {
  std::istringstream file(ReadWhole(kFile));
  std::string owner;
  std::string lsn;
  TimestampTz heard_at = 0;
  if (!(file >> owner >> lsn >> heard_at) || owner != FileOwner(node_name)) return;
  const auto end = core::Lsn::Parse(lsn);
  if (!end) return;
  history.Hear(*end, pg::Now() - pg::Since(heard_at));
}

void SaveLag(const std::string& node_name, const core::LagHistory& history) {
  if (history.last_end().IsNone()) return;
  const std::chrono::microseconds age = pg::Now() - history.last_heard();
  // What cannot be written now is written the next time; check storage says that it failed.
  ReplaceDurably(kFile,
                 fmt::format("{} {} {}\n", FileOwner(node_name), history.last_end().ToString(),
                             GetCurrentTimestamp() - age.count()));
}

}  // namespace baton
