#include "core/trigger_file.hpp"

namespace baton::core {
namespace {

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return "";
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

}  // namespace

TriggerVerdict JudgeTrigger(const TriggerFacts& facts) {
  if (!facts.is_standby) return {false, false, "This server is a primary.", ""};
  if (facts.is_leftover) {
    return {false, false, "It was there before the server started, or before it was looked for.",
            "Touch it again to ask for a promotion."};
  }
  const std::string_view word = Trimmed(facts.content);
  if (facts.is_regular && word.empty()) return {true, false, "", ""};
  if (facts.is_regular && word == "force") return {true, true, "", ""};
  return {false, false,
          facts.is_regular ? "It is neither empty nor says \"force\"." : "It is no regular file.",
          "Touch it to ask for a promotion, or write \"force\" into it."};
}

}  // namespace baton::core
