#include "helper/server/queries.hpp"

#include <fmt/format.h>
#include <thread>

#include "core/error.hpp"
#include "helper/system/interrupt.hpp"

namespace baton::helper {

using namespace std::chrono_literals;

bool HasExtension(Connection& server) {
  if (server.Value("SELECT to_regprocedure('baton.version()') IS NOT NULL") != "t") return false;
  return server.Value("SELECT current_setting('pg_baton.check_interval', true) IS NOT NULL") == "t";
}

SlotState LookAtSlot(Connection& server, const std::string& name) {
  const Result result = server.Query(
      "SELECT active, wal_status = 'lost' FROM pg_replication_slots WHERE slot_name = $1", {name});
  if (result.rows() == 0) return {};
  return {true, result.Bool(0, 0), result.Bool(0, 1)};
}

void CreateSlot(Connection& server, const std::string& name) {
  server.Run("SELECT pg_create_physical_replication_slot($1, true)", {name});
}

void DropSlot(Connection& server, const std::string& name) {
  server.Run("SELECT pg_drop_replication_slot($1)", {name});
}

void RegisterNode(Connection& server, const std::string& name, const std::string& conninfo) {
  server.Run("SELECT baton.register_node($1, $2)", {name, conninfo});
}

void WaitUntilStreaming(Connection& primary, const std::string& name, core::Lsn beyond,
                        std::chrono::seconds timeout) {
  const auto end = std::chrono::steady_clock::now() + timeout;
  std::string seen = "it never connected";
  for (;;) {
    CheckInterrupt();
    const Result result = primary.Query(
        "SELECT state, replay_lsn FROM pg_catalog.pg_stat_replication WHERE application_name = $1",
        {name});
    if (result.rows() > 0) {
      const core::Lsn replayed = core::Lsn::Parse(result.Text(0, 1)).value_or(core::Lsn());
      if (result.Text(0, 0) == "streaming" && !replayed.IsNone() && replayed >= beyond) {
        // So that whoever looks at the views next sees it as well.
        return primary.Run("SELECT baton.check_now()");
      }
      seen = fmt::format("its state is \"{}\", it has replayed {}", result.Text(0, 0),
                         replayed.IsNone() ? "nothing" : replayed.ToString());
    }
    if (std::chrono::steady_clock::now() >= end) break;
    std::this_thread::sleep_for(10ms);
  }
  throw core::Error(core::ErrorCode::kFailed, fmt::format("standby \"{}\" does not stream", name),
                    fmt::format("After {} s: {}.", timeout.count(), seen),
                    "See the server log of the standby; the directory stays as it is.");
}

core::Lsn CurrentLsn(Connection& primary) {
  return core::Lsn::Parse(primary.Value("SELECT pg_current_wal_lsn()")).value_or(core::Lsn());
}

core::TimelineId Timeline(Connection& primary) {
  return static_cast<core::TimelineId>(
      std::strtoul(primary.Value("SELECT timeline FROM baton.node_status").c_str(), nullptr, 10));
}

}  // namespace baton::helper
