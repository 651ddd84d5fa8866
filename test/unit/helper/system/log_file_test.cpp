#include "helper/system/log_file.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "helper/system/file.hpp"
#include "test/unit/error_of.hpp"
#include "test/unit/helper/temporary_directory.hpp"

namespace baton::helper {
namespace {

constexpr const char* kPrefix =
    "[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3} UTC \\[[0-9]+\\] ";

class LogFile : public testing::Test {
 protected:
  ~LogFile() override { CloseLog(); }
  fs::path path() const { return folder_ / "log"; }

  TemporaryDirectory folder_;
};

TEST_F(LogFile, PutsTheTimeBeforeEachLine) {
  OpenLog(path());
  Log("one\ntwo\n");
  OpenLog(path());
  Log("three");

  EXPECT_THAT(ReadFile(path()), testing::MatchesRegex(std::string(kPrefix) + "one\n" + kPrefix +
                                                      "two\n" + kPrefix + "three\n"));
}

TEST_F(LogFile, HasNoPassword) {
  OpenLog(path());
  Log("host=a password=geheim");

  EXPECT_THAT(ReadFile(path()), testing::EndsWith(" host=a password=***\n"));
}

TEST_F(LogFile, IsItsOwnersAlone) {
  OpenLog(path());

  struct stat file {};
  ASSERT_EQ(stat(path().c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777, 0600u);
}

TEST_F(LogFile, ThatIsNotOpenGetsNothing) {
  OpenLog(path());
  CloseLog();
  Log("one");

  EXPECT_EQ(ReadFile(path()), "");
}

TEST_F(LogFile, NamesAFileThatCannotBeOpened) {
  const std::string missing = folder_ / "none/log";

  EXPECT_EQ(ErrorOf([&] { OpenLog(missing); }).message(),
            "could not open log file \"" + missing + "\": No such file or directory");
}

}  // namespace
}  // namespace baton::helper
