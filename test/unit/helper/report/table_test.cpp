#include "helper/report/table.hpp"

#include <gmock/gmock.h>

namespace baton::helper {
namespace {

TEST(Table, ColumnsAreAsWideAsTheirWidestCell) {
  EXPECT_THAT(TableLines({"node", "lag"}, {{"a", "-"}, {"standby", "3.4 s"}}),
              testing::ElementsAre(" node    | lag", "---------+-------", " a       | -",
                                   " standby | 3.4 s"));
}

TEST(Table, ACharacterOfSeveralBytesTakesOnePlace) {
  EXPECT_EQ(DisplayWidth("▁█?"), 3U);
  EXPECT_EQ(TableLines({"lag", "x"}, {{"▁█", "y"}})[2], " ▁█  | y");
}

}  // namespace
}  // namespace baton::helper
