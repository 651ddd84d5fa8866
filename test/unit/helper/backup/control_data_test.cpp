#include "helper/backup/control_data.hpp"

#include <gtest/gtest.h>

#include "test/unit/error_of.hpp"

namespace baton::helper {
namespace {

// As pg_controldata prints it, the lines that matter among some that do not.
constexpr const char* kShutDown =
    "pg_control version number:            1300\n"
    "Catalog version number:               202209061\n"
    "Database system identifier:           7301234567890123456\n"
    "Database cluster state:               shut down\n"
    "pg_control last modified:             Mon 06 Nov 2023 10:11:12 AM UTC\n"
    "Latest checkpoint location:           0/3000028\n"
    "Latest checkpoint's TimeLineID:       12\n"
    "Latest checkpoint's PrevTimeLineID:   11\n"
    "Database block size:                  8192\n"
    "wal_log_hints setting:                on\n"
    "Data page checksum version:           0\n";

TEST(ParseControlData, ReadsWhatARewindNeeds) {
  const ControlData data = ParseControlData(kShutDown);

  EXPECT_EQ(data.state, "shut down");
  EXPECT_EQ(data.system_identifier, "7301234567890123456");
  EXPECT_EQ(data.timeline, 12u);
  EXPECT_EQ(data.block_bytes, 8192u);
  EXPECT_TRUE(data.wal_log_hints);
  EXPECT_FALSE(data.data_checksums);
}

TEST(ParseControlData, AServerThatCrashedAfterItsPromotionIsOnTheNewTimeline) {
  const ControlData data = ParseControlData(
      "Latest checkpoint's TimeLineID:       12\n"
      "Min recovery ending loc's timeline:   13\n");

  EXPECT_EQ(data.timeline, 13u);
}

TEST(ParseControlData, ReadsChecksumsAndHintsTheOtherWayRound) {
  const ControlData data = ParseControlData(
      "Database cluster state:               in archive recovery\n"
      "wal_log_hints setting:                off\n"
      "Data page checksum version:           1\n");

  EXPECT_EQ(data.state, "in archive recovery");
  EXPECT_FALSE(data.wal_log_hints);
  EXPECT_TRUE(data.data_checksums);
}

TEST(ParseControlData, ClaimsNothingThatIsNotThere) {
  const ControlData data = ParseControlData("something else\nwithout:\n");

  EXPECT_EQ(data.state, "");
  EXPECT_EQ(data.system_identifier, "");
  EXPECT_EQ(data.timeline, 0u);
  EXPECT_FALSE(data.wal_log_hints);
  EXPECT_FALSE(data.data_checksums);
}

TEST(ReadControlData, FailsWithTheWordsOfTheProgram) {
  const core::Error error =
      ErrorOf([] { ReadControlData("/nonexistent/pg_controldata", "/data"); });

  EXPECT_EQ(error.code(), core::ErrorCode::kFailed);
  EXPECT_EQ(error.message(), "could not read the control file of \"/data\"");
  EXPECT_EQ(error.detail(),
            "could not execute \"/nonexistent/pg_controldata\": No such file or directory\n");
}

}  // namespace
}  // namespace baton::helper
