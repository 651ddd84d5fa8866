#include "core/fill_rate.hpp"

#include <algorithm>

namespace baton::core {

void FillRate::Add(std::int64_t free_bytes, Instant now) {
  last_ = {free_bytes, now};
  const auto step = std::chrono::duration_cast<Instant>(kLongestSpan) / kSamples;
  if (count_ > 0 && now - samples_[count_ - 1].at < step) return;
  // The oldest go when they are too old, or when there is no room.
  std::size_t drop = count_ == kSamples ? 1 : 0;
  while (drop < count_ && now - samples_[drop].at > kLongestSpan) ++drop;
  std::move(samples_.begin() + drop, samples_.begin() + count_, samples_.begin());
  count_ -= drop;
  samples_[count_++] = last_;
}

bool FillRate::Known() const { return count_ > 0 && last_.at - samples_[0].at >= kLeastSpan; }

std::optional<std::chrono::microseconds> FillRate::FullIn() const {
  if (!Known()) return std::nullopt;
  const std::int64_t lost = samples_[0].free_bytes - last_.free_bytes;
  if (lost <= 0) return std::nullopt;
  const double per_microsecond =
      static_cast<double>(lost) / static_cast<double>((last_.at - samples_[0].at).count());
  const double left = static_cast<double>(last_.free_bytes) / per_microsecond;
  if (left > static_cast<double>(Instant(kFarthest).count())) return std::nullopt;
  return std::chrono::microseconds(static_cast<std::int64_t>(left));
}

}  // namespace baton::core
