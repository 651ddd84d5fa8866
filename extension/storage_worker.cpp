#include "storage_worker.hpp"

#include "pg/postgres.hpp"

#include <string>

#include "core/fill_rate.hpp"
#include "durable_file.hpp"
#include "event_file.hpp"
#include "lag_file.hpp"
#include "pg/clock.hpp"
#include "pg/compat.hpp"
#include "pg/guard.hpp"
#include "pg/server_facts.hpp"
#include "pg/volumes.hpp"
#include "pg/worker.hpp"
#include "settings.hpp"
#include "shared_state.hpp"
#include "standing.hpp"
#include "target_probe.hpp"
#include "trigger_file.hpp"

namespace baton {
namespace {

constexpr const char* kProbe = "pg_baton/probe";
constexpr auto kLagFileInterval = std::chrono::seconds(10);
constexpr std::size_t kProbeBytes = 512;

class StorageWorker {
 public:
  StorageWorker() {
    shared::Board<StorageReport>().TakeOver();
    shared::Board<StorageReport>().Read(report_);
    report_.target_asked_at = {};
  }

  void Run() {
    const std::uint32_t event = pg::Call([] { return pg::NewWaitEvent("PgBatonStorageMain"); });
    for (;;) {
      Look();
      // New events wake it, so that they are on disk soon.
      core::Instant next = pg::Now() + setting::StorageInterval();
      while (pg::Now() < next) {
        LookForTrigger();
        if (target_.Advance(report_)) shared::Board<StorageReport>().Write(report_);
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(
            std::min(next, trigger_.NextLook()) - pg::Now());
        if (pg::WaitForLatch(left, event)) {
          KeepStanding();
          KeepEvents();
          next = std::min(next, pg::Now() + setting::StorageInterval());
        }
      }
    }
  }

 private:
  void Look() {
    Begin();
    KeepStanding();
    Probe();
    report_.wal = pg::MeasureVolume("pg_wal", "WAL");
    report_.fullest = pg::FullestVolume();
    if (report_.wal.Measured()) rate_.Add(report_.wal.free_bytes, pg::Now());
    report_.wal_rate_known = rate_.Known();
    report_.wal_full_in = rate_.FullIn();
    const pg::LiveFacts live = pg::ReadLive();
    const pg::ReadyFiles ready = pg::CountReadyFiles(
        live.role == core::Role::kPrimary ? live.position.current : live.position.received);
    report_.ready_files = ready.count;
    report_.oldest_ready = ready.oldest;
    report_.oldest_name = ready.oldest_name;
    report_.ready_bytes = ready.bytes;
    report_.archived_end = ready.archived_end;
    report_.standby_settings =
        RecoveryInProgress() ? pg::ReadStandbySettings() : core::StandbySettings{};
    if (RecoveryInProgress() && pg::Now() - lag_saved_at_ >= kLagFileInterval) {
      SaveLag(setting::NodeName(), shared::Read<Report>()->history);
      lag_saved_at_ = pg::Now();
    }
    KeepEvents();
    report_.looked_at = pg::Now();
    End();
  }

  void Probe() {
    const core::Instant begun = pg::Now();
    report_.error = WriteDurably(kProbe, std::string(kProbeBytes, '.'));
    report_.write_ended = pg::Now();
    report_.took = report_.write_ended - begun;
  }

  void KeepStanding() {
    if (!standing::MustKeep() && setting::NodeName() == standing_of_) return;
    Begin();
    // What cannot be written now is written the next time; check storage says that it failed.
    if (standing::Keep().empty()) standing_of_ = setting::NodeName();
    End();
  }

  void KeepEvents() {
    const auto events = shared::Read<core::EventLog>();
    if (events->last_id() == events_saved_) return;
    Begin();
    const std::string failure = SaveEvents(setting::NodeName(), *events);
    if (failure.empty()) events_saved_ = events->last_id();
    End();
  }

  void LookForTrigger() {
    if (pg::Now() < trigger_.NextLook()) return;
    Begin();
    trigger_.Look();
    End();
  }

  // Whoever looks while this process hangs sees since when.
  void Begin() {
    if (report_.write_begun != core::Instant{}) return;
    report_.write_begun = pg::Now();
    shared::Board<StorageReport>().Write(report_);
  }
  void End() {
    report_.write_begun = {};
    shared::Board<StorageReport>().Write(report_);
  }

  StorageReport report_;
  core::FillRate rate_;
  TriggerFile trigger_;
  TargetProbe target_;
  core::Instant lag_saved_at_{};
  std::int64_t events_saved_ = 0;
  std::string standing_of_ = setting::NodeName();
};

}  // namespace

void RegisterStorageWorker() {
  pg::RegisterWorker("pg_baton storage", "pg_baton_storage_main",
                     pg::WorkerKind::kWithSharedMemoryOnly);
}

}  // namespace baton

extern "C" {

PGDLLEXPORT void pg_baton_storage_main(Datum) {
  baton::pg::Entry([] {
    baton::pg::BeginWorker();
    baton::shared::EnterWorker(baton::shared::Worker::kStorage);
    std::make_unique<baton::StorageWorker>()->Run();
  });
}
}
