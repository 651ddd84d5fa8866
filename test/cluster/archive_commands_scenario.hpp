// What scenarios about archive-push, archive-get and archive-prune share.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "test/cluster/scenario.hpp"

namespace baton::test {

// Ordinary servers, without the extension, whose only link is an archive.
class ArchiveScenario : public Scenario {
 protected:
  ArchiveScenario();

  fs::path Folder(const std::string& name);  // made if it is not there
  // As archive_command and restore_command.
  static std::string PushCommand(const std::vector<fs::path>& archives,
                                 const std::string& more = "");
  static std::string GetCommand(const std::vector<fs::path>& archives,
                                const std::string& more = "");
  // A primary that archives by this command.
  Node& InitArchiving(const std::string& name, const std::string& archive_command);
  // A base backup without the WAL that it needs, in this folder.
  void BackUp(const Node& node, const fs::path& folder);
  // Starts a server from a base backup, with restore_command alone; `signal` is standby.signal or
  // recovery.signal.
  Node& StartFrom(const fs::path& backup, const std::string& name,
                  const std::string& restore_command, const std::string& signal,
                  const std::string& more = "");

  // Ends a segment with some rows in it, and waits until it is archived.
  static void WriteAndArchive(const Node& primary);
  static void AwaitArchived(const Node& primary);
  static std::string RowsOf(const Node& node);
  // Whether the two have the same rows, some day.
  static testing::AssertionResult HasRowsOf(const Node& node, const Node& primary);

  fs::path archive_;
};

// A data directory and its WAL without a server: as far as the commands look at them.
class ArchiveFiles : public testing::Test {
 protected:
  ArchiveFiles();

  // Puts a made segment, or what is given, into pg_wal.
  fs::path Write(const std::string& name, const std::string& content = "");
  HelperResult Push(const std::string& name, std::vector<std::string> more = {});
  HelperResult Get(const std::string& name, std::vector<std::string> more = {});
  std::vector<std::string> PushArguments(const std::string& name) const;
  std::vector<std::string> GetArguments(const std::string& name) const;
  // Waits until nobody fills the spool any more.
  bool SpoolIsDone() const;
  std::vector<std::string> Spooled() const;  // segments
  static std::string Name(int segment, int timeline = 1);

  Cluster cluster_;
  fs::path data_;
  fs::path archive_;
  fs::path spool_;
  fs::path to_;  // where archive-get brings files
};

std::vector<std::string> NamesIn(const fs::path& folder);

}  // namespace baton::test
