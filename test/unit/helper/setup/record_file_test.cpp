#include "helper/setup/record_file.hpp"

#include <gtest/gtest.h>

#include "helper/system/file.hpp"
#include "test/unit/error_of.hpp"
#include "test/unit/helper/temporary_directory.hpp"

namespace baton::helper {
namespace {

TEST(RecordFile, GivesBackWhatWasWritten) {
  TemporaryDirectory data;
  core::SetupRecord record;
  record.node_name = "a";
  record.system_identifier = "7123456789012345678";
  record.made_role = true;
  record.stored_in = "/home/.pgpass";
  record.functions = {"pg_catalog.pg_ls_dir(text, boolean, boolean)"};
  record.memberships = {"pg_monitor"};
  record.hba_file = "/etc/hba";
  record.hba_lines = {"host all all all md5"};
  record.settings = {{"a", std::nullopt, "1"}, {"b", "it's \"2\"", "3"}};
  record.made_extension = true;
  record.tls = {{"sslmode", "verify-full"}};

  EXPECT_EQ(ReadRecord(data.path()), std::nullopt);
  WriteRecord(data.path(), record);
  EXPECT_EQ(ReadRecord(data.path()), record);
  RemoveRecord(data.path());
  EXPECT_EQ(ReadRecord(data.path()), std::nullopt);
}

TEST(RecordFile, SaysThatItCannotUnderstandGarbage) {
  TemporaryDirectory data;
  WriteRecord(data.path(), {});
  for (const char* const text : {"", "{", "{}", "[]", "{\"node_name\": 1}"}) {
    ReplaceFile(RecordFile(data.path()), text);

    const core::Error error = ErrorOf([&] { ReadRecord(data.path()); });

    EXPECT_EQ(error.message(), "cannot understand \"" + RecordFile(data.path()).string() + "\"");
  }
}

}  // namespace
}  // namespace baton::helper
