// One swap of roles as clients see it: one that writes a row each 5 ms by the string that finds the
// primary, and perhaps pgbench beside it.
#pragma once

#include <memory>
#include <sys/types.h>

#include "test/bench/role_pair.hpp"
#include "test/cluster/writer.hpp"

namespace baton::test {

// The table and the user of the writer; pgbench's tables with this scale, if it is not 0.
void Furnish(const RolePair& pair, int pgbench_scale);

std::unique_ptr<Writer> StartWriter(const RolePair& pair);
// Returns when it has been told of so many more rows; throws after a minute.
void AwaitRows(const Writer& writer, int rows);
// Throws if the primary lacks a row that was acknowledged, or anything else is against the rules.
void Judge(const Ledger& ledger, const Node& primary);

// pgbench, started again as soon as it has lost its sessions.
class Load {
 public:
  explicit Load(const RolePair& pair);
  ~Load();
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

 private:
  pid_t pid_;
};

struct SwapRound {
  double outage = 0;  // ms, between two acknowledged rows
  double whole = 0;   // ms, until the old primary streams from the new one
  Steps steps;
};

SwapRound RunSwapRound(RolePair& pair, bool under_load);

}  // namespace baton::test
