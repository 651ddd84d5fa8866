#include "core/timeline_history.hpp"

#include <algorithm>
#include <charconv>

namespace baton::core {
namespace {

constexpr std::string_view kBlanks = " \t\r\f\v";

// The next word of a line, which it leaves; empty if there is none.
std::string_view NextWord(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
  const std::string_view word = line.substr(0, line.find_first_of(kBlanks));
  line.remove_prefix(word.size());
  return word;
}

std::optional<TimelineId> ParseTimeline(std::string_view word) {
  TimelineId timeline = 0;
  const char* const end = word.data() + word.size();
  const auto [rest, error] = std::from_chars(word.data(), end, timeline);
  if (error != std::errc() || rest != end || timeline == 0) return std::nullopt;
  return timeline;
}

Lsn Earlier(Lsn one, Lsn other) {
  if (one.IsNone()) return other;
  return other.IsNone() ? one : std::min(one, other);
}

}  // namespace

std::optional<TimelineHistory> ParseTimelineHistory(std::string_view file, TimelineId timeline) {
  TimelineHistory history;
  TimelineEntry next;  // its timeline is 0 as long as there is none before it
  while (!file.empty()) {
    const std::size_t end = file.find('\n');
    std::string_view line = file.substr(0, end);
    file.remove_prefix(end == std::string_view::npos ? file.size() : end + 1);
    const std::string_view first = NextWord(line);
    if (first.empty() || first.front() == '#') continue;
    const std::optional<TimelineId> id = ParseTimeline(first);
    const std::optional<Lsn> left = Lsn::Parse(NextWord(line));
    if (!id || !left || left->IsNone() || *left < next.begin) return std::nullopt;
    if (!history.empty() && *id <= history.back().timeline) return std::nullopt;
    history.push_back({*id, next.begin, *left});
    next.begin = *left;
  }
  if (timeline == 0) return std::nullopt;
  if (!history.empty() && timeline <= history.back().timeline) return std::nullopt;
  history.push_back({timeline, next.begin, Lsn()});
  return history;
}

std::optional<CommonTimeline> FindCommonTimeline(const TimelineHistory& one,
                                                 const TimelineHistory& other) {
  std::optional<CommonTimeline> common;
  for (std::size_t i = 0; i < std::min(one.size(), other.size()); ++i) {
    if (one[i].timeline != other[i].timeline || one[i].begin != other[i].begin) break;
    common = {one[i].timeline, Earlier(one[i].end, other[i].end)};
  }
  return common;
}

TimelineId TimelineOfSegment(const TimelineHistory& history, Lsn segment_end) {
  TimelineId timeline = 0;
  for (const TimelineEntry& entry : history) {
    if (timeline == 0 || entry.begin < segment_end) timeline = entry.timeline;
  }
  return timeline;
}

}  // namespace baton::core
