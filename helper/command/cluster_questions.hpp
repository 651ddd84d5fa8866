// Asks one node what it knows of the cluster, and each other node, as far as it is reached from
// here, what it says of itself.
#pragma once

#include <filesystem>

#include "helper/command/reader_access.hpp"
#include "helper/report/cluster_report.hpp"

namespace baton::helper {

class ClusterQuestions {
 public:
  // `passfile` has the password of baton_node, as which the other nodes are asked.
  ClusterQuestions(ReaderAccess access, std::filesystem::path passfile)
      : access_(std::move(access)), passfile_(std::move(passfile)) {}

  // Throws if the asked node does not answer; the others may be silent, each for three seconds at
  // once.
  ClusterFacts Ask(bool may_prompt) const;

 private:
  ReaderAccess access_;
  std::filesystem::path passfile_;
};

}  // namespace baton::helper
