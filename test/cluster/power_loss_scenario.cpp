#include "test/cluster/power_loss_scenario.hpp"

#include <fmt/format.h>
#include <ostream>
#include <stdexcept>

#include "helper/system/file.hpp"

namespace baton::test {

void PrintTo(StartsAs outcome, std::ostream* stream) {
  constexpr const char* kNames[] = {"nothing", "standby", "primary", "not ready"};
  *stream << kNames[static_cast<int>(outcome)];
}

PowerLossScenario::PowerLossScenario()
    : disk_(cluster_.directory() / "disk"), a_(InitOnItsOwnDisk()), b_(cluster_.Clone("b", a_)) {
  a_.Sql("CREATE TABLE t AS SELECT generate_series(1, 1000) AS n");
  const std::string lsn = a_.Sql("SELECT pg_current_wal_lsn()");
  if (!Eventually([&] {
        return b_.Sql(fmt::format("SELECT pg_last_wal_replay_lsn() >= '{}'", lsn)) == "t";
      })) {
    throw std::runtime_error("b does not catch up");
  }
}

Node& PowerLossScenario::InitOnItsOwnDisk() {
  fs::create_directory(disk_);
  cluster_.KeepDataIn(disk_);
  Node& node = cluster_.InitPrimary("a", "fsync = on\n");
  cluster_.KeepDataIn(cluster_.directory());
  return node;
}

void PowerLossScenario::Diverge() {
  ASSERT_EQ(b_.Sql("SELECT outcome FROM baton.promote(force => true)"), "promoted");
  {
    // The gate is closed here by now.
    helper::Connection session = a_.Connect();
    session.Query("SET pg_baton.bypass_gate = on");
    session.Query("INSERT INTO t SELECT generate_series(5000, 5999)");
  }
  b_.Sql("INSERT INTO t SELECT generate_series(2000, 2009)");
  a_.Kill();
}

HelperResult PowerLossScenario::RecordRejoin(const std::vector<std::string>& more) {
  recording_ = std::make_unique<Recording>(disk_, cluster_.directory() / "record");
  return cluster_.RunRejoin(a_, b_, more, recording_->Environment());
}

PowerLoss PowerLossScenario::Recorded() const { return recording_->Read(); }

void PowerLossScenario::LosePower(PowerLoss& loss, std::size_t done, const Model& model) {
  if (a_.IsRunning()) a_.Kill();
  // A directory that a power loss left closed is closed to its owner's tests too.
  fs::remove_all(disk_);
  loss.Materialise(done, model, disk_);
}

StartsAs PowerLossScenario::TryToStart() {
  const helper::ProcessResult started =
      helper::RunProcess({Cluster::Program("pg_ctl"), "start", "-w", "-t", "30", "-D", a_.data(),
                          "-l", a_.log_file()});
  if (started.exit_code != 0 && !a_.IsRunning()) return StartsAs::kNothing;
  StartsAs outcome = StartsAs::kNotReady;
  if (started.exit_code == 0) {
    outcome = a_.Sql("SELECT pg_is_in_recovery()") == "t" ? StartsAs::kStandby : StartsAs::kPrimary;
  }
  a_.Kill();
  return outcome;
}

void PowerLossScenario::ExpectAFollowsB() {
  EXPECT_EQ(a_.Sql("SELECT pg_is_in_recovery()"), "t");
  const std::string lsn = b_.Sql("SELECT pg_current_wal_insert_lsn()");
  EXPECT_TRUE(Eventually(
      [&] { return a_.Sql(fmt::format("SELECT pg_last_wal_replay_lsn() >= '{}'", lsn)) == "t"; }));
  EXPECT_EQ(a_.Sql("SELECT count(*), sum(n) FROM t"), b_.Sql("SELECT count(*), sum(n) FROM t"));
  EXPECT_EQ(b_.Rows("SELECT name, state FROM baton.standbys"), "a|streaming");
}

}  // namespace baton::test
