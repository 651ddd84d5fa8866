// An archive without a fault, to make faults in:
//
//   1   3   4.zst   5.gz   6 (fork in it, partial)
//                            \ 2   6   7.lz4   8
//
// with the history of timeline 2 and the note of a base backup that begins in 3.  Segment 5 is
// full, the others end with a switch.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "archive/auditor.hpp"
#include "test/unit/archive/wal_maker.hpp"
#include "test/unit/helper/temporary_directory.hpp"

namespace baton::test {

namespace fs = std::filesystem;

class AuditedArchive {
 public:
  explicit AuditedArchive(std::uint64_t segment_bytes);

  const fs::path& folder() const { return folder_; }
  const fs::path& directory() const { return directory_.path(); }  // around it
  std::uint64_t segment_bytes() const { return segment_bytes_; }
  core::Lsn fork() const { return fork_; }

  // Names and positions of segments by their numbers.
  std::string Name(int number, core::TimelineId timeline = 1) const;
  core::Lsn Begin(int number) const {
    return core::Lsn(static_cast<std::uint64_t>(number) * segment_bytes_);
  }
  std::string At(int number) const { return Begin(number).ToString(); }
  std::string BackupName() const { return Name(3) + ".00000028.backup"; }

  // A few records and a switch.
  WalMaker Switched(int number, core::TimelineId timeline = 1) const;

  // The rest of a segment that was not used takes no room.
  void Write(const std::string& name, const WalMaker& wal) const;
  void WriteText(const std::string& name, const std::string& text) const;
  void WritePacked(const std::string& name, const std::string& wal, core::Packing packing) const;
  // Writes these bytes at that place of a file.
  void Overwrite(const std::string& name, std::uint64_t at, const std::string& bytes) const;

  struct Asked {
    bool quick = false;
    core::ArchivingServer server;
    std::map<core::TimelineId, core::TimelineHistory> histories;
    std::vector<core::BackupNote> backups;
  };
  // "severity | kind | file | message | meaning", without what is ok.
  std::vector<std::string> Findings(const Asked& asked) const;
  std::vector<std::string> Findings() const { return Findings(Asked()); }
  // The meaning of the finding that tells what can be restored.
  std::string Coverage(const Asked& asked) const;

 private:
  core::Lsn Make() const;  // returns the fork
  std::vector<core::ArchiveFinding> Audit(const Asked& asked) const;

  helper::TemporaryDirectory directory_;
  fs::path folder_;
  std::uint64_t segment_bytes_;
  core::Lsn fork_;
};

}  // namespace baton::test
