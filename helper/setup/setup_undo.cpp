#include "helper/setup/setup_undo.hpp"

#include <algorithm>
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

constexpr const char* kNodeName = "pg_baton.node_name";

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
    setup_.output.Line("what setup-primary changed is put back");
    if (needs_restart_) RestartIfAllowed(setup_, "");
    // Last, since whoever is killed before is run again, and has to know.
    RemoveRecord(setup_.places.data_directory);
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
        !IsOfThisNode(*record)) {
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

  // By the name in the files, since a server that was never restarted does not know it yet.  None,
  // or the one before, is what an undo that was cut short left.
  bool IsOfThisNode(const core::SetupRecord& record) {
    const std::string own = ValueInFiles(server_, kNodeName);
    if (own.empty() || own == record.node_name) return true;
    return std::any_of(
        record.settings.begin(), record.settings.end(), [this](const core::MadeSetting& made) {
          return made.name == kNodeName && made.before == AutoConfValue(server_, kNodeName);
        });
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
      needs_restart_ |= IsSetting("context = 'postmaster' AND name = $1", {setting.name});
      Add(setting.value ? fmt::format("set {} = '{}' again", setting.name, *setting.value)
                        : fmt::format("reset {}", setting.name),
          [this, setting] { AlterSystem(server_, setting.name, setting.value); });
    }
    // A reload takes a moment to show what is pending, so that is not asked for.
    for (const core::MadeSetting& setting : plan.put_back) {
      needs_restart_ |= IsSetting("context = 'postmaster' AND name = $1 AND setting = $2",
                                  {setting.name, setting.after});
    }
  }

  bool IsSetting(const std::string& condition, const std::vector<std::string>& values) {
    return server_.Value("SELECT count(*) FROM pg_settings WHERE " + condition, values) != "0";
  }

  bool IsRole(const std::string& name) {
    return server_.Value("SELECT count(*) FROM pg_roles WHERE rolname = $1", {name}) != "0";
  }

  // What an undo that was cut short had asked for may be done only now, hence IF EXISTS.
  void PlanExtension() {
    const bool is_there =
        server_.Value("SELECT count(*) FROM pg_extension WHERE extname = 'pg_baton'") == "1";
    if (is_there && record_.made_extension) {
      AddSql(fmt::format("drop extension pg_baton in database {}, with its "
                         "registry and records",
                         server_.database()),
             "DROP EXTENSION IF EXISTS pg_baton");
    } else if (is_there && record_.registered) {
      Add(fmt::format("unregister node \"{}\"", record_.node_name),
          [this] { server_.Run("SELECT baton.unregister_node($1)", {record_.node_name}); });
    }
    if (!record_.made_operators || !IsRole("baton_operator")) return;
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
    if (before != after) PlanFile(file, before, after);
    const fs::path kept = file.string() + ".before_pg_baton";
    if (record_.hba_lines.empty() || ReadFileIfThere(kept) != after) return;
    Add(fmt::format("remove \"{}\", which is the same then", kept.string()), [kept] {
      std::error_code error;
      fs::remove(kept, error);
    });
  }

  void PlanFile(const fs::path& file, const std::string& before, const std::string& after) {
    diff_ = core::UnifiedDiff(before, after, file.string(), file.string());
    Add(fmt::format("take the lines for the nodes out of \"{}\"", file.string()),
        [this, file, before, after] {
          ReplaceFile(file, after);
          if (const std::string error = HbaFileError(server_); !error.empty()) {
            ReplaceFile(file, before);
            throw core::Error(core::ErrorCode::kFailed, "pg_hba.conf would not be valid", error,
                              "It was put back as it was; mend it first.");
          }
        });
  }

  void PlanRole() {
    if (IsRole(kNodeRole)) PlanRights();
    PlanPassword();
  }

  void PlanRights() {
    for (const std::string& function : record_.functions) {
      AddSql(fmt::format("revoke execute on {} from {}", function, kNodeRole),
             fmt::format("REVOKE EXECUTE ON FUNCTION {} FROM {}", function, kNodeRole));
    }
    if (record_.made_role) {
      return AddSql(fmt::format("drop role {}", kNodeRole),
                    fmt::format("DROP ROLE IF EXISTS {}", kNodeRole));
    }
    for (const std::string& role : record_.memberships) {
      Add(fmt::format("revoke {} from {}", role, kNodeRole), [this, role] {
        // It may have gone with the extension.
        if (IsRole(role)) server_.Run(fmt::format("REVOKE {} FROM {}", role, kNodeRole));
      });
    }
    if (record_.role_before.empty()) return;
    AddSql(fmt::format("alter role {} ({})", kNodeRole, record_.role_before),
           fmt::format("ALTER ROLE {} {}", kNodeRole, record_.role_before));
  }

  void PlanPassword() {
    if (!record_.made_role || record_.stored_in.empty()) return;
    const std::string before = ReadFileIfThere(record_.stored_in).value_or("");
    const std::string after = WithoutPassword(before, kNodeRole);
    if (before == after) return;
    Add(fmt::format("take the password of {} out of \"{}\"", kNodeRole, record_.stored_in),
        [this, after] { ReplaceFile(record_.stored_in, after); });
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
