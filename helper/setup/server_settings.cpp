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

void Set(Setup& setup, const std::string& name, const std::string& value) {
  setup.Remember([&](core::SetupRecord& record) {
    record.AddSetting({name, AutoConfValue(setup.server, name), value});
  });
  if (!setup.dry_run()) AlterSystem(setup.server, name, value);
}

void EnsureOwnSetting(Setup& setup, const std::string& name, const std::string& wanted) {
  if (ValueInFiles(setup.server, name) == wanted) return;
  setup.Change(fmt::format("set {} = '{}'", name, wanted));
  Set(setup, name, wanted);
}

void Follow(Setup& setup, const core::SettingAdvice& setting) {
  // Where a person wrote it, so that nobody wonders later why that line does not count.
  const std::string place = setup.server.Value(
      "SELECT format(' in \"%s\", line %s', sourcefile, sourceline) FROM pg_settings WHERE name = "
      "$1 AND sourcefile IS NOT NULL",
      {setting.name});
  setup.Change(fmt::format("set {} = '{}' (was '{}'{}): {}{}", setting.name, setting.wanted,
                           setting.current, place, setting.why,
                           setting.restart ? " [restart]" : ""));
  Set(setup, setting.name, setting.wanted);
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

std::vector<core::SettingAdvice> Advise(Setup& setup) {
  Connection& server = setup.server;
  core::SettingGoals goals;
  goals.listen_address = setup.request.advertise;
  goals.data_checksums = server.Value("SHOW data_checksums") == "on";
  goals.standbys = setup.request.standbys;
  goals.wal_free_bytes = FreeBytes(setup.places.data_directory / "pg_wal");
  goals.has_slot_limit = server.Value(
                             "SELECT source <> 'default' FROM pg_settings WHERE name = "
                             "'max_slot_wal_keep_size'") == "t";
  return core::AdviseSettings(
      [&server](std::string_view name) { return ComingValue(server, std::string(name)); }, goals);
}

}  // namespace

std::string ValueInFiles(Connection& server, const std::string& name) {
  return server.Value(
      "SELECT setting FROM pg_file_settings WHERE name = $1 "
      "ORDER BY seqno DESC LIMIT 1",
      {name});
}

std::optional<std::string> AutoConfValue(Connection& server, const std::string& name) {
  const Result row = server.Query(
      "SELECT setting FROM pg_file_settings WHERE name = $1 AND sourcefile = "
      "current_setting('data_directory') || '/postgresql.auto.conf' ORDER BY "
      "seqno DESC LIMIT 1",
      {name});
  return row.rows() == 0 ? std::nullopt : std::optional<std::string>(row.Text(0, 0));
}

void AlterSystem(Connection& server, const std::string& name,
                 const std::optional<std::string>& value) {
  // Before the library is loaded the server knows no such setting; one set in this session makes a
  // placeholder, which ALTER SYSTEM accepts.
  if (name.starts_with("pg_baton.")) {
    server.Run("SELECT set_config($1, $2, false) WHERE current_setting($1, true) IS NULL",
               {name, value.value_or("")});
  }
  std::string items;
  if (value && (name == "shared_preload_libraries" || name == "listen_addresses")) {
    // A list is written as one word: ALTER SYSTEM would quote each element of several.
    std::string item;
    for (const char c : *value + ",") {
      if (c != ',') {
        if (c != ' ' && c != '"') item += c;
        continue;
      }
      if (!item.empty()) items += (items.empty() ? "" : ", ") + server.Quoted(item);
      item.clear();
    }
  } else if (value) {
    items = server.Quoted(*value);
  }
  server.Run(items.empty() ? fmt::format("ALTER SYSTEM RESET {}", name)
                           : fmt::format("ALTER SYSTEM SET {} = {}", name, items));
}

core::Problems FindSettingProblems(Setup& setup) {
  core::Problems problems;
  if (setup.server.Value("SELECT current_setting('allow_alter_system', true)") == "off") {
    problems.push_back({"ALTER SYSTEM is not allowed on this server",
                        "Settings are made by it; allow_alter_system is off.",
                        "Set allow_alter_system = on for this command, and reload."});
  }
  for (const core::SettingAdvice& setting : Advise(setup)) {
    if (setup.server.Value("SELECT source FROM pg_settings WHERE name = $1", {setting.name}) !=
        "command line") {
      continue;
    }
    problems.push_back(
        {fmt::format("{} = \"{}\" is given on the command line of the server", setting.name,
                     setting.current),
         fmt::format("It has to be \"{}\": {}.  No file counts against the command line.",
                     setting.wanted, setting.why),
         "Take it out of there, on Debian out of pg_ctl.conf, and restart the server."});
  }
  return problems;
}

bool EnsureSettings(Setup& setup) {
  Connection& server = setup.server;
  const auto advice = Advise(setup);
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
