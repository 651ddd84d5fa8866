#include "core/demotion_check.hpp"

#include <fmt/format.h>

#include "core/demotion_rules.hpp"

namespace baton::core {
namespace rule {

Finding WriteGate(const DemotionFacts& facts) {
  const GateFacts& gate = facts.gate;
  if (!gate.measured) {
    return Judged("write_gate", Status::kUnknown, "", "it is not known whether commits pass");
  }
  if (gate.text.view() == "open") {
    return Judged("write_gate", Status::kOk, "open", "commits pass the write gate");
  }
  if (gate.reasons.empty()) {
    return Judged("write_gate", Status::kCritical, gate.text.view(),
                  "the write gate is not open: the other nodes were not asked for too long",
                  "It opens when they have been; see check \"observer\" in baton.health.");
  }
  return Judged("write_gate", Status::kCritical, gate.text.view(),
                fmt::format("the write gate is {}: {}", gate.text.view(), gate.reasons.view()),
                gate.hint.view());
}

Finding OpenRequest(const DemotionFacts& facts) {
  if (facts.request.empty()) {
    return Judged("request", Status::kOk, "none", "no request to this server is under way");
  }
  return Judged("request", Status::kCritical, facts.request,
                fmt::format("another request is under way: {}", facts.request),
                "Wait until it is finished; see baton.requests.");
}

}  // namespace rule

std::vector<Finding> CheckDemotion(const DemotionFacts& facts) {
  if (facts.role != Role::kPrimary) {
    return {Judged("is_primary", Status::kCritical, RoleText(facts.role),
                   "this server is not a primary", "Ask the primary; see baton.cluster.")};
  }
  return {Judged("is_primary", Status::kOk, "primary", "this server is a primary"),
          rule::WriteGate(facts),
          rule::RestartAfterCrash(facts),
          rule::RecoveryTarget(facts),
          rule::RecoveryMinApplyDelay(facts),
          rule::HotStandby(facts),
          rule::WalLevel(facts),
          rule::TriggerFile(facts),
          rule::TwoPhaseSubscriptions(facts),
          rule::LogicalSlots(facts),
          rule::BaseBackup(facts),
          rule::PreparedTransactions(facts),
          rule::ArchiveBacklog(facts),
          rule::ArchiveLibrary(facts),
          rule::NewerHistory(facts),
          rule::AlterSystem(facts),
          rule::CommandLineSettings(facts),
          rule::OpenRequest(facts)};
}

}  // namespace baton::core
