#include <fmt/format.h>

#include "core/health_rules.hpp"

namespace baton::core::rule {

void WriteGate(const NodeFacts& facts, const HealthPolicy&, Findings& out) {
  const GateFacts& gate = facts.gate;
  if (!gate.measured) {
    out.push_back(Judged(Check::kWriteGate, Status::kUnknown, "", "the gate was not read yet"));
    return;
  }
  const bool primary = facts.role == Role::kPrimary;
  if (!gate.reasons.empty()) {
    const std::string message =
        primary
            ? fmt::format("commits are refused: {}. {}", gate.reasons.view(), gate.detail.view())
            : fmt::format("after a promotion commits would be refused: {}. {}", gate.reasons.view(),
                          gate.detail.view());
    out.push_back(Judged(Check::kWriteGate, primary ? Status::kCritical : Status::kWarning,
                         gate.text.view(), message, gate.hint.view()));
  } else if (gate.two_phase_subscriptions > 0) {
    out.push_back(Judged(Check::kWriteGate, Status::kWarning, gate.text.view(),
                         fmt::format("{} subscriptions with two_phase commit past the gate",
                                     gate.two_phase_subscriptions),
                         "Make them anew without two_phase."));
  } else if (primary && gate.unheard) {
    out.push_back(Judged(Check::kWriteGate, Status::kWarning, gate.text.view(),
                         "it opened after the start although too few of the other nodes had "
                         "answered, and they have not answered since",
                         "Make sure that none of them is a primary, too."));
  } else {
    out.push_back(Judged(Check::kWriteGate, Status::kOk, gate.text.view(),
                         primary ? "commits pass" : "commits would pass after a promotion"));
  }
}

}  // namespace baton::core::rule
