#include "helper/command/cluster_questions.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <future>
#include <map>
#include <poll.h>

#include "helper/command/node_access.hpp"
#include "helper/server/views.hpp"
#include "helper/system/interrupt.hpp"

namespace baton::helper {
namespace {

using namespace std::chrono_literals;

constexpr auto kPeerLimit = 3s;
// A round of the asked node's observer, its slowest question included.
constexpr auto kRoundLimit = 4s;

std::string Address(const Parameters& there) {
  const auto at = [&there](const char* keyword, const char* otherwise) {
    const auto found = there.find(keyword);
    return found == there.end() ? std::string(otherwise) : found->second;
  };
  return fmt::format("{}:{}", at("host", at("hostaddr", "").c_str()), at("port", "5432"));
}

void NoteError(NodeFacts& node, const core::Error& error) {
  node.answers_here = false;
  node.error_here = error.detail().empty() ? error.message() : error.detail();
  node.hint_here = error.hint();
  node.health.clear();
}

// One node of the registry, and the connection to it while there is one.
struct Peer {
  NodeFacts facts;
  bool registered = true;
  Parameters parameters;
  std::shared_ptr<Connection> connection;
};

std::shared_ptr<Connection> ConnectTo(Parameters parameters) {
  parameters["connect_timeout"] = std::to_string(kPeerLimit.count());
  auto connection = std::make_shared<Connection>(std::move(parameters));
  connection->UseNoSearchPath();
  connection->LimitAnswers(kPeerLimit);
  return connection;
}

// All at once, since a host that is gone takes its whole time.
void ConnectAll(std::vector<Peer>& peers) {
  std::vector<std::pair<Peer*, std::future<std::shared_ptr<Connection>>>> attempts;
  for (Peer& peer : peers) {
    if (peer.connection != nullptr) continue;
    attempts.emplace_back(&peer, std::async(std::launch::async, ConnectTo, peer.parameters));
  }
  for (auto& [peer, attempt] : attempts) {
    try {
      peer->connection = attempt.get();
    } catch (const core::Error& error) {
      if (error.code() == core::ErrorCode::kInterrupted) throw;
      NoteError(peer->facts, error);
    }
  }
}

void TakeWordOf(Connection& asked, std::vector<Peer>& peers) {
  for (ClusterRow& row : ReadCluster(asked)) {
    for (Peer& peer : peers) {
      if (peer.facts.row.name == row.name) peer.facts.row = std::move(row);
    }
  }
}

// A node that was silent here just now may have answered the asked one before it went down.  Its
// word counts once it is from after that.
void AwaitNewerWord(Connection& asked, std::vector<Peer>& peers) {
  const auto failed_here = std::chrono::steady_clock::now();
  auto since = 0ns;
  const auto is_old = [&since](const Peer& peer) {
    if (peer.connection != nullptr || !peer.facts.row.reachable) return false;
    return !peer.facts.row.unseen || *peer.facts.row.unseen > since;
  };
  while (since < kRoundLimit && std::any_of(peers.begin(), peers.end(), is_old)) {
    CheckInterrupt();
    poll(nullptr, 0, 100);
    since = std::chrono::steady_clock::now() - failed_here;
    TakeWordOf(asked, peers);
  }
  for (Peer& peer : peers) {
    if (!is_old(peer)) continue;
    peer.facts.row.reachable = false;
    peer.facts.row.error = "not asked again yet";
  }
}

void AskItself(Peer& peer) {
  Connection& server = *peer.connection;
  NodeFacts& facts = peer.facts;
  // Rows and checks are to be of the same moment.
  server.Run("SELECT baton.check_now()");
  ClusterRow own = ReadOwnRow(server);
  facts.health = ReadHealth(server);
  if (peer.registered && own.name != facts.row.name) {
    HealthRow row;
    row.check_name = "name";
    row.status = core::Status::kWarning;
    row.message = fmt::format("the node at {} calls itself \"{}\"", facts.address, own.name);
    row.hint = "Correct its entry by baton.register_node(), or its pg_baton.node_name.";
    facts.health.push_back(row);
  }
  own.name = facts.row.name;
  own.clock_difference = facts.row.clock_difference;
  facts.row = std::move(own);
  facts.answers_here = true;
}

// The primary last: what it wrote in between then counts as lost rather than as received.
void AskEach(std::vector<Peer>& peers) {
  for (const bool primaries : {false, true}) {
    for (Peer& peer : peers) {
      if (peer.connection == nullptr || (peer.facts.row.role == "primary") != primaries) continue;
      if (peer.facts.answers_here) continue;
      try {
        AskItself(peer);
      } catch (const core::Error& error) {
        if (error.code() == core::ErrorCode::kInterrupted) throw;
        NoteError(peer.facts, error);
      }
    }
  }
}

}  // namespace

ClusterFacts ClusterQuestions::Ask(bool may_prompt) const {
  auto asked = std::make_shared<Connection>(access_.Connect(may_prompt));
  RequireViews(*asked, {"baton.cluster", "baton.health", "baton.node_status"});
  ClusterRow own = ReadOwnRow(*asked);
  ClusterFacts facts;
  facts.asked = own.name.empty() ? "this node" : own.name;
  std::vector<Peer> peers;
  for (const RegisteredNode& node : ReadRegistry(*asked)) {
    Peer& peer = peers.emplace_back();
    const Parameters there = ParseConninfo(node.conninfo);
    peer.facts.row.name = node.name;
    peer.facts.address = Address(there);
    peer.parameters = NodeParameters(there, passfile_);
    if (node.name == own.name) peer.connection = asked;
  }
  const auto is_asked = [&asked](const Peer& peer) { return peer.connection == asked; };
  if (std::none_of(peers.begin(), peers.end(), is_asked)) {
    Peer& peer = peers.emplace_back();
    peer.registered = false;
    peer.facts.row = own;
    peer.facts.row.name = facts.asked;
    peer.facts.address = fmt::format("{}:{}", asked->host(), asked->port());
    peer.connection = asked;
  }
  TakeWordOf(*asked, peers);
  ConnectAll(peers);
  AwaitNewerWord(*asked, peers);
  AskEach(peers);
  for (Peer& peer : peers) facts.nodes.push_back(std::move(peer.facts));
  return facts;
}

}  // namespace baton::helper
