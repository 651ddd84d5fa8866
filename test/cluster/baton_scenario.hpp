// What scenarios about failover share: a client that writes all the time, and the judgement over
// what it was told.
#pragma once

#include <gtest/gtest.h>
#include <memory>
#include <vector>

#include "test/cluster/judgement.hpp"
#include "test/cluster/scenario.hpp"
#include "test/cluster/writer.hpp"

namespace baton::test {

// What this primary has now, as the judge asks for it.
Heir HeirOf(const Node& primary);

class BatonScenario : public Scenario {
 protected:
  // What may be lost: what the heir did not take over; or nothing, with a synchronous standby.
  enum class Loss { kBeyondTheFork, kNone };

  ~BatonScenario() override;

  // The first node is the primary; it gets the table, and the ordinary user that writes into it.
  void StartWriter(const std::vector<const Node*>& nodes, const WriterOptions& options = {});
  // The same through doors of one's own choice, such as proxies.
  void StartWriter(const Node& primary, const std::vector<Door>& doors,
                   const WriterOptions& options = {});
  void StopWriter();

  // Whether this many more rows are acknowledged from now on: by the string that finds the primary,
  // or by this server, whatever the path.
  testing::AssertionResult WritesGoOn(int rows = 20);
  testing::AssertionResult WritesGoOnAt(const Node& node, int rows = 20);

  // Whether the cluster, whose primary is this one in the end, has kept what it promises.  A
  // failure shows the violations and the ledger's file, which is kept.  After StopWriter.
  testing::AssertionResult Judge(const Node& primary, Loss allowed = Loss::kBeyondTheFork);
  Ledger ledger() const { return writer_->ledger(); }

 private:
  std::unique_ptr<Writer> writer_;
};

}  // namespace baton::test
