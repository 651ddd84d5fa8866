#include "helper/report/switchover_report.hpp"

#include <charconv>
#include <fmt/format.h>

#include "helper/report/table.hpp"

namespace baton::helper {
namespace {

using core::ErrorCode;
using nlohmann::json;

json OrNull(const std::string& text) { return text.empty() ? json() : json(text); }

std::string TimelineText(const NodeWord& word) {
  return word.row && word.row->timeline ? fmt::format("{}", *word.row->timeline) : "unknown";
}

HandOverStep StepFrom(std::string_view text) {
  constexpr std::string_view kUnit = " ms";
  const HandOverStep unread{std::string(text), std::nullopt};
  if (!text.ends_with(kUnit)) return unread;
  const std::string_view rest = text.substr(0, text.size() - kUnit.size());
  const std::size_t blank = rest.rfind(' ');
  if (blank == std::string_view::npos) return unread;
  std::int64_t milliseconds = 0;
  const char* const end = rest.data() + rest.size();
  const auto [stop, error] = std::from_chars(rest.data() + blank + 1, end, milliseconds);
  if (error != std::errc() || stop != end) return unread;
  return {std::string(rest.substr(0, blank)), milliseconds};
}

json StepsJson(const NodeWord& word) {
  json steps = json::array();
  if (!word.row) return steps;
  for (const HandOverStep& step : StepsFrom(word.row->steps)) {
    steps.push_back({{"step", step.name},
                     {"milliseconds", step.milliseconds ? json(*step.milliseconds) : json()}});
  }
  return steps;
}

json WordJson(const NodeWord& word) {
  return {{"name", word.node},
          {"outcome", word.row ? json(word.row->outcome) : json()},
          {"reason", word.row ? OrNull(word.row->reason) : json()},
          {"steps", StepsJson(word)},
          {"error", OrNull(word.error)}};
}

const char* OutcomeText(SwitchoverEnd end) {
  switch (end) {
    case SwitchoverEnd::kDone:
      return "done";
    case SwitchoverEnd::kUndone:
      return "failed";
    case SwitchoverEnd::kNotFollowed:
      return "not followed";
    case SwitchoverEnd::kNotYet:
    case SwitchoverEnd::kUnknown:
    case SwitchoverEnd::kInterrupted:
      break;
  }
  return "unknown";
}

std::string WhereToLook(const std::string& hand_over) {
  return fmt::format("\"SELECT * FROM baton.requests WHERE hand_over = '{}'\"", hand_over);
}

}  // namespace

void NodeWord::Heard(std::optional<HandOverRow> answer) {
  error.clear();
  if (answer) row = std::move(answer);
}

std::string NodeWord::Text() const {
  std::string text = fmt::format("node \"{}\": {}", node, row ? row->outcome : "no word of it");
  if (row && !row->reason.empty()) text += fmt::format(", {}", row->reason);
  if (row && !row->steps.empty()) text += fmt::format(" ({})", row->steps);
  if (!error.empty()) text += fmt::format("; no answer now: {}", error);
  return text;
}

SwitchoverEnd JudgeSwitchover(const NodeWord& from, const NodeWord& to, bool time_is_over) {
  if (to.Says("done")) {
    if (from.Says("done")) return SwitchoverEnd::kDone;
    return from.SaysFailed() || time_is_over ? SwitchoverEnd::kNotFollowed : SwitchoverEnd::kNotYet;
  }
  // The target's own failure is not the end: the old primary has still to take its role back.
  if (from.SaysFailed()) return SwitchoverEnd::kUndone;
  return time_is_over ? SwitchoverEnd::kUnknown : SwitchoverEnd::kNotYet;
}

std::vector<HandOverStep> StepsFrom(std::string_view text) {
  constexpr std::string_view kBetween = ", ";
  std::vector<HandOverStep> steps;
  while (!text.empty()) {
    const std::size_t end = text.find(kBetween);
    steps.push_back(StepFrom(text.substr(0, end)));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + kBetween.size());
  }
  return steps;
}

std::vector<std::string> SwitchoverLines(const NodeWord& from, const NodeWord& to) {
  const bool has_lsn = to.row && !to.row->lsn.empty();
  std::vector<std::string> lines = {fmt::format(
      "node \"{}\" is the primary on timeline {}{}; node \"{}\" streams from it", to.node,
      TimelineText(to), has_lsn ? fmt::format(" from {} on", to.row->lsn) : "", from.node)};
  std::vector<std::vector<std::string>> table;
  for (const HandOverStep& step : StepsFrom(from.row ? from.row->steps : "")) {
    table.push_back({step.name, step.milliseconds ? fmt::format("{}", *step.milliseconds) : "-"});
  }
  if (table.empty()) return lines;
  const std::vector<std::string> drawn = TableLines({"step", "ms"}, table);
  lines.insert(lines.end(), drawn.begin(), drawn.end());
  return lines;
}

core::Error SwitchoverError(SwitchoverEnd end, const NodeWord& from, const NodeWord& to,
                            const std::string& hand_over, std::chrono::seconds timeout) {
  const std::string words = fmt::format("{}; {}", from.Text(), to.Text());
  const std::string on_both = fmt::format(
      "See {} on both nodes, and pg_baton status for who is the primary.", WhereToLook(hand_over));
  if (end == SwitchoverEnd::kUndone) {
    const std::string why =
        from.row && !from.row->reason.empty() ? from.row->reason : "no reason was given";
    return {ErrorCode::kFailed, "the switchover failed and was undone",
            fmt::format("{}; node \"{}\" is still the primary, but its client sessions may have "
                        "been ended",
                        why, from.node),
            fmt::format("See \"SELECT * FROM baton.switchover_check('{}')\" there, and run the "
                        "command again.",
                        to.node)};
  }
  if (end == SwitchoverEnd::kNotFollowed) {
    return {ErrorCode::kInterrupted,
            fmt::format("node \"{}\" is the primary on timeline {}, but node \"{}\" does not "
                        "stream from it",
                        to.node, TimelineText(to), from.node),
            from.Text(),
            fmt::format("See {} on node \"{}\", and its server log.", WhereToLook(hand_over),
                        from.node)};
  }
  if (end == SwitchoverEnd::kInterrupted) {
    return {ErrorCode::kInterrupted, "interrupted, but the servers go on with the switchover",
            words, on_both};
  }
  return {ErrorCode::kInterrupted,
          fmt::format("the end of the switchover is not known after {} s", timeout.count()), words,
          on_both};
}

json SwitchoverJson(SwitchoverEnd end, const NodeWord& from, const NodeWord& to) {
  const bool is_primary = to.Says("done");
  return {{"outcome", OutcomeText(end)},
          {"reason", from.row ? OrNull(from.row->reason) : json()},
          {"timeline", is_primary && to.row->timeline ? json(*to.row->timeline) : json()},
          {"lsn", is_primary ? OrNull(to.row->lsn) : json()},
          {"steps", StepsJson(from)},
          {"nodes", json::array({WordJson(from), WordJson(to)})}};
}

}  // namespace baton::helper
