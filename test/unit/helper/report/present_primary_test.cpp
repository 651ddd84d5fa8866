#include "helper/report/present_primary.hpp"

#include <gtest/gtest.h>

#include "test/unit/error_of.hpp"

namespace baton::helper {
namespace {

ClusterRow Row(const std::string& name, const std::string& role, bool reachable,
               const std::string& error = "") {
  ClusterRow row;
  row.name = name;
  row.role = role;
  row.reachable = reachable;
  row.error = error;
  return row;
}

TEST(PresentPrimary, IsTheOneThatAnswers) {
  EXPECT_EQ(PresentPrimary("b", {Row("a", "primary", true), Row("b", "standby", true)}), "a");
}

TEST(PresentPrimary, IsNoneThatWasOneAndIsSilent) {
  EXPECT_EQ(PresentPrimary("c", {Row("a", "primary", false, "timeout"), Row("b", "primary", true),
                                 Row("c", "standby", true)}),
            "b");

  const core::Error error = ErrorOf([] {
    PresentPrimary("b", {Row("a", "primary", false, "timeout"), Row("b", "standby", true)});
  });

  EXPECT_EQ(error.code(), core::ErrorCode::kFailed);
  EXPECT_EQ(error.message(), "no primary answers node \"b\"");
  EXPECT_EQ(error.detail(), "Node \"a\" was the primary when it was last seen: timeout.");
  EXPECT_EQ(error.hint(), "See pg_baton status. Where the primary is gone: pg_baton promote.");
}

TEST(PresentPrimary, SaysLessWhereNoneWasEverSeen) {
  const core::Error error = ErrorOf([] {
    PresentPrimary("b", {Row("a", "", false), Row("b", "standby", true)});
  });

  EXPECT_EQ(error.message(), "no primary answers node \"b\"");
  EXPECT_EQ(error.detail(), "");
}

TEST(PresentPrimary, IsNotChosenAmongTwo) {
  const core::Error error = ErrorOf([] {
    PresentPrimary(
        "c", {Row("a", "primary", true), Row("b", "primary", true), Row("c", "standby", true)});
  });

  EXPECT_EQ(error.code(), core::ErrorCode::kRefused);
  EXPECT_EQ(error.message(), "2 nodes answer as primary");
  EXPECT_EQ(error.detail(), "By the word of node \"c\": \"a\", \"b\".");
  EXPECT_EQ(error.hint(), "Stop the one that should not be it, then pg_baton rejoin there.");
}

}  // namespace
}  // namespace baton::helper
