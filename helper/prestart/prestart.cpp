#include "helper/prestart/prestart.hpp"

#include <CLI/CLI.hpp>
#include <chrono>
#include <fmt/format.h>
#include <thread>

#include "core/error.hpp"
#include "core/node_name.hpp"
#include "core/prestart.hpp"
#include "core/settings_advice.hpp"
#include "helper/backup/control_data.hpp"
#include "helper/command/node_access.hpp"
#include "helper/prestart/peer_words.hpp"
#include "helper/prestart/starting_place.hpp"
#include "helper/rejoin/rejoin.hpp"
#include "helper/server/server_control.hpp"
#include "helper/system/interrupt.hpp"

namespace baton::helper {
namespace {

using namespace std::chrono_literals;
using Action = core::StartVerdict::Action;
using Clock = std::chrono::steady_clock;

// A file of pg_baton in the data directory, whose it is and what it says.
void Remember(const fs::path& file, const std::string& owner, core::StartingNode& node) {
  using Memory = core::StartingNode::Memory;
  const auto text = ReadFileIfThere(file);
  if (!text) {
    std::error_code error;
    if (fs::symlink_status(file, error).type() != fs::file_type::not_found) {
      node.memory = Memory::kUnreadable;
    }
    return;
  }
  core::StateFile state = core::StateFromFile(*text, owner);
  switch (state.kind) {
    case core::StateFile::Kind::kOwn:
      node.memory = Memory::kOwn;
      node.state = state.state;
      node.peers = std::move(state.peers);
      return;
    case core::StateFile::Kind::kForeign:
      node.memory = Memory::kForeign;
      return;
    case core::StateFile::Kind::kUnreadable:
      node.memory = Memory::kUnreadable;
      return;
  }
}

class BeforeStart {
 public:
  BeforeStart(const PrestartOptions& options, Output& output)
      : options_(options), output_(output), place_(FindPlace(options)) {}

  StartOutlook Look() {
    LookAtNode();
    StartOutlook outlook;
    outlook.verdict = Judge();
    outlook.node = node_;
    const auto found = peers_.conninfos.find(outlook.verdict.primary);
    if (found != peers_.conninfos.end()) outlook.primary_conninfo = found->second;
    return outlook;
  }

  ServerToStart Run() {
    LookAtNode();
    core::StartVerdict verdict = Judge();
    Tell(verdict);
    if (verdict.action == Action::kRefuse) throw core::Refusal({verdict.reason});
    if (verdict.action == Action::kRejoin) Rejoin(verdict.primary);
    if (options_.dry_run) output_.Line("dry run: nothing was changed");
    return {place_.programs, place_.arguments};
  }

 private:
  void LookAtNode() {
    node_.path = place_.directory.string();
    node_.is_data_directory = place_.has_data;
    node_.is_foreign = place_.is_foreign;
    if (!place_.has_data || place_.is_foreign) return;
    node_.is_running = RunningPostmaster(place_.directory).has_value();
    if (node_.is_running) return;
    const auto unfinished = FindUnfinishedRejoin(place_.directory, options_.work_directory);
    node_.is_unfinished = unfinished.has_value();
    node_.is_standby = fs::exists(place_.directory / "standby.signal");
    node_.is_restored = fs::exists(place_.directory / "recovery.signal");
    if (unfinished) return LookAtUnfinished(*unfinished);
    LookAtConfiguration();
    if (!node_.loads_library || node_.is_standby || node_.is_restored) return;
    const ControlData control =
        ReadControlData(place_.programs.Path("pg_controldata"), place_.directory.string());
    node_.timeline = control.timeline;
    system_identifier_ = control.system_identifier;
    Remember(StateFileIn(place_.directory), Owner(), node_);
  }

  void LookAtConfiguration() {
    const OwnSettings settings(place_.programs, place_.arguments);
    std::string libraries;
    try {
      RequireSameDirectory(place_);
      libraries = settings.Value("shared_preload_libraries");
    } catch (const core::Error& error) {
      // What is wrong there is for a plain server itself to say.
      const bool is_node = fs::exists(StateFileIn(place_.directory));
      if (is_node || error.code() == core::ErrorCode::kUsage) throw;
    }
    node_.loads_library = core::WithLibrary(libraries, "pg_baton") == libraries;
    if (!node_.loads_library) return;
    node_.name =
        options_.node_name.empty() ? settings.ValueIfSet("pg_baton.node_name") : options_.node_name;
    passfile_ =
        options_.passfile.empty() ? settings.ValueIfSet("pg_baton.passfile") : options_.passfile;
  }

  // Its configuration may be aside, or be that of the other server by now.
  void LookAtUnfinished(const UnfinishedRejoin& unfinished) {
    const bool is_aside = fs::exists(unfinished.own_files / "postgresql.conf");
    const OwnSettings settings(
        place_.programs, is_aside ? std::vector<std::string>{"-D", unfinished.own_files.string()}
                                  : place_.arguments);
    node_.name = options_.node_name;
    if (node_.name.empty()) node_.name = unfinished.node_name;
    if (node_.name.empty()) node_.name = settings.ValueIfSet("pg_baton.node_name");
    passfile_ =
        options_.passfile.empty() ? settings.ValueIfSet("pg_baton.passfile") : options_.passfile;
    system_identifier_ = unfinished.system_identifier;
    if (system_identifier_.empty()) {
      system_identifier_ =
          ReadControlData(place_.programs.Path("pg_controldata"), place_.directory.string())
              .system_identifier;
    }
    Remember(StateFileIn(unfinished.own_files), Owner(), node_);
    if (node_.peers.empty()) Remember(StateFileIn(place_.directory), Owner(), node_);
  }

  static fs::path StateFileIn(const fs::path& folder) { return folder / "pg_baton" / "state"; }
  std::string Owner() const { return core::FileOwner(node_.name, system_identifier_); }

  core::StartVerdict Judge() {
    const core::StartRules rules{options_.require_answer};
    if (const auto alone = core::JudgeAlone(node_, rules)) return *alone;
    const std::chrono::seconds limit(options_.limit_s);
    const auto end = Clock::now() + limit;
    for (;;) {
      peers_ = AskPeers(node_.peers,
                        {node_.name, system_identifier_, ResolvePassfile(passfile_), limit});
      core::StartVerdict verdict = core::JudgeStart(node_, peers_.words, rules);
      if (!verdict.may_change || Clock::now() >= end) return verdict;
      std::this_thread::sleep_for(200ms);
      CheckInterrupt();
    }
  }

  void Tell(const core::StartVerdict& verdict) {
    nlohmann::json peers = nlohmann::json::array();
    for (const core::PeerWord& word : peers_.words) {
      const std::string text = core::PeerText(word);
      output_.Line(fmt::format("node \"{}\": {}", word.name, text));
      peers.push_back({{"name", word.name}, {"answered", word.answered}, {"word", text}});
    }
    output_.result()["data_directory"] = node_.path;
    output_.result()["node_name"] = node_.name;
    output_.result()["peers"] = peers;
    output_.result()["may_start"] = verdict.action != Action::kRefuse;
    output_.result()["rejoins"] = verdict.action == Action::kRejoin;
    output_.result()["in_doubt"] = verdict.is_doubtful;
    if (verdict.action == Action::kRefuse) return;
    const core::Problem& reason = verdict.reason;
    if (verdict.is_doubtful) {
      output_.Warning(reason.message, reason.detail, reason.hint);
    } else {
      output_.Line(reason.message);
    }
  }

  void Rejoin(const std::string& primary) {
    RejoinRequest request;
    Parameters way = ParseConninfo(peers_.conninfos.at(primary));
    // Who logs in, and with which password, is the same for every node.
    way.erase("user");
    way.erase("password");
    request.connection.dbname = ConninfoText(way);
    request.connection.no_password = true;
    request.server.directory = place_.directory.string();
    request.server.config_directory = place_.configuration.string();
    request.server.passfile = passfile_;
    request.server.bindir = place_.programs.bindir;
    request.server.no_start = true;
    request.node_name = node_.name;
    request.dry_run = options_.dry_run;
    request.method = options_.allow_clone ? RejoinMethod::kAuto : RejoinMethod::kRewind;
    request.work_directory = options_.work_directory;
    RunRejoin(request, output_);
  }

  const PrestartOptions& options_;
  Output& output_;
  StartingPlace place_;
  core::StartingNode node_;
  std::string system_identifier_;
  std::string passfile_;
  PeerWords peers_;
};

}  // namespace

void PrestartOptions::AddTo(CLI::App& command) {
  auto* const data =
      command.add_option("-D,--pgdata", directory, "data directory on this host (default: PGDATA)");
  auto* const configuration = command.add_option(
      "--config-dir", config_directory,
      "folder of postgresql.conf and pg_hba.conf, where it is not the data directory");
  command
      .add_option("--cluster", cluster,
                  "cluster of Debian, as 15/main or 15-main, in place of these two")
      ->excludes(data)
      ->excludes(configuration);
  command.add_option("--node-name", node_name,
                     "name of this node (default: pg_baton.node_name of its configuration)");
  command.add_option("--passfile", passfile,
                     "password file of the server's user (default: as its configuration says, "
                     "PGPASSFILE or ~/.pgpass)");
  command.add_option("--bindir", bindir, "folder of PostgreSQL's server programs");
  command.add_option("-t,--timeout", limit_s, "seconds that the other nodes may take to answer")
      ->check(CLI::Range(1, 3600))
      ->capture_default_str();
  command.add_flag("--require-answer", require_answer,
                   "do not start where too few of the other nodes answer");
  command.add_flag("--allow-clone", allow_clone,
                   "copy the new primary where this node cannot be rewound");
  command.add_option("--work-directory", work_directory,
                     "folder for what a rejoin keeps aside (default: beside the data directory)");
}

ServerToStart Prestart(const PrestartOptions& options, Output& output) {
  return BeforeStart(options, output).Run();
}

StartOutlook LookBeforeStart(const PrestartOptions& options) {
  Output silent;
  return BeforeStart(options, silent).Look();
}

}  // namespace baton::helper
