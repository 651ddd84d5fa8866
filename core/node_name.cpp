#include "core/node_name.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "core/error.hpp"

namespace baton::core {

bool IsNodeName(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !text.empty() && text.size() <= 63 && std::all_of(text.begin(), text.end(), allowed);
}

void RequireNodeName(std::string_view text) {
  if (IsNodeName(text)) return;
  throw Error(ErrorCode::kInvalidName, fmt::format("invalid node name \"{}\"", text),
              "A node name has 1 to 63 characters: lower-case letters, digits and underscores.",
              "Choose a name such as \"a\" or \"db1\"; it also names the replication slot.");
}

}  // namespace baton::core
