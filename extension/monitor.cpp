#include "monitor.hpp"

#include "pg/postgres.hpp"

#include <algorithm>

#include "chronicle.hpp"
#include "core/health.hpp"
#include "core/status_hold.hpp"
#include "event_reporter.hpp"
#include "following.hpp"
#include "lag_file.hpp"
#include "observation.hpp"
#include "pg/clock.hpp"
#include "pg/compat.hpp"
#include "pg/guard.hpp"
#include "pg/worker.hpp"
#include "promote_executor.hpp"
#include "settings.hpp"
#include "shared_state.hpp"
#include "standing.hpp"
#include "succession.hpp"
#include "upstream_changer.hpp"

namespace baton {
namespace {

constexpr auto kPromotionTurn = std::chrono::milliseconds(5);

// After a change the next one is likely: a standby that was registered connects, one that connected
// catches up.  Looks come faster then, so that nobody has to read the state of before.
constexpr auto kUnsettledInterval = std::chrono::milliseconds(200);
constexpr auto kUnsettledFor = std::chrono::seconds(10);

// What a change is.
struct Shape {
  core::Role role = core::Role::kUnknown;
  core::Link link = core::Link::kNone;
  bool promoting = false;
  bool heard = false;
  std::int32_t expected = 0;
  std::int32_t streaming = 0;
  std::int32_t slots_inactive = 0;

  static Shape Of(const core::NodeFacts& facts) {
    return {facts.role,
            facts.link,
            facts.promoting,
            facts.since_heard.has_value(),
            facts.standbys_expected,
            facts.standbys_streaming,
            facts.slots.inactive};
  }
  bool operator==(const Shape&) const = default;
};

class Monitor {
 public:
  Monitor() : report_(shared::Read<Report>()), registry_(shared::Read<Registry>()) {
    shared::Board<Report>().TakeOver();
    shared::Board<Registry>().TakeOver();
    shared::Board<core::EventLog>().TakeOver();
    // What a predecessor left is the past of this one; after a restart of the server the file is.
    report_->findings = {};
    if (RecoveryInProgress()) {
      if (!report_->valid) LoadLag(setting::NodeName(), report_->history);
      memory_.role = core::Role::kStandby;
    } else {
      report_->history = {};
    }
  }

  void Run() {
    const std::uint32_t event = pg::Call([] { return pg::NewWaitEvent("PgBatonMonitorMain"); });
    core::Instant next_look{};
    for (;;) {
      const bool promoting = AdvancePromotion();
      if (succession_.NoticePromotion(*report_, *registry_, chronicle_)) {
        succession_.Advance(*registry_);
        woken_ = true;
      }
      changer_.Advance();
      if (woken_ || pg::Now() >= next_look) {
        Look();
        next_look = pg::Now() + NextInterval();
      }
      const auto until = std::chrono::duration_cast<std::chrono::milliseconds>(
          next_look - pg::Now() + std::chrono::microseconds(999));
      woken_ = pg::WaitForLatch(promoting ? std::min(kPromotionTurn, until) : until, event);
      // A promotion's quick turns are no reason to look each time.
      if (promoting) woken_ = false;
    }
  }

 private:
  void Look() {
    shared::BeginLook();
    Observe(memory_, *report_, *registry_);
    following_.Judge(*registry_, report_->facts);
    report_->looked_at = pg::Now();
    report_->checked_at = GetCurrentTimestamp();
    auto findings = EvaluateHealth(report_->facts, setting::Health());
    const auto changes =
        hold_.Apply(findings, setting::HealthHold(), report_->looked_at, report_->checked_at);
    report_->findings.count = 0;
    for (const core::Finding& finding : findings) report_->findings.Add(finding);
    report_->valid = true;
    shared::Board<Report>().Write(*report_);
    PublishRegistry();
    shared::EndLook();
    chronicle_.Note(*report_, *registry_, changes);
    reporter_.Advance(chronicle_.last_id());
    following_.Act(*registry_, report_->facts, chronicle_);
    succession_.Advance(*registry_);
    pg::Call([] {
      pgstat_report_stat(false);
      pgstat_report_activity(STATE_IDLE, nullptr);
    });
  }

  void PublishRegistry() {
    const auto published = shared::Read<Registry>();
    const bool same =
        published->looked && published->readable == registry_->readable &&
        std::equal(published->nodes.begin(), published->nodes.end(), registry_->nodes.begin(),
                   registry_->nodes.end(), [](const auto& a, const auto& b) {
                     return a.name.view() == b.name.view() &&
                            a.conninfo.view() == b.conninfo.view();
                   });
    if (same) return;
    registry_->looked = true;
    shared::Board<Registry>().Write(*registry_);
    shared::Wake(shared::Worker::kObserver);
    standing::PeersChanged();
  }

  std::chrono::milliseconds NextInterval() {
    const Shape shape = Shape::Of(report_->facts);
    if (shape != shape_) {
      shape_ = shape;
      unsettled_until_ = pg::Now() + kUnsettledFor;
    }
    const auto interval = setting::CheckInterval();
    return pg::Now() < unsettled_until_ || shape.promoting ? std::min(interval, kUnsettledInterval)
                                                           : interval;
  }

  std::unique_ptr<Report> report_;
  std::unique_ptr<Registry> registry_;
  Memory memory_;
  core::StatusHold hold_;
  Chronicle chronicle_;
  EventReporter reporter_;
  Following following_;
  SuccessionStarter succession_;
  UpstreamChanger changer_;
  Shape shape_;
  core::Instant unsettled_until_{};
  bool woken_ = true;
};

}  // namespace

void RegisterMonitor() {
  pg::RegisterWorker("pg_baton monitor", "pg_baton_monitor_main", pg::WorkerKind::kWithDatabase);
}

}  // namespace baton

extern "C" {

PGDLLEXPORT void pg_baton_monitor_main(Datum) {
  baton::pg::Entry([] {
    baton::pg::BeginWorker();
    baton::pg::ConnectTo(baton::setting::Database(), "1s");
    baton::shared::EnterWorker(baton::shared::Worker::kMonitor);
    baton::Monitor().Run();
  });
}
}
