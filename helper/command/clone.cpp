// clone: makes a standby from a running primary.  Everything that could go wrong is looked for
// first; then the copy grows in a directory that no server can start, and is handed over when it is
// whole.
#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <sys/stat.h>

#include "core/archive_setup.hpp"
#include "core/clone_check.hpp"
#include "core/node_name.hpp"
#include "core/quantity.hpp"
#include "core/restore_command.hpp"
#include "helper/backup/base_backup.hpp"
#include "helper/cli.hpp"
#include "helper/command/command.hpp"
#include "helper/command/node_access.hpp"
#include "helper/command/server_options.hpp"
#include "helper/config/auto_conf.hpp"
#include "helper/config/hba_file.hpp"
#include "helper/progress.hpp"
#include "helper/rejoin/journal_file.hpp"
#include "helper/server/new_slot.hpp"
#include "helper/server/queries.hpp"
#include "helper/server/server_control.hpp"
#include "helper/system/archive_place.hpp"
#include "helper/system/file.hpp"
#include "helper/system/interrupt.hpp"
#include "helper/system/process.hpp"

namespace baton::helper {
namespace {

using core::CloneTarget;

struct Options {
  explicit Options(Output& output) : common{output} {}

  ConnectionOptions connection;
  CommonOptions common;
  ServerOptions server;
  std::string node_name;
  std::string advertise;
  std::vector<std::string> settings;
  std::vector<std::string> tablespaces;
  std::string checkpoint = "fast";
  std::string max_rate;
};

// The directory of a copy that is under way: made or found empty, locked against any start, and put
// back as it was unless the copy is kept.
class UnfinishedCopy {
 public:
  explicit UnfinishedCopy(fs::path directory) : directory_(std::move(directory)) {
    made_ = fs::create_directories(directory_);
    const DirectoryFacts facts = LookAtDirectory(directory_);
    if (!facts.is_empty) {
      throw core::Error(core::ErrorCode::kFailed,
                        fmt::format("directory \"{}\" is no longer empty", directory_.string()),
                        "Somebody else has begun to use it.");
    }
    mode_before_ = facts.mode;
    SetMode(directory_, kUnstartableMode);
  }
  ~UnfinishedCopy() {
    if (kept_) return;
    std::error_code error;
    if (!EmptyDirectory(directory_)) return;
    if (made_) {
      fs::remove(directory_, error);
    } else {
      chmod(directory_.c_str(), mode_before_);
    }
  }
  UnfinishedCopy(const UnfinishedCopy&) = delete;
  UnfinishedCopy& operator=(const UnfinishedCopy&) = delete;

  void Keep(mode_t mode) {
    Flush(directory_);
    SetMode(directory_, mode);
    Flush(directory_);
    Flush(directory_.parent_path());
    kept_ = true;
  }

 private:
  fs::path directory_;
  mode_t mode_before_ = 0700;
  bool made_ = false;
  bool kept_ = false;
};

class Clone {
 public:
  explicit Clone(const Options& options)
      : options_(options),
        output_(options.common.output),
        directory_(PlainPath(options.server.directory)),
        passfile_(ResolvePassfile(options.server.passfile)),
        given_(options.connection.Given()),
        source_(Connect()) {}

  void Run() {
    ReadSource();
    ReadTarget();
    core::RequireNone(CheckClone(source_facts_, target_));
    ShowPlan();
    if (options_.common.dry_run) {
      output_.Line("dry run: every check passed, nothing was changed");
      return;
    }
    Copy();
    if (options_.server.no_start) {
      output_.Line("not started, as asked for; start it, then: pg_baton status");
      return;
    }
    StartServer(options_.server.ToStart(programs_, directory_));
    WaitUntilStreaming(source_, options_.node_name, core::Lsn(), options_.server.timeout());
    output_.Line(fmt::format("node \"{}\" streams from {} port {}", options_.node_name,
                             source_.host(), source_.port()));
    output_.Line("next: SELECT * FROM baton.verify_replication(), on the primary");
  }

 private:
  // As the role that replicates, unless the administrator said -U.
  Connection Connect() {
    RequireOptions();
    if (options_.connection.user.empty() && !given_.contains("user")) {
      return ConnectAsNode(options_.connection, given_, passfile_, !options_.common.dry_run,
                           password_stored_);
    }
    Parameters parameters = given_;
    parameters.emplace("dbname", "postgres");
    std::optional<std::string> password;
    Connection connection = ConnectAsking(parameters, !options_.connection.no_password,
                                          options_.connection.force_password, password);
    // The standby itself will come as baton_node, so that has to work too.
    ConnectAsNode({}, {{"host", connection.host()}, {"port", connection.port()}}, passfile_,
                  !options_.common.dry_run, password_stored_);
    return connection;
  }

  void RequireOptions() {
    core::RequireNodeName(options_.node_name);
    HbaAddress(options_.advertise);
    ParsedSettings();
  }

  std::map<std::string, std::string> ParsedSettings() const {
    std::map<std::string, std::string> settings;
    for (const std::string& setting : options_.settings) {
      const auto equals = setting.find('=');
      if (equals == std::string::npos || equals == 0) {
        throw core::Error(core::ErrorCode::kUsage, fmt::format("invalid setting \"{}\"", setting),
                          "", "Write it as --set name=value.");
      }
      settings[setting.substr(0, equals)] = setting.substr(equals + 1);
    }
    return settings;
  }

  void ReadSource() {
    core::CloneSource& facts = source_facts_;
    facts.major = source_.major();
    facts.version = source_.Value("SHOW server_version");
    facts.architecture = core::ArchitectureOf(source_.Value("SELECT version()"));
    facts.in_recovery = source_.Value("SELECT pg_is_in_recovery()") == "t";
    facts.has_extension = HasExtension(source_);
    ReadSourceSizes();
    const Result limits = source_.Query(
        "SELECT current_setting('max_wal_senders'),"
        " (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'walsender'),"
        " current_setting('max_replication_slots'),"
        " (SELECT count(*) FROM pg_replication_slots)");
    facts.wal_senders_max = static_cast<int>(limits.Number(0, 0));
    facts.wal_senders_used = static_cast<int>(limits.Number(0, 1));
    facts.slots_max = static_cast<int>(limits.Number(0, 2));
    facts.slots_used = static_cast<int>(limits.Number(0, 3));
    const SlotState slot = LookAtSlot(source_, options_.node_name);
    facts.slot_exists = slot.exists;
    facts.slot_active = slot.active;
    slot_lost_ = slot.lost;
    if (facts.has_extension) {
      facts.name_is_source =
          source_.Value("SELECT name FROM baton.node_status") == options_.node_name;
      const std::string database = source_.Value("SHOW pg_baton.database");
      if (!database.empty()) database_ = database;
    }
    for (const auto& [location, mapped] : Tablespaces()) facts.tablespaces.push_back(mapped);
  }

  void ReadSourceSizes() {
    try {
      const Result size = source_.Query("SELECT sum(pg_tablespace_size(oid)) FROM pg_tablespace");
      source_facts_.bytes = size.Number(0, 0);
    } catch (const SqlError&) {
      source_facts_.can_read_sizes = false;
      output_.Warning("the size of the source could not be read", "So free space is not checked.",
                      "Grant pg_monitor to the role.");
    }
  }

  // Where the source's tablespaces are, and where they will be here.
  std::map<std::string, std::string> Tablespaces() {
    std::map<std::string, std::string> tablespaces;
    const Result result = source_.Query(
        "SELECT pg_tablespace_location(oid) FROM pg_tablespace"
        " WHERE pg_tablespace_location(oid) LIKE '/%'");
    for (int row = 0; row < result.rows(); ++row) {
      const std::string location = result.Text(row, 0);
      tablespaces[location] = location;
      for (const std::string& mapping : options_.tablespaces) {
        if (mapping.starts_with(location + "=")) {
          tablespaces[location] = mapping.substr(location.size() + 1);
        }
      }
    }
    return tablespaces;
  }

  void ReadTarget() {
    using Directory = CloneTarget::Directory;
    target_.path = directory_.string();
    const DirectoryFacts facts = LookAtDirectory(directory_);
    if (!facts.exists) {
      target_.directory = Directory::kAbsent;
      target_.can_create = IsWritable(ExistingPart(directory_));
    } else if (!facts.is_directory) {
      target_.directory = Directory::kNotADirectory;
    } else if (!facts.is_own) {
      target_.directory = Directory::kForeign;
    } else if (facts.is_empty) {
      target_.directory = Directory::kEmpty;
    } else {
      target_.directory =
          facts.mode == kUnstartableMode ? Directory::kUnfinished : Directory::kNotEmpty;
    }
    programs_ = FindPrograms(options_.server.bindir, source_facts_.major);
    target_.bindir = programs_.bindir;
    target_.major = programs_.major;
    target_.architecture = programs_.architecture;
    target_.free_bytes = FreeBytes(directory_);
    const RejoinFolder rejoin(directory_, "");
    if (fs::exists(rejoin.journal())) target_.rejoin_journal = rejoin.path();
    for (const std::string& location : source_facts_.tablespaces) {
      const DirectoryFacts there = LookAtDirectory(location);
      if (there.exists && !there.is_empty) target_.occupied_tablespaces.push_back(location);
    }
  }

  void ShowPlan() {
    if (password_stored_) {
      output_.Line(fmt::format("stored the password of {} in \"{}\": the standby needs it there",
                               kNodeRole, passfile_.string()));
    }
    const std::string free =
        target_.free_bytes ? core::BytesText(*target_.free_bytes) : std::string("unknown");
    output_.Line(fmt::format("source: PostgreSQL {} at {} port {}, {}", source_facts_.version,
                             source_.host(), source_.port(), core::BytesText(source_facts_.bytes)));
    output_.Line(fmt::format("target: \"{}\", node \"{}\", {} free", directory_.string(),
                             options_.node_name, free));
    output_.result()["source_bytes"] = source_facts_.bytes;
    output_.result()["data_directory"] = directory_.string();
    output_.result()["node_name"] = options_.node_name;
  }

  void Copy() {
    std::optional<NewSlot> slot;
    if (slot_lost_) DropSlot(source_, options_.node_name);
    if (!source_facts_.slot_exists || slot_lost_) {
      slot.emplace(source_, options_.node_name);
      output_.Line(fmt::format("made replication slot \"{}\" on the source", options_.node_name));
    }
    UnfinishedCopy copy(directory_);
    CopyFiles();
    Configure();
    CheckInterrupt();
    const std::string port = OwnSetting("port");
    const bool group_access = source_.Value("SHOW data_directory_mode") == "0750";
    copy.Keep(group_access ? 0750 : 0700);
    if (slot) slot->Keep();
    RegisterNode(source_, options_.node_name,
                 RegistryConninfo(options_.advertise, port, database_));
    output_.Line(fmt::format("registered node \"{}\" at {} port {}", options_.node_name,
                             options_.advertise, port));
  }

  void CopyFiles() {
    const auto began = Progress::Clock::now();
    Progress progress("copying", output_.is_json());
    std::int64_t copied = 0;
    Parameters source = NodeParameters(given_, passfile_);
    source.erase("dbname");
    source["host"] = source_.host();
    source["port"] = source_.port();
    source["application_name"] = "pg_baton_clone_" + options_.node_name;
    RunBaseBackup(
        {programs_.Path("pg_basebackup"), directory_, source, passfile_.string(),
         options_.node_name, options_.checkpoint, options_.max_rate, options_.tablespaces},
        [&](std::int64_t done, std::int64_t total) {
          copied = done;
          progress.Update(done, total);
        });
    progress.Finish();
    const std::chrono::microseconds took =
        std::chrono::duration_cast<std::chrono::microseconds>(Progress::Clock::now() - began);
    output_.result()["copied_bytes"] = copied;
    output_.result()["copy_seconds"] = std::chrono::duration<double>(took).count();
    output_.Line(fmt::format("copied {} in {}, with the WAL of that time", core::BytesText(copied),
                             core::DurationText(took)));
  }

  // What makes the copy a standby of its own: settings, signal, and nothing of the source's memory.
  void Configure() {
    std::map<std::string, std::string> settings = ParsedSettings();
    settings.merge(StandbySettings(source_, passfile_, options_.node_name, given_));
    settings.merge(ArchiveSettings());
    const fs::path auto_conf = directory_ / "postgresql.auto.conf";
    ReplaceFile(auto_conf, WithSettings(ReadFileIfThere(auto_conf).value_or(""), settings));
    RaiseSettings(auto_conf);
    std::error_code error;
    fs::remove_all(directory_ / "pg_baton", error);
    AllowNodes();
    ReplaceFile(directory_ / "standby.signal", "");
  }

  // The source's restore_command names its own program, and a folder that may not be here.
  std::map<std::string, std::string> ArchiveSettings() {
    const auto there = [this](const char* name) {
      return source_.Value("SELECT current_setting($1, true)", {name});
    };
    core::StandbyArchiveFacts facts;
    facts.library = there("archive_library");
    facts.directory = there("pg_baton.archive_directory");
    facts.restore_command = there("restore_command");
    facts.here = LookAtArchiveFolder(facts.directory);
    facts.last_archived =
        source_.Value("SELECT last_archived_wal FROM pg_catalog.pg_stat_archiver");
    facts.has_last_archived =
        !facts.directory.empty() && IsArchived(facts.directory, facts.last_archived);
    const core::StandbyArchive plan =
        core::PlanStandbyArchive(facts, core::ArchiveGetCommand(OwnProgram(), facts.directory));
    for (const core::Problem& problem : plan.warnings) {
      output_.Warning(problem.message, problem.detail, problem.hint);
    }
    if (!plan.sets_restore_command) return {};
    return {{"restore_command", plan.restore_command}};
  }

  // Where the configuration is not copied with the data, five settings may be lower than the
  // source's, and a standby would not start (CheckRequiredParameterValues in xlogrecovery.c).
  void RaiseSettings(const fs::path& auto_conf) {
    std::map<std::string, std::string> raised;
    for (const char* const name : {"max_connections", "max_worker_processes", "max_wal_senders",
                                   "max_prepared_transactions", "max_locks_per_transaction"}) {
      const std::string there =
          source_.Value("SELECT setting FROM pg_settings WHERE name = $1", {name});
      const std::string here = OwnSetting(name);
      if (std::atol(here.c_str()) >= std::atol(there.c_str())) continue;
      raised[name] = there;
      output_.Line(fmt::format("set {} = {}, as on the source (it was {})", name, there, here));
    }
    if (raised.empty()) return;
    ReplaceFile(auto_conf, WithSettings(ReadFile(auto_conf), raised));
  }

  // After a promotion the others come here, so this server must let them in: where pg_hba.conf is
  // copied with the data it does, elsewhere the lines are added.
  void AllowNodes() {
    if (options_.server.config_directory.empty()) return;
    const fs::path hba = fs::path(options_.server.config_directory) / "pg_hba.conf";
    std::vector<std::string> addresses = {options_.advertise, source_.host()};
    const std::string before = ReadFile(hba);
    const std::string after = WithHbaLines(before, HbaLines(addresses, kNodeRole, database_));
    if (before == after) return;
    KeepFirst(hba, before);
    ReplaceFile(hba, after);
    output_.Line(fmt::format("let the other nodes in, in \"{}\"", hba.string()));
  }

  // A number in the new server's configuration, read as the server itself will.
  std::string OwnSetting(const std::string& name) {
    const fs::path configuration = options_.server.config_directory.empty()
                                       ? directory_
                                       : fs::path(options_.server.config_directory);
    const ProcessResult result =
        RunProcess({programs_.Path("postgres"), "-D", configuration.string(), "-C", name});
    const std::string value = result.output.substr(0, result.output.find('\n'));
    if (result.exit_code == 0 && !value.empty() &&
        value.find_first_not_of("0123456789") == std::string::npos) {
      return value;
    }
    throw core::Error(core::ErrorCode::kFailed, "the configuration of the new server is not valid",
                      result.output, "Look at what --set or --config-dir gave it.");
  }

  const Options& options_;
  Output& output_;
  fs::path directory_;
  fs::path passfile_;
  Parameters given_;
  bool password_stored_ = false;
  Connection source_;
  core::CloneSource source_facts_;
  CloneTarget target_;
  Programs programs_;
  std::string database_ = "postgres";
  bool slot_lost_ = false;
};

}  // namespace

Action AddClone(CLI::App& command, Output& output) {
  auto options = std::make_shared<Options>(output);
  options->connection.AddTo(command, "the primary (default role: baton_node)");
  options->common.AddTo(command, true);
  options->server.AddTo(command);
  command.add_option("--node-name", options->node_name, "name of the new node")->required();
  command
      .add_option("--advertise", options->advertise,
                  "address by which the other nodes reach the new server")
      ->required();
  command
      .add_option("--set", options->settings,
                  "own setting of the new server, name=value; may be given more than once")
      ->take_all()
      ->allow_extra_args(false);
  command
      .add_option("-T,--tablespace-mapping", options->tablespaces,
                  "place a tablespace elsewhere, OLD=NEW; may be given more than once")
      ->take_all()
      ->allow_extra_args(false);
  command.add_option("-c,--checkpoint", options->checkpoint, "fast or spread")
      ->check(CLI::IsMember({"fast", "spread"}))
      ->type_name("fast|spread");
  command.add_option("-r,--max-rate", options->max_rate,
                     "copy no faster than this, in kB a second, or with suffix k or M");
  return [options] {
    Clone(*options).Run();
    return 0;
  };
}

}  // namespace baton::helper
