#include "test/cluster/judgement.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <tuple>
#include <utility>

namespace baton::test {
namespace {

using Moment = Attempt::Moment;

std::string InWords(const Attempt& attempt) {
  std::string words = fmt::format("row {} by path {}, sent at {} us", attempt.number, attempt.path,
                                  attempt.sent_at.count());
  if (attempt.outcome == Outcome::kRefused) words += " and refused with " + attempt.sqlstate;
  if (attempt.outcome == Outcome::kAcknowledged) {
    words += fmt::format(" and acknowledged by {} on timeline {} at {} us, commit after {}",
                         attempt.server, attempt.timeline, attempt.ended_at.count(),
                         attempt.before_commit.ToString());
  }
  return words;
}

std::vector<Attempt> Acknowledged(const Ledger& ledger) {
  std::vector<Attempt> found;
  for (const auto& [number, attempt] : ledger.attempts()) {
    if (attempt.outcome == Outcome::kAcknowledged) found.push_back(attempt);
  }
  return found;
}

// Where a commit ends at the latest, from what the same server wrote afterwards.
class LatestEnds {
 public:
  explicit LatestEnds(const std::vector<Attempt>& acknowledged) {
    for (const Attempt& attempt : acknowledged) {
      writers_[{attempt.server, attempt.timeline}].emplace_back(attempt.sent_at,
                                                                attempt.before_commit);
    }
    for (auto& [writer, positions] : writers_) {
      std::sort(positions.begin(), positions.end());
      for (std::size_t i = positions.size(); i-- > 1;) {
        positions[i - 1].second = std::min(positions[i - 1].second, positions[i].second);
      }
    }
  }

  // nullopt if nothing was sent after this one had been acknowledged.
  std::optional<core::Lsn> Of(const Attempt& attempt) const {
    const auto writer = writers_.find({attempt.server, attempt.timeline});
    if (writer == writers_.end()) return std::nullopt;
    const auto later =
        std::lower_bound(writer->second.begin(), writer->second.end(),
                         std::pair<Moment, core::Lsn>(attempt.ended_at, core::Lsn()));
    if (later == writer->second.end()) return std::nullopt;
    return later->second;
  }

 private:
  // By time of sending; each position is the least of those sent then or later.
  std::map<std::pair<std::string, core::TimelineId>, std::vector<std::pair<Moment, core::Lsn>>>
      writers_;
};

const Heir::Fork* ForkOf(const Heir& heir, core::TimelineId timeline) {
  for (const Heir::Fork& fork : heir.forks) {
    if (fork.timeline == timeline) return &fork;
  }
  return nullptr;
}

}  // namespace

std::vector<std::string> TwoWriters(const Ledger& ledger) {
  // Of each writer, the row that was acknowledged first.
  std::map<std::pair<core::TimelineId, std::string>, Attempt> first;
  const std::vector<Attempt> acknowledged = Acknowledged(ledger);
  for (const Attempt& attempt : acknowledged) {
    const auto [known, is_new] = first.try_emplace({attempt.timeline, attempt.server}, attempt);
    if (!is_new && attempt.ended_at < known->second.ended_at) known->second = attempt;
  }
  std::vector<std::string> violations;
  for (auto one = first.begin(); one != first.end(); ++one) {
    const auto other = std::next(one);
    if (other == first.end() || other->first.first != one->first.first) continue;
    violations.push_back(fmt::format("timeline {} has two writers: {}; {}", one->first.first,
                                     InWords(one->second), InWords(other->second)));
  }
  for (const Attempt& attempt : acknowledged) {
    for (const auto& [writer, newer] : first) {
      if (writer.first <= attempt.timeline || writer.second == attempt.server) continue;
      if (attempt.unanswered_at < newer.ended_at) continue;
      violations.push_back(fmt::format("{} came after {}", InWords(attempt), InWords(newer)));
      break;
    }
  }
  return violations;
}

std::vector<Attempt> Lost(const Ledger& ledger, const Heir& heir) {
  std::vector<Attempt> lost = Acknowledged(ledger);
  std::erase_if(lost, [&](const Attempt& attempt) { return heir.rows.contains(attempt.number); });
  return lost;
}

std::vector<std::string> LostAtAll(const Ledger& ledger, const Heir& heir) {
  std::vector<std::string> violations;
  for (const Attempt& attempt : Lost(ledger, heir)) {
    violations.push_back(fmt::format("{} lacks {}", heir.name, InWords(attempt)));
  }
  return violations;
}

std::vector<std::string> LostThoughTakenOver(const Ledger& ledger, const Heir& heir) {
  const LatestEnds ends(Acknowledged(ledger));
  std::vector<std::string> violations;
  for (const Attempt& attempt : Lost(ledger, heir)) {
    if (attempt.timeline == heir.timeline && attempt.server == heir.name) {
      violations.push_back(fmt::format("{} lacks its own {}", heir.name, InWords(attempt)));
      continue;
    }
    const Heir::Fork* fork = ForkOf(heir, attempt.timeline);
    if (fork == nullptr && !heir.forks.empty()) fork = &heir.forks.back();
    if (fork == nullptr || attempt.timeline > heir.timeline) {
      violations.push_back(fmt::format("{}, on timeline {}, never gave up {}", heir.name,
                                       heir.timeline, InWords(attempt)));
      continue;
    }
    const std::optional<core::Lsn> end = ends.Of(attempt);
    if (!end || *end > fork->at) continue;
    violations.push_back(fmt::format("{} lacks {} and before {}, though it took over WAL up to {}",
                                     heir.name, InWords(attempt), end->ToString(),
                                     fork->at.ToString()));
  }
  return violations;
}

std::vector<std::string> KeptFromBeyondTheFork(const Ledger& ledger, const Heir& heir) {
  std::vector<std::string> violations;
  for (const Attempt& attempt : Acknowledged(ledger)) {
    if (!heir.rows.contains(attempt.number)) continue;
    const Heir::Fork* const fork = ForkOf(heir, attempt.timeline);
    if (fork == nullptr || attempt.before_commit < fork->at) continue;
    violations.push_back(fmt::format("{} has {}, though it took over WAL up to {} only", heir.name,
                                     InWords(attempt), fork->at.ToString()));
  }
  return violations;
}

std::vector<std::string> PresentThoughRefused(const Ledger& ledger, const Heir& heir) {
  std::vector<std::string> violations;
  for (const auto& [number, attempt] : ledger.attempts()) {
    if (attempt.outcome != Outcome::kRefused || !heir.rows.contains(number)) continue;
    violations.push_back(fmt::format("{} has {}", heir.name, InWords(attempt)));
  }
  return violations;
}

std::vector<std::string> PresentThoughNeverSent(const Ledger& ledger, const Heir& heir) {
  std::vector<std::string> violations;
  for (const std::int64_t number : heir.rows) {
    if (ledger.attempts().contains(number)) continue;
    violations.push_back(fmt::format("{} has row {}, which nobody sent", heir.name, number));
  }
  return violations;
}

std::vector<std::string> Violations(const Ledger& ledger, const Heir& heir, bool none_lost) {
  std::vector<std::string> all = TwoWriters(ledger);
  const auto add = [&all](std::vector<std::string> more) {
    all.insert(all.end(), more.begin(), more.end());
  };
  add(none_lost ? LostAtAll(ledger, heir) : LostThoughTakenOver(ledger, heir));
  add(KeptFromBeyondTheFork(ledger, heir));
  add(PresentThoughRefused(ledger, heir));
  add(PresentThoughNeverSent(ledger, heir));
  return all;
}

std::chrono::milliseconds LongestOutage(const Ledger& ledger, std::string_view path) {
  std::vector<Moment> moments;
  for (const Attempt& attempt : Acknowledged(ledger)) {
    if (attempt.path == path) moments.push_back(attempt.ended_at);
  }
  std::sort(moments.begin(), moments.end());
  Moment longest{};
  for (std::size_t i = 1; i < moments.size(); ++i) {
    longest = std::max(longest, moments[i] - moments[i - 1]);
  }
  return std::chrono::duration_cast<std::chrono::milliseconds>(longest);
}

std::string Summary(const Ledger& ledger) {
  std::map<std::string, int> counts;
  for (const auto& [number, attempt] : ledger.attempts()) {
    switch (attempt.outcome) {
      case Outcome::kOpen:
        ++counts["open"];
        break;
      case Outcome::kAcknowledged:
        ++counts["acknowledged by " + attempt.server];
        break;
      case Outcome::kRefused:
        ++counts["refused with " + attempt.sqlstate];
        break;
    }
  }
  std::vector<std::string> parts;
  for (const auto& [what, count] : counts) parts.push_back(fmt::format("{} {}", count, what));
  return fmt::format("{} rows: {}; longest outage {} ms", ledger.attempts().size(),
                     fmt::join(parts, ", "), LongestOutage(ledger).count());
}

}  // namespace baton::test
