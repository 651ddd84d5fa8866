// What pg_baton.event_command is told of an event: environment variables, so that no word of it is
// ever read by a shell.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "core/event_log.hpp"

namespace baton::core {

std::map<std::string, std::string> EventEnvironment(const Event& event, std::string_view node);

// "2026-02-03T04:05:06.789012Z" for a TimestampTz of the server: microseconds since 2000.
std::string IsoTime(std::int64_t timestamp);

}  // namespace baton::core
