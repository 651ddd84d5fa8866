#include "core/succession.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "core/quantity.hpp"

namespace baton::core {
namespace {

constexpr std::chrono::seconds kLongestPause{60};

bool Contains(const std::vector<std::string>& list, std::string_view item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

bool NeedsRegistry(SuccessionStep step) {
  return step != SuccessionStep::kCheckpoint && step != SuccessionStep::kSyncNames;
}

}  // namespace

Succession Succession::OfNothing() {
  Succession succession;
  for (Entry& entry : succession.entries_) entry.done = true;
  return succession;
}

Succession Succession::OfStart() {
  Succession succession = OfNothing();
  succession.At(SuccessionStep::kRecord).done = false;
  return succession;
}

std::optional<SuccessionStep> Succession::Next(Instant now, bool registry_readable) const {
  for (std::size_t i = 0; i < kSuccessionSteps; ++i) {
    const auto step = static_cast<SuccessionStep>(i);
    if (entries_[i].done || now < entries_[i].not_before) continue;
    if (registry_readable || !NeedsRegistry(step)) return step;
  }
  return std::nullopt;
}

void Succession::Attempt(SuccessionStep step, Instant now) {
  Entry& entry = At(step);
  const std::chrono::seconds pause(1LL << std::min<std::uint32_t>(entry.attempts, 6));
  entry.not_before = now + std::min(pause, kLongestPause);
  ++entry.attempts;
}

void Succession::Done(SuccessionStep step) { At(step).done = true; }

bool Succession::IsDone() const {
  return std::all_of(entries_.begin(), entries_.end(),
                     [](const Entry& entry) { return entry.done; });
}

SlotPlan PlanSlots(const std::vector<std::string>& nodes, std::string_view own,
                   std::string_view former_primary, const std::vector<std::string>& slots,
                   int most_slots) {
  SlotPlan plan;
  auto room = static_cast<std::ptrdiff_t>(most_slots) - static_cast<std::ptrdiff_t>(slots.size());
  for (const std::string& node : nodes) {
    if (node == own || node == former_primary || Contains(slots, node)) continue;
    (room-- > 0 ? plan.wanted : plan.no_room).push_back(node);
  }
  return plan;
}

Message PromotionMessage(const Reign& reign, std::string_view former_primary,
                         std::optional<std::int64_t> missing_bytes, bool forced) {
  return {
      fmt::format("this node is the primary on timeline {} from {} on", reign.timeline,
                  reign.began.ToString()),
      fmt::format("former primary {}; {}{}", former_primary.empty() ? "not known" : former_primary,
                  missing_bytes ? fmt::format("{} known to be missing", BytesText(*missing_bytes))
                                : "what is missing is not known",
                  forced ? "; forced" : "")};
}

}  // namespace baton::core
