#include "monitor.hpp"

#include "pg/postgres.hpp"

#include <cstring>

#include "core/health.hpp"
#include "lag_file.hpp"
#include "observation.hpp"
#include "pg/clock.hpp"
#include "pg/compat.hpp"
#include "pg/guard.hpp"
#include "promote_executor.hpp"
#include "settings.hpp"
#include "shared_state.hpp"

namespace baton {
namespace {

constexpr auto kPromotionTurn = std::chrono::milliseconds(5);
constexpr auto kLagFileInterval = std::chrono::seconds(10);

// After a change the next one is likely: a standby that was registered connects, one that connected
// catches up.  Looks come faster then, so that nobody has to read the state of before.
constexpr auto kUnsettledInterval = std::chrono::milliseconds(200);
constexpr auto kUnsettledFor = std::chrono::seconds(10);

// What a change is.
struct Shape {
  core::Role role = core::Role::kUnknown;
  core::Link link = core::Link::kNone;
  bool heard = false;
  std::int32_t expected = 0;
  std::int32_t streaming = 0;
  std::int32_t slots_inactive = 0;

  static Shape Of(const core::NodeFacts& facts) {
    return {facts.role,
            facts.link,
            facts.since_heard.has_value(),
            facts.standbys_expected,
            facts.standbys_streaming,
            facts.slots.inactive};
  }
  bool operator==(const Shape&) const = default;
};

class Monitor {
 public:
  Monitor() : report_(shared::ReadReport()) {
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
      if (woken_ || pg::Now() >= next_look) {
        Look();
        next_look = pg::Now() + NextInterval();
      }
      const auto until = std::chrono::duration_cast<std::chrono::milliseconds>(
          next_look - pg::Now() + std::chrono::microseconds(999));
      Wait(promoting ? std::min(kPromotionTurn, until) : until, event);
      // A promotion's quick turns are no reason to look each time.
      if (promoting) woken_ = false;
    }
  }

 private:
  void Look() {
    shared::BeginLook();
    Observe(memory_, *report_);
    report_->findings = {};
    for (const core::Finding& finding : EvaluateHealth(report_->facts, setting::Health())) {
      report_->findings.Add(finding);
    }
    report_->looked_at = pg::Now();
    report_->checked_at = GetCurrentTimestamp();
    report_->valid = true;
    shared::Publish(*report_);
    shared::EndLook();
    if (report_->facts.role == core::Role::kStandby &&
        pg::Now() - lag_saved_at_ >= kLagFileInterval) {
      SaveLag(setting::NodeName(), report_->history);
      lag_saved_at_ = pg::Now();
    }
    pg::Call([] {
      pgstat_report_stat(false);
      pgstat_report_activity(STATE_IDLE, nullptr);
    });
  }

  std::chrono::milliseconds NextInterval() {
    const Shape shape = Shape::Of(report_->facts);
    if (shape != shape_) {
      shape_ = shape;
      unsettled_until_ = pg::Now() + kUnsettledFor;
    }
    const auto interval = setting::CheckInterval();
    return pg::Now() < unsettled_until_ ? std::min(interval, kUnsettledInterval) : interval;
  }

  void Wait(std::chrono::milliseconds limit, std::uint32_t event) {
    woken_ = pg::Call([&] {
      const int events = WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
                                   std::max<long>(limit.count(), 0), event);
      if ((events & WL_LATCH_SET) != 0) ResetLatch(MyLatch);
      CHECK_FOR_INTERRUPTS();
      if (ConfigReloadPending) {
        ConfigReloadPending = false;
        ProcessConfigFile(PGC_SIGHUP);
      }
      return (events & WL_LATCH_SET) != 0;
    });
  }

  std::unique_ptr<Report> report_;
  Memory memory_;
  core::Instant lag_saved_at_{};
  Shape shape_;
  core::Instant unsettled_until_{};
  bool woken_ = true;
};

}  // namespace

void RegisterMonitor() {
  pg::Call([] {
    BackgroundWorker worker{};
    strlcpy(worker.bgw_name, "pg_baton monitor", BGW_MAXLEN);
    strlcpy(worker.bgw_type, "pg_baton monitor", BGW_MAXLEN);
    worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
    worker.bgw_start_time = BgWorkerStart_ConsistentState;
    worker.bgw_restart_time = 1;
    strlcpy(worker.bgw_library_name, "pg_baton", sizeof(worker.bgw_library_name));
    strlcpy(worker.bgw_function_name, "pg_baton_monitor_main", BGW_MAXLEN);
    RegisterBackgroundWorker(&worker);
  });
}

}  // namespace baton

extern "C" {

PGDLLEXPORT void pg_baton_monitor_main(Datum) {
  baton::pg::Entry([] {
    baton::pg::Call([] {
      pqsignal(SIGHUP, SignalHandlerForConfigReload);
      pqsignal(SIGTERM, die);
      BackgroundWorkerUnblockSignals();
      BackgroundWorkerInitializeConnection(baton::setting::Database(), nullptr, 0);
      // A superuser's SQL must not find anybody's operators, nor wait for anybody's locks.
      SetConfigOption("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_OVERRIDE);
      SetConfigOption("lock_timeout", "1s", PGC_USERSET, PGC_S_OVERRIDE);
    });
    baton::shared::EnterMonitor();
    baton::Monitor().Run();
  });
}
}
