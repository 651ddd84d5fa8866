// What a node must not forget when its shared memory is lost: who closed its gate for good, and
// whose reign it is.  Kept in a file of the data directory; a clone or a rewind brings along that
// of another node, so the file says whose it is.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/fixed_text.hpp"
#include "core/node_facts.hpp"
#include "core/reign.hpp"

namespace baton::core {

struct NodeState {
  bool fenced = false;             // by hand
  FixedText<160> fence_reason;     // may be empty
  NodeText fenced_by;              // a role
  std::int64_t fenced_at = 0;      // TimestampTz
  bool superseded = false;         // another primary was found
  NodeText successor;              // its name
  Reign successor_reign;           // id 0: it did not tell
  std::int64_t superseded_at = 0;  // TimestampTz
  bool decided = false;            // a person has opened it by force since, against its rival
  Reign reign;                     // the last one of this node; timeline 0: none yet
};

// Name and connection string of the other registered nodes.
using KnownPeers = std::vector<std::pair<std::string, std::string>>;

// Who a file of pg_baton in the data directory belongs to.
std::string FileOwner(std::string_view node_name, std::string_view system_identifier);

std::string StateToFile(const NodeState& state, const KnownPeers& peers, std::string_view owner);

struct StateFile {
  enum class Kind {
    kOwn,
    kForeign,     // of another node, or another cluster
    kUnreadable,  // not what StateToFile makes
  };
  Kind kind = Kind::kUnreadable;
  NodeState state;
  KnownPeers peers;
};
StateFile StateFromFile(std::string_view text, std::string_view owner);

}  // namespace baton::core
