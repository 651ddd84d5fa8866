#include "helper/server/hand_over_watch.hpp"

#include <atomic>
#include <gtest/gtest.h>

namespace baton::helper {
namespace {

using namespace std::chrono_literals;

using Answers = std::vector<std::string>;

// A node that gives these answers one after the other, and the last one for ever; "-" is none, and
// "" no row.
HandOverWatch::Ask Giving(Answers answers, std::atomic<int>* asked = nullptr) {
  auto next = std::make_shared<std::size_t>(0);
  return [answers = std::move(answers), next, asked]() -> std::optional<HandOverRow> {
    if (asked != nullptr) ++*asked;
    const std::string answer = answers[std::min((*next)++, answers.size() - 1)];
    if (answer == "-") throw core::Error(core::ErrorCode::kFailed, "it failed", "starting up");
    if (answer.empty()) return std::nullopt;
    HandOverRow row;
    row.outcome = answer;
    return row;
  };
}

SwitchoverEnd Await(HandOverWatch& from, HandOverWatch& to, std::chrono::milliseconds limit = 10s) {
  return AwaitSwitchover(from, to, HandOverWatch::Clock::now() + limit);
}

TEST(AwaitSwitchover, GoesOnUntilBothAreDoneThoughTheOldPrimaryStartsAnewMeanwhile) {
  HandOverWatch from("a", 1ms, Giving({"running", "-", "-", "", "running", "done"}));
  HandOverWatch to("b", 1ms, Giving({"", "requested", "running", "done"}));

  EXPECT_EQ(Await(from, to), SwitchoverEnd::kDone);
  EXPECT_EQ(from.word().error, "");
}

TEST(AwaitSwitchover, EndsAtOnceWhenItWasUndone) {
  HandOverWatch from("a", 1ms, Giving({"running", "-", "failed"}));
  HandOverWatch to("b", 1ms, Giving({"running"}));

  EXPECT_EQ(Await(from, to), SwitchoverEnd::kUndone);
}

TEST(AwaitSwitchover, EndsWithTheTimeAndTheLastWordOfBoth) {
  HandOverWatch from("a", 1ms, Giving({"running", "-"}));
  HandOverWatch to("b", 1ms, Giving({"done"}));

  EXPECT_EQ(Await(from, to, 100ms), SwitchoverEnd::kNotFollowed);
  EXPECT_EQ(from.word().Text(), "node \"a\": running; no answer now: starting up");
}

TEST(AwaitSwitchover, AsksOneNodeWhileTheOtherHangs) {
  std::promise<void> wakes;
  const std::shared_future<void> awake = wakes.get_future().share();
  HandOverWatch from("a", 1ms, Giving({"requested", "running", "-", "failed"}));
  HandOverWatch to("b", 1ms, [awake]() -> std::optional<HandOverRow> {
    awake.wait();
    return std::nullopt;
  });

  EXPECT_EQ(Await(from, to), SwitchoverEnd::kUndone);
  EXPECT_FALSE(to.word().row);

  wakes.set_value();
}

TEST(HandOverWatch, TellsOfAQuestionThatHasNoAnswer) {
  std::promise<void> wakes;
  const std::shared_future<void> awake = wakes.get_future().share();
  HandOverWatch from("a", 1ms, [awake]() -> std::optional<HandOverRow> {
    awake.wait();
    return std::nullopt;
  });
  const auto began = HandOverWatch::Clock::now();

  from.Look(began);
  from.Look(began + 999ms);
  EXPECT_EQ(from.word().error, "");
  from.Look(began + 1s);
  EXPECT_EQ(from.word().error, "it was asked more than a second ago");

  wakes.set_value();
}

TEST(HandOverWatch, AsksNotMoreOftenThanItsInterval) {
  std::atomic<int> asked = 0;
  HandOverWatch from("a", 1h, Giving({"running"}, &asked));
  HandOverWatch to("b", 1ms, Giving({"running"}));

  Await(from, to, 100ms);

  EXPECT_LE(asked, 1);
}

}  // namespace
}  // namespace baton::helper
