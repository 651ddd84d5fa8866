// Asks the other nodes of a node whose server is down what they know, as the observer of a running
// one does.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/node_state.hpp"
#include "core/prestart.hpp"

namespace baton::helper {

struct PeerQuestion {
  std::string own_name;
  std::string system_identifier;  // of the cluster; a server of another one has not answered
  std::filesystem::path passfile;
  std::chrono::milliseconds limit{};  // for each round
};

struct PeerWords {
  std::vector<core::PeerWord> words;
  std::map<std::string, std::string> conninfos;  // under which each was asked last
};

// Asks those that are known, and then those whom only the others know: nodes that were registered
// since, or have moved.  Throws kInterrupted after a signal.
PeerWords AskPeers(const core::KnownPeers& known, const PeerQuestion& question);

}  // namespace baton::helper
