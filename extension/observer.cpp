#include "observer.hpp"

#include "pg/postgres.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "core/quantity.hpp"
#include "gatekeeper.hpp"
#include "peer_session.hpp"
#include "pg/clock.hpp"
#include "pg/compat.hpp"
#include "pg/guard.hpp"
#include "pg/worker.hpp"
#include "registry.hpp"
#include "self_report.hpp"
#include "settings.hpp"
#include "shared_state.hpp"

namespace baton {
namespace {

constexpr auto kSettingsInterval = std::chrono::seconds(30);
// How soon a node is asked again that ended the connection.
constexpr auto kAskAgainAfter = std::chrono::milliseconds(100);
// How long a connection is kept that leads to another server than the registered one: long enough
// to cost neither side much, short enough for a name or an address that moves.
constexpr auto kKeepStrangerFor = std::chrono::seconds(10);

// One other node: the connection that is kept to it, and what it said last.
class Peer {
 public:
  explicit Peer(const RegisteredNode& node) : node_(node) { row_.name = node.name; }

  const core::PeerRow& row() const { return row_; }
  const std::string& settings() const { return settings_; }
  PeerSession* session() const { return session_.get(); }
  bool waiting() const { return waiting_; }
  bool Is(const RegisteredNode& node) const {
    return node_.name.view() == node.name.view() && node_.conninfo.view() == node.conninfo.view();
  }
  // When there is something to do, without a word from the node.
  core::Instant due() const {
    if (waiting_) return asked_at_ + limit_;
    const bool ended = session_ != nullptr && session_->state() == PeerSession::State::kFailed;
    return ended ? std::min(next_, asked_at_ + kAskAgainAfter) : next_;
  }

  // Goes on as far as it can; returns whether the row has changed.
  bool Advance() {
    const core::Instant now = pg::Now();
    if (!waiting_) {
      if (now < due()) return false;
      Begin(now);
    }
    switch (session_->state()) {
      case PeerSession::State::kFailed:
        // A connection that was kept may have ended long ago, with nothing wrong now.
        if (!kept_) return GiveUp(session_->error());
        Connect();
        return false;
      case PeerSession::State::kIdle:
        if (asked_) return TakeAnswer(now);
        with_settings_ = row_.role == core::Role::kPrimary && now >= settings_due_;
        asked_ = true;
        sent_at_ = now;
        asked_wall_ = GetCurrentTimestamp();
        session_->Ask(AskForReport(with_settings_));
        break;
      default:
        break;
    }
    if (now < asked_at_ + limit_) return false;
    return GiveUp(fmt::format("no answer within {}", core::DurationText(limit_)));
  }

 private:
  void Begin(core::Instant now) {
    limit_ = setting::PeerTimeout();
    asked_at_ = now;
    next_ = now + setting::ObserveInterval();
    waiting_ = true;
    asked_ = false;
    const bool stale = stranger_ && now - connected_at_ >= kKeepStrangerFor;
    kept_ = !stale && session_ != nullptr && session_->state() == PeerSession::State::kIdle;
    if (!kept_) Connect();
  }

  void Connect() {
    session_ = std::make_unique<PeerSession>(node_.name.str(), node_.conninfo.str());
    connected_at_ = asked_at_;
    stranger_ = false;
    asked_ = false;
    kept_ = false;
  }

  bool ConcludeUnreachable(std::string_view error) {
    waiting_ = false;
    row_.asked = true;
    row_.concluded_at = asked_at_;
    row_.reachable = false;
    row_.error = error;
    return true;
  }

  bool GiveUp(std::string_view error) {
    ConcludeUnreachable(error);  // which may lie in the session
    session_.reset();
    return true;
  }

  // Somebody answers, but not the registered node.
  bool Disown(std::string_view error) {
    stranger_ = true;
    return ConcludeUnreachable(error);
  }

  bool TakeAnswer(core::Instant now) {
    const auto report = ParseReport(session_->rows());
    if (!report)
      return GiveUp("the answer was not understood; is pg_baton of another version there?");
    if (report->row.system_identifier != GetSystemIdentifier()) {
      return Disown("the server at this address belongs to another cluster");
    }
    if (!report->row.name.empty() && report->row.name.view() != node_.name.view()) {
      return Disown(
          fmt::format("the server at this address is node \"{}\"", report->row.name.view()));
    }
    stranger_ = false;
    waiting_ = false;
    row_ = report->row;
    row_.name = node_.name;
    row_.asked = true;
    row_.reachable = true;
    row_.seen = now;
    row_.asked_at = sent_at_;
    row_.concluded_at = sent_at_;
    row_.seen_at = GetCurrentTimestamp();
    row_.round_trip = std::chrono::microseconds(row_.seen_at - asked_wall_);
    row_.clock_difference =
        std::chrono::microseconds(report->clock - (asked_wall_ + (row_.seen_at - asked_wall_) / 2));
    if (with_settings_) {
      settings_ = report->settings;
      settings_due_ = now + kSettingsInterval;
    }
    return true;
  }

  RegisteredNode node_;
  std::unique_ptr<PeerSession> session_;
  core::PeerRow row_;
  std::string settings_;
  std::chrono::milliseconds limit_{};
  core::Instant asked_at_{};
  core::Instant sent_at_{};  // the question itself, on a connection that may be older
  core::Instant next_{};
  core::Instant settings_due_{};
  core::Instant connected_at_{};
  TimestampTz asked_wall_ = 0;
  bool waiting_ = false;
  bool asked_ = false;
  bool kept_ = false;      // the session is from an earlier question
  bool stranger_ = false;  // the session leads to another server than the registered one
  bool with_settings_ = false;
};

class Observer {
 public:
  Observer() {
    shared::Board<ClusterReport>().TakeOver();
    shared::Board<ClusterReport>().Read(report_);
  }

  void Run() {
    const std::uint32_t event = pg::Call([] { return pg::NewWaitEvent("PgBatonObserverMain"); });
    for (;;) {
      TakeRegistry();
      bool changed = false;
      for (auto& peer : peers_) changed = peer->Advance() || changed;
      if (changed || pg::Now() - report_.looked_at >= setting::ObserveInterval()) Publish();
      KeepGate();
      Wait(event);
    }
  }

 private:
  void TakeRegistry() {
    shared::Board<Registry>().Read(registry_);
    std::vector<std::unique_ptr<Peer>> peers;
    for (const RegisteredNode& node : OtherNodes(registry_)) {
      const auto known = std::find_if(peers_.begin(), peers_.end(), [&](const auto& peer) {
        return peer != nullptr && peer->Is(node);
      });
      peers.push_back(known != peers_.end() ? std::move(*known) : std::make_unique<Peer>(node));
    }
    peers_ = std::move(peers);
  }

  // A new primary is news that the monitor acts upon.
  void Publish() {
    report_.looked_at = pg::Now();
    const auto primaries = Primaries();
    report_.peers = {};
    for (const auto& peer : peers_) {
      report_.peers.Add(peer->row());
      if (peer->row().role == core::Role::kPrimary && peer->row().reachable &&
          !peer->settings().empty()) {
        report_.settings_of = peer->row().name;
        report_.settings = peer->settings();
      }
    }
    shared::Board<ClusterReport>().Write(report_);
    if (Primaries() != primaries) shared::Wake(shared::Worker::kMonitor);
  }

  std::vector<std::pair<std::string, core::TimelineId>> Primaries() const {
    std::vector<std::pair<std::string, core::TimelineId>> primaries;
    for (const core::PeerRow& peer : report_.peers) {
      const bool settled = !peer.reign.began.IsNone();
      if (!peer.reachable || peer.role != core::Role::kPrimary || !settled) continue;
      primaries.emplace_back(peer.name.str(), peer.timeline);
    }
    return primaries;
  }

  // For answers, for the end of a connection that is kept, which tells at once that a server has
  // gone, and for the time of the next question.
  void Wait(std::uint32_t event) {
    core::Instant due = pg::Now() + setting::ObserveInterval();
    std::vector<PeerSession*> sessions;
    std::vector<pg::SocketWait> sockets;
    for (const auto& peer : peers_) {
      due = std::min(due, peer->due());
      PeerSession* const session = peer->session();
      if (session == nullptr || session->socket() < 0) continue;
      sessions.push_back(session);
      sockets.push_back({session->socket(), session->wants_write(), session->wants_read()});
    }
    const auto left = std::max(std::chrono::duration_cast<std::chrono::milliseconds>(
                                   due - pg::Now() + std::chrono::microseconds(999)),
                               std::chrono::milliseconds::zero());
    pg::WaitForSockets(sockets, left, event);
    for (std::size_t i = 0; i < sessions.size(); ++i) {
      if (sockets[i].ready) sessions[i]->Advance();
    }
  }

  Registry registry_;
  ClusterReport report_;
  std::vector<std::unique_ptr<Peer>> peers_;
};

}  // namespace

void RegisterObserver() {
  pg::RegisterWorker("pg_baton observer", "pg_baton_observer_main",
                     pg::WorkerKind::kWithSharedMemoryOnly);
}

}  // namespace baton

extern "C" {

PGDLLEXPORT void pg_baton_observer_main(Datum) {
  baton::pg::Entry([] {
    baton::pg::BeginWorker();
    baton::shared::EnterWorker(baton::shared::Worker::kObserver);
    // Too large for a stack that is meant for statements.
    std::make_unique<baton::Observer>()->Run();
  });
}
}
