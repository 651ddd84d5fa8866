#include "core/archive_setup.hpp"

#include <fmt/format.h>

namespace baton::core {
namespace {

// As the server shows archive_command while archive_mode is off (show_archive_command in
// src/backend/access/transam/xlog.c).
constexpr std::string_view kDisabled = "(disabled)";

bool IsSet(std::string_view command) { return !command.empty() && command != kDisabled; }

bool IsOurs(std::string_view restore_command) {
  return restore_command.find(" archive-get ") != std::string_view::npos;
}

void Change(ArchiveSetup& setup, std::string name, const std::string& current,
            const std::string& wanted, std::string why, bool restart) {
  if (current == wanted) return;
  setup.changes.push_back({std::move(name), current, wanted, std::move(why), restart, false});
}

void PlanRestoring(const ArchiveSettings& now, const ArchiveGoals& goals, ArchiveSetup& setup) {
  if (!now.restore_command.empty() && !IsOurs(now.restore_command)) {
    setup.left_alone.push_back(
        {"restore_command is set already, and is left alone",
         fmt::format("It is \"{}\".", now.restore_command),
         fmt::format("See that it reads from \"{}\"; baton.archive_round_trip() tries it.",
                     goals.directory)});
    return;
  }
  Change(setup, "restore_command", now.restore_command, goals.restore_command,
         "as a standby this server reads from the archive too", false);
}

}  // namespace

Problems CheckArchiveFolder(const ArchiveFolderFacts& facts) {
  if (!facts.path.starts_with('/')) {
    return {{fmt::format("archive directory \"{}\" is no absolute path", facts.path), "",
             "Give its whole path to --archive-directory."}};
  }
  if (!facts.exists) {
    return {{fmt::format("archive directory \"{}\" does not exist", facts.path),
             "It is not made here, since it may be a mount point.",
             "Make it, or mount it, and give it to the user who runs the server."}};
  }
  if (!facts.is_directory) {
    return {{fmt::format("archive directory \"{}\" is no directory", facts.path), "", ""}};
  }
  if (!facts.is_writable) {
    return {{fmt::format("cannot write to archive directory \"{}\"", facts.path), "",
             "Give it to the user who runs the server."}};
  }
  return {};
}

ArchiveSetup PlanArchive(const ArchiveSettings& now, const ArchiveGoals& goals) {
  ArchiveSetup setup;
  const bool other_library = !now.library.empty() && now.library != kArchiveLibrary;
  if (other_library || IsSet(now.command)) {
    setup.left_alone.push_back(
        {"this server archives already, and that is left alone",
         other_library ? fmt::format("archive_library is \"{}\".", now.library)
                       : fmt::format("archive_command is \"{}\".", now.command),
         fmt::format("To archive by pg_baton, reset {} and run this again.",
                     other_library ? "archive_library" : "archive_command")});
    return setup;
  }
  if (now.mode != "always") {
    Change(setup, "archive_mode", now.mode, "on", "WAL is kept beyond this server", true);
  }
  Change(setup, "archive_library", now.library, std::string(kArchiveLibrary),
         "files are whole and durable before they count as archived", false);
  Change(setup, "pg_baton.archive_directory", now.directory, goals.directory,
         "where the library archives", false);
  if (!goals.compression.empty()) {
    Change(setup, "pg_baton.archive_compression", now.compression, goals.compression,
           "as it was asked for", false);
  }
  PlanRestoring(now, goals, setup);
  return setup;
}

StandbyArchive PlanStandbyArchive(const StandbyArchiveFacts& facts,
                                  const std::string& own_command) {
  StandbyArchive plan;
  if (facts.library != kArchiveLibrary || facts.directory.empty()) return plan;
  const bool is_ours = facts.restore_command.empty() || IsOurs(facts.restore_command);
  if (!CheckArchiveFolder(facts.here).empty()) {
    const Problem problem = CheckArchiveFolder(facts.here).front();
    // What was copied would name a folder that is not there.
    plan.sets_restore_command = is_ours && !facts.restore_command.empty();
    plan.warnings.push_back(
        {problem.message,
         "The source archives there; this node cannot read from it, and after a promotion it could "
         "not archive.",
         "Mount or make it here, and set restore_command as on the source."});
    return plan;
  }
  plan.sets_restore_command = is_ours;
  if (is_ours) plan.restore_command = own_command;
  if (!facts.last_archived.empty() && !facts.has_last_archived) {
    plan.warnings.push_back(
        {fmt::format("\"{}\" on this host is not the archive of the source", facts.directory),
         fmt::format("The source has archived {}, and it is not there.", facts.last_archived),
         "Each node archives into a folder of its own so: a restore to a time before a promotion "
         "needs that of the former primary.  Share one folder, if you can."});
  }
  return plan;
}

}  // namespace baton::core
