// Tables for people, as psql draws them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace baton::helper {

// How many places a text takes on a terminal: its characters of UTF-8, each one wide.
std::size_t DisplayWidth(std::string_view text);

// Heading, rule and rows, columns as wide as their widest cell; no line ends in blanks.  A row has
// as many cells as the heading.
std::vector<std::string> TableLines(const std::vector<std::string>& heading,
                                    const std::vector<std::vector<std::string>>& rows);

}  // namespace baton::helper
