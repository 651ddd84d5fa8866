// setup-primary: makes a running server ready to have standbys.  Reads what is, decides what has to
// change, shows it, changes it; where nothing has to, it changes nothing.
#include <CLI/CLI.hpp>
#include <array>
#include <fmt/format.h>
#include <sstream>
#include <sys/random.h>
#include <thread>

#include "archive/store.hpp"
#include "core/archive_setup.hpp"
#include "core/node_name.hpp"
#include "core/problem.hpp"
#include "core/restore_command.hpp"
#include "core/settings_advice.hpp"
#include "helper/cli.hpp"
#include "helper/command/command.hpp"
#include "helper/command/node_access.hpp"
#include "helper/config/hba_file.hpp"
#include "helper/config/passfile.hpp"
#include "helper/server/queries.hpp"
#include "helper/server/server_control.hpp"
#include "helper/system/archive_place.hpp"
#include "helper/system/file.hpp"
#include "helper/system/terminal.hpp"

namespace baton::helper {
namespace {

constexpr int kNodeConnectionLimit = 300;

struct Options {
  explicit Options(Output& output) : common{output} {}

  ConnectionOptions connection;
  CommonOptions common;
  std::string node_name;
  std::string advertise;
  std::vector<std::string> allow;
  std::string passfile;
  bool ask_node_password = false;
  std::string archive_directory;
  std::string archive_compression;
  bool restart = false;
  std::string restart_command;
  std::string bindir;
  int timeout_s = 60;
};

class SetupPrimary {
 public:
  explicit SetupPrimary(const Options& options)
      : options_(Valid(options)),
        output_(options.common.output),
        passfile_(ResolvePassfile(options.passfile)),
        server_(Connect()) {}

  void Run() {
    RequireSuperuser();
    ReadPlaces();
    core::RequireNone(FindProblems());
    Plan();
    if (options_.common.dry_run) {
      output_.Line(changed_ ? "dry run: nothing was changed" : "nothing to change");
      return;
    }
    if (restart_needed_ && !Restart()) return;
    Complete();
    if (!changed_) output_.Line("nothing to change");
    output_.Line(
        fmt::format("node \"{}\" is ready; on the other host: pg_baton clone -h {} -p {} "
                    "-D DIR --node-name=NAME --advertise=ADDRESS",
                    options_.node_name, options_.advertise, port_));
  }

 private:
  // Bad input is told before anything is connected to.
  static const Options& Valid(const Options& options) {
    core::RequireNodeName(options.node_name);
    HbaAddress(options.advertise);
    for (const std::string& address : options.allow) HbaAddress(address);
    return options;
  }

  Connection Connect() {
    Parameters parameters = options_.connection.Given();
    parameters.emplace("dbname", "postgres");
    std::optional<std::string> password;
    return ConnectAsking(parameters, !options_.connection.no_password,
                         options_.connection.force_password, password);
  }

  // Says what is being changed, once; in a dry run, what would be.
  void Change(const std::string& text) {
    changed_ = true;
    output_.Line((options_.common.dry_run ? "would " : "") + text);
    output_.result()["changes"].push_back(text);
  }

  void RequireSuperuser() {
    if (server_.Value("SELECT rolsuper FROM pg_roles WHERE rolname = current_user") == "t") return;
    throw core::Refusal({{fmt::format("role \"{}\" is not a superuser", server_.user()),
                          "Roles, settings and extensions of the server are changed.",
                          "Connect as a superuser, for example with -U postgres."}});
  }

  void ReadPlaces() {
    data_directory_ = server_.Value("SHOW data_directory");
    hba_file_ = server_.Value("SHOW hba_file");
    port_ = server_.Value("SHOW port");
    const std::string database = server_.Value("SELECT current_setting('pg_baton.database', true)");
    if (!database.empty()) database_ = database;
    output_.result()["data_directory"] = data_directory_.string();
    output_.result()["node_name"] = options_.node_name;
  }

  core::Problems FindProblems() {
    core::Problems problems;
    if (server_.Value("SELECT pg_is_in_recovery()") == "t") {
      problems.push_back(
          {"this server is a standby", "A primary is set up.", "Connect to the primary."});
    }
    const int major = server_.major();
    if (major < 15) {
      problems.push_back({fmt::format("PostgreSQL {} is too old", major), "",
                          "pg_baton works with PostgreSQL 15 and later."});
    }
    const DirectoryFacts directory = LookAtDirectory(data_directory_);
    if (!directory.is_directory || !directory.is_own) {
      problems.push_back(
          {fmt::format("data directory \"{}\" is not this user's own", data_directory_.string()),
           "Files of the server are changed, on its own host.",
           "Run pg_baton there as the user who runs the server, for example with runuser -u "
           "postgres."});
    } else if (!IsOfThisServer(data_directory_)) {
      problems.push_back(
          {fmt::format("data directory \"{}\" here is not that of the server",
                       data_directory_.string()),
           "The server that was connected to runs on another host, or in another container.",
           "Run pg_baton on the server's own host."});
    } else if (!IsWritable(hba_file_.parent_path())) {
      problems.push_back({fmt::format("cannot write to \"{}\"", hba_file_.parent_path().string()),
                          "pg_hba.conf is there.", "Run pg_baton as its owner."});
    }
    programs_ = FindPrograms(options_.bindir, major);
    if (programs_.bindir.empty() && options_.restart && options_.restart_command.empty()) {
      problems.push_back({fmt::format("no server programs of PostgreSQL {} found", major),
                          "pg_ctl restarts the server.", "Name their folder with --bindir."});
    }
    const bool available =
        server_.Value("SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_baton'") ==
        "1";
    if (!available) {
      problems.push_back({"the extension pg_baton is not installed in this server",
                          "It has to be there before the server can load it.",
                          "Install it: make install PG_CONFIG=..."});
    }
    for (core::Problem& problem : FindArchiveProblems()) problems.push_back(std::move(problem));
    return problems;
  }

  core::Problems FindArchiveProblems() const {
    if (options_.archive_directory.empty()) return {};
    core::Problems problems =
        core::CheckArchiveFolder(LookAtArchiveFolder(options_.archive_directory));
    if (!problems.empty()) return problems;
    try {
      archive::RequireOutside(options_.archive_directory, data_directory_);
    } catch (const core::Error& error) {
      problems.push_back({error.message(), error.detail(), error.hint()});
    }
    return problems;
  }

  // Two hosts of a pair have their data in the same place, so the path alone proves nothing; the
  // time of the start does (line 3 of postmaster.pid, src/include/utils/pidfile.h).
  bool IsOfThisServer(const fs::path& directory) {
    std::istringstream lines(ReadFileIfThere(directory / "postmaster.pid").value_or(""));
    std::string line;
    for (int i = 0; i < 3; ++i) std::getline(lines, line);
    const long here = std::atol(line.c_str());
    const long there = std::atol(
        server_.Value("SELECT floor(EXTRACT(epoch FROM pg_postmaster_start_time()))").c_str());
    return std::labs(here - there) <= 5;
  }

  void Plan() {
    EnsureRole();
    EnsureHba();
    EnsureSettings();
  }

  // The role's password is in the password file, or is asked for, or is made here; it goes to the
  // server as a SCRAM verifier, so that no log can have it.
  void EnsureRole() {
    const bool exists =
        server_.Value("SELECT count(*) FROM pg_roles WHERE rolname = $1", {kNodeRole}) == "1";
    const auto stored = LookUpPassword(ReadFileIfThere(passfile_).value_or(""),
                                       {options_.advertise, port_, database_, kNodeRole});
    std::string password = stored.value_or("");
    if (options_.ask_node_password) {
      password = PromptPassword(fmt::format("Password for role {}: ", kNodeRole));
    }
    if (password.empty()) {
      password = RandomPassword();
      Change(fmt::format("make a password for role {} and store it in \"{}\"", kNodeRole,
                         passfile_.string()));
    } else if (password != stored.value_or("")) {
      Change(fmt::format("store the password of role {} in \"{}\"", kNodeRole, passfile_.string()));
    }
    const bool new_password = password != stored.value_or("");
    if (new_password && !options_.common.dry_run) StorePassword(passfile_, kNodeRole, password);

    const bool attributes_right =
        exists && server_.Value(
                      "SELECT rolcanlogin AND rolreplication FROM pg_roles WHERE rolname "
                      "= $1",
                      {kNodeRole}) == "t";
    const bool password_right = exists && !new_password && VerifierFits(password);
    if (!exists) {
      Change(fmt::format("create role {} (LOGIN REPLICATION CONNECTION LIMIT {})", kNodeRole,
                         kNodeConnectionLimit));
    } else if (!attributes_right || !password_right) {
      Change(fmt::format("alter role {} ({})", kNodeRole,
                         attributes_right ? "password" : "LOGIN REPLICATION, password"));
    }
    if ((!attributes_right || !password_right) && !options_.common.dry_run) {
      SetRole(exists, password);
    }
    EnsureGrants(exists);
  }

  void SetRole(bool exists, const std::string& password) {
    const std::unique_ptr<char, void (*)(void*)> verifier(
        PQencryptPasswordConn(server_.get(), password.c_str(), kNodeRole, "scram-sha-256"),
        &PQfreemem);
    if (verifier == nullptr) {
      throw core::Error(core::ErrorCode::kFailed, "could not encrypt the password",
                        PQerrorMessage(server_.get()));
    }
    server_.RunSecret(fmt::format(
        "{} ROLE {} LOGIN REPLICATION {} PASSWORD {}", exists ? "ALTER" : "CREATE", kNodeRole,
        exists ? "" : fmt::format("CONNECTION LIMIT {}", kNodeConnectionLimit),
        server_.Quoted(verifier.get())));
  }

  // Whether the stored verifier belongs to this password: only a login can tell, and before the
  // library is loaded pg_hba.conf may not let the role in, so an existing verifier counts then.
  bool VerifierFits(const std::string& password) {
    try {
      Connection(NodeParameters({{"host", options_.advertise}, {"port", port_}}, passfile_),
                 password);
      return true;
    } catch (const core::Error& error) {
      return !IsPasswordFailure(error);
    }
  }

  // The functions that pg_rewind calls on its source (pg_rewind's manual page, Notes), and the
  // predefined roles that the checks and the checkpoint before a rewind need.
  void EnsureGrants(bool role_exists) {
    static constexpr std::array kFunctions = {
        "pg_catalog.pg_ls_dir(text, boolean, boolean)", "pg_catalog.pg_stat_file(text, boolean)",
        "pg_catalog.pg_read_binary_file(text)",
        "pg_catalog.pg_read_binary_file(text, bigint, bigint, boolean)"};
    for (const char* const function : kFunctions) {
      if (role_exists && server_.Value("SELECT has_function_privilege($1, $2, 'EXECUTE')",
                                       {kNodeRole, function}) == "t") {
        continue;
      }
      Change(fmt::format("grant execute on {} to {}", function, kNodeRole));
      if (!options_.common.dry_run) {
        server_.Run(fmt::format("GRANT EXECUTE ON FUNCTION {} TO {}", function, kNodeRole));
      }
    }
    for (const char* const role : {"pg_monitor", "pg_checkpoint"}) GrantRole(role, role_exists);
  }

  void GrantRole(const std::string& role, bool member_exists) {
    if (member_exists &&
        server_.Value("SELECT pg_has_role($1, $2, 'MEMBER')", {kNodeRole, role}) == "t") {
      return;
    }
    Change(fmt::format("grant {} to {}", role, kNodeRole));
    if (!options_.common.dry_run) server_.Run(fmt::format("GRANT {} TO {}", role, kNodeRole));
  }

  void EnsureHba() {
    std::vector<std::string> addresses = {options_.advertise};
    addresses.insert(addresses.end(), options_.allow.begin(), options_.allow.end());
    const std::string before = ReadFile(hba_file_);
    const std::string after = WithHbaLines(before, HbaLines(addresses, kNodeRole, database_));
    if (before == after) return;
    for (const std::string& line : HbaLines(addresses, kNodeRole, database_)) {
      if (before.find(line) == std::string::npos) {
        Change(fmt::format("add to \"{}\": {}", hba_file_.string(), line));
      }
    }
    if (options_.common.dry_run) return;
    KeepFirst(hba_file_, before);
    ReplaceFile(hba_file_, after);
    const std::string error = server_.Value(
        "SELECT format('line %s: %s', line_number, error) FROM pg_hba_file_rules WHERE error IS "
        "NOT "
        "NULL");
    if (!error.empty()) {
      ReplaceFile(hba_file_, before);
      throw core::Error(core::ErrorCode::kFailed, "pg_hba.conf would not be valid", error,
                        "It was put back as it was; mend it first.");
    }
    Reload();
  }

  void Reload() { server_.Run("SELECT pg_reload_conf()"); }

  std::optional<std::string> FileSetting(const std::string& name) {
    // What will be after the next restart counts, not only what is.
    const Result pending = server_.Query(
        "SELECT setting FROM pg_file_settings WHERE name = $1 AND error IS NULL ORDER BY seqno "
        "DESC "
        "LIMIT 1",
        {name});
    if (pending.rows() > 0 && IsPending(name)) return pending.Text(0, 0);
    const Result now = server_.Query("SELECT setting FROM pg_settings WHERE name = $1", {name});
    if (now.rows() == 0) return std::nullopt;
    return now.Text(0, 0);
  }

  bool IsPending(const std::string& name) {
    return server_.Value("SELECT pending_restart FROM pg_settings WHERE name = $1", {name}) == "t";
  }

  void EnsureSettings() {
    const bool checksums = server_.Value("SHOW data_checksums") == "on";
    const auto advice = core::AdviseSettings(
        [this](std::string_view name) { return FileSetting(std::string(name)); },
        {options_.advertise, checksums});
    for (const core::SettingAdvice& setting : advice) {
      Change(fmt::format("set {} = '{}' (was '{}'): {}{}", setting.name, setting.wanted,
                         setting.current, setting.why, setting.restart ? " [restart]" : ""));
      AlterSystem(setting.name, setting.wanted);
    }
    EnsureOwnSetting("pg_baton.node_name", options_.node_name);
    EnsureOwnSetting("pg_baton.passfile", passfile_.string());
    const bool archive_restart = EnsureArchive();
    if (!options_.common.dry_run) Reload();
    restart_needed_ =
        server_.Value("SELECT count(*) FROM pg_settings WHERE pending_restart") != "0" ||
        server_.Value("SELECT current_setting('pg_baton.check_interval', true)").empty();
    for (const core::SettingAdvice& setting : advice) restart_needed_ |= setting.restart;
    restart_needed_ |= archive_restart;
  }

  // Whether a restart is needed for it.
  bool EnsureArchive() {
    if (options_.archive_directory.empty()) return false;
    const auto now = [this](const char* name) { return SettingInFiles(name); };
    const core::ArchiveSetup setup =
        core::PlanArchive({FileSetting("archive_mode").value_or(""), now("archive_library"),
                           now("archive_command"), now("pg_baton.archive_directory"),
                           now("pg_baton.archive_compression"), now("restore_command")},
                          {options_.archive_directory, options_.archive_compression,
                           core::ArchiveGetCommand(OwnProgram(), options_.archive_directory)});
    for (const core::Problem& problem : setup.left_alone) {
      output_.Warning(problem.message, problem.detail, problem.hint);
    }
    bool restart = false;
    for (const core::SettingAdvice& setting : setup.changes) {
      restart |= setting.restart;
      if (setting.name.starts_with("pg_baton.")) {
        EnsureOwnSetting(setting.name, setting.wanted);
        continue;
      }
      Change(fmt::format("set {} = '{}' (was '{}'): {}{}", setting.name, setting.wanted,
                         setting.current, setting.why, setting.restart ? " [restart]" : ""));
      AlterSystem(setting.name, setting.wanted);
    }
    return restart;
  }

  // As the configuration files have it, which the server shows only in part while it does not
  // archive; empty if they do not.
  std::string SettingInFiles(const std::string& name) {
    return server_.Value(
        "SELECT setting FROM pg_file_settings WHERE name = $1 ORDER BY seqno DESC LIMIT 1", {name});
  }

  void EnsureOwnSetting(const std::string& name, const std::string& wanted) {
    if (SettingInFiles(name) == wanted) return;
    Change(fmt::format("set {} = '{}'", name, wanted));
    // Before the library is loaded the server knows no such setting; one set in this session makes
    // a placeholder, which ALTER SYSTEM accepts.  A setting that it knows is not a session's to
    // set.
    const bool is_known =
        server_.Value("SELECT count(*) FROM pg_settings WHERE name = $1", {name}) != "0";
    if (!options_.common.dry_run && !is_known) {
      server_.Run("SELECT set_config($1, $2, false)", {name, wanted});
    }
    AlterSystem(name, wanted);
  }

  // A list is written as one word: ALTER SYSTEM would quote each element of several.
  void AlterSystem(const std::string& name, const std::string& value) {
    if (options_.common.dry_run) return;
    if (name == "shared_preload_libraries" || name == "listen_addresses") {
      std::string items;
      std::string item;
      for (const char c : value + ",") {
        if (c != ',') {
          if (c != ' ' && c != '"') item += c;
          continue;
        }
        if (!item.empty()) items += (items.empty() ? "" : ", ") + server_.Quoted(item);
        item.clear();
      }
      server_.Run(fmt::format("ALTER SYSTEM SET {} = {}", name, items));
      return;
    }
    server_.Run(fmt::format("ALTER SYSTEM SET {} = {}", name, server_.Quoted(value)));
  }

  // Returns false if it was not allowed: then the rest has to wait.
  bool Restart() {
    if (!options_.restart && options_.restart_command.empty()) {
      output_.result()["restart_needed"] = true;
      output_.Line(
          "a restart is needed; restart the server and run this command again, or run it "
          "with --restart");
      return false;
    }
    Change("restart the server");
    RestartServer({programs_,
                   data_directory_,
                   {},
                   {},
                   options_.restart_command,
                   std::chrono::seconds(options_.timeout_s)});
    server_ = Connect();
    return true;
  }

  void Complete() {
    if (server_.Value("SELECT count(*) FROM pg_extension WHERE extname = 'pg_baton'") == "0") {
      Change("create extension pg_baton in database " + server_.database());
      server_.Run("CREATE EXTENSION pg_baton SCHEMA pg_catalog");
    }
    GrantRole("baton_operator", true);
    const std::string conninfo = RegistryConninfo(options_.advertise, port_, database_);
    if (server_.Value("SELECT conninfo FROM baton.node WHERE name = $1", {options_.node_name}) !=
        conninfo) {
      Change(fmt::format("register node \"{}\" as {}", options_.node_name, conninfo));
      RegisterNode(server_, options_.node_name, conninfo);
    }
    TryNodeConnection();
  }

  // The very connection that a standby will make, from here.
  void TryNodeConnection() {
    Parameters parameters =
        NodeParameters({{"host", options_.advertise}, {"port", port_}}, passfile_);
    Connection{parameters};
    parameters["replication"] = "true";
    Connection{parameters};
    output_.Line(fmt::format("connections as {} to {} port {} work, also for replication",
                             kNodeRole, options_.advertise, port_));
  }

  static std::string RandomPassword() {
    std::array<unsigned char, 24> bytes{};
    if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
      throw core::Error(core::ErrorCode::kFailed, "could not get random numbers");
    }
    std::string text;
    for (const unsigned char byte : bytes) text += fmt::format("{:02x}", byte);
    return text;
  }

  const Options& options_;
  Output& output_;
  fs::path passfile_;
  Connection server_;
  Programs programs_;
  fs::path data_directory_;
  fs::path hba_file_;
  std::string port_;
  std::string database_ = "postgres";
  bool changed_ = false;
  bool restart_needed_ = false;
};

}  // namespace

Action AddSetupPrimary(CLI::App& command, Output& output) {
  auto options = std::make_shared<Options>(output);
  options->connection.AddTo(command, "the server, as a superuser");
  options->common.AddTo(command, true);
  command.add_option("--node-name", options->node_name, "name of this node")->required();
  command
      .add_option("--advertise", options->advertise,
                  "address by which the other nodes reach this server")
      ->required();
  command
      .add_option("--allow", options->allow,
                  "address of a standby, to be let in; may be given more than once")
      ->take_all()
      ->allow_extra_args(false);
  command.add_option("--passfile", options->passfile,
                     "password file of the server's user (default: PGPASSFILE or ~/.pgpass)");
  command.add_flag("--ask-node-password", options->ask_node_password,
                   "ask for the password of role baton_node instead of making one");
  command.add_option("--archive-directory", options->archive_directory,
                     "archive WAL into this folder, best one that all nodes share");
  command
      .add_option("--archive-compression", options->archive_compression,
                  "compress what is archived")
      ->check(CLI::IsMember({"none", "zstd", "lz4"}))
      ->type_name("none|zstd|lz4");
  command.add_flag("--restart", options->restart, "restart the server if that is needed");
  command.add_option("--restart-command", options->restart_command,
                     "restart by this command instead of pg_ctl");
  command.add_option("--bindir", options->bindir, "folder of PostgreSQL's server programs");
  command.add_option("-t,--timeout", options->timeout_s, "seconds to wait for the restart")
      ->check(CLI::PositiveNumber);
  return [options] {
    SetupPrimary(*options).Run();
    return 0;
  };
}

}  // namespace baton::helper
