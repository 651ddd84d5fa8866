// Options of clone that change what is copied, where to, and what the standby does then.
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "helper/system/file.hpp"
#include "test/cluster/harness.hpp"

namespace baton::test {
namespace {

using testing::HasSubstr;

class CloneOptions : public testing::Test {
 protected:
  CloneOptions() : a_(cluster_.InitPrimary("a")), b_(cluster_.Plan("b")) {}

  fs::path waldir() const { return cluster_.directory() / "wal_of_b"; }

  Cluster cluster_;
  Node& a_;
  Node& b_;
};

TEST_F(CloneOptions, WorkTogether) {
  const HelperResult result =
      cluster_.RunClone(b_, a_,
                        {"--waldir=" + waldir().string(), "--compress=gzip:1", "--verify",
                         "--replication-delay=1h", "--checkpoint=fast", "--max-rate=1024M"});

  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("every file is as its manifest says"));
  EXPECT_EQ(fs::read_symlink(b_.data() / "pg_wal"), waldir());
  EXPECT_EQ(b_.Sql("SHOW recovery_min_apply_delay"), "1h");
}

TEST_F(CloneOptions, AFolderForTheWalIsRefusedThatIsNotEmptyOrInTheDataDirectory) {
  fs::create_directory(waldir());
  std::ofstream(waldir() / "precious") << "data";

  const HelperResult taken = cluster_.RunClone(b_, a_, {"--waldir=" + waldir().string()});
  const HelperResult inside =
      cluster_.RunClone(b_, a_, {"--waldir=" + (b_.data() / "wal").string()});

  EXPECT_EQ(taken.exit_code, 3);
  EXPECT_THAT(taken.output,
              HasSubstr(fmt::format("\"{}\" cannot be the folder of the WAL", waldir().string())));
  EXPECT_EQ(inside.exit_code, 3);
  EXPECT_THAT(inside.output, HasSubstr("It is in the data directory, or the other way round."));
  EXPECT_EQ(helper::ReadFile(waldir() / "precious"), "data");
  EXPECT_FALSE(fs::exists(b_.data()));
}

TEST_F(CloneOptions, OfNoKnownFormAreToldBeforeAnythingElse) {
  EXPECT_EQ(cluster_.RunClone(b_, a_, {"--compress=rar"}).exit_code, 2);
  EXPECT_EQ(cluster_.RunClone(b_, a_, {"--replication-delay=soon"}).exit_code, 2);
  EXPECT_FALSE(fs::exists(b_.data()));
}

// A copy that differs from its manifest: simulated by a pg_verifybackup that says so.
TEST_F(CloneOptions, ACopyThatIsNotWhatTheSourceSentIsNotKept) {
  const fs::path other = cluster_.directory() / "bin";
  fs::create_directory(other);
  for (const auto& program : fs::directory_iterator(Cluster::bindir())) {
    fs::create_symlink(program.path(), other / program.path().filename());
  }
  fs::remove(other / "pg_verifybackup");
  std::ofstream(other / "pg_verifybackup") << "#!/bin/sh\necho 'checksum mismatch'; exit 1\n";
  chmod((other / "pg_verifybackup").c_str(), 0755);
  fs::create_directory(waldir());

  const HelperResult result = cluster_.RunClone(
      b_, a_, {"--verify", "--bindir=" + other.string(), "--waldir=" + waldir().string()});

  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.output, HasSubstr("error: the copy is not what the source sent\n"
                                       "pg_baton: detail: checksum mismatch"));
  EXPECT_FALSE(fs::exists(b_.data()));
  EXPECT_TRUE(fs::is_empty(waldir())) << "it was there, and is given back as it was";
  EXPECT_EQ(a_.Sql("SELECT count(*) FROM pg_replication_slots"), "0");
}

}  // namespace
}  // namespace baton::test
