// When a file system will be full, from how its free space went down of late.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "core/lag_history.hpp"

namespace baton::core {

class FillRate {
 public:
  // Less says more about a checkpoint than about a trend; more would hide what began just now.
  static constexpr std::chrono::minutes kLeastSpan{5};
  static constexpr std::chrono::minutes kLongestSpan{30};
  static constexpr std::chrono::years kFarthest{1};  // what takes longer is no danger

  void Add(std::int64_t free_bytes, Instant now);

  // Whether there is enough history for a rate.
  bool Known() const;
  // Time left at the present rate; nullopt if free space does not go down, or so slowly that it
  // lasts longer than kFarthest, or nothing is known.
  std::optional<std::chrono::microseconds> FullIn() const;

 private:
  static constexpr std::size_t kSamples = 64;
  struct Sample {
    std::int64_t free_bytes;
    Instant at;
  };
  std::array<Sample, kSamples> samples_{};  // oldest first
  std::size_t count_ = 0;
  Sample last_{};
};

}  // namespace baton::core
