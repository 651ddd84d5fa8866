// Work on storage that may hang, done by a process of its own that can be left.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

namespace baton::helper {

// Runs `work` in a forked process, for `limit` at most; what it throws as core::Error comes back as
// its message and detail, nullopt if it threw nothing.  One that took too long is killed, and not
// waited for.  Called while this program has one thread.
std::optional<std::string> FailureInAProcess(std::chrono::milliseconds limit,
                                             const std::function<void()>& work);

}  // namespace baton::helper
