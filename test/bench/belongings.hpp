// What a node has that many switchovers might let grow.
#pragma once

#include <string>

#include "test/cluster/harness.hpp"

namespace baton::test {

struct Belongings {
  std::string slots;  // names
  long baton_files = 0;
  long wal_megabytes = 0;
  long histories = 0;   // timelines of which pg_wal tells; one more with each promotion
  long postmaster = 0;  // kB of private memory
  long workers = 0;     // the same, all of them
};

// After checkpoints, by which WAL that nobody needs is gone.
Belongings BelongingsOf(const Node& node);
std::string ToText(const Belongings& belongings);

}  // namespace baton::test
