// What makes a server archive by this project's library into a folder, and read from there: decided
// before anything is changed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/problem.hpp"
#include "core/settings_advice.hpp"

namespace baton::core {

inline constexpr std::string_view kArchiveLibrary = "pg_baton";

// The folder, as it is for the user who runs the server.
struct ArchiveFolderFacts {
  std::string path;  // as it was given
  bool exists = false;
  bool is_directory = false;
  bool is_writable = false;
};
// Whether it is inside the data directory is looked at by archive::RequireOutside.
Problems CheckArchiveFolder(const ArchiveFolderFacts& facts);

// Settings as they are in force, or will be after the next restart.
struct ArchiveSettings {
  std::string mode;  // archive_mode
  std::string library;
  std::string command;      // archive_command; empty or "(disabled)" where there is none
  std::string directory;    // pg_baton.archive_directory
  std::string compression;  // pg_baton.archive_compression
  std::string restore_command;
};

struct ArchiveGoals {
  std::string directory;
  std::string compression;      // empty: left alone
  std::string restore_command;  // that reads from the folder
};

struct ArchiveSetup {
  std::vector<SettingAdvice> changes;  // in the order in which they are worth making
  std::vector<Problem> left_alone;     // what somebody has set already, and so stays
};
ArchiveSetup PlanArchive(const ArchiveSettings& now, const ArchiveGoals& goals);

// How a new standby stands to the archive of the server that it was made from.
struct StandbyArchiveFacts {
  std::string library;             // archive_library of that server
  std::string directory;           // pg_baton.archive_directory there
  std::string restore_command;     // there, as it was copied
  ArchiveFolderFacts here;         // the folder of that name on this host
  std::string last_archived;       // the file that was archived there last; empty if none was
  bool has_last_archived = false;  // here
};
struct StandbyArchive {
  bool sets_restore_command = false;  // to `goals.restore_command` of this host, or to nothing
  std::string restore_command;
  std::vector<Problem> warnings;
};
// `own_command` reads from the folder on this host.
StandbyArchive PlanStandbyArchive(const StandbyArchiveFacts& facts, const std::string& own_command);

}  // namespace baton::core
