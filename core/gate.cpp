#include "core/gate.hpp"

#include <array>
#include <utility>

namespace baton::core {
namespace {

constexpr std::array<std::pair<GateReason, std::string_view>, 7> kReasonTexts = {{
    {GateReason::kFencedByHand, "fenced by hand"},
    {GateReason::kQuarantine, "quarantine"},
    {GateReason::kAnotherPrimary, "another primary"},
    {GateReason::kSwitchover, "switchover"},
    {GateReason::kNoLease, "no lease"},
    {GateReason::kIsolated, "isolated"},
    {GateReason::kStateUnreadable, "state unreadable"},
}};

constexpr GateReasons Bit(GateReason reason) { return static_cast<GateReasons>(reason); }

}  // namespace

GateReasons ReasonsAt(const GateWords& words, Instant now) {
  GateReasons reasons = words.reasons;
  if (now >= words.quarantine_ends) reasons &= ~Bit(GateReason::kQuarantine);
  if (now >= words.isolation_begins) reasons |= Bit(GateReason::kIsolated);
  return reasons;
}

Passage JudgePassage(const GateWords& words, GateCheck check, Instant now) {
  GateReasons reasons = ReasonsAt(words, now);
  // Who has passed before a switchover began finishes; the switchover waits for that.
  if (check == GateCheck::kBeforeAnswer) reasons &= ~Bit(GateReason::kSwitchover);
  if (reasons == 0) return now < words.doubt_begins ? Passage::kPass : Passage::kDoubt;
  const bool may_wait = check == GateCheck::kBeforeCommit && (reasons & ~kWaitable) == 0;
  return may_wait && now < words.waits_until ? Passage::kWait : Passage::kRefuse;
}

std::string_view GateText(const GateWords& words, Instant now) {
  switch (JudgePassage(words, GateCheck::kBeforeCommit, now)) {
    case Passage::kPass:
      return "open";
    case Passage::kWait:
    case Passage::kDoubt:
      return "waiting";
    case Passage::kRefuse:
      break;
  }
  return "closed";
}

std::vector<std::string_view> ReasonTexts(GateReasons reasons) {
  std::vector<std::string_view> texts;
  for (const auto& [reason, text] : kReasonTexts) {
    if (Has(reasons, reason)) texts.push_back(text);
  }
  return texts;
}

}  // namespace baton::core
