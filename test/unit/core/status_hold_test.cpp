#include "core/status_hold.hpp"

#include <gmock/gmock.h>

#include "test/unit/core/verdict.hpp"

namespace baton::core {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr auto kHold = 10s;
constexpr auto kOk = Status::kOk;
constexpr auto kWarning = Status::kWarning;
constexpr auto kCritical = Status::kCritical;
constexpr auto kUnknown = Status::kUnknown;

struct Shown {
  Status status;
  std::int64_t since;
  bool operator==(const Shown&) const = default;
};

void PrintTo(const Shown& shown, std::ostream* out) {
  *out << StatusText(shown.status) << " since " << shown.since;
}

// One check, looked at again and again; the wall clock shows the seconds since the start, plus
// 1000.
struct Watch {
  StatusHold hold;
  std::vector<Finding> findings;
  std::vector<StatusChange> changes;

  Shown See(Status found, int second, std::chrono::milliseconds hold_for = kHold) {
    findings = {Judged(Check::kReplayPaused, found, "", "seen")};
    changes = hold.Apply(findings, hold_for, 1h + std::chrono::seconds(second), 1000 + second);
    return {findings[0].status, findings[0].since};
  }
  // As See does at second 0, of a check that was not measured until then.
  void StartWith(Status found) {
    See(kUnknown, -1);
    See(found, 0);
  }
  void SeeNothing(int second) {
    findings.clear();
    changes = hold.Apply(findings, kHold, 1h + std::chrono::seconds(second), 1000 + second);
  }
  std::string Message() const { return findings.at(0).message.str(); }
};

TEST(StatusHold, HoldsAFirstFaultAsUnknown) {
  for (const Status fault : {kWarning, kCritical}) {
    Watch watch;

    EXPECT_EQ(watch.See(fault, 0), (Shown{kUnknown, 1000}));
    EXPECT_EQ(watch.See(fault, 9), (Shown{kUnknown, 1000}));
    EXPECT_EQ(watch.See(fault, 10), (Shown{fault, 1010}));
  }
}

TEST(StatusHold, ForgetsAFirstFaultThatWasOver) {
  Watch watch;
  watch.See(kCritical, 0);

  EXPECT_EQ(watch.See(kOk, 1), (Shown{kOk, 1001}));
  EXPECT_EQ(watch.See(kCritical, 2), (Shown{kOk, 1001}));
}

TEST(StatusHold, ShowsTheFirstStatusThatIsNoFaultAtOnce) {
  for (const Status status : {kOk, kUnknown}) {
    Watch watch;

    EXPECT_EQ(watch.See(status, 0), (Shown{status, 1000}));

    ASSERT_EQ(watch.changes.size(), 1u);
    EXPECT_TRUE(watch.changes[0].first);
    EXPECT_EQ(watch.changes[0].before, kUnknown);
    EXPECT_EQ(watch.changes[0].finding.status, status);
    EXPECT_EQ(watch.changes[0].finding.since, 1000);
    EXPECT_EQ(watch.Message(), "seen");
  }
}

TEST(StatusHold, KeepsTheMomentAtWhichAStatusCame) {
  Watch watch;
  watch.See(kOk, 0);

  EXPECT_EQ(watch.See(kOk, 60), (Shown{kOk, 1000}));
  EXPECT_THAT(watch.changes, IsEmpty());
}

TEST(StatusHold, ShowsAChangeOnlyAfterItHasHeld) {
  Watch watch;
  watch.See(kOk, 0);

  EXPECT_EQ(watch.See(kWarning, 20), (Shown{kOk, 1000}));
  EXPECT_EQ(watch.See(kWarning, 29), (Shown{kOk, 1000}));
  EXPECT_THAT(watch.changes, IsEmpty());
  EXPECT_EQ(watch.See(kWarning, 30), (Shown{kWarning, 1030}));

  ASSERT_EQ(watch.changes.size(), 1u);
  EXPECT_FALSE(watch.changes[0].first);
  EXPECT_EQ(watch.changes[0].before, kOk);
  EXPECT_EQ(watch.changes[0].finding.status, kWarning);
  EXPECT_EQ(watch.changes[0].finding.since, 1030);
  EXPECT_EQ(watch.changes[0].finding.message.view(), "seen");
  EXPECT_EQ(watch.See(kWarning, 40), (Shown{kWarning, 1030}));
  EXPECT_THAT(watch.changes, IsEmpty());
}

TEST(StatusHold, HoldsARecoveryLikeAFault) {
  Watch watch;
  watch.StartWith(kCritical);

  EXPECT_EQ(watch.See(kOk, 20), (Shown{kCritical, 1000}));
  EXPECT_EQ(watch.See(kOk, 29), (Shown{kCritical, 1000}));
  EXPECT_EQ(watch.See(kOk, 30), (Shown{kOk, 1030}));
}

TEST(StatusHold, SaysWhatIsAboutToChange) {
  Watch watch;
  watch.See(kOk, 0);

  watch.See(kCritical, 1);
  EXPECT_EQ(watch.Message(), "seen (becomes critical if it lasts for 10.0 s)");

  watch.See(kCritical, 11);
  EXPECT_EQ(watch.Message(), "seen");

  watch.See(kOk, 12);
  EXPECT_EQ(watch.Message(), "seen (becomes ok if it lasts for 10.0 s)");
}

TEST(StatusHold, LeavesNumberAndWordsOfNow) {
  Watch watch;
  watch.See(kOk, 0);
  watch.findings = {Measured(Check::kReplayLag, 1, {60, 300})};
  watch.hold.Apply(watch.findings, kHold, 1h, 1000);

  watch.findings = {Measured(Check::kReplayLag, 400, {60, 300})};
  watch.findings[0].hint = "Look.";
  watch.hold.Apply(watch.findings, kHold, 1h + 1s, 1001);

  EXPECT_EQ(watch.findings[0].status, kOk);
  EXPECT_EQ(watch.findings[0].value_number, 400);
  EXPECT_EQ(watch.findings[0].value.view(), "6 min 40 s");
  EXPECT_EQ(watch.findings[0].hint.view(), "Look.");
}

TEST(StatusHold, NeverShowsWhatOnlyFlaps) {
  Watch watch;
  watch.See(kOk, 0);
  for (int second = 1; second < 1000; ++second) {
    EXPECT_EQ(watch.See(second % 9 == 0 ? kOk : kCritical, second), (Shown{kOk, 1000}));
    EXPECT_THAT(watch.changes, IsEmpty());
  }
}

TEST(StatusHold, NeverShowsARecoveryThatOnlyFlaps) {
  Watch watch;
  watch.StartWith(kCritical);
  for (int second = 1; second < 1000; ++second) {
    EXPECT_EQ(watch.See(second % 9 == 0 ? kCritical : kOk, second), (Shown{kCritical, 1000}));
  }
}

TEST(StatusHold, ShowsTheMilderOfTwoFaultsThatTakeTurns) {
  Watch watch;
  watch.See(kOk, 0);
  for (int second = 1; second < 11; ++second) {
    EXPECT_EQ(watch.See(second % 2 == 0 ? kWarning : kCritical, second), (Shown{kOk, 1000}));
  }

  EXPECT_EQ(watch.See(kCritical, 11), (Shown{kWarning, 1011}));
  EXPECT_EQ(watch.Message(), "seen (becomes critical if it lasts for 10.0 s)");
  ASSERT_EQ(watch.changes.size(), 1u);
  EXPECT_EQ(watch.changes[0].finding.status, kWarning);
  for (int second = 12; second < 1000; ++second) {
    EXPECT_EQ(watch.See(second % 2 == 0 ? kWarning : kCritical, second), (Shown{kWarning, 1011}));
  }
}

TEST(StatusHold, ShowsTheWorseOfTwoFaultsOnceItHasHeldToo) {
  Watch watch;
  watch.See(kOk, 0);
  watch.See(kWarning, 1);
  watch.See(kCritical, 8);

  EXPECT_EQ(watch.See(kCritical, 11), (Shown{kWarning, 1011}));
  EXPECT_EQ(watch.See(kCritical, 17), (Shown{kWarning, 1011}));
  EXPECT_EQ(watch.See(kCritical, 18), (Shown{kCritical, 1018}));
}

TEST(StatusHold, ShowsThatAFaultIsMilderWhileItComesAndGoes) {
  Watch watch;
  watch.StartWith(kCritical);
  for (int second = 1; second < 11; ++second) {
    EXPECT_EQ(watch.See(second % 2 == 0 ? kOk : kWarning, second), (Shown{kCritical, 1000}));
  }

  EXPECT_EQ(watch.See(kOk, 12), (Shown{kWarning, 1012}));
  EXPECT_EQ(watch.See(kWarning, 13), (Shown{kWarning, 1012}));
}

TEST(StatusHold, IsBackFromUnknownAtOnce) {
  for (const Status status : {kOk, kWarning, kCritical}) {
    Watch watch;
    watch.See(kUnknown, 0);

    EXPECT_EQ(watch.See(status, 5), (Shown{status, 1005}));

    ASSERT_EQ(watch.changes.size(), 1u);
    EXPECT_FALSE(watch.changes[0].first);
    EXPECT_EQ(watch.changes[0].before, kUnknown);
    EXPECT_EQ(watch.Message(), "seen");
  }
}

TEST(StatusHold, BecomesUnknownOnlyAfterThatHasHeld) {
  Watch watch;
  watch.See(kOk, 0);

  EXPECT_EQ(watch.See(kUnknown, 5), (Shown{kOk, 1000}));
  EXPECT_EQ(watch.Message(), "seen (becomes unknown if it lasts for 10.0 s)");
  EXPECT_EQ(watch.See(kUnknown, 15), (Shown{kUnknown, 1015}));
  EXPECT_EQ(watch.See(kOk, 16), (Shown{kOk, 1016}));
}

TEST(StatusHold, HoldsAgainWhatComesAfterTheReturnFromUnknown) {
  Watch watch;
  watch.See(kUnknown, 0);
  watch.See(kOk, 100);

  EXPECT_EQ(watch.See(kWarning, 101), (Shown{kOk, 1100}));
  EXPECT_EQ(watch.See(kWarning, 111), (Shown{kWarning, 1111}));
}

TEST(StatusHold, OfZeroShowsEverythingAtOnce) {
  Watch watch;
  int second = 0;
  for (const Status status : {kOk, kCritical, kWarning, kUnknown, kOk, kUnknown, kCritical, kOk}) {
    ++second;
    EXPECT_EQ(watch.See(status, second, 0s), (Shown{status, 1000 + second}));
    EXPECT_EQ(watch.changes.size(), 1u);
    EXPECT_EQ(watch.Message(), "seen");
  }
}

TEST(StatusHold, BeginsAnewWhenACheckGaveNoRow) {
  Watch watch;
  watch.See(kOk, 0);
  watch.SeeNothing(1);
  EXPECT_THAT(watch.changes, IsEmpty());

  EXPECT_EQ(watch.See(kCritical, 2), (Shown{kUnknown, 1002}));
  ASSERT_EQ(watch.changes.size(), 1u);
  EXPECT_TRUE(watch.changes[0].first);
}

TEST(StatusHold, HoldsEachCheckByItself) {
  StatusHold hold;
  const auto apply = [&](Status paused, Status slots, int second) {
    std::vector<Finding> findings = {Judged(Check::kReplayPaused, paused, "", ""),
                                     Judged(Check::kSlots, slots, "", "")};
    hold.Apply(findings, kHold, 1h + std::chrono::seconds(second), 1000 + second);
    return std::vector<Shown>{{findings[0].status, findings[0].since},
                              {findings[1].status, findings[1].since}};
  };
  apply(kOk, kOk, 0);
  apply(kWarning, kOk, 1);

  EXPECT_THAT(apply(kWarning, kCritical, 11), ElementsAre(Shown{kWarning, 1011}, Shown{kOk, 1000}));
  EXPECT_THAT(apply(kWarning, kCritical, 21),
              ElementsAre(Shown{kWarning, 1011}, Shown{kCritical, 1021}));
}

TEST(StatusHold, LeavesARowAloneThatIsNoCheck) {
  StatusHold hold;
  std::vector<Finding> findings = {Judged("primary_alive", kCritical, "", "seen")};

  EXPECT_THAT(hold.Apply(findings, kHold, 1h, 1000), IsEmpty());

  EXPECT_EQ(VerdictOf(findings, "primary_alive"), Critical("", "seen"));
  EXPECT_EQ(findings[0].since, 0);
}

}  // namespace
}  // namespace baton::core
