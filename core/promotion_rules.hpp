// The rules one by one, for promotion alone: each looks at one thing and gives its finding.
#pragma once

#include "core/promotion.hpp"

namespace baton::core::rule {

// What the other nodes say.
Finding PrimaryAlive(const PromotionFacts& facts);
Finding PrimarySeen(const PromotionFacts& facts);
Finding OtherPromotion(const PromotionFacts& facts);
Finding NewerReign(const PromotionFacts& facts);
Finding MostAdvanced(const PromotionFacts& facts);
Finding Quorum(const PromotionFacts& facts);

// What of the primary's work is here, is still to be replayed, or is missing.
Finding MissingWork(const PromotionFacts& facts);
Finding MissingTime(const PromotionFacts& facts);
Finding ReplayPaused(const PromotionFacts& facts);
Finding ReplayPending(const PromotionFacts& facts);
Finding ArchiveWal(const PromotionFacts& facts);

// Whether this server is ready to be a primary.
Finding WriteGate(const PromotionFacts& facts);
Finding StandbySettings(const PromotionFacts& facts);
Finding Archiving(const PromotionFacts& facts);
Finding SynchronousStandbys(const PromotionFacts& facts);

}  // namespace baton::core::rule
