// Turns what the monitor sees from look to look into events: what has changed since the last one is
// what happened.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/status_hold.hpp"
#include "shared_state.hpp"

namespace baton {

class Chronicle {
 public:
  // Goes on from what a predecessor left in memory, or else in the file.
  Chronicle();

  // After each look; publishes what is new, and has it written down.
  void Note(const Report& report, const Registry& registry,
            const std::vector<core::StatusChange>& changes);

  std::int64_t last_id() const { return log_->last_id(); }
  // What the monitor did itself; published at once.
  void Tell(std::string_view kind, std::string_view message, std::string_view detail = "");

 private:
  void Add(std::string_view kind, std::string_view message, std::string_view detail = "");
  void Publish();
  void NoteStart(const core::NodeFacts& facts);
  void NoteRole(const core::NodeFacts& facts);
  void NoteGate(const core::NodeFacts& facts);
  void NoteRegistry(const Registry& registry);
  void NotePeers();
  void NoteOthers();
  void NoteRequests();
  void NoteHealth(const std::vector<core::StatusChange>& changes);

  std::unique_ptr<core::EventLog> log_;
  bool server_started_ = false;  // this monitor is the first since the server began
  bool first_ = true;
  std::int64_t published_ = 0;
  core::Role role_ = core::Role::kUnknown;
  std::string upstream_;
  std::string gate_reasons_;
  std::set<std::string> nodes_;
  std::map<std::string, bool> reachable_;
  std::int64_t last_request_ = 0;
};

}  // namespace baton
