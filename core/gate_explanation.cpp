#include "core/gate_explanation.hpp"

#include <fmt/format.h>

namespace baton::core {

GateExplanation ExplainGate(GateReasons reasons, const NodeState& state,
                            std::string_view unreadable) {
  GateExplanation why;
  for (const std::string_view text : ReasonTexts(reasons)) {
    why.names += (why.names.empty() ? "" : ", ") + std::string(text);
  }
  if (Has(reasons, GateReason::kAnotherPrimary)) {
    const TimelineId timeline = state.successor_reign.timeline;
    why.detail = state.successor.empty()
                     ? fmt::format("There is a primary on timeline {}.", timeline)
                     : fmt::format("Node \"{}\" is the primary on timeline {}.",
                                   state.successor.view(), timeline);
    why.hint = "Connect there; \"pg_baton rejoin\" brings this server back as a standby.";
  } else if (Has(reasons, GateReason::kFencedByHand)) {
    why.detail = fmt::format("It was fenced by \"{}\"{}{}.", state.fenced_by.view(),
                             state.fence_reason.empty() ? "" : ": ", state.fence_reason.view());
    why.hint = "SELECT * FROM baton.unfence() opens it.";
  } else if (Has(reasons, GateReason::kStateUnreadable)) {
    why.detail = fmt::format("What it was fenced for is not known: {}.", unreadable);
    why.hint = "If no other server is the primary, SELECT * FROM baton.unfence() opens it.";
  } else if (Has(reasons, GateReason::kNoLease)) {
    why.detail = "This server does not hold the lease.";
    why.hint = "It opens when the lease is renewed.";
  } else if (Has(reasons, GateReason::kIsolated)) {
    why.detail = "Fewer than half of the other registered nodes were heard from.";
    why.hint = "It opens when they answer again; see baton.cluster.";
  } else if (Has(reasons, GateReason::kQuarantine)) {
    why.detail =
        "The server has started, and its peers have not said yet whether one of them is the "
        "primary.";
    why.hint = "It opens when they answer, or after pg_baton.quarantine_timeout.";
  } else if (Has(reasons, GateReason::kSwitchover)) {
    why.detail = "The primary is being changed.";
    why.hint = "Try again, with a connection string that names all nodes.";
  }
  return why;
}

}  // namespace baton::core
