#include "test/cluster/baton_scenario.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fmt/format.h>
#include <sstream>
#include <unistd.h>

#include "core/timeline_history.hpp"

namespace baton::test {
namespace {

constexpr std::size_t kShownViolations = 10;

// Outside the cluster's directory, which goes with the cluster.
fs::path NewLedgerFile() {
  const char* const folder = std::getenv("PG_BATON_TEST_DIR");
  const testing::TestInfo* const test = testing::UnitTest::GetInstance()->current_test_info();
  std::string name =
      fmt::format("ledger.{}.{}.{}", test->test_suite_name(), test->name(), getpid());
  std::replace(name.begin(), name.end(), '/', '.');
  return fs::path(folder == nullptr || *folder == '\0' ? "/tmp" : folder) / name;
}

// What the primary itself says about where its reign began, against its WAL.
std::vector<std::string> WrongReigns(const Node& primary, const Heir& heir) {
  if (heir.forks.empty()) return {};
  const Heir::Fork& fork = heir.forks.back();
  const std::string began = primary.Sql(fmt::format(
      "SELECT began_lsn FROM baton.reign WHERE node = '{}' AND timeline = {} AND began_lsn <> '{}'",
      heir.name, heir.timeline, fork.at.ToString()));
  if (began.empty()) return {};
  return {fmt::format("{} says that its reign began at {}, and its WAL that it was {}", heir.name,
                      began, fork.at.ToString())};
}

}  // namespace

BatonScenario::~BatonScenario() {
  if (writer_ == nullptr) return;
  writer_->Stop();
  std::error_code error;
  if (!HasFailure()) fs::remove(writer_->file(), error);
}

void BatonScenario::StartWriter(const std::vector<const Node*>& nodes,
                                const WriterOptions& options) {
  std::vector<Door> doors;
  for (const Node* const node : nodes) doors.push_back({node->name(), node->port()});
  StartWriter(*nodes.front(), doors, options);
}

void BatonScenario::StartWriter(const Node& primary, const std::vector<Door>& doors,
                                const WriterOptions& options) {
  primary.Sql("CREATE TABLE public.ledger (number bigint PRIMARY KEY)");
  // What the user was refused stands in the ledger, and need not fill the servers' logs.  In one
  // transaction, so that no standby knows the one without the other.
  primary.Sql(
      "DO $$BEGIN CREATE ROLE app LOGIN; GRANT INSERT ON public.ledger TO app;"
      " ALTER ROLE app SET log_min_messages = fatal; END$$");
  writer_ = std::make_unique<Writer>(doors, options, NewLedgerFile());
}

void BatonScenario::StopWriter() { writer_->Stop(); }

testing::AssertionResult BatonScenario::WritesGoOn(int rows) {
  const std::string path(kAnyNode);
  const int wanted = writer_->AcknowledgedByPath(path) + rows;
  if (Eventually([&] { return writer_->AcknowledgedByPath(path) >= wanted; })) {
    return testing::AssertionSuccess();
  }
  return testing::AssertionFailure() << "writes do not go on: " << Summary(ledger());
}

testing::AssertionResult BatonScenario::WritesGoOnAt(const Node& node, int rows) {
  const int wanted = writer_->AcknowledgedBy(node.name()) + rows;
  if (Eventually([&] { return writer_->AcknowledgedBy(node.name()) >= wanted; })) {
    return testing::AssertionSuccess();
  }
  return testing::AssertionFailure()
         << "writes do not go on at " << node.name() << ": " << Summary(ledger());
}

testing::AssertionResult BatonScenario::Judge(const Node& primary, Loss allowed) {
  const Heir heir = HeirOf(primary);
  const Ledger seen = ledger();
  std::vector<std::string> violations = Violations(seen, heir, allowed == Loss::kNone);
  for (const std::string& wrong : WrongReigns(primary, heir)) violations.push_back(wrong);
  const std::string account =
      fmt::format("{}; {} of the acknowledged are lost; ledger in {}", Summary(seen),
                  Lost(seen, heir).size(), writer_->file().string());
  RecordProperty("judged", account);
  if (violations.empty()) return testing::AssertionSuccess() << account;
  auto failure = testing::AssertionFailure() << violations.size() << " violations; " << account;
  for (std::size_t i = 0; i < std::min(violations.size(), kShownViolations); ++i) {
    failure << "\n" << violations[i];
  }
  return failure;
}

Heir HeirOf(const Node& primary) {
  Heir heir;
  heir.name = primary.name();
  const std::string timeline =
      primary.Sql("SELECT substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)");
  std::from_chars(timeline.data(), timeline.data() + timeline.size(), heir.timeline, 16);
  if (heir.timeline > 1) {
    const auto history = core::ParseTimelineHistory(
        primary.Sql(fmt::format("SELECT pg_read_file('pg_wal/{}.history')", timeline)),
        heir.timeline);
    for (const core::TimelineEntry& entry : history.value()) {
      if (!entry.end.IsNone()) heir.forks.push_back({entry.timeline, entry.end});
    }
  }
  std::istringstream rows(primary.Sql("SELECT number FROM public.ledger"));
  for (std::int64_t number = 0; rows >> number;) heir.rows.insert(number);
  return heir;
}

}  // namespace baton::test
