#include "helper/system/port.hpp"

#include <gtest/gtest.h>

namespace baton::helper {
namespace {

TEST(IsPortFree, TellsNothingOfWhatIsNoPort) {
  EXPECT_EQ(IsPortFree(0), std::nullopt);
  EXPECT_EQ(IsPortFree(65536), std::nullopt);
}

// 192.0.2.0/24 and 2001:db8::/32 are for documents; no host has them.
TEST(IsOwnAddress, KnowsThoseOfThisHost) {
  EXPECT_EQ(IsOwnAddress("127.0.0.1"), true);
  EXPECT_EQ(IsOwnAddress("192.0.2.1"), false);
  EXPECT_FALSE(IsOwnAddress("2001:db8::1").value_or(false));
  EXPECT_EQ(IsOwnAddress("standby.example"), std::nullopt);
}

}  // namespace
}  // namespace baton::helper
