#include "helper/clone/server_search.hpp"

#include <chrono>
#include <fmt/format.h>
#include <functional>
#include <thread>

#include "helper/command/node_access.hpp"
#include "helper/report/present_primary.hpp"
#include "helper/server/queries.hpp"
#include "helper/server/views.hpp"
#include "helper/system/interrupt.hpp"

namespace baton::helper {
namespace {

using namespace std::chrono_literals;

// Some rounds of the observer.
constexpr std::chrono::seconds kRolesSettle{5};

// Why the work failed, as one problem among others; no message if it did not.
core::Problem ProblemOf(const std::function<void()>& work) {
  try {
    work();
  } catch (const core::Error& error) {
    if (error.code() == core::ErrorCode::kInterrupted) throw;
    return {error.message(), error.detail(), error.hint()};
  }
  return {};
}

class ServerSearch {
 public:
  explicit ServerSearch(ClonePlace& place)
      : place_(place), source_(place.source), facts_(place.source_facts) {}

  void Find() {
    const std::string& upstream = place_.request.upstream;
    if (source_.Value("SELECT pg_is_in_recovery()") == "t") FindPrimary();
    if (!upstream.empty() && upstream != facts_.name) FindUpstream(upstream);
  }

 private:
  void FindPrimary() {
    core::ClonePrimary& primary = facts_.primary.emplace();
    primary.missing = ProblemOf([&] {
      RequireViews(source_, {"baton.cluster"});
      primary.name = NameOfPrimary();
      Connection& server = place_.other_primary.emplace(Open(primary.name, WayTo(primary.name)));
      primary.full_page_writes = server.Value("SHOW full_page_writes") == "on";
    });
  }

  // A standby that has just been started, or got another upstream, knows no primary yet.
  std::string NameOfPrimary() {
    const auto end = std::chrono::steady_clock::now() + kRolesSettle;
    for (;;) {
      try {
        return PresentPrimary(facts_.name, ReadCluster(source_));
      } catch (const core::Error& error) {
        if (error.code() == core::ErrorCode::kInterrupted) throw;
        if (std::chrono::steady_clock::now() >= end) throw;
      }
      CheckInterrupt();
      std::this_thread::sleep_for(200ms);
    }
  }

  void FindUpstream(const std::string& name) {
    core::CloneUpstream& upstream = facts_.upstream.emplace();
    upstream.name = name;
    upstream.missing = ProblemOf([&] {
      RequireViews(source_, {"baton.node_status"});
      place_.way_to_upstream = WayTo(name);
      Connection& server = place_.other_upstream.emplace(Open(name, place_.way_to_upstream));
      upstream.timeline = Timeline(server);
      // Where a new slot begins (ReplicationSlotReserveWal in slot.c), or where the old one does.
      upstream.keeps_from =
          core::Lsn::Parse(
              server.Value("SELECT coalesce((SELECT restart_lsn FROM pg_replication_slots"
                           " WHERE slot_name = $1 AND wal_status <> 'lost'),"
                           " (SELECT redo_lsn FROM pg_control_checkpoint()))",
                           {place_.request.node_name}))
              .value_or(core::Lsn());
      upstream.room = ReadRoom(server, place_.request.node_name);
    });
  }

  // As the source is reached, but to where the registry has that node.
  Parameters WayTo(const std::string& name) {
    for (const RegisteredNode& node : ReadRegistry(source_)) {
      if (node.name != name) continue;
      const Parameters there = ParseConninfo(node.conninfo);
      Parameters way = WithAddressOf(place_.given, there);
      for (const auto& [keyword, value] : TlsIn(there)) way[keyword] = value;
      way["dbname"] = place_.database;
      return NodeParameters(way, place_.passfile);
    }
    throw core::Error(core::ErrorCode::kRefused, fmt::format("node \"{}\" is not registered", name),
                      "", "SELECT name FROM baton.node lists the registered ones.");
  }

  Connection Open(const std::string& name, const Parameters& way) {
    Connection connection = [&] {
      try {
        return Connection(way);
      } catch (const core::Error& error) {
        if (error.code() == core::ErrorCode::kInterrupted) throw;
        throw core::Error(
            core::ErrorCode::kRefused,
            fmt::format("node \"{}\" is not reached from this host", name),
            fmt::format("{}: {}", error.message(), error.detail()),
            "The new server needs that way as well: firewall, pg_hba.conf there, password file.");
      }
    }();
    const std::string found = connection.Value("SELECT name FROM baton.node_status");
    if (found == name) return connection;
    throw core::Error(core::ErrorCode::kRefused,
                      fmt::format("the node at {} port {} calls itself \"{}\"", connection.host(),
                                  connection.port(), found),
                      fmt::format("By the registry it is node \"{}\".", name),
                      "Correct its entry by baton.register_node(), or its pg_baton.node_name.");
  }

  ClonePlace& place_;
  Connection& source_;
  core::CloneSource& facts_;
};

}  // namespace

void FindServers(ClonePlace& place) { ServerSearch(place).Find(); }

core::CloneRoom ReadRoom(Connection& server, const std::string& name) {
  const Result limits = server.Query(
      "SELECT current_setting('max_wal_senders'),"
      " (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'walsender'),"
      " current_setting('max_replication_slots'),"
      " (SELECT count(*) FROM pg_replication_slots)");
  core::CloneRoom room;
  room.wal_senders_max = static_cast<int>(limits.Number(0, 0));
  room.wal_senders_used = static_cast<int>(limits.Number(0, 1));
  room.slots_max = static_cast<int>(limits.Number(0, 2));
  room.slots_used = static_cast<int>(limits.Number(0, 3));
  const SlotState slot = LookAtSlot(server, name);
  room.slot_exists = slot.exists;
  room.slot_active = slot.active;
  room.slot_lost = slot.lost;
  return room;
}

}  // namespace baton::helper
