#include "helper/command/restore_test_options.hpp"

#include <CLI/CLI.hpp>

namespace baton::helper {

void RestoreTestOptions::AddTo(CLI::App& command) {
  const std::string group = "Restore test";
  auto* const flag = command
                         .add_flag("--restore-test", wanted,
                                   "restore the newest base backup with the archive into a scratch "
                                   "server, read it, remove it")
                         ->group(group);
  const auto path = [&](const char* name, std::filesystem::path& value, const char* text) {
    command.add_option(name, value, text)->group(group)->needs(flag);
  };
  const auto text = [&](const char* name, std::string& value, const char* explanation) {
    command.add_option(name, value, explanation)->group(group)->needs(flag);
  };
  path("--backup-directory", request.backup_directory,
       "a base backup of pg_basebackup, plain or tar, or a folder with several");
  command
      .add_flag("--take-backup", request.take_backup,
                "take a new base backup of the server instead")
      ->group(group)
      ->needs(flag);
  path("--scratch-directory", request.scratch_directory,
       "empty folder with room for the backup; all of it is removed again");
  text("--restore-command", request.restore_command,
       "bring files of the archive by this instead of archive-get");
  text("--target-lsn", request.target_lsn, "restore up to here, and demand that it is reached");
  text("--target-time", request.target_time, "restore up to then, and demand that it is reached");
  command
      .add_flag("--deep", request.deep,
                "also look through all tables and indexes by pg_amcheck, and at checksums")
      ->group(group)
      ->needs(flag);
  command
      .add_flag("-n,--dry-run", request.dry_run,
                "run every check, print what would be restored, do nothing")
      ->group(group)
      ->needs(flag);
  text("--superuser", request.username,
       "superuser in the backup (default: this user's name, else postgres)");
  text("--preload-libraries", request.preload_libraries,
       "shared_preload_libraries, for extensions without which the WAL cannot be replayed");
  command.add_option("--restore-timeout", timeout_s, "seconds that recovery may take")
      ->check(CLI::PositiveNumber)
      ->capture_default_str()
      ->group(group)
      ->needs(flag);
}

}  // namespace baton::helper
