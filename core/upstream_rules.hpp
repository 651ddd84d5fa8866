// The rules of core/upstream_check.hpp one by one: each looks at one thing and gives its finding.
#pragma once

#include "core/upstream_check.hpp"

namespace baton::core::rule {

// What the node said now; null if it did not answer.
const PeerRow* Answered(const UpstreamFacts& facts, std::string_view name);
Finding NotAsked(std::string_view check, const UpstreamFacts& facts);

Finding IsStandby(const UpstreamFacts& facts);
Finding NodeKnown(const UpstreamFacts& facts);
Finding NothingElse(const UpstreamFacts& facts);
Finding ReplayRuns(const UpstreamFacts& facts);
Finding MayChange(const UpstreamFacts& facts);
Finding NodeAnswers(const UpstreamFacts& facts);
Finding NoCircle(const UpstreamFacts& facts);
Finding NodeLetsIn(const UpstreamFacts& facts);
Finding NodeTimeline(const UpstreamFacts& facts);
Finding NodePosition(const UpstreamFacts& facts);
Finding NodeWal(const UpstreamFacts& facts);
Finding NodeSlots(const UpstreamFacts& facts);
Finding NodeSenders(const UpstreamFacts& facts);
Finding StaysThere(const UpstreamFacts& facts);
Finding CommitsGoOn(const UpstreamFacts& facts);

}  // namespace baton::core::rule
