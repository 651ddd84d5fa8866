// Whether the server of a node may be started as it is: while it was down, another node may have
// become the primary.  Then it has to come back as that one's standby first, or stay down.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/node_facts.hpp"
#include "core/node_state.hpp"
#include "core/problem.hpp"
#include "core/reign.hpp"

namespace baton::core {

// The node whose server is about to start, by its data directory and its configuration.
struct StartingNode {
  std::string path;  // of the data directory
  bool is_data_directory = false;
  bool is_foreign = false;  // belongs to another user
  bool is_running = false;
  bool is_unfinished = false;  // a rejoin was cut short, and can go on
  bool is_standby = false;     // standby.signal
  bool is_restored = false;    // recovery.signal: a recovery that somebody has prepared
  bool loads_library = false;
  std::string name;
  enum class Memory {
    kNone,
    kOwn,
    kForeign,     // of another node, or of this one under another name
    kUnreadable,  // damaged, or the system would not read it
  };
  Memory memory = Memory::kNone;  // what is left of its last life: pg_baton/state
  NodeState state;
  KnownPeers peers;
  TimelineId timeline = 0;  // by its control file
};

// What another node said, or why it said nothing.
struct PeerWord {
  std::string name;
  bool answered = false;
  std::string error;  // why it did not
  Role role = Role::kUnknown;
  TimelineId timeline = 0;
  Reign reign;          // of a primary; on a standby, of the primary whose WAL it has
  std::string primary;  // that it knows of; of a primary itself, or the one it gave way to
  TimelineId primary_timeline = 0;
  bool promoting = false;

  // A primary that has closed its write gate for another one.
  bool HasYielded() const { return role == Role::kPrimary && !primary.empty() && primary != name; }
};
// "primary on timeline 2", "standby of b on timeline 2", "does not answer: ...".
std::string PeerText(const PeerWord& word);

struct StartVerdict {
  enum class Action { kStart, kRejoin, kRefuse };
  Action action = Action::kRefuse;
  Problem reason;
  bool is_doubtful = false;  // it may start, and nobody has confirmed that it is right
  bool may_change = false;   // a refusal that the next moment may take back
  std::string primary;       // whose standby it becomes, if it has to rejoin
};

struct StartRules {
  bool require_answer = false;  // refuse instead of starting in doubt
};

// What needs no other node's word; nullopt if the others have to be asked.
std::optional<StartVerdict> JudgeAlone(const StartingNode& node, StartRules rules);

// With what the other nodes said.
StartVerdict JudgeStart(const StartingNode& node, const std::vector<PeerWord>& words,
                        StartRules rules);

}  // namespace baton::core
