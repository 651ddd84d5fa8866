// The version of the library; that of the SQL interface stands in the control file.
#pragma once

namespace baton {
inline constexpr const char* kVersion = "1.0";
}  // namespace baton
