#include "test/cluster/restore_test_scenario.hpp"

#include <fmt/format.h>

namespace baton::test {

RestoreTest::RestoreTest()
    : archive_(Folder("archive")),
      backups_(Folder("backups")),
      scratch_(cluster_.directory() / "scratch"),
      a_(cluster_.InitPlain("a", fmt::format("archive_mode = on\narchive_command = 'cp %p {}/%f'\n"
                                             "wal_keep_size = 0\nmax_connections = 33\n",
                                             archive_.string()))) {
  a_.Sql("CREATE TABLE t (id int)");
}

fs::path RestoreTest::Folder(const std::string& name) const {
  const fs::path folder = cluster_.directory() / name;
  fs::create_directory(folder);
  return folder;
}

fs::path RestoreTest::TakeBackup(const std::string& name,
                                 const std::vector<std::string>& more) const {
  std::vector<std::string> arguments = {Cluster::Program("pg_basebackup"),
                                        "-h",
                                        cluster_.directory().string(),
                                        "-p",
                                        std::to_string(a_.port()),
                                        "--checkpoint=fast",
                                        "--no-sync",
                                        "-D",
                                        (backups_ / name).string()};
  arguments.insert(arguments.end(), more.begin(), more.end());
  RunOrFail(arguments);
  return backups_ / name;
}

std::vector<std::string> RestoreTest::WriteSegments(int count) const {
  std::vector<std::string> names;
  for (int i = 0; i < count; ++i) {
    a_.Sql(fmt::format("INSERT INTO t VALUES ({})", i));
    names.push_back(a_.Sql("SELECT pg_walfile_name(pg_current_wal_lsn())"));
    a_.Sql("SELECT pg_switch_wal()");
  }
  EXPECT_TRUE(Eventually([&] { return fs::exists(archive_ / names.back()); }));
  EXPECT_TRUE(Eventually(
      [&] { return a_.Sql("SELECT last_archived_wal FROM pg_stat_archiver") >= names.back(); }));
  return names;
}

std::vector<std::string> RestoreTest::Arguments(const std::vector<std::string>& more) const {
  std::vector<std::string> arguments = {
      "archive-check",
      "--restore-test",
      "--archive-directory=" + archive_.string(),
      "--scratch-directory=" + scratch_.string(),
      "--bindir=" + Cluster::bindir().string(),
      fmt::format("--restore-command=cp {}/%f %p", archive_.string())};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

std::vector<std::string> RestoreTest::ArgumentsOfArchiveGet(
    const std::vector<std::string>& more) const {
  std::vector<std::string> arguments = Arguments(more);
  std::erase_if(arguments, [](const std::string& argument) {
    return argument.starts_with("--restore-command=");
  });
  return arguments;
}

HelperResult RestoreTest::Test(const std::vector<std::string>& more) const {
  std::vector<std::string> arguments = Arguments({"--backup-directory=" + backups_.string()});
  arguments.insert(arguments.end(), more.begin(), more.end());
  return cluster_.Helper(arguments);
}

void RestoreTest::ExpectNothingIsLeft() const {
  EXPECT_FALSE(fs::exists(scratch_)) << RunOrFail({"/bin/ls", "-lR", scratch_.string()});
}

}  // namespace baton::test
