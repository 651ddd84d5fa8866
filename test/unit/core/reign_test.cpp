#include "core/reign.hpp"

#include <gtest/gtest.h>

namespace baton::core {
namespace {

TEST(Reign, ANewerTimelineSupersedes) {
  EXPECT_TRUE(Supersedes({1, 3, {}}, {2, 2, {}}));
  EXPECT_FALSE(Supersedes({1, 2, {}}, {2, 3, {}}));
}

TEST(Reign, TwoOnOneTimelineSupersedeEachOther) {
  EXPECT_TRUE(Supersedes({1, 2, {}}, {2, 2, {}}));
  EXPECT_TRUE(Supersedes({2, 2, {}}, {1, 2, {}}));
}

TEST(Reign, TheSameOneDoesNotSupersedeItself) { EXPECT_FALSE(Supersedes({1, 2, {}}, {1, 2, {}})); }

TEST(Reign, WithoutAnIdOnlyTheTimelineSpeaks) {
  EXPECT_FALSE(Supersedes({0, 2, {}}, {1, 2, {}}));
  EXPECT_FALSE(Supersedes({1, 2, {}}, {0, 2, {}}));
  EXPECT_TRUE(Supersedes({0, 3, {}}, {1, 2, {}}));
}

}  // namespace
}  // namespace baton::core
