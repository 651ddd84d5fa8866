// By which other program a folder is laid out as an archive: it is recognised, and not judged.
#pragma once

#include <string>
#include <string_view>

namespace baton::core {

// What the name of one entry of the folder tells: "pgBackRest", "Barman", "WAL-G", kEitherTool, or
// "" where it tells nothing.
inline constexpr std::string_view kEitherTool = "Barman or pgBackRest";
std::string_view ToolOf(std::string_view entry, bool is_directory);

}  // namespace baton::core
