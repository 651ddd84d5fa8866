// The replay lag of each standby since a display began, as little curves.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "helper/report/cluster_report.hpp"

namespace baton::helper {

// One block of eighths a sample, the highest for the largest of them, and at least for one second,
// so that noise looks flat; "?" for what is not known.
std::string Sparkline(const std::deque<std::optional<double>>& seconds);

class LagSamples {
 public:
  // A standby that does not answer any more goes on with samples that are not known; one that has
  // become a primary has none.
  void Add(const ClusterFacts& facts);

  // "b ▁▁▃? now unknown, at most 3.4 s", a line a standby.
  std::vector<std::string> Lines() const;

 private:
  std::map<std::string, std::deque<std::optional<double>>> samples_;  // by the name of the node
};

}  // namespace baton::helper
