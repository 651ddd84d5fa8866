#include "test/cluster/ledger.hpp"

#include <gmock/gmock.h>
#include <sstream>

namespace baton::test {
namespace {

using namespace std::chrono_literals;

Attempt Sample() {
  Attempt attempt;
  attempt.number = 17;
  attempt.path = "a";
  attempt.sent_at = 5000us;
  attempt.unanswered_at = 5100us;
  attempt.ended_at = 5200us;
  return attempt;
}

TEST(LedgerTest, WritesAnAttemptAsALine) {
  Attempt attempt = Sample();
  EXPECT_EQ(ToLine(attempt), "17 a 5000 5100 5200 open - - 0 0/0");

  attempt.outcome = Outcome::kRefused;
  attempt.sqlstate = "25006";
  EXPECT_EQ(ToLine(attempt), "17 a 5000 5100 5200 refused 25006 - 0 0/0");

  attempt.outcome = Outcome::kAcknowledged;
  attempt.sqlstate = "";
  attempt.server = "a";
  attempt.timeline = 2;
  attempt.before_commit = core::Lsn(0x3000028);
  EXPECT_EQ(ToLine(attempt), "17 a 5000 5100 5200 acknowledged - a 2 0/3000028");
}

TEST(LedgerTest, ReadsWhatItWrote) {
  for (const char* const line :
       {"17 a 5000 5100 5200 open - - 0 0/0", "18 * 1 2 3 open 57P01 - 0 0/0",
        "19 b 1 2 3 refused 25006 - 0 0/0", "20 * 1 2 3 acknowledged - b 11 1/A0"}) {
    const std::optional<Attempt> attempt = ParseAttempt(line);
    ASSERT_TRUE(attempt) << line;
    EXPECT_EQ(ToLine(*attempt), line);
  }
}

TEST(LedgerTest, ReadsNoOtherLine) {
  for (const char* const line :
       {"", "17", "17 a 5000 5100 5200 done - - 0 0/0", "17 a 5000 5100 5200 open - - 0",
        "x a 5000 5100 5200 open - - 0 0/0", "17 a 5000 5100 5200 open - - 0 0/0 more",
        "17 a 5000 5100 5200 open - - 0 0"}) {
    EXPECT_FALSE(ParseAttempt(line)) << line;
  }
}

TEST(LedgerTest, TakesTheLastOutcomeOfARow) {
  std::istringstream file(
      "17 a 1 2 3 open - - 0 0/0\n"
      "18 a 1 2 3 open - - 0 0/0\n"
      "17 a 1 8 9 acknowledged - a 1 0/10\n");

  const std::optional<Ledger> ledger = Ledger::Read(file);

  ASSERT_TRUE(ledger);
  ASSERT_EQ(ledger->attempts().size(), 2u);
  EXPECT_EQ(ledger->attempts().at(17).outcome, Outcome::kAcknowledged);
  EXPECT_EQ(ledger->attempts().at(17).ended_at, 9us);
  EXPECT_EQ(ledger->attempts().at(18).outcome, Outcome::kOpen);
}

TEST(LedgerTest, LeavesALineThatWasNotFinished) {
  std::istringstream file(
      "17 a 1 2 3 open - - 0 0/0\n"
      "18 a 1 2 3 acknowledged - a 1 0/1");

  const std::optional<Ledger> ledger = Ledger::Read(file);

  ASSERT_TRUE(ledger);
  EXPECT_EQ(ledger->attempts().size(), 1u);
}

TEST(LedgerTest, IsNotReadFromAnotherFile) {
  std::istringstream file("once upon a time\n");
  EXPECT_FALSE(Ledger::Read(file));
}

}  // namespace
}  // namespace baton::test
