#include "test/cluster/archive_commands_scenario.hpp"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <fstream>
#include <unistd.h>

#include "core/restore_command.hpp"
#include "helper/archive/spool.hpp"
#include "helper/system/file.hpp"
#include "test/unit/archive/segments.hpp"

namespace baton::test {
namespace {

std::string WithArchives(std::string command, const std::vector<fs::path>& archives,
                         const std::string& more) {
  for (const fs::path& archive : archives) {
    command += " --archive-directory=" + archive.string();
  }
  return command + (more.empty() ? "" : " " + more);
}

}  // namespace

std::vector<std::string> NamesIn(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

ArchiveScenario::ArchiveScenario() : archive_(Folder("archive")) {}

fs::path ArchiveScenario::Folder(const std::string& name) {
  fs::create_directories(cluster_.directory() / name);
  return cluster_.directory() / name;
}

std::string ArchiveScenario::PushCommand(const std::vector<fs::path>& archives,
                                         const std::string& more) {
  return WithArchives(Cluster::Program("pg_baton") + " archive-push %p", archives, more);
}

std::string ArchiveScenario::GetCommand(const std::vector<fs::path>& archives,
                                        const std::string& more) {
  return WithArchives(Cluster::Program("pg_baton") + " archive-get %f %p", archives, more);
}

Node& ArchiveScenario::InitArchiving(const std::string& name, const std::string& archive_command) {
  Node& node = cluster_.InitPlain(
      name, fmt::format("archive_mode = on\narchive_command = '{}'\n", archive_command));
  node.Sql("CREATE TABLE t (n int)");
  return node;
}

void ArchiveScenario::BackUp(const Node& node, const fs::path& folder) {
  RunOrFail({Cluster::Program("pg_basebackup"), "-h", cluster_.directory(), "-p",
             std::to_string(node.port()), "-D", folder, "-X", "none", "-c", "fast"});
}

Node& ArchiveScenario::StartFrom(const fs::path& backup, const std::string& name,
                                 const std::string& restore_command, const std::string& signal,
                                 const std::string& more) {
  Node& node = cluster_.Plan(name);
  fs::copy(backup, node.data(), fs::copy_options::recursive);
  fs::permissions(node.data(), fs::perms::owner_all);
  std::ofstream(node.data() / signal) << "";
  node.Configure(
      fmt::format("port = {}\nrestore_command = '{}'\n{}", node.port(), restore_command, more));
  node.Start();
  return node;
}

void ArchiveScenario::WriteAndArchive(const Node& primary) {
  primary.Sql("INSERT INTO t SELECT count(*) FROM t");
  primary.Sql("SELECT pg_switch_wal()");
  AwaitArchived(primary);
}

void ArchiveScenario::AwaitArchived(const Node& primary) {
  EXPECT_TRUE(Returns(
      primary, "SELECT count(*) FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready'", "0"))
      << primary.Log();
}

std::string ArchiveScenario::RowsOf(const Node& node) {
  return node.Rows("SELECT count(*), sum(n) FROM t");
}

testing::AssertionResult ArchiveScenario::HasRowsOf(const Node& node, const Node& primary) {
  return Returns(node, "SELECT count(*), sum(n) FROM t", RowsOf(primary));
}

ArchiveFiles::ArchiveFiles()
    : data_(cluster_.directory() / "data"),
      archive_(cluster_.directory() / "archive"),
      spool_(data_ / "pg_baton" / "spool"),
      to_(data_ / "pg_wal" / "RECOVERYXLOG") {
  fs::create_directories(data_ / "global");
  fs::create_directories(data_ / "pg_wal");
  fs::create_directory(archive_);
  helper::ReplaceFile(data_ / "PG_VERSION", "15\n");
  std::string control(512, '\0');
  std::memcpy(control.data(), &kSystemIdentifier, sizeof(kSystemIdentifier));
  helper::ReplaceFile(data_ / "global" / "pg_control", control);
}

std::string ArchiveFiles::Name(int segment, int timeline) {
  return core::SegmentName(static_cast<core::TimelineId>(timeline),
                           core::Lsn(static_cast<std::uint64_t>(segment) * kSegmentBytes),
                           kSegmentBytes);
}

fs::path ArchiveFiles::Write(const std::string& name, const std::string& content) {
  const fs::path file = data_ / "pg_wal" / name;
  helper::ReplaceFile(file, content.empty() ? MakeSegment(name) : content);
  return file;
}

std::vector<std::string> ArchiveFiles::PushArguments(const std::string& name) const {
  return {"archive-push", (data_ / "pg_wal" / name).string(),
          "--archive-directory=" + archive_.string()};
}

std::vector<std::string> ArchiveFiles::GetArguments(const std::string& name) const {
  return {"archive-get", name, to_.string(), "--archive-directory=" + archive_.string()};
}

HelperResult ArchiveFiles::Push(const std::string& name, std::vector<std::string> more) {
  std::vector<std::string> arguments = PushArguments(name);
  arguments.insert(arguments.end(), more.begin(), more.end());
  return cluster_.Helper(arguments);
}

HelperResult ArchiveFiles::Get(const std::string& name, std::vector<std::string> more) {
  std::vector<std::string> arguments = GetArguments(name);
  arguments.insert(arguments.end(), more.begin(), more.end());
  return cluster_.Helper(arguments);
}

bool ArchiveFiles::SpoolIsDone() const {
  if (!fs::exists(spool_)) return true;
  return Eventually([&] {
    const auto lock = helper::Spool(spool_, {}).TryLock();
    if (lock) close(*lock);
    return lock.has_value();
  });
}

std::vector<std::string> ArchiveFiles::Spooled() const {
  auto segments = helper::Spool(spool_, {}).Segments();
  std::sort(segments.begin(), segments.end());
  return segments;
}

}  // namespace baton::test
