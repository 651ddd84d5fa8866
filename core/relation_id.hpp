// The file of a relation, as WAL names it.
#pragma once

#include <compare>
#include <cstdint>
#include <vector>

namespace baton::core {

struct RelationId {
  std::uint32_t tablespace = 0;
  std::uint32_t database = 0;  // 0 for one that all databases share
  std::uint32_t node = 0;

  auto operator<=>(const RelationId&) const = default;
};
using RelationIds = std::vector<RelationId>;  // sorted, each once

}  // namespace baton::core
