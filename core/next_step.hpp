// What a person would do next about a server of this host: what `pg_baton` says when it is called
// without a command.  Where something is not known, it says so, and guesses nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/node_facts.hpp"
#include "core/prestart.hpp"

namespace baton::core {

// How a server, or a node of the registry, is reached; empty: not known.
struct Address {
  std::string host;
  std::string port;
};

struct LocalServer {
  std::string cluster;        // of Debian, "15/main"; empty: none
  std::string data;           // data directory; empty: not known
  std::string configuration;  // folder of postgresql.conf; empty: the data directory
  std::string port;           // of one that runs

  enum class State { kUnknown, kStopped, kRunning };
  State state = State::kUnknown;
  // Why not all could be learned; empty: it could.  What stands below was not learned then.
  std::string doubt;

  bool loads_library = false;
  bool waits_for_restart = false;  // its configuration loads the library, and it runs without
  bool is_node = false;            // it has the extension, a name and a place in the registry
  std::string name;

  // Of one that runs, and is a node.
  Role role = Role::kUnknown;
  std::string link;            // state of a standby, as in baton.node_status
  std::string upstream;        // of a standby; empty: not known
  bool is_superseded = false;  // a primary whose gate is closed for another one
  std::string primary;         // that one's name
  int others = 0;              // nodes in the registry beside it
  int streaming = 0;           // standbys
  int critical = 0;            // checks of baton.health
  Address own;                 // as the others reach it
  Address other;               // of `primary`, here and below

  // Of one that is stopped, and has a library to ask for.
  bool is_unfinished = false;  // a clone or rejoin was cut short
  std::optional<StartVerdict> verdict;
};

// "running", "stopped" or "unknown".
std::string_view LocalStateText(LocalServer::State state);

struct NextStep {
  std::string fact;     // about the server; one line without its name
  std::string command;  // to type next, as the user who owns the server; empty: none is known
};

// A server's name for people: its cluster or its data directory, and its node; "a server" where
// neither is known.
std::string NameOf(const LocalServer& server);

NextStep JudgeNextStep(const LocalServer& server);
// Where no server was found.
NextStep NextStepWithoutServer();

// "15/main (node a): primary without a standby; on the other host: pg_baton clone ..."
std::string NextStepText(const LocalServer& server, const NextStep& step);

}  // namespace baton::core
