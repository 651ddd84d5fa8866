#include "core/archive_layout.hpp"

#include <gtest/gtest.h>

namespace baton::core {
namespace {

TEST(ToolOf, TellsByWhatOtherProgramsLeaveInAFolder) {
  const std::string segment = "000000010000000000000001";

  EXPECT_EQ(ToolOf("archive.info", false), "pgBackRest");
  EXPECT_EQ(ToolOf("archive.info.copy", false), "pgBackRest");
  EXPECT_EQ(ToolOf("15-1", true), "pgBackRest");
  EXPECT_EQ(ToolOf(segment + "-" + std::string(40, 'a') + ".gz", false), "pgBackRest");
  EXPECT_EQ(ToolOf("xlog.db", false), "Barman");
  EXPECT_EQ(ToolOf("identity.json", false), "Barman");
  EXPECT_EQ(ToolOf("wals", true), "Barman");
  EXPECT_EQ(ToolOf("wal_005", true), "WAL-G");
  EXPECT_EQ(ToolOf("0000000100000000", true), kEitherTool);
}

TEST(ToolOf, TellsNothingByOtherNames) {
  for (const char* const file : {"000000010000000000000001", "00000002.history", "15-1", "wals",
                                 "0000000100000000", "000000010000000000000001-abc"}) {
    EXPECT_EQ(ToolOf(file, false), "") << file;
  }
  for (const char* const folder : {"pg_baton.incoming", "2026-11", "15-", "-1", "00000001"}) {
    EXPECT_EQ(ToolOf(folder, true), "") << folder;
  }
}

}  // namespace
}  // namespace baton::core
