// Lets a standby follow a new primary without a restart (core/follow.hpp decides): its
// primary_conninfo is changed, and the WAL receiver goes there.
#pragma once

#include "chronicle.hpp"
#include "core/follow.hpp"
#include "shared_state.hpp"

namespace baton {

class Following {
 public:
  // Judges by what is known now; enters into the facts why a new primary cannot be followed.
  void Judge(const Registry& registry, core::NodeFacts& facts);

  // Does what was judged.  The monitor, outside of a transaction.
  void Act(const Registry& registry, const core::NodeFacts& facts, Chronicle& chronicle);

 private:
  void Follow(const Registry& registry, Chronicle& chronicle);

  core::FollowVerdict verdict_;
  std::string was_primary_;  // an upstream that was seen as the primary
  std::string newest_;       // the newer primary that is known, with its timeline; empty if none
  core::Instant known_since_{};
  std::string told_;      // the last reason against following that was told
  std::string upstream_;  // where primary_conninfo leads, by name
};

}  // namespace baton
