#include "reading.hpp"

#include "pg/postgres.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "board_facts.hpp"
#include "core/health.hpp"
#include "core/quantity.hpp"
#include "pg/clock.hpp"
#include "settings.hpp"

namespace baton {
namespace {

std::optional<std::chrono::microseconds> AgeOf(core::Instant moment) {
  if (moment == core::Instant{}) return std::nullopt;
  return std::max(pg::Now() - moment, core::Instant::zero());
}

core::Heartbeat MonitorsHeartbeat(const Report& report) {
  return {report.valid ? AgeOf(report.looked_at) : std::nullopt, 3 * setting::CheckInterval()};
}

core::Heartbeat ObserversHeartbeat(const ClusterReport& report) {
  return {AgeOf(report.looked_at), ObserverAllowed()};
}

}  // namespace

std::vector<core::Finding> FindingsNow(const Report& report) {
  const auto cluster = shared::Read<ClusterReport>();
  return core::Aged({report.findings.begin(), report.findings.end()}, MonitorsHeartbeat(report),
                    ObserversHeartbeat(*cluster));
}

core::ArchiveVerdict ArchiveNow(const Report& report) {
  const core::Heartbeat heartbeat = MonitorsHeartbeat(report);
  if (heartbeat.Fresh()) return core::JudgeArchive(report.facts);
  return {"unknown", heartbeat.age ? "not looked at for " + core::DurationText(*heartbeat.age)
                                   : std::string("the monitor has not looked yet")};
}

std::vector<core::StandbyRow> StandbysNow(const Report& report) {
  std::vector<core::StandbyRow> standbys(report.standbys.begin(), report.standbys.end());
  const core::Heartbeat heartbeat = MonitorsHeartbeat(report);
  if (heartbeat.Fresh() || !heartbeat.age) return standbys;
  for (core::StandbyRow& standby : standbys) {
    // What was is not what is.
    standby.connected = false;
    standby.state = "unknown";
    standby.replay_lag.reset();
    standby.replay_lag_bytes.reset();
    standby.reason = "not looked at for " + core::DurationText(*heartbeat.age);
  }
  return standbys;
}

std::unique_ptr<ClusterReport> ReadCluster() {
  auto report = shared::Read<ClusterReport>();
  const core::Heartbeat heartbeat = ObserversHeartbeat(*report);
  if (heartbeat.Fresh() || !heartbeat.age) return report;
  for (core::PeerRow& peer : report->peers.items) {
    peer.reachable = false;
    peer.error =
        fmt::format("the observer has asked nobody for {}", core::DurationText(*heartbeat.age));
  }
  return report;
}

}  // namespace baton
