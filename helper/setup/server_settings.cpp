#include "helper/setup/server_settings.hpp"

#include <fmt/format.h>

#include "core/archive_setup.hpp"
#include "core/restore_command.hpp"
#include "core/settings_advice.hpp"

namespace baton::helper {
namespace {

// What will be after the next restart counts, not only what is.
std::optional<std::string> ComingValue(Connection& server, const std::string& name) {
  const Result pending = server.Query(
      "SELECT setting FROM pg_file_settings WHERE name = $1 AND error IS NULL ORDER BY seqno DESC "
      "LIMIT 1",
      {name});
  if (pending.rows() > 0 &&
      server.Value("SELECT pending_restart FROM pg_settings WHERE name = $1", {name}) == "t") {
    return pending.Text(0, 0);
  }
  const Result now = server.Query("SELECT setting FROM pg_settings WHERE name = $1", {name});
  if (now.rows() == 0) return std::nullopt;
  return now.Text(0, 0);
}

// As the configuration files have it, which the server shows only in part while it does not
// archive; empty if they do not.
std::string ValueInFiles(Connection& server, const std::string& name) {
  return server.Value(
      "SELECT setting FROM pg_file_settings WHERE name = $1 ORDER BY seqno DESC LIMIT 1", {name});
}

// A list is written as one word: ALTER SYSTEM would quote each element of several.
void AlterSystem(Setup& setup, const std::string& name, const std::string& value) {
  if (setup.dry_run()) return;
  Connection& server = setup.server;
  if (name == "shared_preload_libraries" || name == "listen_addresses") {
    std::string items;
    std::string item;
    for (const char c : value + ",") {
      if (c != ',') {
        if (c != ' ' && c != '"') item += c;
        continue;
      }
      if (!item.empty()) items += (items.empty() ? "" : ", ") + server.Quoted(item);
      item.clear();
    }
    server.Run(fmt::format("ALTER SYSTEM SET {} = {}", name, items));
    return;
  }
  server.Run(fmt::format("ALTER SYSTEM SET {} = {}", name, server.Quoted(value)));
}

void EnsureOwnSetting(Setup& setup, const std::string& name, const std::string& wanted) {
  if (ValueInFiles(setup.server, name) == wanted) return;
  setup.Change(fmt::format("set {} = '{}'", name, wanted));
  // Before the library is loaded the server knows no such setting; one set in this session makes
  // a placeholder, which ALTER SYSTEM accepts.
  if (!setup.dry_run()) {
    setup.server.Run("SELECT set_config($1, $2, false)", {name, wanted});
  }
  AlterSystem(setup, name, wanted);
}

void Follow(Setup& setup, const core::SettingAdvice& setting) {
  setup.Change(fmt::format("set {} = '{}' (was '{}'): {}{}", setting.name, setting.wanted,
                           setting.current, setting.why, setting.restart ? " [restart]" : ""));
  AlterSystem(setup, setting.name, setting.wanted);
}

// Returns whether a restart is needed for it.
bool EnsureArchive(Setup& setup) {
  const SetupRequest& request = setup.request;
  if (request.archive_directory.empty()) return false;
  const auto now = [&setup](const char* name) { return ValueInFiles(setup.server, name); };
  const core::ArchiveSetup plan = core::PlanArchive(
      {ComingValue(setup.server, "archive_mode").value_or(""), now("archive_library"),
       now("archive_command"), now("pg_baton.archive_directory"),
       now("pg_baton.archive_compression"), now("restore_command")},
      {request.archive_directory, request.archive_compression,
       core::ArchiveGetCommand(OwnProgram(), request.archive_directory)});
  for (const core::Problem& problem : plan.left_alone) {
    setup.output.Warning(problem.message, problem.detail, problem.hint);
  }
  bool restart = false;
  for (const core::SettingAdvice& setting : plan.changes) {
    restart |= setting.restart;
    if (setting.name.starts_with("pg_baton.")) {
      EnsureOwnSetting(setup, setting.name, setting.wanted);
    } else {
      Follow(setup, setting);
    }
  }
  return restart;
}

}  // namespace

bool EnsureSettings(Setup& setup) {
  Connection& server = setup.server;
  const bool checksums = server.Value("SHOW data_checksums") == "on";
  const auto advice = core::AdviseSettings(
      [&server](std::string_view name) { return ComingValue(server, std::string(name)); },
      {setup.request.advertise, checksums});
  for (const core::SettingAdvice& setting : advice) Follow(setup, setting);
  EnsureOwnSetting(setup, "pg_baton.node_name", setup.request.node_name);
  EnsureOwnSetting(setup, "pg_baton.passfile", setup.passfile.string());
  bool restart = EnsureArchive(setup);
  if (!setup.dry_run()) setup.Reload();
  restart |= server.Value("SELECT count(*) FROM pg_settings WHERE pending_restart") != "0" ||
             server.Value("SELECT current_setting('pg_baton.check_interval', true)").empty();
  for (const core::SettingAdvice& setting : advice) restart |= setting.restart;
  return restart;
}

}  // namespace baton::helper
