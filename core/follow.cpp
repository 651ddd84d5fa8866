#include "core/follow.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "core/known_primary.hpp"

namespace baton::core {
namespace {

using Kind = FollowVerdict::Kind;

// Whether WAL that comes from `name` is, or is about to be, that of `primary`: its upstreams, one
// after the other, lead there, and all of them answer.
bool LeadsTo(const std::vector<PeerRow>& rows, std::string_view name, const PeerRow& primary) {
  for (std::size_t hops = 0; hops <= rows.size(); ++hops) {
    if (name == primary.name.view()) return true;
    const PeerRow* const row = RowOf(rows, name);
    if (row == nullptr || !row->reachable || row->role != Role::kStandby) return false;
    name = row->upstream.view();
  }
  return false;
}

bool MayStillFollow(const FollowFacts& facts) {
  const PeerRow* const upstream = RowOf(facts.rows, facts.upstream);
  return upstream != nullptr && upstream->reachable && upstream->role == Role::kStandby &&
         facts.known_for < kUpstreamMayTake;
}

// The primary on this standby's own timeline, where the upstream was the primary and stands behind
// it now: then that one was quicker to go on, and to take this standby with it, than the news.
const PeerRow* PrimaryBeforeUpstream(const FollowFacts& facts) {
  if (!facts.upstream_was_primary) return nullptr;
  const auto primary = std::find_if(facts.rows.begin(), facts.rows.end(), [&](const PeerRow& row) {
    return row.reachable && row.role == Role::kPrimary && row.timeline == facts.timeline &&
           row.name.view() != facts.upstream;
  });
  if (primary == facts.rows.end() || !LeadsTo(facts.rows, facts.upstream, *primary)) return nullptr;
  return &*primary;
}

const PeerRow* RivalOf(const std::vector<PeerRow>& rows, const PeerRow& primary) {
  const auto rival = std::find_if(rows.begin(), rows.end(), [&](const PeerRow& row) {
    return &row != &primary && row.reachable && row.role == Role::kPrimary &&
           row.timeline == primary.timeline;
  });
  return rival == rows.end() ? nullptr : &*rival;
}

}  // namespace

const PeerRow* NewerPrimary(const std::vector<PeerRow>& rows, TimelineId timeline) {
  const PeerRow* newest = nullptr;
  for (const PeerRow& row : rows) {
    if (!row.reachable || row.role != Role::kPrimary || row.timeline <= timeline) continue;
    if (newest == nullptr || row.timeline > newest->timeline) newest = &row;
  }
  return newest;
}

FollowVerdict JudgeFollowing(const FollowFacts& facts) {
  if (!facts.allowed || facts.promoting || facts.choosing) return {};
  if (!facts.streams || facts.timeline == 0) return {};
  const PeerRow* const primary = NewerPrimary(facts.rows, facts.timeline);
  if (primary == nullptr) {
    const PeerRow* const swapped = PrimaryBeforeUpstream(facts);
    if (swapped == nullptr) return {};
    return {Kind::kFollow, swapped->name.str(),
            fmt::format("it is the primary on timeline {}, and {} is its standby now",
                        swapped->timeline, facts.upstream),
            ""};
  }
  const std::string node = primary->name.str();
  if (const PeerRow* const rival = RivalOf(facts.rows, *primary)) {
    return {Kind::kCannot, node,
            fmt::format("cannot follow {}: {} is a primary on timeline {} too", node,
                        rival->name.view(), primary->timeline),
            "Stop the one that should not be it; the other one is followed then."};
  }
  // It tells in a moment where its timeline began.
  if (primary->reign.began.IsNone()) return {};
  const Lsn fork = primary->reign.began;
  if (facts.replayed > fork || (facts.received > fork && facts.record_at_fork)) {
    return {Kind::kCannot, node,
            fmt::format("cannot follow {}: it left our history at {} and this standby has WAL up "
                        "to {}",
                        node, fork.ToString(), std::max(facts.replayed, facts.received).ToString()),
            "What it has beyond that is on no primary; pg_baton clone makes it anew."};
  }
  if (!facts.latest_timeline) {
    return {Kind::kCannot, node,
            fmt::format("cannot follow {} to timeline {}: recovery_target_timeline is not latest",
                        node, primary->timeline),
            "Set it to latest and restart this standby."};
  }
  if (facts.upstream == node) return {};
  // Whoever stood behind the primary does so again when the roles were swapped.
  if (!facts.upstream_was_primary &&
      (LeadsTo(facts.rows, facts.upstream, *primary) || MayStillFollow(facts))) {
    return {};
  }
  return {Kind::kFollow, node,
          fmt::format("it is the primary on timeline {} from {} on", primary->timeline,
                      fork.ToString()),
          ""};
}

}  // namespace baton::core
