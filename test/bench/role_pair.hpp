// A primary and its standby that swap roles, for bench programs: by pg_baton, or by hand as an
// administrator does it who has scripts ready and no extension.  Data directories are on disk, and
// fsync is on.
#pragma once

#include <string>
#include <vector>

#include "test/bench/figures.hpp"
#include "test/cluster/harness.hpp"

namespace baton::test {

class RolePair {
 public:
  virtual ~RolePair() = default;
  RolePair(const RolePair&) = delete;
  RolePair& operator=(const RolePair&) = delete;

  Node& primary() const { return *nodes_[primary_]; }
  Node& standby() const { return *nodes_[1 - primary_]; }
  // In an order that no swap changes.
  const std::vector<Node*>& nodes() const { return nodes_; }
  const Cluster& cluster() const { return cluster_; }

  // Returns when roles can be swapped; throws after a minute.
  void Start();
  void Stop();

  // Returns when the old primary streams from the new one; throws if it comes to something else.
  Steps Swap();

 protected:
  RolePair() : cluster_(Cluster::Place::kDisk) {}
  void Has(Node& primary, Node& standby) { nodes_ = {&primary, &standby}; }

  virtual bool IsReady() const = 0;
  // `to` is a primary afterwards.
  virtual Steps SwapNow(Node& from, Node& to) = 0;
  // What is known only when all is over.
  virtual Steps LaterSteps(const Node& from, const Node& to) const = 0;

  Cluster cluster_;

 private:
  bool Streams() const;

  std::vector<Node*> nodes_;
  std::size_t primary_ = 0;
};

// baton.switchover(), asked on the primary.
class BatonPair : public RolePair {
 public:
  explicit BatonPair(const std::string& configuration = "");

 private:
  bool IsReady() const override;
  Steps SwapNow(Node& from, Node& to) override;
  Steps LaterSteps(const Node& from, const Node& to) const override;
};

// CHECKPOINT, so that the next one is short; pg_ctl stop -m fast; when the standby has all that the
// control file of the old primary tells of, pg_ctl promote; then the old primary is started as a
// standby, with a primary_conninfo that it had all along.
class PlainPair : public RolePair {
 public:
  explicit PlainPair(const std::string& configuration = "");

 private:
  bool IsReady() const override { return true; }
  Steps SwapNow(Node& from, Node& to) override;
  Steps LaterSteps(const Node&, const Node&) const override { return {}; }
};

}  // namespace baton::test
