// rejoin: brings a former primary back as a standby of the server that took over.  From the moment
// its files are touched until they are whole again, the directory has a mode that no server starts
// with; it has succeeded only when the node streams.
#include <fmt/format.h>
#include <set>
#include <thread>

#include "core/error.hpp"
#include "core/node_name.hpp"
#include "core/quantity.hpp"
#include "core/rejoin_check.hpp"
#include "helper/backup/control_data.hpp"
#include "helper/backup/rewind.hpp"
#include "helper/cli.hpp"
#include "helper/command/command.hpp"
#include "helper/command/node_access.hpp"
#include "helper/command/server_options.hpp"
#include "helper/config/auto_conf.hpp"
#include "helper/progress.hpp"
#include "helper/server/new_slot.hpp"
#include "helper/server/queries.hpp"
#include "helper/server/server_control.hpp"
#include "helper/system/file.hpp"
#include "helper/system/interrupt.hpp"
#include "helper/system/process.hpp"

namespace baton::helper {
namespace {

using namespace std::chrono_literals;

struct Options {
  explicit Options(Output& output) : common{output} {}

  ConnectionOptions connection;
  CommonOptions common;
  ServerOptions server;
  std::string node_name;
};

class Rejoin {
 public:
  explicit Rejoin(const Options& options)
      : options_(options),
        output_(options.common.output),
        directory_(PlainPath(options.server.directory)) {}

  void Run() {
    ReadTarget();
    // A wrong directory is told before anybody is asked for a password.
    core::RequireNone(core::CheckRejoin(SourceLike(target_), target_));
    FindNames();
    source_.emplace(Connect());
    ReadSource();
    core::RequireNone(core::CheckRejoin(source_facts_, target_));
    ShowPlan();
    if (options_.common.dry_run) {
      output_.Line("dry run: every check passed, nothing was changed");
      return;
    }
    Prepare();
    Rewind();
    if (options_.server.no_start) {
      output_.Line("not started, as asked for; start it, then: pg_baton status");
      return;
    }
    Start();
  }

 private:
  Connection Connect() {
    if (options_.connection.user.empty() && !given_.contains("user")) {
      bool stored = false;
      return ConnectAsNode(options_.connection, given_, passfile_, !options_.common.dry_run,
                           stored);
    }
    Parameters parameters = given_;
    parameters.emplace("dbname", "postgres");
    std::optional<std::string> password;
    return ConnectAsking(parameters, !options_.connection.no_password,
                         options_.connection.force_password, password);
  }

  void ReadTarget() {
    target_.path = directory_.string();
    const DirectoryFacts facts = LookAtDirectory(directory_);
    const auto version = ReadFileIfThere(directory_ / "PG_VERSION");
    target_.is_foreign = facts.exists && !facts.is_own;
    target_.is_data_directory = version.has_value() || target_.is_foreign;
    if (!version || target_.is_foreign) return;
    mode_ = facts.mode;
    target_.is_unfinished = facts.mode == kUnstartableMode;
    target_.is_running = RunningPostmaster(directory_).has_value();
    target_.major = MajorFrom(*version).value_or(0);
    programs_ = FindPrograms(options_.server.bindir, target_.major);
    target_.bindir = programs_.bindir;
    target_.bindir_major = programs_.major;
    if (programs_.bindir.empty() || target_.is_unfinished) return;
    const ControlData control =
        ReadControlData(programs_.Path("pg_controldata"), directory_.string());
    target_.system_identifier = control.system_identifier;
    target_.timeline = control.timeline;
    target_.wal_log_hints = control.wal_log_hints;
    target_.data_checksums = control.data_checksums;
    target_.was_standby =
        fs::exists(directory_ / "standby.signal") || fs::exists(directory_ / "recovery.signal") ||
        control.state == "in archive recovery" || control.state == "shut down in recovery";
  }

  // A source about which nothing can be wrong, for the checks that need none.
  static core::RejoinSource SourceLike(const core::RejoinTarget& target) {
    core::RejoinSource source;
    source.major = target.major;
    source.system_identifier = target.system_identifier;
    return source;
  }

  // This node's own settings, read from its configuration as the server itself would.
  std::string OwnSetting(const std::string& name) {
    const ProcessResult result =
        RunProcess({programs_.Path("postgres"), "-D", Configuration().string(), "-C", name});
    if (result.exit_code != 0) return "";
    const auto end = result.output.rfind('\n');
    const std::string text = result.output.substr(0, end);
    const auto begin = text.rfind('\n');
    return begin == std::string::npos ? text : text.substr(begin + 1);
  }

  fs::path Configuration() const {
    return options_.server.config_directory.empty() ? directory_
                                                    : fs::path(options_.server.config_directory);
  }

  void FindNames() {
    node_name_ = options_.node_name.empty() ? OwnSetting("pg_baton.node_name") : options_.node_name;
    if (node_name_.empty()) {
      throw core::Error(core::ErrorCode::kUsage, "the name of this node is not known",
                        "Its configuration has no pg_baton.node_name.", "Give it by --node-name.");
    }
    core::RequireNodeName(node_name_);
    const std::string own = OwnSetting("pg_baton.passfile");
    passfile_ = ResolvePassfile(options_.server.passfile.empty() ? own : options_.server.passfile);
    given_ = options_.connection.Given();
  }

  void ReadSource() {
    core::RejoinSource& facts = source_facts_;
    facts.major = source_->major();
    facts.version = source_->Value("SHOW server_version");
    facts.system_identifier = source_->Value("SELECT system_identifier FROM pg_control_system()");
    facts.in_recovery = source_->Value("SELECT pg_is_in_recovery()") == "t";
    facts.full_page_writes = source_->Value("SHOW full_page_writes") == "on";
    facts.has_extension = HasExtension(*source_);
    facts.may_read_files =
        source_->Value(
            "SELECT has_function_privilege($1, 'pg_catalog.pg_read_binary_file(text, bigint, "
            "bigint,"
            " boolean)', 'EXECUTE')"
            " AND has_function_privilege($1, 'pg_catalog.pg_ls_dir(text, boolean, boolean)',"
            " 'EXECUTE')"
            " AND has_function_privilege($1, 'pg_catalog.pg_stat_file(text, boolean)', 'EXECUTE')",
            {kNodeRole}) == "t";
    facts.may_checkpoint =
        source_->Value("SELECT pg_has_role(current_user, 'pg_checkpoint', 'USAGE')") == "t";
    slot_ = LookAtSlot(*source_, node_name_);
    facts.slot_active = slot_.active;
    if (facts.has_extension) {
      facts.name_is_source = source_->Value("SELECT name FROM baton.node_status") == node_name_;
      facts.timeline = Timeline(*source_);
    }
  }

  void ShowPlan() {
    output_.Line(fmt::format("source: PostgreSQL {} at {} port {}, timeline {}",
                             source_facts_.version, source_->host(), source_->port(),
                             source_facts_.timeline));
    output_.Line(fmt::format("target: \"{}\", node \"{}\", timeline {}", directory_.string(),
                             node_name_, target_.timeline));
    output_.result()["data_directory"] = directory_.string();
    output_.result()["node_name"] = node_name_;
    output_.result()["source_timeline"] = source_facts_.timeline;
  }

  void Prepare() {
    // pg_rewind of 15 compares the timelines of the two control files, and the source's still has
    // the old one until its first checkpoint after the promotion.
    source_->Run("CHECKPOINT");
    if (slot_.lost) DropSlot(*source_, node_name_);
    if (!slot_.exists || slot_.lost) {
      new_slot_.emplace(*source_, node_name_);
      output_.Line(fmt::format("made replication slot \"{}\" on the source", node_name_));
    }
    RecoverOldPrimary();
    CheckInterrupt();
    // The control file may have been older than the WAL: a server that crashed right after its own
    // promotion shows only now on which timeline it was.
    ReadTarget();
    core::RequireNone(core::CheckRejoin(source_facts_, target_));
  }

  void RecoverOldPrimary() {
    const fs::path configuration =
        options_.server.config_directory.empty() ? fs::path() : Configuration() / "postgresql.conf";
    // Processes of a killed server need a moment to notice.
    for (int attempt = 0;; ++attempt) {
      try {
        RecoverSingleUser(programs_, directory_, configuration);
        break;
      } catch (const core::Error& error) {
        const bool still_there =
            error.detail().find("shared memory") != std::string::npos && attempt < 40;
        if (!still_there) throw;
        std::this_thread::sleep_for(250ms);
      }
      CheckInterrupt();
    }
    output_.Line("the old server's last WAL is replayed, its directory is shut down cleanly");
  }

  // pg_rewind replaces this server's own files by the source's and deletes what the source lacks,
  // so they are kept beside the data directory meanwhile.
  void Rewind() {
    Rehearse();
    const fs::path kept = directory_.string() + ".pg_baton_own_files";
    KeepOwnFiles(kept);
    SetMode(directory_, kUnstartableMode);
    Flush(directory_);
    Progress progress("rewinding", output_.is_json());
    std::int64_t copied = 0;
    const auto began = Progress::Clock::now();
    bool rewound = false;
    try {
      rewound = RunRewind(HowToRewind(false), [&](std::int64_t done, std::int64_t total) {
        copied = done;
        progress.Update(done, total);
      });
    } catch (const core::Error& error) {
      throw core::Error(
          error.code(), error.message(), error.detail(),
          fmt::format("\"{}\" may be of two servers now and cannot be started; this server's own "
                      "files are in \"{}\". Make a new standby with pg_baton clone.",
                      directory_.string(), kept.string()));
    }
    progress.Finish();
    // Slots of its time as a primary are for standbys that follow another server now; pg_rewind
    // removes them only where it rewinds.
    EmptyDirectory(directory_ / "pg_replslot");
    PutOwnFilesBack(kept);
    Configure();
    Flush(directory_);
    SetMode(directory_, mode_);
    Flush(directory_);
    if (new_slot_) new_slot_->Keep();
    std::error_code error;
    fs::remove_all(kept, error);
    const std::chrono::microseconds took =
        std::chrono::duration_cast<std::chrono::microseconds>(Progress::Clock::now() - began);
    output_.result()["rewound"] = rewound;
    output_.result()["copied_bytes"] = copied;
    output_.Line(rewound
                     ? fmt::format("rewound: {} copied in {}", core::BytesText(copied),
                                   core::DurationText(took))
                     : std::string("nothing to rewind: the old primary had nothing of its own"));
  }

  RewindOptions HowToRewind(bool rehearse) const {
    Parameters source = NodeParameters(given_, passfile_);
    source["host"] = source_->host();
    source["port"] = source_->port();
    return {programs_.Path("pg_rewind"), directory_, source, passfile_.string(), rehearse};
  }

  // What pg_rewind can find out without changing a file, missing WAL above all, is found out first.
  void Rehearse() {
    try {
      RunRewind(HowToRewind(true), [](std::int64_t, std::int64_t) {});
    } catch (const core::Error& error) {
      throw core::Error(error.code(), error.message(), error.detail(),
                        "Nothing was changed yet but the end of crash recovery. Mend what is wrong "
                        "and run the command again, or make a new standby with pg_baton clone.");
    }
  }

  void KeepOwnFiles(const fs::path& kept) {
    fs::create_directory(kept);
    SetMode(kept, 0700);
    for (const fs::path& file : OwnFiles(directory_)) {
      Replace(file, kept / file.filename());
      own_files_.insert(file.filename());
    }
    for (const fs::path& folder : OwnFolders(directory_)) {
      Move(folder, kept / folder.filename());
      own_folders_.insert(folder.filename());
    }
    Flush(kept);
  }

  // Afterwards the top of the directory has this server's files, and none of the source's.
  void PutOwnFilesBack(const fs::path& kept) {
    for (const fs::path& file : OwnFiles(directory_)) {
      if (!own_files_.contains(file.filename())) fs::remove(file);
    }
    for (const std::string& name : own_files_) Replace(kept / name, directory_ / name);
    for (const fs::path& folder : OwnFolders(directory_)) fs::remove_all(folder);
    for (const std::string& name : own_folders_) Move(kept / name, directory_ / name);
    // What it had heard of an upstream belongs to a history that is over.
    std::error_code error;
    fs::remove(directory_ / "pg_baton" / "lag", error);
  }

  static void Replace(const fs::path& from, const fs::path& to) {
    fs::remove(to);
    fs::copy(from, to, fs::copy_options::copy_symlinks);
    if (!fs::is_symlink(to)) Flush(to);
  }

  // A folder of logs may be large, so it is moved where it can be.
  static void Move(const fs::path& from, const fs::path& to) {
    fs::remove_all(to);
    std::error_code error;
    fs::rename(from, to, error);
    if (error) {
      fs::copy(from, to, fs::copy_options::recursive | fs::copy_options::copy_symlinks);
      fs::remove_all(from);
    }
  }

  void Configure() {
    const fs::path auto_conf = directory_ / "postgresql.auto.conf";
    const auto settings = StandbySettings(*source_, passfile_, node_name_, given_);
    ReplaceFile(auto_conf, WithSettings(ReadFileIfThere(auto_conf).value_or(""), settings));
    ReplaceFile(directory_ / "standby.signal", "");
  }

  void Start() {
    const core::Lsn beyond = CurrentLsn(*source_);
    StartServer(options_.server.ToStart(programs_, directory_));
    WaitUntilStreaming(*source_, node_name_, beyond, options_.server.timeout());
    output_.Line(fmt::format("node \"{}\" streams from {} port {}", node_name_, source_->host(),
                             source_->port()));
  }

  const Options& options_;
  Output& output_;
  fs::path directory_;
  fs::path passfile_;
  Parameters given_;
  std::optional<Connection> source_;
  core::RejoinSource source_facts_;
  core::RejoinTarget target_;
  Programs programs_;
  std::string node_name_;
  SlotState slot_;
  std::optional<NewSlot> new_slot_;
  mode_t mode_ = 0700;
  std::set<std::string> own_files_;
  std::set<std::string> own_folders_;
};

}  // namespace

Action AddRejoin(CLI::App& command, Output& output) {
  auto options = std::make_shared<Options>(output);
  options->connection.AddTo(command, "the new primary (default role: baton_node)");
  options->common.AddTo(command, true);
  options->server.AddTo(command);
  command.add_option("--node-name", options->node_name,
                     "name of this node (default: pg_baton.node_name of its configuration)");
  return [options] {
    Rejoin(*options).Run();
    return 0;
  };
}

}  // namespace baton::helper
