#include "core/lag_history.hpp"

#include <algorithm>

namespace baton::core {

void LagHistory::Hear(Lsn end, Instant now) {
  if (end.IsNone()) return;
  last_heard_ = now;
  if (count_ > 0 && end < last_end()) count_ = 0;
  if (count_ > 0 && end == last_end()) return;
  if (count_ == kSamples) Thin();
  samples_[count_++] = {end, now};
}

// Halves the older half: of each two neighbours the later position stays, with the earlier moment,
// so that an age read from it errs upwards.
void LagHistory::Thin() {
  constexpr std::size_t kHalf = kSamples / 2;
  for (std::size_t i = 0; i < kHalf / 2; ++i) {
    samples_[i] = {samples_[2 * i + 1].end, samples_[2 * i].first_known};
  }
  std::move(samples_.begin() + kHalf, samples_.end(), samples_.begin() + kHalf / 2);
  count_ = kSamples - kHalf / 2;
}

std::optional<std::chrono::microseconds> LagHistory::Lag(Lsn replayed, bool link_alive,
                                                         Instant now) const {
  if (count_ == 0) return std::nullopt;
  const auto end = samples_.begin() + count_;
  const auto beyond = std::upper_bound(samples_.begin(), end, replayed,
                                       [](Lsn lsn, const Sample& s) { return lsn < s.end; });
  Instant since = now;
  if (beyond != end) since = beyond->first_known;
  if (!link_alive) since = std::min(since, last_heard_);
  return std::max(now - since, Instant::zero());
}

}  // namespace baton::core
