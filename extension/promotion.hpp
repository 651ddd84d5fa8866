// Asking for the promotion of this server, the same way for everybody who may.
#pragma once

#include "pg/postgres.hpp"

#include <chrono>
#include <string>
#include <string_view>

#include "shared_state.hpp"

namespace baton {

struct PromotionOutcome {
  Request request;     // the state is kRefused where the checks refused it
  std::string reason;  // empty if there is nothing to say
};

// Lets the rules judge, and hands a request of `asker` to the monitor; refusals are recorded too.
// Without `wait` it returns when the request stands, else when it is finished or `timeout` is over.
// Throws kWrongState where the monitor does not answer, and kBusy.  Interruptible.  Any process
// with shared memory.
PromotionOutcome AskForPromotion(bool force, std::string_view asker, bool wait,
                                 std::chrono::milliseconds timeout);

}  // namespace baton
