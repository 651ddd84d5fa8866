// What the new node will find first among its own events (baton.events): how it came to be.
#pragma once

#include <chrono>
#include <cstdint>

#include "helper/clone/clone_place.hpp"

namespace baton::helper {

// Into the copy, which no server has started from yet: so many bytes were copied, in that time.
void WriteFirstEvent(ClonePlace& place, std::int64_t bytes, std::chrono::microseconds took);

}  // namespace baton::helper
