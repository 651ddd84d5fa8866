// baton.health as monitoring plug-ins of Nagios and Icinga print it: one line with the verdict and
// the numbers, then a line a check.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "helper/report/rows.hpp"

namespace baton::helper {

// 0 ok, 1 warning, 2 critical, 3 unknown.
int PluginExitCode(core::Status status);

// Without what a plug-in's output must not contain: "|" begins the numbers, control characters end
// the line.
std::string PluginText(std::string_view text);

// "PG_BATON UNKNOWN - message": what a plug-in says that could not look.
std::string PluginLine(core::Status status, std::string_view message);

// Which checks are looked at: all, or those of `only`, without those of `exclude`.
struct CheckSelection {
  std::vector<std::string> only;
  std::vector<std::string> exclude;

  bool Has(const std::string& name) const;
};

// Throws kUsage with the list of names if one is none, or if no check is left.
void RequireKnownChecks(const CheckSelection& selection);

struct PluginReport {
  core::Status status = core::Status::kUnknown;
  std::string summary;          // of the first line, without its lead
  std::vector<HealthRow> rows;  // those that were looked at, worst first
  // Of `only`, those that baton.health has no row for, since they mean nothing in the node's role.
  std::vector<std::string> not_applicable;
};

// The worst of the checks, with unknown worse than ok and milder than warning.  Where nothing could
// be looked at because there are no rows at all, that is unknown; where the checks asked for mean
// nothing in the node's present role, it is ok.
PluginReport JudgeChecks(const std::vector<HealthRow>& rows, const CheckSelection& selection);

// "'replay_lag'=0s;60;300"; "10:" where less is worse.  Empty if nothing was measured.
std::string PerformanceData(const HealthRow& row);

std::vector<std::string> PluginLines(const PluginReport& report);
nlohmann::json PluginJson(const PluginReport& report);

}  // namespace baton::helper
