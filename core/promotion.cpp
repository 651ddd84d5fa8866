#include "core/promotion.hpp"

#include <fmt/format.h>

#include "core/promotion_rules.hpp"
#include "core/sync_names.hpp"

namespace baton::core {
namespace rule {

// Only what lasts: quarantine and the like are not for a server that is promoted by intent.
Finding WriteGate(const PromotionFacts& facts) {
  const std::string more = facts.own_gate_text.empty() ? "" : ": " + facts.own_gate_text;
  if (Has(facts.own_gate, GateReason::kFencedByHand)) {
    return Judged("write_gate", Status::kCritical, "fenced", "fenced by hand" + more,
                  "It would take no writes as a primary; SELECT baton.unfence() opens it.");
  }
  if (Has(facts.own_gate, GateReason::kStateUnreadable)) {
    return Judged("write_gate", Status::kCritical, "unreadable",
                  "it cannot be told whether this server is fenced" + more,
                  "It would take no writes as a primary; SELECT baton.unfence() opens it.");
  }
  return Judged("write_gate", Status::kOk, "open", "this server is not fenced");
}

Finding StandbySettings(const PromotionFacts& facts) {
  const NodeFacts& node = facts.node;
  if (!node.standby_settings.too_low.empty()) {
    return Judged("standby_settings", Status::kCritical, "too low",
                  "lower than on the primary: " + node.standby_settings.too_low.str(),
                  "Raise them and restart this standby; PostgreSQL cannot promote it before.");
  }
  if (!node.standby_settings.measured) {
    return Judged("standby_settings", Status::kUnknown, "",
                  "the primary's settings could not be read from the control file");
  }
  return Judged("standby_settings", Status::kOk, "high enough",
                "no setting is lower than the primary's");
}

Finding Archiving(const PromotionFacts& facts) {
  const NodeFacts& node = facts.node;
  if (!node.archiver.enabled) {
    return Judged("archiving", Status::kOk, "off", "archiving is off on this server");
  }
  if (node.archiver.configured) {
    return Judged("archiving", Status::kOk, "configured", "the new primary will archive");
  }
  return Judged("archiving", Status::kWarning, "not configured",
                "archive_mode is on, but this server has no command or library to archive with",
                "Set archive_command or archive_library here, or WAL piles up.");
}

Finding SynchronousStandbys(const PromotionFacts& facts) {
  const std::string& value = facts.synchronous_standby_names;
  const auto names = ParseSyncNames(value);
  const auto after = SyncNamesWithout(value, facts.node_name);
  if (!names || !after) {
    return Judged("synchronous_standbys", Status::kUnknown, value,
                  "synchronous_standby_names could not be understood");
  }
  constexpr std::string_view kCommitsWait =
      "Commits wait until enough of those standbys follow the new primary.";
  if (names->names.empty()) {
    return Judged("synchronous_standbys", Status::kOk, "", "no commit will wait for a standby");
  }
  if (!names->Names(facts.node_name)) {
    return Judged("synchronous_standbys", Status::kOk, value,
                  "synchronous_standby_names does not name this node, and stays as it is",
                  kCommitsWait);
  }
  return Judged("synchronous_standbys", Status::kWarning, value,
                fmt::format("synchronous_standby_names names this node: it becomes {}",
                            after->empty() ? "empty" : *after),
                after->empty() ? "No commit will wait for a standby then." : kCommitsWait);
}

}  // namespace rule

std::vector<Finding> CheckPromotion(const PromotionFacts& facts) {
  const NodeFacts& node = facts.node;
  if (node.role != Role::kStandby) {
    return {Judged("is_standby", Status::kCritical, RoleText(node.role),
                   "this server is not a standby", "Only a standby can be promoted.")};
  }
  if (node.promoting) {
    return {Judged("is_standby", Status::kCritical, "promoting",
                   "this server is being promoted already")};
  }
  return {Judged("is_standby", Status::kOk, "standby", "this server is a standby"),
          rule::WriteGate(facts),
          rule::PrimaryAlive(facts),
          rule::PrimarySeen(facts),
          rule::OtherPromotion(facts),
          rule::NewerReign(facts),
          rule::MostAdvanced(facts),
          rule::MissingWork(facts),
          rule::MissingTime(facts),
          rule::StandbySettings(facts),
          rule::ReplayPaused(facts),
          rule::ReplayPending(facts),
          rule::ArchiveWal(facts),
          rule::Archiving(facts),
          rule::SynchronousStandbys(facts),
          rule::Quorum(facts)};
}

bool IsOnlyOneAgainst(const std::vector<Finding>& findings, std::string_view check) {
  bool found = false;
  for (const Finding& finding : findings) {
    if (finding.status != Status::kCritical) continue;
    if (finding.check_name.view() != check) return false;
    found = true;
  }
  return found;
}

std::string ReasonsAgainst(const std::vector<Finding>& findings) {
  std::string reasons;
  for (const Finding& finding : findings) {
    if (finding.status != Status::kCritical) continue;
    if (!reasons.empty()) reasons += "; ";
    reasons += fmt::format("{}: {}", finding.check_name.view(), finding.message.view());
  }
  return reasons;
}

}  // namespace baton::core
