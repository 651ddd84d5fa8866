// postgresql.auto.conf of a server that is down: what ALTER SYSTEM would write.
#pragma once

#include <map>
#include <string>

namespace baton::helper {

// The text with these settings, each once and at the end, other lines as they were.
std::string WithSettings(const std::string& text,
                         const std::map<std::string, std::string>& settings);

}  // namespace baton::helper
