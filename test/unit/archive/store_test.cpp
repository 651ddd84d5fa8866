#include "archive/store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "helper/system/file.hpp"
#include "test/unit/archive/segments.hpp"
#include "test/unit/helper/temporary_directory.hpp"

namespace baton::archive {
namespace {

using core::Packing;
using test::kOrigin;
using test::kSegmentBytes;
using test::MakeSegment;
using testing::HasSubstr;

constexpr const char* kName = "000000010000000000000003";

class StoreTest : public testing::Test {
 protected:
  StoreTest() : wal_(directory_.path() / "pg_wal"), archive_(directory_.path() / "archive") {
    fs::create_directory(wal_);
    fs::create_directory(archive_);
  }

  fs::path Make(const std::string& name, const std::string& content) {
    helper::ReplaceFile(wal_ / name, content);
    return wal_ / name;
  }
  // "message / detail" of the error of putting the file; empty if it is taken.
  std::string Refusal(const fs::path& file, const std::string& name) {
    try {
      Store(archive_).Put(file, name, Packing::kPlain, kOrigin);
      return "";
    } catch (const core::Error& error) {
      return error.message() + " / " + error.detail();
    }
  }
  std::vector<std::string> Names(const fs::path& folder) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder)) {
      names.push_back(entry.path().filename());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  helper::TemporaryDirectory directory_;
  fs::path wal_;
  fs::path archive_;
};

class EachPacking : public StoreTest, public testing::WithParamInterface<Packing> {};

TEST_P(EachPacking, BringsBackWhatWasPut) {
  const std::string content = MakeSegment(kName);
  const fs::path file = Make(kName, content);
  const Store store(archive_);

  EXPECT_EQ(store.Put(file, kName, GetParam(), kOrigin), Store::Stored::kNew);
  ASSERT_TRUE(store.Get(kName, wal_ / "back", kOrigin));

  EXPECT_TRUE(helper::ReadFile(wal_ / "back") == content);
  const std::string stored = std::string(kName) + std::string(core::PackingEnding(GetParam()));
  EXPECT_EQ(Names(archive_), (std::vector<std::string>{stored, kIncomingFolder}));
  EXPECT_TRUE(fs::is_empty(archive_ / kIncomingFolder));
}

TEST_P(EachPacking, TakesTheSameAgainAndNothingElse) {
  const fs::path file = Make(kName, MakeSegment(kName));
  const Store store(archive_);
  store.Put(file, kName, GetParam(), kOrigin);

  // However it is packed now.
  EXPECT_EQ(store.Put(file, kName, Packing::kPlain, kOrigin), Store::Stored::kWasThere);
  const fs::path other = Make("other", MakeSegment(kName, 'x'));
  EXPECT_THAT(Refusal(other, kName),
              HasSubstr("\"000000010000000000000003\" is in the archive with other content / "));
  EXPECT_THAT(Refusal(other, kName), HasSubstr(other.string()));
  EXPECT_THAT(Refusal(other, kName), HasSubstr((archive_ / kName).string()));
  EXPECT_THAT(Refusal(other, kName), HasSubstr("differ from byte 40 on"));
}

INSTANTIATE_TEST_SUITE_P(Store, EachPacking,
                         testing::Values(Packing::kPlain, Packing::kZstd, Packing::kLz4));

TEST_F(StoreTest, TakesHistoriesPartialSegmentsAndNotesOfBackups) {
  const Store store(archive_);
  const std::string history = "1\t0/3000000\tno recovery target specified\n";
  const std::string partial = std::string(kName) + ".partial";
  const std::string note = std::string(kName) + ".00000028.backup";

  store.Put(Make("00000002.history", history), "00000002.history", Packing::kPlain, kOrigin);
  store.Put(Make(partial, MakeSegment(kName)), partial, Packing::kPlain, kOrigin);
  store.Put(Make(note, "START WAL LOCATION: 0/3000028"), note, Packing::kPlain, kOrigin);

  ASSERT_TRUE(store.Get("00000002.history", wal_ / "back", kOrigin));
  EXPECT_EQ(helper::ReadFile(wal_ / "back"), history);
  EXPECT_TRUE(store.Get(partial, wal_ / "back", kOrigin));
  EXPECT_TRUE(store.Get(note, wal_ / "back", kOrigin));
}

TEST_F(StoreTest, RefusesWhatIsNotWhatItsNameSays) {
  std::string foreign = MakeSegment(kName);
  foreign[24] ^= 1;
  EXPECT_THAT(Refusal(Make(kName, foreign), kName),
              HasSubstr("cannot be archived / It is not what its name says: it is of the cluster"));
  EXPECT_THAT(Refusal(Make(kName, MakeSegment("000000010000000000000004")), kName),
              HasSubstr("its WAL begins at"));
  EXPECT_THAT(Refusal(Make(kName, MakeSegment(kName).substr(0, kSegmentBytes - 1)), kName),
              HasSubstr("it has 1048575 bytes instead of 1048576"));
  EXPECT_THAT(Refusal(Make(kName, std::string(kSegmentBytes, '\0')), kName),
              HasSubstr("it does not begin with WAL"));
  EXPECT_THAT(Refusal(Make(kName, ""), kName), HasSubstr("it is too short for a segment"));
  EXPECT_THAT(Refusal(Make("00000002.history", "hello"), "00000002.history"),
              HasSubstr("it is no timeline history"));
  EXPECT_THAT(Refusal(Make("postgresql.conf", "x"), "postgresql.conf"),
              HasSubstr("is no file that a server archives"));
  EXPECT_EQ(Names(archive_), std::vector<std::string>{kIncomingFolder});
  EXPECT_TRUE(fs::is_empty(archive_ / kIncomingFolder));
}

TEST_F(StoreTest, SaysWhatItDoesNotHave) {
  EXPECT_FALSE(Store(archive_).Get(kName, wal_ / "back", kOrigin));
  EXPECT_FALSE(fs::exists(wal_ / "back"));
}

TEST_F(StoreTest, BringsNothingThatIsDamaged) {
  const Store store(archive_);
  store.Put(Make(kName, MakeSegment(kName)), kName, Packing::kZstd, kOrigin);
  const fs::path packed = archive_ / (std::string(kName) + ".zst");
  const std::string content = helper::ReadFile(packed);
  std::string changed = content;
  changed[changed.size() / 2] ^= 1;
  for (const std::string& damaged :
       {content.substr(0, content.size() / 2), content.substr(0, content.size() - 1), std::string(),
        changed}) {
    helper::ReplaceFile(packed, damaged);
    EXPECT_THROW(store.Get(kName, wal_ / "back", kOrigin), core::Error) << damaged.size();
    EXPECT_FALSE(fs::exists(wal_ / "back"));
  }
  EXPECT_EQ(Names(wal_), std::vector<std::string>{kName});
}

TEST_F(StoreTest, NeedsAFolderThatIsThere) {
  try {
    const Store store(directory_.path() / "nowhere");
    FAIL();
  } catch (const core::Error& error) {
    EXPECT_EQ(error.code(), core::ErrorCode::kNotFound);
    EXPECT_THAT(error.message(), HasSubstr("could not open archive directory"));
    EXPECT_THAT(error.hint(), HasSubstr("mount"));
  }
}

TEST_F(StoreTest, IsRefusedInsideTheDataDirectory) {
  const fs::path data = directory_.path();
  EXPECT_THROW(RequireOutside(archive_, data), core::Error);
  EXPECT_THROW(RequireOutside(data, data), core::Error);
  fs::create_directory_symlink(archive_, "/tmp" / data.filename().concat(".link"));
  const fs::path link = "/tmp" / data.filename().concat(".link");
  EXPECT_THROW(RequireOutside(link, data), core::Error);
  fs::remove(link);
  EXPECT_NO_THROW(RequireOutside(data.string() + "_archive", data));
}

TEST_F(StoreTest, RemovesOldLeftoversOnly) {
  const fs::path incoming = archive_ / kIncomingFolder;
  fs::create_directory(incoming);
  helper::ReplaceFile(incoming / "old", "x");
  helper::ReplaceFile(incoming / "new", "x");
  fs::last_write_time(incoming / "old", fs::file_time_type::clock::now() - std::chrono::hours(2));

  Store(archive_).Put(Make(kName, MakeSegment(kName)), kName, Packing::kPlain, kOrigin);

  EXPECT_EQ(Names(incoming), std::vector<std::string>{"new"});
}

}  // namespace
}  // namespace baton::archive
