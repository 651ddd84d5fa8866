#include "helper/server/debian_cluster.hpp"

#include <gtest/gtest.h>

#include "test/unit/error_of.hpp"

namespace baton::helper {
namespace {

using Cluster = std::pair<std::string, std::string>;

TEST(ParseCluster, ReadsWhatPgLsclustersShowsAndWhatSystemdCallsIt) {
  EXPECT_EQ(ParseCluster("15/main"), (Cluster{"15", "main"}));
  EXPECT_EQ(ParseCluster("15-main"), (Cluster{"15", "main"}));
  EXPECT_EQ(ParseCluster("15-my-own"), (Cluster{"15", "my-own"}));
}

TEST(ParseCluster, RefusesAnythingElse) {
  for (const char* const cluster :
       {"", "15", "main", "15/", "/main", "-main", "x/main", "15/../main", "15/a/b", "15/."}) {
    const core::Error error = ErrorOf([&] { ParseCluster(cluster); });

    EXPECT_EQ(error.code(), core::ErrorCode::kUsage);
    EXPECT_EQ(error.message(), "invalid cluster \"" + std::string(cluster) + "\"");
    EXPECT_EQ(error.hint(), "Write it as 15/main or 15-main.");
  }
}

}  // namespace
}  // namespace baton::helper
