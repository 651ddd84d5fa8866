#include "chronicle.hpp"

#include "pg/postgres.hpp"

#include <fmt/format.h>

#include "event_file.hpp"
#include "settings.hpp"

namespace baton {

Chronicle::Chronicle() : log_(shared::Read<core::EventLog>()) {
  server_started_ = log_->last_id() == 0;
  if (server_started_) {
    *log_ = LoadEvents(setting::NodeName());
    shared::CountEventsReported(log_->last_id());
  }
  // What was asked of an earlier monitor is in the log already.
  for (const Request& request : shared::ReadRequests()) {
    if (IsFinished(request.state)) last_request_ = std::max(last_request_, request.id);
  }
  if (server_started_) last_request_ = 0;
}

void Chronicle::Note(const Report& report, const Registry& registry,
                     const std::vector<core::StatusChange>& changes) {
  if (first_) NoteStart(report.facts);
  NoteRole(report.facts);
  NoteGate(report.facts);
  NoteRegistry(registry);
  NotePeers();
  NoteOthers();
  NoteRequests();
  NoteHealth(changes);
  first_ = false;
  Publish();
}

void Chronicle::Tell(std::string_view kind, std::string_view message, std::string_view detail) {
  Add(kind, message, detail);
  Publish();
}

void Chronicle::Publish() {
  if (log_->last_id() == published_) return;
  published_ = log_->last_id();
  shared::Board<core::EventLog>().Write(*log_);
  shared::Wake(shared::Worker::kStorage);
}

void Chronicle::Add(std::string_view kind, std::string_view message, std::string_view detail) {
  log_->Add(GetCurrentTimestamp(), kind, message, detail);
}

void Chronicle::NoteStart(const core::NodeFacts& facts) {
  if (!server_started_) {
    Add("monitor", "the monitor was started again");
    return;
  }
  Add("started",
      fmt::format("the server started as {} on timeline {}", core::RoleText(facts.role),
                  facts.position.timeline),
      "PostgreSQL " PG_VERSION);
}

void Chronicle::NoteRole(const core::NodeFacts& facts) {
  if (!first_ && facts.role != role_) {
    Add("role",
        fmt::format("became {} on timeline {}", core::RoleText(facts.role),
                    facts.position.timeline),
        fmt::format("It was {}.", core::RoleText(role_)));
  }
  role_ = facts.role;
  const std::string upstream = facts.upstream.str();
  if (!first_ && upstream != upstream_ && !upstream.empty() && !upstream_.empty()) {
    Add("upstream", fmt::format("follows {} now", upstream),
        fmt::format("It followed {}.", upstream_));
  }
  upstream_ = upstream;
}

void Chronicle::NoteGate(const core::NodeFacts& facts) {
  const std::string reasons = facts.gate.reasons.str();
  if (reasons == gate_reasons_) return;
  gate_reasons_ = reasons;
  if (reasons.empty()) {
    Add("gate", "the write gate is open",
        facts.gate.unheard ? "No other node has said that it may be." : "");
  } else {
    Add("gate", fmt::format("the write gate is closed: {}", reasons), facts.gate.detail.view());
  }
}

void Chronicle::NoteRegistry(const Registry& registry) {
  std::set<std::string> nodes;
  for (const RegisteredNode& node : registry.nodes) nodes.insert(node.name.str());
  if (!first_) {
    for (const std::string& name : nodes) {
      if (!nodes_.contains(name)) Add("registry", fmt::format("node {} was registered", name));
    }
    for (const std::string& name : nodes_) {
      if (!nodes.contains(name)) Add("registry", fmt::format("node {} was unregistered", name));
    }
  }
  nodes_ = std::move(nodes);
}

void Chronicle::NotePeers() {
  std::map<std::string, bool> reachable;
  const auto cluster = shared::Read<ClusterReport>();
  for (const core::PeerRow& peer : cluster->peers) {
    if (!peer.asked) continue;
    const std::string name = peer.name.str();
    reachable[name] = peer.reachable;
    const auto before = reachable_.find(name);
    if (before != reachable_.end() && before->second == peer.reachable) continue;
    if (peer.reachable) {
      Add("peer", fmt::format("node {} answers", name),
          fmt::format("It is {}, {}.", core::RoleText(peer.role), peer.state.view()));
    } else {
      Add("peer", fmt::format("node {} does not answer", name), peer.error.view());
    }
  }
  reachable_ = std::move(reachable);
}

void Chronicle::NoteOthers() {
  for (const core::Event& event : shared::TakeEvents()) {
    log_->Add(event.happened_at, event.kind.view(), event.message.view(), event.detail.view());
  }
}

void Chronicle::NoteRequests() {
  std::int64_t last = last_request_;
  for (const Request& request : shared::ReadRequests()) {
    if (request.id <= last_request_ || !IsFinished(request.state)) continue;
    last = std::max(last, request.id);
    // The worker of a hand-over tells of it itself, on both nodes.
    if (request.hand_over != 0) continue;
    Add("request",
        fmt::format("{}{} requested by {}: {}{}", request.kind.view(),
                    IsFollowing(request) ? " " + request.node.str() : "",
                    request.requested_by.view(), RequestStateText(request),
                    request.force ? ", with force" : ""),
        request.reason.view());
  }
  last_request_ = last;
}

void Chronicle::NoteHealth(const std::vector<core::StatusChange>& changes) {
  for (const core::StatusChange& change : changes) {
    const core::Finding& finding = change.finding;
    // That something could be measured at last, and is as it should be, is no event.
    const bool from_nothing = change.first || change.before == core::Status::kUnknown;
    if (from_nothing && finding.status == core::Status::kOk) continue;
    if (change.first && finding.status == core::Status::kUnknown) continue;
    Add("health",
        change.first
            ? fmt::format("{} is {}", finding.check_name.view(), core::StatusText(finding.status))
            : fmt::format("{} became {}, was {}", finding.check_name.view(),
                          core::StatusText(finding.status), core::StatusText(change.before)),
        finding.message.view());
  }
}

}  // namespace baton
