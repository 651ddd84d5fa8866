#include "helper/rejoin/workplace.hpp"

#include <csignal>
#include <cstdlib>
#include <fmt/format.h>

#include "core/error.hpp"
#include "core/node_name.hpp"
#include "core/node_state.hpp"
#include "helper/command/node_access.hpp"
#include "helper/config/auto_conf.hpp"
#include "helper/server/server_control.hpp"
#include "helper/system/process.hpp"

namespace baton::helper {
namespace {

constexpr const char* kSignals[] = {"standby.signal", "recovery.signal"};

// Those at the top of the source's data directory whose names say that they are sockets.
std::vector<std::string> SpecialFiles(Connection& source) {
  std::vector<std::string> names;
  const Result result = source.Query(
      "SELECT name FROM pg_catalog.pg_ls_dir('.', true, false) AS name"
      " WHERE name LIKE '.s.PGSQL.%' AND name NOT LIKE '%.lock'");
  for (int row = 0; row < result.rows(); ++row) names.push_back(result.Text(row, 0));
  return names;
}

}  // namespace

Workplace::Workplace(const RejoinRequest& asked, Output& out)
    : request(asked),
      output(out),
      directory(PlainPath(asked.server.directory)),
      folder(directory, asked.work_directory) {}

bool Workplace::ReadJournal() {
  const auto read = folder.Read();
  if (!read) return false;
  journal = *read;
  if (!folder.IsAboutDirectory(journal)) {
    ForgetJournal();
    return false;
  }
  goes_on_ = journal.step >= core::RejoinStep::kLocked;
  return true;
}

void Workplace::ForgetJournal() {
  if (!request.dry_run) {
    if (goes_on_ && LookAtDirectory(directory).mode == kUnstartableMode) Unlock();
    folder.Remove();
  }
  journal = {};
  goes_on_ = false;
}

void Workplace::ReadTarget() {
  target = {};
  target.path = directory.string();
  const DirectoryFacts facts = LookAtDirectory(directory);
  target.is_foreign = facts.exists && !facts.is_own;
  if (goes_on_) return RememberTarget(facts);
  const auto version = ReadFileIfThere(directory / "PG_VERSION");
  target.is_data_directory = version.has_value() || target.is_foreign;
  if (!version || target.is_foreign) return;
  target.is_unfinished = facts.mode == kUnstartableMode;
  target.is_running = RunningPostmaster(directory).has_value();
  target.major = MajorFrom(*version).value_or(0);
  Find(target.major);
  if (programs.bindir.empty() || target.is_unfinished) return;
  journal.mode = facts.mode;
  control = ReadControlData(programs.Path("pg_controldata"), directory.string());
  target.system_identifier = control.system_identifier;
  target.timeline = control.timeline;
  target.wal_log_hints = control.wal_log_hints;
  target.data_checksums = control.data_checksums;
  target.is_clean = control.state == "shut down" || control.state == "shut down in recovery";
  target.is_standby =
      control.state == "in archive recovery" || control.state == "shut down in recovery";
  for (const char* const signal : kSignals) target.is_standby |= fs::exists(directory / signal);
}

// From the lock on, any file may be half of the source's, and after a power loss be empty.
void Workplace::RememberTarget(const DirectoryFacts& facts) {
  target.is_data_directory = facts.is_directory || target.is_foreign;
  target.is_running = RunningPostmaster(directory).has_value();
  target.major = journal.major;
  target.system_identifier = journal.system_identifier;
  target.timeline = journal.timeline;
  control.segment_bytes = journal.segment_bytes;
  Find(target.major);
}

void Workplace::Find(int major) {
  programs = FindPrograms(request.server.bindir, major);
  target.bindir = programs.bindir;
  target.bindir_major = programs.major;
}

// So may the configuration be the source's.
void Workplace::FindNames() {
  given = request.connection.Given();
  if (goes_on_) {
    node_name = journal.node_name;
    passfile = ResolvePassfile(request.server.passfile.empty() ? journal.passfile
                                                               : request.server.passfile);
    return;
  }
  node_name = request.node_name.empty() ? OwnSetting("pg_baton.node_name") : request.node_name;
  if (node_name.empty()) {
    throw core::Error(core::ErrorCode::kUsage, "the name of this node is not known",
                      "Its configuration has no pg_baton.node_name.", "Give it by --node-name.");
  }
  core::RequireNodeName(node_name);
  passfile = ResolvePassfile(request.server.passfile.empty() ? OwnSetting("pg_baton.passfile")
                                                             : request.server.passfile);
  const core::StateFile state =
      core::StateFromFile(ReadFileIfThere(directory / "pg_baton" / "state").value_or(""),
                          core::FileOwner(node_name, target.system_identifier));
  const core::Reign& reign = state.state.reign;
  if (state.kind == core::StateFile::Kind::kOwn && reign.id != 0 &&
      reign.timeline == target.timeline) {
    target.reign = std::to_string(reign.id);
  }
}

void Workplace::Connect() {
  if (request.connection.user.empty() && !given.contains("user")) {
    bool stored = false;
    source_.emplace(ConnectAsNode(request.connection, given, passfile, !request.dry_run, stored));
    return;
  }
  Parameters parameters = given;
  parameters.emplace("dbname", "postgres");
  std::optional<std::string> password;
  source_.emplace(ConnectAsking(parameters, !request.connection.no_password,
                                request.connection.force_password, password));
}

void Workplace::ReadSource() {
  core::RejoinSource& facts = source_facts;
  facts = {};
  facts.major = source().major();
  facts.version = source().Value("SHOW server_version");
  facts.system_identifier = source().Value("SELECT system_identifier FROM pg_control_system()");
  facts.in_recovery = source().Value("SELECT pg_is_in_recovery()") == "t";
  facts.full_page_writes = source().Value("SHOW full_page_writes") == "on";
  facts.has_extension = HasExtension(source());
  facts.may_read_files =
      source().Value(
          "SELECT has_function_privilege($1, 'pg_catalog.pg_read_binary_file(text, bigint, bigint,"
          " boolean)', 'EXECUTE')"
          " AND has_function_privilege($1, 'pg_catalog.pg_ls_dir(text, boolean, boolean)',"
          " 'EXECUTE')"
          " AND has_function_privilege($1, 'pg_catalog.pg_stat_file(text, boolean)', 'EXECUTE')",
          {kNodeRole}) == "t";
  facts.may_checkpoint =
      source().Value("SELECT pg_has_role(current_user, 'pg_checkpoint', 'USAGE')") == "t";
  facts.slot_active = LookAtSlot(source(), node_name).active;
  if (!facts.has_extension || facts.in_recovery) return;
  const Parameters tls = RegisteredTls(source());
  given.insert(tls.begin(), tls.end());
  facts.name_is_source = source().Value("SELECT name FROM baton.node_status") == node_name;
  facts.timeline = Timeline(source());
  facts.current = CurrentLsn(source());
  facts.reign_of_targets_timeline =
      source().Value("SELECT max(id) FROM baton.reign WHERE timeline = $1 HAVING count(*) = 1",
                     {std::to_string(target.timeline)});
  source_reign =
      source().Value("SELECT max(id) FROM baton.reign WHERE timeline = $1 HAVING count(*) = 1",
                     {std::to_string(facts.timeline)});
  if (facts.may_read_files) facts.special_files = SpecialFiles(source());
}

std::string Workplace::OwnSetting(const std::string& name) const {
  const ProcessResult result =
      RunProcess({programs.Path("postgres"), "-D", Configuration().string(), "-C", name});
  if (result.exit_code != 0) return "";
  const auto end = result.output.rfind('\n');
  const std::string text = result.output.substr(0, end);
  const auto begin = text.rfind('\n');
  return begin == std::string::npos ? text : text.substr(begin + 1);
}

fs::path Workplace::Configuration() const {
  return request.server.config_directory.empty() ? directory
                                                 : fs::path(request.server.config_directory);
}

void Workplace::Enter(core::RejoinStep step) {
  journal.step = step;
  folder.Write(journal);
}

void Workplace::PauseHere() const {
  const char* const place = std::getenv("PG_BATON_PAUSE_AT");
  if (place != nullptr && place == core::StepName(journal.step)) std::raise(SIGSTOP);
}

void Workplace::Identify() {
  journal.node_name = node_name;
  journal.passfile = passfile.string();
  journal.system_identifier = target.system_identifier;
  journal.major = target.major;
  journal.segment_bytes = control.segment_bytes;
  journal.timeline = target.timeline;
  journal.source_timeline = source_facts.timeline;
  journal.source_reign = source_reign;
}

// The postmaster reads hba_file before it starts recovery (PostmasterMain in postmaster.c), and
// ends when it is not there; single-user mode has nobody to authenticate.
void Workplace::Guard() {
  Identify();
  journal.signals.clear();
  for (const char* const signal : kSignals) {
    if (fs::exists(directory / signal)) journal.signals.emplace_back(signal);
  }
  Enter(core::RejoinStep::kRecovering);
  const fs::path auto_conf = directory / "postgresql.auto.conf";
  const std::string text = ReadFileIfThere(auto_conf).value_or("");
  ReplaceFile(folder.auto_conf(), text);
  ReplaceFile(auto_conf, WithSettings(text, {{"hba_file", folder.guard().string()}}));
  PauseHere();
}

void Workplace::Undo() {
  for (const std::string& signal : journal.signals) {
    if (!fs::exists(directory / signal)) ReplaceFile(directory / signal, "");
  }
  if (const auto text = ReadFileIfThere(folder.auto_conf())) {
    ReplaceFile(directory / "postgresql.auto.conf", *text);
  }
  folder.Remove();
  journal.step = core::RejoinStep::kRecovering;
}

void Workplace::Lock() {
  SetMode(directory, kUnstartableMode);
  Flush(directory);
}

void Workplace::Unlock() {
  SetMode(directory, journal.mode);
  Flush(directory);
}

void Workplace::MakeSlot() {
  const SlotState slot = LookAtSlot(source(), node_name);
  if (slot.lost) DropSlot(source(), node_name);
  if (slot.exists && !slot.lost) return;
  new_slot_.emplace(source(), node_name);
  output.Line(fmt::format("made replication slot \"{}\" on the source", node_name));
}

void Workplace::KeepSlot() {
  if (new_slot_) new_slot_->Keep();
}

Parameters Workplace::SourceParameters() const {
  Parameters parameters = NodeParameters(given, passfile);
  parameters["host"] = source_->host();
  parameters["port"] = source_->port();
  return parameters;
}

void Workplace::Configure() {
  const fs::path auto_conf = directory / "postgresql.auto.conf";
  const auto kept = ReadFileIfThere(folder.auto_conf());
  const std::string own = kept ? *kept : ReadFileIfThere(auto_conf).value_or("");
  ReplaceFile(auto_conf, WithSettings(own, StandbySettings(source(), passfile, node_name, given)));
  std::error_code error;
  fs::remove(directory / "recovery.signal", error);
  // What it had heard of an upstream belongs to a history that is over.
  if (fs::remove(directory / "pg_baton" / "lag", error)) Flush(directory / "pg_baton");
  ReplaceFile(directory / "standby.signal", "");
}

void Workplace::MakeReady() {
  Enter(core::RejoinStep::kReady);
  Unlock();
  PauseHere();
}

}  // namespace baton::helper
