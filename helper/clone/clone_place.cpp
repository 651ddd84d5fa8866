#include "helper/clone/clone_place.hpp"

#include <fmt/format.h>

#include "core/node_name.hpp"
#include "helper/command/node_access.hpp"
#include "helper/config/hba_file.hpp"
#include "helper/rejoin/journal_file.hpp"
#include "helper/server/queries.hpp"
#include "helper/system/process.hpp"

namespace baton::helper {

using core::CloneTarget;

ClonePlace::ClonePlace(const CloneRequest& request_, Output& output_)
    : request(request_),
      output(output_),
      directory(PlainPath(request.server.directory)),
      passfile(ResolvePassfile(request.server.passfile)),
      given(request.connection.Given()),
      source(Connect()) {}

Connection ClonePlace::Connect() {
  RequireOptions();
  if (request.connection.user.empty() && !given.contains("user")) {
    return ConnectAsNode(request.connection, given, passfile, !request.dry_run, password_stored);
  }
  Parameters parameters = given;
  parameters.emplace("dbname", "postgres");
  std::optional<std::string> password;
  Connection connection = ConnectAsking(parameters, !request.connection.no_password,
                                        request.connection.force_password, password);
  // The standby itself will come as baton_node, so that has to work too.
  ConnectAsNode({}, {{"host", connection.host()}, {"port", connection.port()}}, passfile,
                !request.dry_run, password_stored);
  return connection;
}

void ClonePlace::RequireOptions() const {
  core::RequireNodeName(request.node_name);
  HbaAddress(request.advertise);
  ParsedSettings();
}

std::map<std::string, std::string> ClonePlace::ParsedSettings() const {
  std::map<std::string, std::string> settings;
  for (const std::string& setting : request.settings) {
    const auto equals = setting.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw core::Error(core::ErrorCode::kUsage, fmt::format("invalid setting \"{}\"", setting), "",
                        "Write it as --set name=value.");
    }
    settings[setting.substr(0, equals)] = setting.substr(equals + 1);
  }
  return settings;
}

void ClonePlace::ReadSource() {
  core::CloneSource& facts = source_facts;
  facts.major = source.major();
  facts.version = source.Value("SHOW server_version");
  facts.architecture = core::ArchitectureOf(source.Value("SELECT version()"));
  facts.in_recovery = source.Value("SELECT pg_is_in_recovery()") == "t";
  facts.has_extension = HasExtension(source);
  ReadSourceSizes();
  const Result limits = source.Query(
      "SELECT current_setting('max_wal_senders'),"
      " (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'walsender'),"
      " current_setting('max_replication_slots'),"
      " (SELECT count(*) FROM pg_replication_slots)");
  facts.wal_senders_max = static_cast<int>(limits.Number(0, 0));
  facts.wal_senders_used = static_cast<int>(limits.Number(0, 1));
  facts.slots_max = static_cast<int>(limits.Number(0, 2));
  facts.slots_used = static_cast<int>(limits.Number(0, 3));
  const SlotState slot = LookAtSlot(source, request.node_name);
  facts.slot_exists = slot.exists;
  facts.slot_active = slot.active;
  slot_lost = slot.lost;
  if (facts.has_extension) {
    facts.name_is_source = source.Value("SELECT name FROM baton.node_status") == request.node_name;
    const std::string named = source.Value("SHOW pg_baton.database");
    if (!named.empty()) database = named;
  }
  for (const auto& [location, mapped] : Tablespaces()) facts.tablespaces.push_back(mapped);
}

void ClonePlace::ReadSourceSizes() {
  try {
    const Result size = source.Query("SELECT sum(pg_tablespace_size(oid)) FROM pg_tablespace");
    source_facts.bytes = size.Number(0, 0);
  } catch (const SqlError&) {
    source_facts.can_read_sizes = false;
    output.Warning("the size of the source could not be read", "So free space is not checked.",
                   "Grant pg_monitor to the role.");
  }
}

std::map<std::string, std::string> ClonePlace::Tablespaces() {
  std::map<std::string, std::string> tablespaces;
  const Result result = source.Query(
      "SELECT pg_tablespace_location(oid) FROM pg_tablespace"
      " WHERE pg_tablespace_location(oid) LIKE '/%'");
  for (int row = 0; row < result.rows(); ++row) {
    const std::string location = result.Text(row, 0);
    tablespaces[location] = location;
    for (const std::string& mapping : request.tablespaces) {
      if (mapping.starts_with(location + "=")) {
        tablespaces[location] = mapping.substr(location.size() + 1);
      }
    }
  }
  return tablespaces;
}

void ClonePlace::ReadTarget() {
  using Directory = CloneTarget::Directory;
  target.path = directory.string();
  const DirectoryFacts facts = LookAtDirectory(directory);
  if (!facts.exists) {
    target.directory = Directory::kAbsent;
    target.can_create = IsWritable(ExistingPart(directory));
  } else if (!facts.is_directory) {
    target.directory = Directory::kNotADirectory;
  } else if (!facts.is_own) {
    target.directory = Directory::kForeign;
  } else if (facts.is_empty) {
    target.directory = Directory::kEmpty;
  } else {
    target.directory =
        facts.mode == kUnstartableMode ? Directory::kUnfinished : Directory::kNotEmpty;
  }
  programs = FindPrograms(request.server.bindir, source_facts.major);
  target.bindir = programs.bindir;
  target.major = programs.major;
  target.architecture = programs.architecture;
  target.free_bytes = FreeBytes(directory);
  const RejoinFolder rejoin(directory, "");
  if (fs::exists(rejoin.journal())) target.rejoin_journal = rejoin.path();
  for (const std::string& location : source_facts.tablespaces) {
    const DirectoryFacts there = LookAtDirectory(location);
    if (there.exists && !there.is_empty) target.occupied_tablespaces.push_back(location);
  }
}

std::string ClonePlace::OwnSetting(const std::string& name) const {
  const fs::path configuration = request.server.config_directory.empty()
                                     ? directory
                                     : fs::path(request.server.config_directory);
  const ProcessResult result =
      RunProcess({programs.Path("postgres"), "-D", configuration.string(), "-C", name});
  const std::string value = result.output.substr(0, result.output.find('\n'));
  if (result.exit_code == 0 && !value.empty() &&
      value.find_first_not_of("0123456789") == std::string::npos) {
    return value;
  }
  throw core::Error(core::ErrorCode::kFailed, "the configuration of the new server is not valid",
                    result.output, "Look at what --set or --config-dir gave it.");
}

}  // namespace baton::helper
