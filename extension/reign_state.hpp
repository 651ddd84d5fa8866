// The present reign of this server, and how far the monitor has come with what follows from a
// change of the primary.  Written by the monitor, and while it is
// at work by the worker of the succession; the next of either goes on from here.
#pragma once

#include "pg/postgres.hpp"

#include <cstdint>
#include <optional>

#include "core/fixed_text.hpp"
#include "core/reign.hpp"
#include "core/succession.hpp"

namespace baton {

struct ReignState {
  bool was_standby = false;       // this server was one, since its memory was made
  core::Reign reign;              // as primary; timeline 0: not the primary, or not seen yet
  core::NodeText former_primary;  // empty: none, or not known
  std::optional<std::int64_t> missing_bytes;
  bool forced = false;
  core::FixedText<1024> reasons;  // what spoke against the promotion
  core::Succession succession;
  core::Instant followed_at{};  // when this standby was pointed to another upstream last
};

namespace reign {

// Of this server as primary; id 0 on a standby, and until the monitor has seen the promotion.
core::Reign Own();

ReignState Read();
// The monitor, and the worker of the succession while it is at work.
void Write(const ReignState& state);
// A random id, never 0.
std::uint64_t NewId();

}  // namespace reign
}  // namespace baton
