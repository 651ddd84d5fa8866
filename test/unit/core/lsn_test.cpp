#include "core/lsn.hpp"

#include <gtest/gtest.h>
#include <limits>

namespace baton::core {
namespace {

TEST(Lsn, IsNoneUntilItIsSet) {
  EXPECT_TRUE(Lsn().IsNone());
  EXPECT_EQ(Lsn().ToString(), "0/0");
  EXPECT_FALSE(Lsn(1).IsNone());
}

TEST(Lsn, IsWrittenAsPostgresWritesIt) {
  EXPECT_EQ(Lsn(0x16B374D848).ToString(), "16/B374D848");
  EXPECT_EQ(Lsn(0x1000000000).ToString(), "10/0");
  EXPECT_EQ(Lsn(std::numeric_limits<std::uint64_t>::max()).ToString(), "FFFFFFFF/FFFFFFFF");
}

TEST(Lsn, ReadsWhatItWrites) {
  for (const std::uint64_t bytes :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{0xFFFFFFFF}, std::uint64_t{0x100000000},
        std::uint64_t{0x16B374D848}, std::numeric_limits<std::uint64_t>::max()}) {
    EXPECT_EQ(Lsn::Parse(Lsn(bytes).ToString()), Lsn(bytes));
  }
}

TEST(Lsn, ReadsDigitsOfEitherCaseAndLeadingZeros) {
  EXPECT_EQ(Lsn::Parse("a/bC"), Lsn(0xA000000BC));
  EXPECT_EQ(Lsn::Parse("00000000/0000000F"), Lsn(15));
}

TEST(Lsn, RefusesWhatIsNoPosition) {
  for (const char* const text :
       {"", "/", "1", "1/", "/1", "1/2/3", " 1/2", "1/2 ", "1/ 2", "-1/2", "+1/2", "1/-2", "0x1/2",
        "1/0x2", "G/1", "123456789/0", "0/123456789", "none"}) {
    EXPECT_EQ(Lsn::Parse(text), std::nullopt) << '"' << text << '"';
  }
}

TEST(Lsn, OrdersByPositionInTheLog) {
  EXPECT_LT(Lsn(0xFFFFFFFF), Lsn(0x100000000));
  EXPECT_GT(Lsn(1), Lsn());
  EXPECT_EQ(Lsn(7), Lsn(7));
}

TEST(Lsn, CountsBytesSinceAnEarlierPosition) {
  EXPECT_EQ(Lsn(0x100000010).BytesSince(Lsn(0xFFFFFFF0)), 0x20);
}

TEST(Lsn, CountsNoBytesSinceItselfOrALaterPosition) {
  EXPECT_EQ(Lsn(10).BytesSince(Lsn(10)), 0);
  EXPECT_EQ(Lsn(10).BytesSince(Lsn(11)), 0);
}

}  // namespace
}  // namespace baton::core
