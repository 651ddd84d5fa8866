// What scenarios about archive-check --restore-test share.
#pragma once

#include <string>
#include <vector>

#include "test/cluster/scenario.hpp"

namespace baton::test {

//   a (primary) --archive_command: cp--> archive
//                                        archive + backups --restore test--> scratch
class RestoreTest : public Scenario {
 protected:
  RestoreTest();

  fs::path Folder(const std::string& name) const;  // makes it
  fs::path TakeBackup(const std::string& name, const std::vector<std::string>& more = {}) const;
  // Rows in segments of their own, archived; returns the names of these segments.
  std::vector<std::string> WriteSegments(int count) const;

  // Of a test without a backup yet, by `cp` as restore_command, or by archive-get.
  std::vector<std::string> Arguments(const std::vector<std::string>& more = {}) const;
  std::vector<std::string> ArgumentsOfArchiveGet(const std::vector<std::string>& more = {}) const;
  HelperResult Test(const std::vector<std::string>& more = {}) const;
  void ExpectNothingIsLeft() const;

  fs::path archive_;
  fs::path backups_;
  fs::path scratch_;
  Node& a_;
};

}  // namespace baton::test
