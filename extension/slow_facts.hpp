// What changes seldom or costs more to read, looked at less often than the rest.
#pragma once

#include <deque>

#include "core/lag_history.hpp"
#include "core/node_facts.hpp"
#include "pg/query.hpp"

namespace baton {

class SlowFacts {
 public:
  // Reads what is due, and puts everything known into `facts`, whose role is set.
  void Fill(pg::Spi& spi, core::NodeFacts& facts);

 private:
  void ReadStatistics(pg::Spi& spi, core::Role role);
  void ReadSettings();
  void ReadCollations(pg::Spi& spi);

  struct Conflicts {
    core::Instant at;
    std::int64_t total;
  };

  core::Instant statistics_due_{};
  core::Instant collations_due_{};
  std::deque<Conflicts> conflicts_;  // oldest first, as far back as counts
  core::NodeFacts known_;            // only what is read here
};

}  // namespace baton
