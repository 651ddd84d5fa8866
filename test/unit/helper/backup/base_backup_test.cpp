#include "helper/backup/base_backup.hpp"

#include <gtest/gtest.h>

namespace baton::helper {
namespace {

struct CopyState {
  std::int64_t done = -1;
  std::int64_t total = -1;
};

TEST(ParseCopyProgress, ReadsKilobytesAsBytes) {
  CopyState state;

  EXPECT_TRUE(ParseCopyProgress("12345/67890 kB (18%), 0/1 tablespace", state.done, state.total));

  EXPECT_EQ(state.done, 12345 * 1024);
  EXPECT_EQ(state.total, 67890 * 1024);
}

TEST(ParseCopyProgress, ReadsALineThatIsPadded) {
  CopyState state;

  EXPECT_TRUE(ParseCopyProgress("     0/67890 kB (0%), 0/1 tablespace (...data/base/1/2608     )",
                                state.done, state.total));

  EXPECT_EQ(state.done, 0);
  EXPECT_EQ(state.total, 67890 * 1024);
}

TEST(ParseCopyProgress, ReadsMoreThanAnIntHolds) {
  CopyState state;

  EXPECT_TRUE(
      ParseCopyProgress("5000000000/9000000000 kB (55%), 0/1 tablespace", state.done, state.total));

  EXPECT_EQ(state.done, 5'000'000'000 * 1024);
  EXPECT_EQ(state.total, 9'000'000'000 * 1024);
}

TEST(ParseCopyProgress, TakesNoOtherLineForProgress) {
  for (const char* const line :
       {"", "waiting for checkpoint", "pg_basebackup: error: connection failed", "12345/67890",
        "12345/67890 kB", "12345/67890 MB (18%)", "12345 kB (18%)", "read 1/2 kB (50%)"}) {
    CopyState state;

    EXPECT_FALSE(ParseCopyProgress(line, state.done, state.total)) << line;

    EXPECT_EQ(state.done, -1) << line;
    EXPECT_EQ(state.total, -1) << line;
  }
}

}  // namespace
}  // namespace baton::helper
