#include "test/cluster/judgement.hpp"

#include <gmock/gmock.h>

namespace baton::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

Attempt Sent(std::int64_t number, Attempt::Moment sent_at) {
  Attempt attempt;
  attempt.number = number;
  attempt.path = kAnyNode;
  attempt.sent_at = sent_at;
  attempt.unanswered_at = sent_at + 8us;
  attempt.ended_at = sent_at + 10us;
  return attempt;
}

Attempt By(const std::string& server, core::TimelineId timeline, std::int64_t number,
           Attempt::Moment sent_at, std::uint64_t before_commit = 0x10) {
  Attempt attempt = Sent(number, sent_at);
  attempt.outcome = Outcome::kAcknowledged;
  attempt.server = server;
  attempt.timeline = timeline;
  attempt.before_commit = core::Lsn(before_commit);
  return attempt;
}

Ledger Of(const std::vector<Attempt>& attempts) {
  Ledger ledger;
  for (const Attempt& attempt : attempts) ledger.Note(attempt);
  return ledger;
}

// Timeline 2 was taken over from timeline 1 up to 0/100.
Heir HeirWith(std::set<std::int64_t> rows) {
  return {"b", 2, {{1, core::Lsn(0x100)}}, std::move(rows)};
}

TEST(TwoWritersTest, AreNotFoundWhereOneFollowsTheOther) {
  EXPECT_THAT(TwoWriters(Of({})), IsEmpty());
  EXPECT_THAT(TwoWriters(Of({By("a", 1, 1, 100us), By("a", 1, 2, 200us), By("b", 2, 3, 300us),
                             By("b", 2, 4, 400us), By("a", 3, 5, 500us)})),
              IsEmpty());
}

TEST(TwoWritersTest, AreFoundWhenTheOldOneStillAcknowledges) {
  EXPECT_THAT(
      TwoWriters(Of({By("a", 1, 1, 100us), By("b", 2, 2, 300us, 0x20), By("a", 1, 3, 400us, 0x30),
                     By("b", 2, 4, 500us)})),
      ElementsAre(
          "row 3 by path *, sent at 400 us and acknowledged by a on timeline 1 at 410 us, "
          "commit after 0/30 came after row 2 by path *, sent at 300 us and acknowledged by "
          "b on timeline 2 at 310 us, commit after 0/20"));
}

TEST(TwoWritersTest, AreFoundWhenTheAnswerComesLate) {
  Attempt late = By("a", 1, 1, 100us);
  late.unanswered_at = 900us;
  late.ended_at = 901us;

  EXPECT_EQ(TwoWriters(Of({late, By("b", 2, 2, 300us)})).size(), 1u);
}

// The client looked at the answers of both at once, and cannot tell which came first.
TEST(TwoWritersTest, AreNotFoundWhereTheOrderIsUnknown) {
  Attempt seen_late = By("a", 1, 1, 100us);
  seen_late.unanswered_at = 250us;
  seen_late.ended_at = 400us;
  Attempt first = By("b", 2, 2, 200us);
  first.unanswered_at = 250us;
  first.ended_at = 300us;

  EXPECT_THAT(TwoWriters(Of({seen_late, first})), IsEmpty());
}

TEST(TwoWritersTest, AreFoundOnTheSameTimelineInWhateverOrder) {
  EXPECT_EQ(TwoWriters(Of({By("b", 2, 1, 100us), By("c", 2, 2, 200us)})).size(), 1u);
  EXPECT_EQ(TwoWriters(Of({By("b", 2, 1, 200us), By("c", 2, 2, 100us)})).size(), 1u);
}

TEST(TwoWritersTest, AreNotFoundByWhatIsOpenOrRefused) {
  Attempt refused = Sent(3, 500us);
  refused.outcome = Outcome::kRefused;
  refused.sqlstate = "25006";

  EXPECT_THAT(TwoWriters(Of({By("a", 1, 1, 100us), By("b", 2, 2, 300us), refused, Sent(4, 600us)})),
              IsEmpty());
}

TEST(LossTest, IsWhatWasAcknowledgedAndIsMissing) {
  const Ledger ledger = Of({By("a", 1, 1, 100us), By("a", 1, 2, 200us), Sent(3, 300us)});

  EXPECT_THAT(LostAtAll(ledger, HeirWith({1, 2})), IsEmpty());
  EXPECT_THAT(
      LostAtAll(ledger, HeirWith({1, 3})),
      ElementsAre("b lacks row 2 by path *, sent at 200 us and acknowledged by a on timeline "
                  "1 at 210 us, commit after 0/10"));
}

TEST(LossTest, IsAllowedBeyondTheFork) {
  const Ledger ledger = Of({By("a", 1, 1, 100us, 0x80), By("a", 1, 2, 200us, 0x100),
                            By("a", 1, 3, 300us, 0x180), By("a", 1, 4, 400us, 0x200)});

  EXPECT_THAT(LostThoughTakenOver(ledger, HeirWith({1})), IsEmpty());
}

TEST(LossTest, IsAViolationBeforeTheFork) {
  const Ledger ledger = Of({By("a", 1, 1, 100us, 0x80), By("a", 1, 2, 200us, 0x90),
                            By("a", 1, 3, 300us, 0x100), By("a", 1, 4, 400us, 0x110)});

  EXPECT_THAT(
      LostThoughTakenOver(ledger, HeirWith({1})),
      ElementsAre(
          "b lacks row 2 by path *, sent at 200 us and acknowledged by a on timeline 1 at "
          "210 us, commit after 0/90 and before 0/100, though it took over WAL up to 0/100"));
}

// Row 2 was sent before the answer to row 1 came, by another path: it says nothing of where row 1's
// commit ends.
TEST(LossTest, IsNotHeldAgainstTheHeirWhereTheCommitMayLieBeyondTheFork) {
  const Ledger side_by_side = Of({By("a", 1, 1, 100us, 0x80), By("a", 1, 2, 105us, 0x90)});
  const Ledger of_another_server = Of({By("a", 1, 1, 100us, 0x80), By("b", 2, 2, 300us, 0x90)});

  EXPECT_THAT(LostThoughTakenOver(side_by_side, HeirWith({2})), IsEmpty());
  EXPECT_THAT(LostThoughTakenOver(of_another_server, HeirWith({2})), IsEmpty());
}

TEST(LossTest, IsAViolationOfTheHeirsOwnRows) {
  EXPECT_EQ(LostThoughTakenOver(Of({By("b", 2, 1, 100us, 0x180)}), HeirWith({})).size(), 1u);
}

TEST(LossTest, IsAViolationOnATimelineThatTheHeirNeverLeft) {
  const Heir never_promoted = {"b", 1, {}, {}};

  EXPECT_THAT(
      LostThoughTakenOver(Of({By("a", 1, 1, 100us)}), never_promoted),
      ElementsAre(
          "b, on timeline 1, never gave up row 1 by path *, sent at 100 us and acknowledged "
          "by a on timeline 1 at 110 us, commit after 0/10"));
  EXPECT_EQ(LostThoughTakenOver(Of({By("c", 3, 1, 100us, 0x180)}), HeirWith({})).size(), 1u);
}

TEST(LossTest, IsMeasuredAtTheForkOfTheTimelineThatTheRowWasWrittenOn) {
  const Heir heir = {"a", 3, {{1, core::Lsn(0x100)}, {2, core::Lsn(0x200)}}, {}};

  EXPECT_THAT(
      LostThoughTakenOver(Of({By("a", 1, 1, 100us, 0x120), By("a", 1, 2, 200us, 0x140)}), heir),
      IsEmpty());
  EXPECT_EQ(
      LostThoughTakenOver(Of({By("b", 2, 1, 100us, 0x120), By("b", 2, 2, 200us, 0x140)}), heir)
          .size(),
      1u);
}

TEST(PresenceTest, OfWhatWasWrittenBeyondTheForkIsAViolation) {
  const Ledger ledger = Of({By("a", 1, 1, 100us, 0x80), By("a", 1, 2, 200us, 0x100)});

  EXPECT_THAT(KeptFromBeyondTheFork(ledger, HeirWith({1})), IsEmpty());
  EXPECT_THAT(
      KeptFromBeyondTheFork(ledger, HeirWith({1, 2})),
      ElementsAre("b has row 2 by path *, sent at 200 us and acknowledged by a on timeline 1 at "
                  "210 us, commit after 0/100, though it took over WAL up to 0/100 only"));
}

TEST(PresenceTest, OfWhatWasRefusedIsAViolation) {
  Attempt refused = Sent(1, 100us);
  refused.outcome = Outcome::kRefused;
  refused.sqlstate = "25006";

  EXPECT_THAT(PresentThoughRefused(Of({refused, Sent(2, 200us)}), HeirWith({2})), IsEmpty());
  EXPECT_THAT(PresentThoughRefused(Of({refused}), HeirWith({1})),
              ElementsAre("b has row 1 by path *, sent at 100 us and refused with 25006"));
}

TEST(PresenceTest, OfWhatNobodySentIsAViolation) {
  EXPECT_THAT(PresentThoughNeverSent(Of({Sent(1, 100us)}), HeirWith({1, 2})),
              ElementsAre("b has row 2, which nobody sent"));
}

TEST(ViolationsTest, CountALossOnlyWhereItIsNotAllowed) {
  const Ledger ledger = Of({By("a", 1, 1, 100us, 0x80), By("a", 1, 2, 200us, 0x180)});

  EXPECT_THAT(Violations(ledger, HeirWith({1}), false), IsEmpty());
  EXPECT_EQ(Violations(ledger, HeirWith({1}), true).size(), 1u);
}

TEST(ViolationsTest, AreThoseOfAllJudgements) {
  Attempt refused = Sent(4, 100us);
  refused.outcome = Outcome::kRefused;
  const Ledger ledger = Of({By("b", 2, 1, 100us), By("c", 2, 2, 200us), refused,
                            By("a", 1, 5, 10us, 0x100), By("b", 2, 6, 300us)});

  EXPECT_EQ(Violations(ledger, HeirWith({1, 2, 3, 4, 5}), false).size(), 5u);
}

TEST(OutageTest, IsTheLongestTimeBetweenAcknowledgementsOnAPath) {
  Attempt direct = By("a", 1, 4, 40ms);
  direct.path = "a";
  const Ledger ledger =
      Of({By("a", 1, 1, 10ms), By("b", 2, 2, 95ms), By("a", 1, 3, 20ms), direct, Sent(5, 60ms)});

  EXPECT_EQ(LongestOutage(ledger), 75ms);
  EXPECT_EQ(LongestOutage(ledger, "a"), 0ms);
}

TEST(SummaryTest, CountsByOutcomeAndServer) {
  Attempt refused = Sent(3, 30ms);
  refused.outcome = Outcome::kRefused;
  refused.sqlstate = "25006";

  EXPECT_EQ(Summary(Of({By("a", 1, 1, 10ms), By("b", 2, 2, 22ms), refused, Sent(4, 40ms),
                        By("b", 2, 5, 23ms)})),
            "5 rows: 1 acknowledged by a, 2 acknowledged by b, 1 open, 1 refused with 25006; "
            "longest outage 12 ms");
}

}  // namespace
}  // namespace baton::test
