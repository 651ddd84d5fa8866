// Which blocks of which relations something has changed: one bit a block, up to the highest one.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "core/relation_id.hpp"

namespace baton::core {

class ChangedBlocks {
 public:
  void Add(const RelationId& relation, std::uint32_t block) {
    std::vector<bool>& blocks = relations_[relation];
    if (block >= blocks.size()) blocks.resize(std::size_t{block} + 1);
    if (!blocks[block]) ++count_;
    blocks[block] = true;
  }
  std::int64_t count() const { return count_; }  // each block once

 private:
  std::map<RelationId, std::vector<bool>> relations_;
  std::int64_t count_ = 0;
};

}  // namespace baton::core
