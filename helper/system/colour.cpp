#include "helper/system/colour.hpp"

#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>
#include <unistd.h>

namespace baton::helper {
namespace {

constexpr std::string_view kUsual = "error=01;31:warning=01;35:note=01;36";

std::string Environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

Palette::Palette(std::string_view colour, std::string_view colours, bool is_terminal) {
  if (colour != "always" && (colour != "auto" || !is_terminal)) return;
  std::string_view rest = colours.empty() ? kUsual : colours;
  while (!rest.empty()) {
    const std::string_view entry = rest.substr(0, rest.find(':'));
    rest.remove_prefix(std::min(rest.size(), entry.size() + 1));
    const std::size_t sign = entry.find('=');
    if (sign == std::string_view::npos) continue;
    const std::string_view name = entry.substr(0, sign);
    const std::string code(entry.substr(sign + 1));
    if (code.find_first_not_of("0123456789;") != std::string::npos) continue;
    if (name == "error") codes_[Tone::kError] = code;
    if (name == "warning") codes_[Tone::kWarning] = code;
    if (name == "note") codes_[Tone::kNote] = code;
  }
}

Palette Palette::Of(int descriptor) {
  return {Environment("PG_COLOR"), Environment("PG_COLORS"), isatty(descriptor) != 0};
}

std::string Palette::Paint(std::string_view text, Tone tone) const {
  const auto found = codes_.find(tone);
  if (found == codes_.end()) return std::string(text);
  return fmt::format("\033[{}m{}\033[0m", found->second, text);
}

}  // namespace baton::helper
