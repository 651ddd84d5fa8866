#include "core/lsn.hpp"

#include <charconv>
#include <fmt/format.h>

namespace baton::core {
namespace {

std::optional<std::uint32_t> ParseHalf(std::string_view text) {
  if (text.empty() || text.size() > 8) return std::nullopt;
  std::uint32_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value, 16);
  if (error != std::errc() || rest != end) return std::nullopt;
  return value;
}

}  // namespace

std::optional<Lsn> Lsn::Parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto high = ParseHalf(text.substr(0, slash));
  const auto low = ParseHalf(text.substr(slash + 1));
  if (!high || !low) return std::nullopt;
  return Lsn(std::uint64_t{*high} << 32 | *low);
}

std::string Lsn::ToString() const {
  return fmt::format("{:X}/{:X}", bytes_ >> 32, bytes_ & 0xFFFFFFFF);
}

}  // namespace baton::core
