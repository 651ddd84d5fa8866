// setup-primary and the settings for a number of standbys.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/cluster/harness.hpp"

namespace baton::test {
namespace {

using testing::HasSubstr;

TEST(SetupSettings, FitTheNumberOfStandbysAndTheFreeSpace) {
  Cluster cluster;
  Node& a = cluster.InitPlain("a", "max_replication_slots = 40\n");

  const HelperResult result = cluster.SetupPrimary(a, {"--restart", "--standbys=8"});
  const HelperResult again = cluster.SetupPrimary(a, {"--standbys=8"});

  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("set max_wal_senders = '20' (was '10'"));
  EXPECT_THAT(result.output, HasSubstr("two for each of 8 standbys"));
  EXPECT_EQ(a.Sql("SHOW max_wal_senders"), "20");
  EXPECT_EQ(a.Sql("SHOW max_replication_slots"), "40");
  EXPECT_NE(a.Sql("SHOW max_slot_wal_keep_size"), "-1");
  EXPECT_EQ(a.Sql("SELECT setting::int >= 256 FROM pg_settings WHERE name = 'wal_keep_size'"), "t");
  EXPECT_EQ(again.exit_code, 0);
  EXPECT_THAT(again.output, HasSubstr("nothing to change")) << again.output;
}

TEST(SetupSettings, LeaveALimitOfSlotsThatSomebodySet) {
  Cluster cluster;
  Node& a = cluster.InitPlain("a", "max_slot_wal_keep_size = -1\n");

  const HelperResult result = cluster.SetupPrimary(a, {"--restart", "--standbys=1"});

  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_EQ(a.Sql("SHOW max_slot_wal_keep_size"), "-1");
}

}  // namespace
}  // namespace baton::test
