#include "core/unified_diff.hpp"

#include <gtest/gtest.h>

namespace baton::core {
namespace {

std::string Diff(std::string_view before, std::string_view after) {
  return UnifiedDiff(before, after, "a", "b");
}

TEST(UnifiedDiff, IsEmptyForTheSameText) {
  EXPECT_EQ(Diff("", ""), "");
  EXPECT_EQ(Diff("one\ntwo", "one\ntwo"), "");
}

TEST(UnifiedDiff, ShowsAnInsertionWithItsPlace) {
  EXPECT_EQ(Diff("1\n2\n3\n4\n5\n6\n7\n8\n", "1\n2\n3\n4\nnew\n5\n6\n7\n8\n"),
            "--- a\n+++ b\n"
            "@@ -2,6 +2,7 @@\n"
            " 2\n 3\n 4\n+new\n 5\n 6\n 7\n");
}

TEST(UnifiedDiff, ShowsARemovalAndAReplacement) {
  EXPECT_EQ(Diff("1\n2\n3\n", "1\n3\n"), "--- a\n+++ b\n@@ -1,3 +1,2 @@\n 1\n-2\n 3\n");
  EXPECT_EQ(Diff("1\n2\n3\n", "1\nx\n3\n"), "--- a\n+++ b\n@@ -1,3 +1,3 @@\n 1\n-2\n+x\n 3\n");
}

TEST(UnifiedDiff, KeepsDistantChangesApartAndCloseOnesTogether) {
  EXPECT_EQ(Diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "x\n2\n3\n4\n5\n6\n7\n8\ny\n"),
            "--- a\n+++ b\n"
            "@@ -1,4 +1,4 @@\n-1\n+x\n 2\n 3\n 4\n"
            "@@ -6,4 +6,4 @@\n 6\n 7\n 8\n-9\n+y\n");
  EXPECT_EQ(Diff("1\n2\n3\n4\n5\n", "x\n2\n3\n4\ny\n"),
            "--- a\n+++ b\n@@ -1,5 +1,5 @@\n-1\n+x\n 2\n 3\n 4\n-5\n+y\n");
}

TEST(UnifiedDiff, BeginsAndEndsAFile) {
  EXPECT_EQ(Diff("", "1\n"), "--- a\n+++ b\n@@ -0,0 +1 @@\n+1\n");
  EXPECT_EQ(Diff("1\n2\n", ""), "--- a\n+++ b\n@@ -1,2 +0,0 @@\n-1\n-2\n");
}

TEST(UnifiedDiff, SaysWhereALastLineHasNoNewline) {
  EXPECT_EQ(Diff("1", "1\n"), "--- a\n+++ b\n@@ -1 +1 @@\n-1\n\\ No newline at end of file\n+1\n");
}

}  // namespace
}  // namespace baton::core
