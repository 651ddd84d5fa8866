#include "board_facts.hpp"

#include "pg/postgres.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "core/cluster_view.hpp"
#include "core/quantity.hpp"
#include "pg/clock.hpp"
#include "self_report.hpp"
#include "settings.hpp"

namespace baton {
namespace {

bool IsFresh(const StorageReport& report) {
  return report.looked_at != core::Instant{} &&
         pg::Now() - report.looked_at <= 3 * setting::StorageInterval() + std::chrono::seconds(1);
}

constexpr auto kTargetAnswersIn = std::chrono::seconds(5);

void FillTarget(const StorageReport& report, core::ArchiverFacts& archiver) {
  if (report.target_asked_at != core::Instant{}) {
    const auto waited = pg::Now() - report.target_asked_at;
    if (waited >= kTargetAnswersIn) {
      archiver.target_fault =
          fmt::format("the archive directory has not answered for {}", core::DurationText(waited));
      return;
    }
  }
  archiver.target_fault = report.target_fault;
  if (report.target_free_bytes >= 0) archiver.target_free_bytes = report.target_free_bytes;
}

}  // namespace

core::StorageFacts StorageFactsNow(const StorageReport& report) {
  core::StorageFacts facts;
  const core::Instant now = pg::Now();
  if (report.write_begun != core::Instant{}) {
    facts.pending = std::max(now - report.write_begun, core::Instant::zero());
  }
  if (report.write_ended != core::Instant{}) {
    facts.age = std::max(now - report.write_ended, core::Instant::zero());
  }
  if (!IsFresh(report)) return facts;
  facts.took = report.took;
  facts.error = report.error;
  facts.wal = report.wal;
  facts.fullest = report.fullest;
  facts.wal_rate_known = report.wal_rate_known;
  facts.wal_full_in = report.wal_full_in;
  return facts;
}

void FillFromStorage(const StorageReport& report, core::NodeFacts& facts) {
  facts.storage = StorageFactsNow(report);
  FillTarget(report, facts.archiver);
  if (!IsFresh(report)) return;
  facts.standby_settings = report.standby_settings;
  facts.archiver.counted = report.ready_files >= 0;
  if (!facts.archiver.counted) return;
  facts.archiver.ready_files = report.ready_files;
  facts.archiver.oldest_ready =
      report.oldest_ready == 0 ? core::Instant::zero() : pg::Since(report.oldest_ready);
  facts.archiver.oldest_waiting = report.oldest_name;
  facts.archiver.waiting_bytes = report.ready_bytes;
  facts.archiver.archived_end = report.archived_end;
}

std::chrono::microseconds ObserverAllowed() {
  return 3 * std::max(setting::ObserveInterval(), setting::PeerTimeout()) + std::chrono::seconds(1);
}

core::PeersFacts PeersFactsNow(const ClusterReport& report, const core::NodeFacts& own) {
  const std::string architecture = Architecture();
  const std::string collation = CollationVersion();
  core::ClusterView view;
  view.measured =
      report.looked_at != core::Instant{} && pg::Now() - report.looked_at <= ObserverAllowed();
  view.own_version = PG_VERSION;
  view.own_architecture = architecture;
  view.own_collation_version = collation;
  view.own_role = own.role;
  view.upstream = own.upstream.view();
  view.rows.assign(report.peers.begin(), report.peers.end());
  core::PeersFacts facts = core::Summarize(view);
  if (own.role == core::Role::kStandby && !report.settings.empty()) {
    facts.settings_measured = true;
    facts.drift = core::DriftBetween(OwnSettings(), report.settings.view());
  }
  return facts;
}

}  // namespace baton
