#include "core/origin_vote.hpp"

#include <algorithm>

namespace baton::core {

void OriginVote::Add(std::string_view segment_name, std::string_view head) {
  if (FindSegmentFlaw(segment_name, head, {}).flaw != SegmentFlaw::kNone) return;
  const SegmentOrigin origin = OriginIn(head);
  const std::tuple key(origin.system_identifier, origin.segment_bytes, origin.page_magic);
  if (votes_.size() < kMost || votes_.contains(key)) ++votes_[key];
}

SegmentOrigin OriginVote::Winner() const {
  const auto most = std::max_element(
      votes_.begin(), votes_.end(),
      [](const auto& one, const auto& other) { return one.second < other.second; });
  if (most == votes_.end()) return {};
  const auto& [system_identifier, segment_bytes, page_magic] = most->first;
  return {system_identifier, segment_bytes, page_magic};
}

}  // namespace baton::core
