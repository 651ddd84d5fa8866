// baton.promotion_check of a standby as `pg_baton promote` tells it: what speaks against promoting
// it, and whether force would help.  `pg_baton switchover` tells baton.switchover_check the same
// way.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/problem.hpp"
#include "helper/report/rows.hpp"
#include "helper/system/colour.hpp"

namespace baton::helper {

struct PromotionReport {
  std::vector<HealthRow> rows;  // worst first
  core::Problems against;       // the critical ones; a promotion without force is refused for them
  bool force_is_no_help = false;  // the server is no standby, or is being promoted already

  bool WouldBeRefused(bool force) const { return !against.empty() && (!force || force_is_no_help); }
  // "primary_alive: node ...; replay_paused: ..."; empty if nothing speaks against it.
  std::string Reasons() const;
};

PromotionReport JudgePromotion(std::vector<HealthRow> rows);

// One line that all is well; or a table of what is not, and the hints.
std::vector<std::string> PromotionLines(const PromotionReport& report, const Palette& palette);
// A list with an object a check.
nlohmann::json PromotionJson(const PromotionReport& report);

}  // namespace baton::helper
