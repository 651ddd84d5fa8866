#include "extension/published.hpp"

#include <gtest/gtest.h>
#include <memory>
#include <thread>

namespace baton {
namespace {

// Large enough that a copy takes a while; whole only if all its numbers are the same.
struct Wide {
  std::array<std::uint64_t, 16384> numbers{};

  bool IsWhole() const {
    for (const std::uint64_t number : numbers) {
      if (number != numbers[0]) return false;
    }
    return true;
  }
};

TEST(Published, IsWhatTheStructBeginsWithUntilItIsWritten) {
  Published<int> board;
  int value = 1;

  board.Read(value);

  EXPECT_EQ(value, 0);
}

TEST(Published, IsWhatWasWrittenLast) {
  Published<int> board;
  int value = 0;

  for (const int written : {1, 2, 3}) {
    board.Write(written);
    board.Read(value);
    EXPECT_EQ(value, written);
  }
}

TEST(Published, IsNeverReadHalfWritten) {
  const auto board = std::make_unique<Published<Wide>>();
  std::atomic<bool> done{false};
  std::thread writer([&] {
    const auto value = std::make_unique<Wide>();
    for (std::uint64_t i = 1; i <= 3000; ++i) {
      value->numbers.fill(i);
      board->Write(*value);
    }
    done = true;
  });

  const auto value = std::make_unique<Wide>();
  std::uint64_t last = 0;
  bool in_order = true;
  bool whole = true;
  while (!done) {
    board->Read(*value);
    whole = whole && value->IsWhole();
    in_order = in_order && value->numbers[0] >= last;
    last = value->numbers[0];
  }
  writer.join();

  EXPECT_TRUE(whole);
  EXPECT_TRUE(in_order);
  board->Read(*value);
  EXPECT_EQ(value->numbers[0], 3000u);
}

TEST(Published, IsReadableAfterAWriterThatWasTakenOver) {
  Published<int> board;
  board.Write(7);

  board.TakeOver();
  board.Write(8);
  int value = 0;
  board.Read(value);

  EXPECT_EQ(value, 8);
}

}  // namespace
}  // namespace baton
