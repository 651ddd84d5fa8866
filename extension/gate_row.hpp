// The two columns that tell of the write gate, wherever they stand.
#pragma once

#include <string>
#include <vector>

#include "core/gate.hpp"
#include "gate.hpp"
#include "pg/clock.hpp"
#include "pg/tuples.hpp"

namespace baton {

inline void AddGate(pg::RowBuilder& row) {
  const core::GateWords words = gate::Read();
  const core::Instant now = pg::Now();
  std::vector<std::string> reasons;
  for (const std::string_view text : core::ReasonTexts(core::ReasonsAt(words, now))) {
    reasons.emplace_back(text);
  }
  row.Text(core::GateText(words, now)).TextArray(reasons);
}

}  // namespace baton
