#include "core/status_hold.hpp"

#include <fmt/format.h>

#include "core/quantity.hpp"

namespace baton::core {

void StatusHold::Entry::Find(Status status, Instant now) {
  for (std::size_t i = 0; i < kStatuses; ++i) {
    const Status bound = static_cast<Status>(i);
    if (!known || (status >= bound && found < bound)) at_least[i] = now;
    if (!known || (status <= bound && found > bound)) at_most[i] = now;
  }
  found = status;
}

// Of the statuses between the shown and the found, the one nearest to the found that has held; from
// nothing a fault comes only when it has held.
Status StatusHold::Entry::Next(std::chrono::milliseconds hold, Instant now) const {
  if (!known || shown == Status::kUnknown) {
    const bool fault = found == Status::kWarning || found == Status::kCritical;
    if (!fault || judged) return found;
    for (auto i = static_cast<std::size_t>(found); i > 0; --i) {
      if (now - at_least[i] >= hold) return static_cast<Status>(i);
    }
    return Status::kUnknown;
  }
  const bool worse = found > shown;
  const auto& held_since = worse ? at_least : at_most;
  auto i = static_cast<std::size_t>(found);
  while (i != static_cast<std::size_t>(shown) && now - held_since[i] < hold) worse ? --i : ++i;
  return static_cast<Status>(i);
}

std::vector<StatusChange> StatusHold::Apply(std::vector<Finding>& findings,
                                            std::chrono::milliseconds hold, Instant now,
                                            std::int64_t wall_now) {
  std::vector<StatusChange> changes;
  std::array<bool, kCheckCount> seen{};
  for (Finding& finding : findings) {
    const auto check = CheckNamed(finding.check_name.view());
    if (!check) continue;
    seen[static_cast<std::size_t>(*check)] = true;
    Entry& entry = entries_[static_cast<std::size_t>(*check)];
    const Status found = finding.status;
    entry.Find(found, now);
    const Status next = entry.Next(hold, now);
    if (next != found) {
      finding.message = fmt::format("{} (becomes {} if it lasts for {})", finding.message.view(),
                                    StatusText(found), DurationText(hold));
    }
    const bool changed = !entry.known || next != entry.shown;
    if (changed) entry.since = wall_now;
    finding.status = next;
    finding.since = entry.since;
    if (changed) changes.push_back({finding, entry.shown, !entry.known});
    entry.shown = next;
    entry.known = true;
    entry.judged = entry.judged || next == found;
  }
  // A check that gave no row means nothing now; it begins anew when it does again.
  for (std::size_t i = 0; i < kCheckCount; ++i) {
    if (!seen[i]) entries_[i] = {};
  }
  return changes;
}

}  // namespace baton::core
