// Two versions of a text as `diff -u` shows them.
#pragma once

#include <string>
#include <string_view>

namespace baton::core {

// Lines are numbered from 1, three lines around each change are shown; empty if the two are the
// same.  A last line without a newline is followed by "\ No newline at end of file".
std::string UnifiedDiff(std::string_view before, std::string_view after,
                        std::string_view name_before, std::string_view name_after);

}  // namespace baton::core
