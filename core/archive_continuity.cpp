#include "core/archive_continuity.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "core/restore_command.hpp"

namespace baton::core {

Continuity::Continuity(const ArchivePlan& plan, TimelineId timeline)
    : plan_(plan), stretches_(plan.StretchesOf(timeline)) {
  if (!stretches_.empty()) next_ = stretches_.front().begin;
}

void Continuity::CloseUntil(Lsn begin, std::vector<Gap>& gaps) {
  while (at_ < stretches_.size()) {
    const ArchivePlan::Stretch& stretch = stretches_[at_];
    if (stretch.end.IsNone() || begin < stretch.end) return;
    if (next_ < stretch.due) gaps.push_back({next_, stretch.due});
    ++at_;
    if (at_ < stretches_.size()) next_ = stretches_[at_].begin;
  }
}

std::vector<Continuity::Gap> Continuity::Reach(Lsn begin, bool belongs) {
  std::vector<Gap> gaps;
  CloseUntil(begin, gaps);
  if (at_ == stretches_.size() || begin < next_) return gaps;
  if (begin > next_) {
    if (!belongs) return gaps;
    gaps.push_back({next_, begin});
  }
  next_ = plan_.NextSegment(begin);
  return gaps;
}

std::vector<Continuity::Gap> Continuity::Finish() {
  std::vector<Gap> gaps;
  for (; at_ < stretches_.size(); ++at_) {
    if (next_ < stretches_[at_].due) gaps.push_back({next_, stretches_[at_].due});
    if (at_ + 1 < stretches_.size()) next_ = stretches_[at_ + 1].begin;
  }
  return gaps;
}

ArchiveFinding MissingSegments(const ArchivePlan& plan, TimelineId timeline, Continuity::Gap gap) {
  const std::uint64_t count = (gap.end.bytes() - gap.begin.bytes()) / plan.segment_bytes();
  const Lsn last(gap.end.bytes() - plan.segment_bytes());
  // Where a branch goes on from there, it needs its own file of the fork's segment.
  auto use = plan.UseOf(timeline, gap.begin);
  if (use == ArchivePlan::Use::kFork) use = ArchivePlan::Use::kBranch;
  return {plan.Severity(timeline, gap.begin), "missing_segment",
          SegmentName(timeline, gap.begin, plan.segment_bytes()),
          count == 1 ? "it is missing"
                     : fmt::format("{} segments are missing, up to {}", count,
                                   SegmentName(timeline, last, plan.segment_bytes())),
          plan.Meaning(use, timeline, gap.begin, gap.end)};
}

void Spans::Break(Lsn begin, Lsn end) {
  constexpr std::size_t kMost = 300;
  for (Continuity::Gap& gap : broken_) {
    if (begin > gap.end || end < gap.begin) continue;
    gap = {std::min(gap.begin, begin), std::max(gap.end, end)};
    return;
  }
  if (broken_.size() < kMost) {
    broken_.push_back({begin, end});
  } else {
    broken_.back() = {std::min(broken_.back().begin, begin), std::max(broken_.back().end, end)};
  }
}

std::string Spans::Text(Lsn start, Lsn reached) const {
  constexpr int kMostShown = 5;
  std::vector<Continuity::Gap> broken = broken_;
  std::sort(broken.begin(), broken.end(),
            [](const auto& one, const auto& other) { return one.begin < other.begin; });
  broken.push_back({reached, reached});
  std::string text;
  int spans = 0;
  for (const Continuity::Gap& gap : broken) {
    const Lsn end = std::min(gap.begin, reached);
    if (start < end && ++spans <= kMostShown) {
      text += fmt::format("{}from {} to {}", text.empty() ? "" : ", ", start.ToString(),
                          end.ToString());
    }
    start = std::max(start, gap.end);
  }
  if (spans == 0) return "No WAL is there that a restore could use.";
  if (spans > kMostShown) text += fmt::format(", and {} times more", spans - kMostShown);
  return fmt::format("WAL is unbroken {}.", text);
}

}  // namespace baton::core
