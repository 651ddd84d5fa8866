#include "helper/archive/apart.hpp"

#include <csignal>
#include <gtest/gtest.h>
#include <unistd.h>

#include "test/unit/error_of.hpp"

namespace baton::helper {
namespace {

using std::chrono::seconds;

TEST(Apart, AnswersWhatTheWorkReturns) {
  Apart one([] { return std::string("one"); });
  Apart other([] { return std::string(100'000, 'x'); });

  EXPECT_EQ(other.Await(seconds(30)), std::string(100'000, 'x'));
  EXPECT_EQ(one.Await(seconds(0)), "one");
}

TEST(Apart, ThrowsWhatTheWorkThrows) {
  Apart work([]() -> std::string {
    throw core::Error(core::ErrorCode::kRefused, "message", "detail", "hint");
  });

  const core::Error error = ErrorOf([&] { work.Await(seconds(30)); });

  EXPECT_EQ(error.code(), core::ErrorCode::kRefused);
  EXPECT_EQ(error.message(), "message");
  EXPECT_EQ(error.detail(), "detail");
  EXPECT_EQ(error.hint(), "hint");
}

TEST(Apart, GivesUpWhatHangs) {
  Apart work([]() -> std::string {
    pause();
    return "";
  });

  const core::Error error = ErrorOf([&] { work.Await(seconds(1)); });

  EXPECT_EQ(error.message(), "it takes longer than 1 s");
  EXPECT_EQ(error.hint(), "The storage may hang; --timeout sets how long to wait for it.");
}

TEST(Apart, TellsThatTheWorkWasKilled) {
  Apart work([]() -> std::string {
    raise(SIGKILL);
    return "";
  });

  EXPECT_EQ(ErrorOf([&] { work.Await(seconds(30)); }).message(),
            "its process was ended by signal 9");
}

}  // namespace
}  // namespace baton::helper
