// The other registered nodes, asked once and all at once who they are, by the process that has to
// decide on the answers.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "core/promotion.hpp"
#include "peer_session.hpp"
#include "registry.hpp"

namespace baton {

// Returns one answer for each, in their order, when all have answered or `limit` is over.
// `meanwhile` is called again and again while answers are awaited, at least ten times a second.
// Interruptible.
std::vector<core::PeerAnswer> AskWhoTheyAre(const std::vector<RegisteredNode>& nodes,
                                            std::chrono::milliseconds limit,
                                            const std::function<void()>& meanwhile);

// What came back on a session that has put AskForReport() to its node, and was given `limit` for
// it.
core::PeerAnswer AnswerOf(const PeerSession& session, std::chrono::milliseconds limit);

// Tells these nodes that `successor` takes the baton, with `timeline`: each closes its gate for
// that reason, or gives up a hand-over, before it answers.
struct Yielding {
  std::string yielded;    // names of those that did, joined by commas
  std::string would_not;  // and of those that said neither that nor that they have nothing to yield
};
Yielding AskToYield(const std::vector<RegisteredNode>& nodes, std::string_view successor,
                    core::TimelineId timeline, std::chrono::milliseconds limit);

}  // namespace baton
