// Draws something again and again, until q or a signal.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace baton::helper {

// The value of --watch: seconds, 2 if empty.  Throws kUsage unless it is from 0.1 to 3600.
std::chrono::milliseconds WatchInterval(const std::string& text);

// On a terminal each frame replaces the one before, cut at the last line; otherwise they follow
// each other, with an empty line between.  Returns after SIGINT, SIGTERM or SIGHUP, or when q is
// typed; an error of `frame` ends it, kInterrupted aside.
void Watch(std::chrono::milliseconds interval,
           const std::function<std::vector<std::string>()>& frame);

}  // namespace baton::helper
