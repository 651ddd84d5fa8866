#include "helper/archive/base_backups.hpp"

#include <cstring>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "helper/system/file.hpp"
#include "test/unit/error_of.hpp"
#include "test/unit/helper/temporary_directory.hpp"

namespace baton::helper {
namespace {

using core::Lsn;
using core::WalNeed;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr const char* kLabel =
    "START WAL LOCATION: 0/2000028 (file 000000010000000000000002)\n"
    "CHECKPOINT LOCATION: 0/2000060\n"
    "BACKUP METHOD: streamed\n"
    "BACKUP FROM: primary\n"
    "START TIME: 2026-11-28 10:00:00 UTC\n"
    "LABEL: pg_basebackup base backup\n"
    "START TIMELINE: 3\n";
constexpr const char* kManifest =
    "{ \"PostgreSQL-Backup-Manifest-Version\": 1,\n\"Files\": [\n"
    "{ \"Path\": \"backup_label\", \"Size\": 225 }\n],\n\"WAL-Ranges\": [\n"
    "{ \"Timeline\": 2, \"Start-LSN\": \"0/5000000\", \"End-LSN\": \"0/6000100\" },\n"
    "{ \"Timeline\": 1, \"Start-LSN\": \"0/4000028\", \"End-LSN\": \"0/5000000\" }\n],\n"
    "\"Manifest-Checksum\": \"00\"}\n";

TEST(BaseBackups, BeginWhereTheirLabelSays) {
  const auto need = NeedOf(kLabel);

  ASSERT_TRUE(need);
  EXPECT_EQ(need->from, Lsn(0x2000028));
  EXPECT_EQ(need->timeline, 3u);
  EXPECT_FALSE(NeedOf(""));
  EXPECT_FALSE(NeedOf("START WAL LOCATION: 0/2000028 (file x)\n"));
  EXPECT_FALSE(NeedOf("START WAL LOCATION: here\nSTART TIMELINE: 1\n"));
}

TEST(BaseBackups, BeginWithTheFirstRangeOfTheirManifest) {
  const auto need = ParseManifestEnd(kManifest);

  ASSERT_TRUE(need);
  EXPECT_EQ(need->from, Lsn(0x4000028));
  EXPECT_EQ(need->timeline, 1u);
  for (const char* const wrong :
       {"", "{}", "\"WAL-Ranges\": [", "\"WAL-Ranges\": []", "\"WAL-Ranges\": [1]",
        "\"WAL-Ranges\": [{\"Timeline\": 1, \"Start-LSN\": \"here\"}]"}) {
    EXPECT_FALSE(ParseManifestEnd(wrong)) << wrong;
  }
}

class BaseBackupsTest : public testing::Test {
 protected:
  fs::path Make(const std::string& name, const std::string& file, const std::string& content) {
    const fs::path folder = directory_ / name;
    fs::create_directories(folder / "global");
    ReplaceFile(folder / file, content);
    return folder;
  }

  TemporaryDirectory directory_;
};

TEST_F(BaseBackupsTest, AreFoundInAFolderOrAreIt) {
  const fs::path one = Make("one", "backup_label", kLabel);
  const fs::path two = Make("two", "backup_manifest", std::string(200'000, ' ') + kManifest);
  Make("server", "PG_VERSION", "15");
  ReplaceFile(directory_ / "file", "x");

  EXPECT_THAT(
      FindBaseBackups(directory_.path(), 0),
      UnorderedElementsAre(WalNeed{"base backup \"" + one.string() + "\"", Lsn(0x2000028), 3},
                           WalNeed{"base backup \"" + two.string() + "\"", Lsn(0x4000028), 1}));
  EXPECT_EQ(FindBaseBackups(two, 0).size(), 1u);
  EXPECT_THAT(FindBaseBackups(directory_ / "server", 0), IsEmpty());
}

TEST_F(BaseBackupsTest, AreNotGuessedAt) {
  Make("one", "backup_manifest", "{}");

  EXPECT_THAT(ErrorOf([&] { FindBaseBackups(directory_.path(), 0); }).message(),
              HasSubstr("where the WAL of base backup \""));
  EXPECT_THAT(ErrorOf([&] { FindBaseBackups(directory_ / "none", 0); }).message(),
              HasSubstr("could not look for base backups in \""));
}

TEST_F(BaseBackupsTest, AreRefusedOfAnotherCluster) {
  const fs::path one = Make("one", "backup_label", kLabel);
  const std::uint64_t identifier = 12;
  std::string control(512, '\0');
  std::memcpy(control.data(), &identifier, sizeof(identifier));
  ReplaceFile(one / "global" / "pg_control", control);

  EXPECT_EQ(FindBaseBackups(one, 12).size(), 1u);
  EXPECT_EQ(ErrorOf([&] { FindBaseBackups(one, 13); }).detail(),
            "Its system identifier is 12, that of the archive's WAL 13.");
}

}  // namespace
}  // namespace baton::helper
