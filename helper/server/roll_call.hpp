// The same question to several servers at once, within one limit of time: one that hangs holds up
// nobody, nor does a name that cannot be looked up.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "helper/server/conninfo.hpp"

namespace baton::helper {

struct RollCallAnswer {
  using Row = std::vector<std::string>;  // NULL is ""
  bool answered = false;
  std::string error;                     // why it did not
  std::vector<std::vector<Row>> rows{};  // of each statement
};

// Asks all of them; a server that is just starting is asked again until the limit.  Answers come in
// the order of the servers.  Throws kInterrupted after a signal.
std::vector<RollCallAnswer> CallRoll(const std::vector<Parameters>& servers,
                                     const std::string& statements,
                                     std::chrono::milliseconds limit);

}  // namespace baton::helper
