#include "test/cluster/clone_cut_short_scenario.hpp"

#include <array>
#include <csignal>
#include <fmt/format.h>

namespace baton::test {
namespace {

constexpr std::size_t kHalfOfTheCopy = 10'000'000;
constexpr std::array<const char*, 10> kNames = {"Looking",     "Copying",    "HalfWay", "Copied",
                                                "Configuring", "Configured", "Whole",   "Starting",
                                                "Started",     "Waiting"};

// Half-way is met in the network.
std::optional<Pause> PauseAt(CutMoment moment) {
  using When = Pause::When;
  switch (moment) {
    case CutMoment::kLooking:
      return Pause{"postgres", When::kBeforeItRuns, "--version"};
    case CutMoment::kCopying:
      return Pause{"pg_basebackup", When::kBeforeItRuns, ""};
    case CutMoment::kHalfWay:
      return std::nullopt;
    case CutMoment::kCopied:
      return Pause{"pg_basebackup", When::kAfterItRan, ""};
    case CutMoment::kConfiguring:
      return Pause{"postgres", When::kBeforeItRuns, "-C max_connections"};
    case CutMoment::kConfigured:
      return Pause{"postgres", When::kBeforeItRuns, "-C port"};
    case CutMoment::kWhole:
      return Pause{"postgres", When::kBeforeItRuns, "-C port", 2};
    case CutMoment::kStarting:
    case CutMoment::kWaiting:
      return Pause{"pg_ctl", When::kBeforeItRuns, "start"};
    case CutMoment::kStarted:
      return Pause{"pg_ctl", When::kAfterItRan, "start"};
  }
  return std::nullopt;
}

}  // namespace

std::vector<CutMoment> AllMoments() {
  std::vector<CutMoment> moments;
  for (std::size_t i = 0; i < kNames.size(); ++i) moments.push_back(static_cast<CutMoment>(i));
  return moments;
}

std::string NameOf(CutMoment moment) { return kNames[static_cast<std::size_t>(moment)]; }

CloneCutShort::CloneCutShort() : role_(Role()) {}

CloneCutShort::~CloneCutShort() {
  if (clone_ == 0) return;
  SendSignal(clone_, SIGKILL);
  WaitFor(clone_);
}

void CloneCutShort::BeginUntil(CutMoment moment) {
  PrepareFor(moment);
  std::vector<std::string> arguments = Arguments();
  arguments.insert(arguments.begin(), Cluster::Program("pg_baton"));
  clone_ = Spawn(arguments, output_file());
  ASSERT_TRUE(IsThere()) << Output();
}

void CloneCutShort::PrepareFor(CutMoment moment) {
  moment_ = moment;
  const auto pause = PauseAt(moment);
  if (pause) {
    programs_.emplace(cluster_.directory() / "programs", *pause);
  } else {
    network_.HoldAnswersAfter(kHalfOfTheCopy);
  }
}

bool CloneCutShort::IsThere() {
  if (!programs_) {
    return Eventually([this] { return network_.HoldsAnswers(); });
  }
  if (!programs_->IsPaused()) return false;
  return moment_ != CutMoment::kWaiting || GetsToWaiting();
}

// The standby does not reach its primary, which the clone still asks.
bool CloneCutShort::GetsToWaiting() {
  network_.Refuse();
  programs_->GoOn();
  return Eventually([this] {
    return a_.Sql(
               "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT state, replay_lsn "
               "FROM pg_catalog.pg_stat_replication%'") == "1";
  });
}

void CloneCutShort::GoOn() {
  if (programs_) programs_->GoOn();
  network_.ReleaseAnswers();
}

int CloneCutShort::ExitCode() {
  const int code = WaitFor(clone_);
  clone_ = 0;
  return code;
}

bool CloneCutShort::SaysThatItsSlotMightBeLeft() const {
  return Output().find("warning: replication slot \"b\" might be left behind") != std::string::npos;
}

void CloneCutShort::ExpectAtTheSource(const std::string& slots) const {
  EXPECT_EQ(Slots(), slots);
  EXPECT_EQ(Nodes(), moment_ > CutMoment::kWhole ? "a,b" : "a");
  EXPECT_EQ(Role(), role_);
}

void CloneCutShort::ExpectNoPrimaryStarts() {
  if (IsWhole()) return ExpectAStandbyStarts();
  helper::ProcessOptions options;
  options.limit = 10s;
  const helper::ProcessResult start =
      helper::RunProcess({Cluster::Program("postgres"), "-D", b_.data()}, options);
  EXPECT_NE(start.exit_code, 0) << start.output;
  if (fs::exists(b_.data())) {
    EXPECT_EQ(fs::status(b_.data()).permissions() & fs::perms::mask, static_cast<fs::perms>(0701))
        << start.output;
  }
}

void CloneCutShort::ExpectAStandbyStarts() {
  EXPECT_TRUE(fs::exists(b_.data() / "standby.signal"));
  EXPECT_EQ(b_.IsRunning(), IsRunning());
  if (!IsRunning()) b_.Start();
  EXPECT_EQ(b_.Sql("SELECT pg_is_in_recovery()"), "t");
  if (!IsRunning()) b_.Stop();
}

void CloneCutShort::ExpectItGoesOn() {
  InsertRows();
  network_.Deliver();
  network_.ReleaseAnswers();

  const HelperResult again = cluster_.Helper(Arguments());

  ASSERT_EQ(again.exit_code, 0) << again.output;
  EXPECT_EQ(again.output.find("is whole already") != std::string::npos, IsWhole()) << again.output;
  ExpectAllIsThere();
  EXPECT_FALSE(fs::exists(note()));
}

void CloneCutShort::InsertRows() const {
  a_.Sql("INSERT INTO here VALUES (0)");
  a_.Sql("INSERT INTO elsewhere VALUES (0)");
}

void CloneCutShort::ExpectAllIsThere() const {
  EXPECT_EQ(b_.Sql("SELECT pg_is_in_recovery()"), "t");
  EXPECT_EQ(a_.Rows("SELECT application_name, state FROM pg_stat_replication"), "b|streaming");
  for (const char* const table : {"here", "elsewhere"}) {
    EXPECT_TRUE(Eventually([&] {
      return b_.Sql(fmt::format("SELECT count(*) FROM {} WHERE n BETWEEN 0 AND 1000", table)) ==
             "1001";
    })) << table;
  }
  EXPECT_EQ(Slots(), "b");
  EXPECT_EQ(Nodes(), "a,b");
  EXPECT_EQ(Role(), role_);
}

std::vector<std::string> CloneCutShort::Arguments() const {
  return CloneOfB(network_.port(), programs());
}

std::string CloneCutShort::Role() const {
  return a_.Rows("SELECT *, rolpassword FROM pg_authid WHERE rolname = 'baton_node'");
}

}  // namespace baton::test
