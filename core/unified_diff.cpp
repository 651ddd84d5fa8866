#include "core/unified_diff.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <vector>

namespace baton::core {
namespace {

constexpr std::size_t kContext = 3;
// Above this the part in between is shown as replaced in one piece: comparing each line with each
// would take too long.
constexpr std::size_t kMostCompared = 4'000'000;

using Lines = std::vector<std::string_view>;

// Each with its newline, so that a last line without one differs from one that has it.
Lines Split(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size() - 1) + 1;
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return lines;
}

struct Step {
  char sign;  // ' ', '-' or '+'
  std::string_view line;
};
using Steps = std::vector<Step>;

// By the longest common subsequence of the two.
void AppendCompared(Steps& steps, const Lines& a, const Lines& b) {
  std::vector<std::vector<std::size_t>> common(a.size() + 1,
                                               std::vector<std::size_t>(b.size() + 1, 0));
  for (std::size_t i = a.size(); i-- > 0;) {
    for (std::size_t j = b.size(); j-- > 0;) {
      common[i][j] =
          a[i] == b[j] ? common[i + 1][j + 1] + 1 : std::max(common[i + 1][j], common[i][j + 1]);
    }
  }
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.size() || j < b.size()) {
    if (i < a.size() && j < b.size() && a[i] == b[j]) {
      steps.push_back({' ', a[i]});
      ++i;
      ++j;
    } else if (j == b.size() || (i < a.size() && common[i + 1][j] >= common[i][j + 1])) {
      steps.push_back({'-', a[i++]});
    } else {
      steps.push_back({'+', b[j++]});
    }
  }
}

Steps Compare(const Lines& a, const Lines& b) {
  const auto [first_a, first_b] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  auto last_a = a.end();
  auto last_b = b.end();
  while (last_a != first_a && last_b != first_b && *std::prev(last_a) == *std::prev(last_b)) {
    --last_a;
    --last_b;
  }
  Steps steps;
  for (auto line = a.begin(); line != first_a; ++line) steps.push_back({' ', *line});
  const Lines old_lines(first_a, last_a);
  const Lines new_lines(first_b, last_b);
  if (old_lines.size() * new_lines.size() <= kMostCompared) {
    AppendCompared(steps, old_lines, new_lines);
  } else {
    for (const std::string_view line : old_lines) steps.push_back({'-', line});
    for (const std::string_view line : new_lines) steps.push_back({'+', line});
  }
  for (auto line = last_a; line != a.end(); ++line) steps.push_back({' ', *line});
  return steps;
}

// As diff writes it: a range of one line has no length, an empty one is named by the line before.
std::string Range(std::size_t begin, std::size_t length) {
  if (length == 1) return std::to_string(begin);
  return fmt::format("{},{}", length == 0 ? begin - 1 : begin, length);
}

std::string Hunk(const Steps& steps, std::size_t begin, std::size_t end) {
  const auto count = [&steps](std::size_t from, std::size_t to, char other) {
    return static_cast<std::size_t>(
        std::count_if(steps.begin() + static_cast<std::ptrdiff_t>(from),
                      steps.begin() + static_cast<std::ptrdiff_t>(to),
                      [other](const Step& step) { return step.sign != other; }));
  };
  std::string text =
      fmt::format("@@ -{} +{} @@\n", Range(count(0, begin, '+') + 1, count(begin, end, '+')),
                  Range(count(0, begin, '-') + 1, count(begin, end, '-')));
  for (std::size_t i = begin; i < end; ++i) {
    text += steps[i].sign;
    text += steps[i].line;
    if (!steps[i].line.ends_with('\n')) text += "\n\\ No newline at end of file\n";
  }
  return text;
}

}  // namespace

std::string UnifiedDiff(std::string_view before, std::string_view after,
                        std::string_view name_before, std::string_view name_after) {
  if (before == after) return "";
  const Steps steps = Compare(Split(before), Split(after));
  std::string text = fmt::format("--- {}\n+++ {}\n", name_before, name_after);
  const auto is_change = [](const Step& step) { return step.sign != ' '; };
  auto next = std::find_if(steps.begin(), steps.end(), is_change);
  while (next != steps.end()) {
    const auto first = static_cast<std::size_t>(next - steps.begin());
    std::size_t last = first;
    // Changes whose surroundings would touch are one piece.
    for (std::size_t i = first; i < steps.size() && i <= last + 2 * kContext; ++i) {
      if (is_change(steps[i])) last = i;
    }
    text +=
        Hunk(steps, first - std::min(first, kContext), std::min(last + kContext + 1, steps.size()));
    next =
        std::find_if(steps.begin() + static_cast<std::ptrdiff_t>(last) + 1, steps.end(), is_change);
  }
  return text;
}

}  // namespace baton::core
