#include "test/power/content.hpp"

#include <gtest/gtest.h>

namespace baton::test {
namespace {

std::string Zeroed(const Content& content) { return *content.After(Data::kZeros); }

std::string WithZeros(const std::string& text, std::size_t count) {
  return text + std::string(count, '\0');
}

// As a server does with its control file.
TEST(ContentAfterAPowerLoss, WhatIsOverwrittenInPlaceIsNoZeros) {
  Content content("old block");
  content.Write(0, "new");

  EXPECT_EQ(Zeroed(content), "new block");
  EXPECT_EQ(*content.After(Data::kOld), "old block");
  EXPECT_EQ(*content.After(Data::kMissing), "old block");
}

TEST(ContentAfterAPowerLoss, WhatIsAppendedMayBeZeros) {
  Content content("old block");
  content.Write(4, "block, longer");

  EXPECT_EQ(Zeroed(content), WithZeros("old block", 8));
}

TEST(ContentAfterAPowerLoss, WhatWasCutOffAndWrittenAgainMayBeZeros) {
  Content content("old block");
  content.Resize(0);
  content.Write(0, "new");

  EXPECT_EQ(Zeroed(content), WithZeros("", 3));
}

TEST(ContentAfterAPowerLoss, OnlyWhatIsBeyondTheCutMayBeZeros) {
  Content content("old block");
  content.Resize(4);
  content.Resize(9);
  content.Write(0, "new bytes");

  EXPECT_EQ(Zeroed(content), WithZeros("new ", 5));
}

TEST(ContentAfterAPowerLoss, WhatAFlushHasBroughtToDiskIsThereFromThenOn) {
  Content content;
  content.Write(0, "block");
  EXPECT_EQ(Zeroed(content), WithZeros("", 5));
  content.Flush();
  content.Write(0, "B");

  EXPECT_EQ(Zeroed(content), "Block");
}

}  // namespace
}  // namespace baton::test
