// Which primary one node knows of, by what it is itself, what its upstream says, and what its
// observer saw of the others.
#pragma once

#include <string_view>
#include <vector>

#include "core/cluster_view.hpp"

namespace baton::core {

struct OwnView {
  std::string_view name;
  Role role = Role::kUnknown;
  TimelineId timeline = 0;
  Reign reign{};                // of this node as primary; id 0 if not known
  std::string_view upstream{};  // by name; empty or unregistered: not known
  bool streaming = false;       // WAL comes in, and the link is not silent
  std::vector<PeerRow> rows{};  // of the other nodes
};

struct KnownPrimary {
  NodeText name;            // empty: none is known
  TimelineId timeline = 0;  // 0 if none is
  bool alive = false;       // this node hears from it: it streams from there, or gets answers
  Reign reign;              // on a standby: of the primary whose WAL it has; id 0 if not known
};

KnownPrimary FindPrimary(const OwnView& view);

// The row of that node; null if there is none.
const PeerRow* RowOf(const std::vector<PeerRow>& rows, std::string_view name);

}  // namespace baton::core
