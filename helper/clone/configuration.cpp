#include "helper/clone/configuration.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "core/archive_setup.hpp"
#include "core/restore_command.hpp"
#include "helper/clone/taken_configuration.hpp"
#include "helper/command/node_access.hpp"
#include "helper/config/auto_conf.hpp"
#include "helper/config/hba_file.hpp"
#include "helper/server/own_settings.hpp"
#include "helper/server/views.hpp"
#include "helper/system/archive_place.hpp"

namespace baton::helper {
namespace {

class Configuration {
 public:
  explicit Configuration(ClonePlace& place) : place_(place) {}

  void Write() {
    if (place_.TakesConfiguration()) TakeConfiguration(place_);
    std::map<std::string, std::string> settings = place_.ParsedSettings();
    settings.merge(StandbySettings(place_.upstream(), place_.passfile, place_.request.node_name,
                                   place_.other_upstream ? place_.way_to_upstream : place_.given));
    settings.merge(ArchiveSettings());
    if (!place_.request.delay.empty()) {
      settings.insert({"recovery_min_apply_delay", place_.request.delay});
    } else if (place_.other_primary) {
      // The source's own would come with the copy.
      settings.insert({"recovery_min_apply_delay", "0"});
    }
    const fs::path auto_conf = place_.directory / "postgresql.auto.conf";
    ReplaceFile(auto_conf, WithSettings(ReadFileIfThere(auto_conf).value_or(""), settings));
    RaiseSettings(auto_conf);
    std::error_code error;
    fs::remove_all(place_.directory / "pg_baton", error);
    AllowNodes();
    ReplaceFile(place_.directory / "standby.signal", "");
  }

 private:
  // The source's restore_command names its own program, and a folder that may not be here.
  std::map<std::string, std::string> ArchiveSettings() {
    const auto there = [this](const char* name) {
      return place_.source.Value("SELECT current_setting($1, true)", {name});
    };
    core::StandbyArchiveFacts facts;
    facts.library = there("archive_library");
    facts.directory = there("pg_baton.archive_directory");
    facts.restore_command = there("restore_command");
    facts.here = LookAtArchiveFolder(facts.directory);
    facts.last_archived =
        place_.primary().Value("SELECT last_archived_wal FROM pg_catalog.pg_stat_archiver");
    facts.has_last_archived =
        !facts.directory.empty() && IsArchived(facts.directory, facts.last_archived);
    const core::StandbyArchive plan =
        core::PlanStandbyArchive(facts, core::ArchiveGetCommand(OwnProgram(), facts.directory));
    for (const core::Problem& problem : plan.warnings) {
      place_.output.Warning(problem.message, problem.detail, problem.hint);
    }
    if (!plan.sets_restore_command) return {};
    return {{"restore_command", plan.restore_command}};
  }

  // Where the configuration is not copied with the data, five settings may be lower than the
  // source's, and a standby would not start (CheckRequiredParameterValues in xlogrecovery.c).
  void RaiseSettings(const fs::path& auto_conf) {
    std::map<std::string, std::string> raised;
    for (const auto& [name, there] : place_.required_settings) {
      const std::string here = place_.OwnSetting(name);
      if (std::atol(here.c_str()) >= std::atol(there.c_str())) continue;
      raised[name] = there;
      place_.output.Line(
          fmt::format("set {} = {}, as on the primary (it was {})", name, there, here));
    }
    if (raised.empty()) return;
    ReplaceFile(auto_conf, WithSettings(ReadFile(auto_conf), raised));
  }

  // After a promotion the others come here, so this server must let them in: where pg_hba.conf is
  // copied with the data it does, elsewhere the lines are added.
  void AllowNodes() {
    if (place_.request.server.config_directory.empty()) return;
    const fs::path hba = RulesFile();
    std::vector<std::string> addresses = {place_.request.advertise, place_.source.host()};
    for (const RegisteredNode& node : ReadRegistry(place_.primary())) {
      const std::string host = ParseConninfo(node.conninfo)["host"];
      const bool is_address = !host.empty() && !host.starts_with('/');
      const bool is_new = std::find(addresses.begin(), addresses.end(), host) == addresses.end();
      if (is_address && is_new) addresses.push_back(host);
    }
    const std::string before = ReadFile(hba);
    const std::string after =
        WithHbaLines(before, HbaLines(addresses, kNodeRole, place_.database, StyleOfSource()));
    if (before == after) return;
    KeepFirst(hba, before);
    ReplaceFile(hba, after);
    place_.output.Line(fmt::format("let the other nodes in, in \"{}\"", hba.string()));
  }

  // The one that the new server will read.
  fs::path RulesFile() const {
    const OwnSettings own(place_.programs, {"-D", place_.Configuration().string()});
    const fs::path named = own.ValueIfSet("hba_file");
    return named.is_absolute() ? named : place_.Configuration() / "pg_hba.conf";
  }

  // Its pg_hba.conf comes with the data, or lies in another folder; what is asked for can be seen
  // in the way in either case.
  HbaStyle StyleOfSource() const {
    const auto found = place_.given.find("sslmode");
    if (found == place_.given.end() || !RequiresTls(found->second)) return {};
    return {true, PQconnectionUsedPassword(place_.source.get()) == 0};
  }

  ClonePlace& place_;
};

}  // namespace

void WriteConfiguration(ClonePlace& place) { Configuration(place).Write(); }

}  // namespace baton::helper
