// One row of baton.health or baton.promotion_check: what was looked at, what was found, and what to
// do about it.  The same rows feed SQL, JSON and the helper's text.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/fixed_text.hpp"

namespace baton::core {

// `kUnknown` is not a milder `kOk`: what could not be measured is never good.
enum class Status { kOk, kWarning, kCritical, kUnknown };

std::string_view StatusText(Status status);

struct Finding {
  FixedText<32> check_name;
  Status status = Status::kUnknown;
  FixedText<80> value;      // for people; empty if nothing was measured
  FixedText<80> threshold;  // for people; empty if the check has none
  FixedText<320> message;
  FixedText<320> hint;
  std::optional<double> value_number;  // in `unit`; none if nothing was measured
  FixedText<16> unit;                  // "s", "bytes", "nodes"; empty if the value is no number
  std::optional<double> warning_at;
  std::optional<double> critical_at;
  std::int64_t since = 0;  // when the status came, a TimestampTz of the server; 0 if not known
};

// A finding in words, without a number.
Finding Judged(std::string_view check_name, Status status, std::string_view value,
               std::string_view message, std::string_view hint = "");

// Which way a number gets worse.
enum class Worse { kHigher, kLower };

inline constexpr double kNoThreshold = -2;

// How one number becomes a status: at `critical` and beyond, at `warning` and beyond.  A negative
// threshold is switched off.
struct Threshold {
  double warning = -1;
  double critical = -1;

  Status Judge(double value, Worse worse = Worse::kHigher) const {
    const auto reached = [&](double limit) {
      return limit >= 0 && (worse == Worse::kHigher ? value >= limit : value <= limit);
    };
    if (reached(critical)) return Status::kCritical;
    return reached(warning) ? Status::kWarning : Status::kOk;
  }
};

}  // namespace baton::core
