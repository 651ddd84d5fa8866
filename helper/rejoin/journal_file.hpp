// The folder of a rejoin, beside the data directory, and the journal in it.  PostgreSQL's pg_rewind
// deletes what the source lacks, so nothing that must outlive it is kept inside.
#pragma once

#include <optional>

#include "core/rejoin_journal.hpp"
#include "helper/system/file.hpp"

namespace baton::helper {

class RejoinFolder {
 public:
  // Of this data directory: beside it, or in the folder `elsewhere` where that is not empty.
  RejoinFolder(const fs::path& directory, const fs::path& elsewhere);

  const fs::path& path() const { return path_; }
  fs::path journal() const { return path_ / "journal.json"; }
  fs::path own_files() const { return path_ / "own_files"; }
  fs::path wal() const { return path_ / "wal"; }
  fs::path control_file() const { return path_ / "pg_control"; }
  fs::path sizes() const { return path_ / "sizes"; }
  fs::path auto_conf() const { return path_ / "postgresql.auto.conf"; }
  // What is given up stays here when the rejoin is over; all of its names begin so.
  fs::path lost_work(const std::string& name) const;
  // A new copy of the source grows here, and the old directory is moved there.
  fs::path new_copy() const;
  fs::path old_copy() const;
  // A server that finds this as its hba_file does not start, and its log names the reason.
  fs::path guard() const { return path_ / kGuard / "pg_hba.conf"; }

  // nullopt if there is none; throws if it cannot be read, or is of no version that we know.
  std::optional<core::RejoinJournal> Read() const;
  // False where the directory is another one by now, or its node, which was only to be started, has
  // been a primary since: to go on would be to take the one for the other.
  bool IsAboutDirectory(const core::RejoinJournal& state) const;
  // Makes the folder where it is needed; durable when it returns.
  void Write(const core::RejoinJournal& state) const;
  // The journal first: without it the rest means nothing.
  void Remove() const;
  // All that only a rewind which is broken off would need.
  void RemoveAllButJournal() const;

 private:
  static constexpr const char* kGuard = "this_rejoin_is_not_finished";

  fs::path directory_;
  fs::path beside_;  // folder in which everything is
  fs::path path_;
};

}  // namespace baton::helper
