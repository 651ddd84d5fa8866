// Whom a standby follows after a promotion elsewhere, by itself.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "core/cluster_view.hpp"

namespace baton::core {

// How long an upstream that is a standby itself has for following the new primary, before those
// behind it go to the new primary themselves.
inline constexpr std::chrono::seconds kUpstreamMayTake{10};

struct FollowFacts {
  bool allowed = true;          // pg_baton.follow_primary
  bool promoting = false;       // this standby is being promoted, or that is being decided
  bool choosing = false;        // a person has asked for another upstream, and it is not there yet
  bool streams = true;          // primary_conninfo is set
  bool latest_timeline = true;  // recovery_target_timeline is "latest"
  std::string_view upstream;    // where primary_conninfo leads, by name; empty: to no known node
  bool upstream_was_primary = false;  // when this standby was put behind it
  TimelineId timeline = 0;
  Lsn replayed;
  Lsn received;
  // This standby has a whole record that begins where the newest primary's timeline begins, so its
  // history is another one.  The end of what was received may lie within a record that nobody has.
  bool record_at_fork = false;
  std::chrono::microseconds known_for{};  // how long the newest primary has been known
  std::vector<PeerRow> rows;              // of the other nodes
};

// The peer that answers as primary on the newest timeline, if that is newer than `timeline`; null
// if there is none.
const PeerRow* NewerPrimary(const std::vector<PeerRow>& rows, TimelineId timeline);

struct FollowVerdict {
  enum class Kind {
    kStay,
    kFollow,  // `node`
    kCannot,  // it should follow `node`; `reason` is in words
  };
  Kind kind = Kind::kStay;
  std::string node;
  std::string reason;
  std::string hint;  // of kCannot
};
FollowVerdict JudgeFollowing(const FollowFacts& facts);

}  // namespace baton::core
