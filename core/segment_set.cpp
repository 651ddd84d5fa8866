#include "core/segment_set.hpp"

#include <bit>
#include <charconv>
#include <fmt/format.h>

namespace baton::core {

SegmentPlace PlaceOf(std::string_view segment_name) {
  SegmentPlace place = 0;
  const std::string_view digits = segment_name.substr(8, 16);
  std::from_chars(digits.data(), digits.data() + digits.size(), place, 16);
  return place;
}

std::string NameAt(TimelineId timeline, SegmentPlace place) {
  return fmt::format("{:08X}{:016X}", timeline, place);
}

void SegmentSet::Add(SegmentPlace place) {
  const auto at = static_cast<unsigned>(place % (1U << kPlaceBits));
  std::uint64_t& word = chunks_[place >> kPlaceBits][at / kWordBits];
  const std::uint64_t bit = std::uint64_t{1} << (at % kWordBits);
  if ((word & bit) == 0) ++count_;
  word |= bit;
}

bool SegmentSet::Has(SegmentPlace place) const { return From(place) == place; }

std::optional<SegmentPlace> SegmentSet::From(SegmentPlace place) const {
  auto at = static_cast<unsigned>(place % (1U << kPlaceBits));
  for (auto chunk = chunks_.lower_bound(place >> kPlaceBits); chunk != chunks_.end(); ++chunk) {
    if (chunk->first != place >> kPlaceBits) at = 0;
    for (unsigned word = at / kWordBits; word < chunk->second.size(); ++word) {
      const std::uint64_t bits = chunk->second[word] >> at % kWordBits << at % kWordBits;
      if (bits != 0) {
        return (chunk->first << kPlaceBits) + word * kWordBits +
               static_cast<unsigned>(std::countr_zero(bits));
      }
      at = 0;
    }
  }
  return std::nullopt;
}

std::optional<SegmentPlace> SegmentSet::Last() const {
  if (chunks_.empty()) return std::nullopt;
  const auto& [number, chunk] = *chunks_.rbegin();
  for (std::size_t word = chunk.size(); word-- > 0;) {
    if (chunk[word] == 0) continue;
    return (number << kPlaceBits) + word * kWordBits +
           static_cast<unsigned>(std::bit_width(chunk[word]) - 1);
  }
  return std::nullopt;
}

}  // namespace baton::core
