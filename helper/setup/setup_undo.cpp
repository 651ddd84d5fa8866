#include "helper/setup/setup_undo.hpp"

#include <fmt/format.h>
#include <functional>

#include "core/unified_diff.hpp"
#include "helper/config/hba_file.hpp"
#include "helper/config/passfile.hpp"
#include "helper/server/hba_rules.hpp"
#include "helper/setup/preflight.hpp"
#include "helper/setup/record_file.hpp"
#include "helper/setup/restart.hpp"
#include "helper/setup/server_settings.hpp"

namespace baton::helper {
namespace {

class Undo {
 public:
  explicit Undo(Setup& setup) : setup_(setup), server_(setup.server) {}

  void Run() {
    core::RequireNone(FindProblems());
    WarnOfSlots();
    PlanSettings();
    PlanExtension();
    PlanRules();
    PlanRole();
    for (const Step& step : steps_) setup_.Change(step.text);
    if (!diff_.empty()) setup_.ShowDiff("hba_diff", diff_);
    if (setup_.dry_run()) {
      setup_.output.Line(steps_.empty() ? "nothing to change" : "dry run: nothing was changed");
      return;
    }
    for (const Step& step : steps_) step.act();
    setup_.Reload();
    RemoveRecord(setup_.places.data_directory);
    setup_.output.Line("what setup-primary changed is put back");
    if (needs_restart_) RestartIfAllowed(setup_, "");
  }

 private:
  struct Step {
    std::string text;
    std::function<void()> act;
  };

  void Add(std::string text, std::function<void()> act) {
    steps_.push_back({std::move(text), std::move(act)});
  }
  void AddSql(std::string text, const std::string& sql) {
    Add(std::move(text), [this, sql] { server_.Run(sql); });
  }

  core::Problems FindProblems() {
    core::Problems problems = FindPlaceProblems(setup_);
    if (server_.Value("SELECT pg_is_in_recovery()") == "t") {
      problems.push_back({"this server is a standby", "Its role and registry are the primary's.",
                          "Undo the setup on the primary."});
    }
    if (!problems.empty()) return problems;
    const auto record = ReadRecord(setup_.places.data_directory);
    if (!record || record->system_identifier != setup_.SystemIdentifier() ||
        !IsOwnName(record->node_name)) {
      return {{"it is not known what setup-primary changed on this server",
               record ? fmt::format("\"{}\" is about node \"{}\".",
                                    RecordFile(setup_.places.data_directory).string(),
                                    record->node_name)
                      : fmt::format("There is no \"{}\".",
                                    RecordFile(setup_.places.data_directory).string()),
               "See \"Uninstall\" in doc/operations.md for how to do it by hand."}};
    }
    record_ = *record;
    const std::string streaming = server_.Value(
        "SELECT string_agg(DISTINCT application_name, ', ') FROM pg_stat_replication WHERE "
        "usename = $1",
        {kNodeRole});
    if (!streaming.empty() && !setup_.request.force) {
      return {{"standbys still stream from this server by its setup",
               fmt::format("They are: {}.", streaming),
               "Stop them, or give --force: they cannot connect again then."}};
    }
    return {};
  }

  // As the files have it, since a server that was never restarted does not know it yet.  None is
  // what an undo that was interrupted left.
  bool IsOwnName(const std::string& name) {
    const std::string own = ValueInFiles(server_, "pg_baton.node_name");
    return own.empty() || own == name;
  }

  void WarnOfSlots() {
    const Result slots = server_.Query(
        "SELECT slot_name, active FROM pg_replication_slots WHERE slot_type = 'physical' ORDER BY "
        "slot_name");
    for (int row = 0; row < slots.rows(); ++row) {
      const std::string name = slots.Text(row, 0);
      setup_.output.Warning(
          fmt::format("replication slot \"{}\" {}", name,
                      slots.Bool(row, 1) ? "is in use" : "stays, and holds back WAL"),
          "Slots are not part of the setup.",
          fmt::format("When its standby is gone: SELECT "
                      "pg_drop_replication_slot('{}').",
                      name));
      setup_.output.result()["slots"].push_back(name);
    }
  }

  void PlanSettings() {
    const core::SettingsUndo plan = core::PlanSettingsUndo(
        record_.settings, [this](const std::string& name) { return AutoConfValue(server_, name); });
    for (const core::Problem& problem : plan.left_alone) {
      setup_.output.Warning(problem.message, problem.detail, problem.hint);
    }
    for (const core::SettingUndo& setting : plan.changes) {
      // A reload takes a moment to show what is pending, so that is not asked for.
      needs_restart_ |= server_.Value(
                            "SELECT context = 'postmaster' FROM pg_settings WHERE name = "
                            "$1",
                            {setting.name}) == "t";
      Add(setting.value ? fmt::format("set {} = '{}' again", setting.name, *setting.value)
                        : fmt::format("reset {}", setting.name),
          [this, setting] { AlterSystem(server_, setting.name, setting.value); });
    }
  }

  void PlanExtension() {
    const bool is_there =
        server_.Value("SELECT count(*) FROM pg_extension WHERE extname = 'pg_baton'") == "1";
    if (!is_there) return;
    if (record_.made_extension) {
      AddSql(fmt::format("drop extension pg_baton in database {}, with its "
                         "registry and records",
                         server_.database()),
             "DROP EXTENSION pg_baton");
    } else if (record_.registered) {
      Add(fmt::format("unregister node \"{}\"", record_.node_name),
          [this] { server_.Run("SELECT baton.unregister_node($1)", {record_.node_name}); });
    }
    if (!record_.made_operators) return;
    Add("drop role baton_operator", [this] {
      try {
        server_.Run("DROP ROLE IF EXISTS baton_operator");
      } catch (const SqlError& error) {
        // Somebody has given it rights of its own meanwhile.
        setup_.output.Warning("role baton_operator stays", error.message());
      }
    });
  }

  void PlanRules() {
    const fs::path file = setup_.places.hba_file;
    const std::string before = ReadFile(file);
    const std::string after = WithoutHbaLines(before, record_.hba_lines);
    if (before == after) return;
    diff_ = core::UnifiedDiff(before, after, file.string(), file.string());
    Add(fmt::format("take the lines for the nodes out of \"{}\"", file.string()),
        [this, file, before, after] {
          ReplaceFile(file, after);
          if (const std::string error = HbaFileError(server_); !error.empty()) {
            ReplaceFile(file, before);
            throw core::Error(core::ErrorCode::kFailed, "pg_hba.conf would not be valid", error,
                              "It was put back as it was; mend it first.");
          }
          const fs::path kept = file.string() + ".before_pg_baton";
          std::error_code error;
          if (ReadFileIfThere(kept) == after) fs::remove(kept, error);
        });
  }

  void PlanRole() {
    if (server_.Value("SELECT count(*) FROM pg_roles WHERE rolname = $1", {kNodeRole}) == "0") {
      return;
    }
    for (const std::string& function : record_.functions) {
      AddSql(fmt::format("revoke execute on {} from {}", function, kNodeRole),
             fmt::format("REVOKE EXECUTE ON FUNCTION {} FROM {}", function, kNodeRole));
    }
    if (record_.made_role) {
      AddSql(fmt::format("drop role {}", kNodeRole), fmt::format("DROP ROLE {}", kNodeRole));
      if (record_.stored_in.empty()) return;
      Add(fmt::format("take the password of {} out of \"{}\"", kNodeRole, record_.stored_in),
          [this] {
            const auto text = ReadFileIfThere(record_.stored_in);
            if (text) ReplaceFile(record_.stored_in, WithoutPassword(*text, kNodeRole));
          });
      return;
    }
    for (const std::string& role : record_.memberships) {
      Add(fmt::format("revoke {} from {}", role, kNodeRole), [this, role] {
        // It may have gone with the extension.
        if (server_.Value("SELECT count(*) FROM pg_roles WHERE rolname = $1", {role}) == "0") {
          return;
        }
        server_.Run(fmt::format("REVOKE {} FROM {}", role, kNodeRole));
      });
    }
    if (record_.role_before.empty()) return;
    AddSql(fmt::format("alter role {} ({})", kNodeRole, record_.role_before),
           fmt::format("ALTER ROLE {} {}", kNodeRole, record_.role_before));
  }

  Setup& setup_;
  Connection& server_;
  core::SetupRecord record_;
  std::vector<Step> steps_;
  std::string diff_;
  bool needs_restart_ = false;
};

}  // namespace

void RunSetupUndo(const SetupRequest& request, Output& output) {
  Setup setup(request, output);
  RequireSuperuser(setup);
  setup.places = ReadPlaces(setup.server, request.bindir);
  output.result()["data_directory"] = setup.places.data_directory.string();
  Undo(setup).Run();
}

}  // namespace baton::helper
