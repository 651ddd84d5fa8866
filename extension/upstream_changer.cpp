#include "upstream_changer.hpp"

#include <fmt/format.h>

#include "auto_conf.hpp"
#include "conninfo.hpp"
#include "core/error.hpp"
#include "core/quantity.hpp"
#include "core/upstream_change.hpp"
#include "hand_over_board.hpp"
#include "peer_session.hpp"
#include "pg/clock.hpp"
#include "pg/compat.hpp"
#include "pg/guard.hpp"
#include "pg/server_facts.hpp"
#include "registry.hpp"
#include "settings.hpp"
#include "standby_login.hpp"

namespace baton {
namespace {

using core::UpstreamStep;

constexpr auto kTurn = std::chrono::milliseconds(50);
constexpr auto kAgain = std::chrono::milliseconds(500);
// How long startup is told at each turn to try again at once, and how often after that.
constexpr auto kHurry = std::chrono::seconds(2);
constexpr auto kSlowTurn = std::chrono::seconds(1);
// The former upstream notices in moments that its standby has left.
constexpr auto kTidyFor = std::chrono::seconds(5);

// Node names are safe as literals, and so are names of slots.
constexpr const char* kDropLost =
    "SELECT pg_catalog.pg_drop_replication_slot(slot_name) FROM pg_catalog.pg_replication_slots"
    " WHERE slot_name OPERATOR(pg_catalog.=) '{}' AND NOT active"
    "  AND wal_status OPERATOR(pg_catalog.=) 'lost'";
constexpr const char* kMake = "SELECT pg_catalog.pg_create_physical_replication_slot('{}', true)";
constexpr const char* kDrop =
    "SELECT pg_catalog.pg_drop_replication_slot(slot_name) FROM pg_catalog.pg_replication_slots"
    " WHERE slot_name OPERATOR(pg_catalog.=) '{}' AND NOT active"
    "  AND slot_type OPERATOR(pg_catalog.=) 'physical'";
constexpr const char* kIsThere =
    "SELECT slot_name FROM pg_catalog.pg_replication_slots"
    " WHERE slot_name OPERATOR(pg_catalog.=) '{}'";
constexpr const char* kEnd =
    "SELECT CASE WHEN pg_catalog.pg_is_in_recovery() THEN"
    " GREATEST(pg_catalog.pg_last_wal_receive_lsn(), pg_catalog.pg_last_wal_replay_lsn())"
    " ELSE pg_catalog.pg_current_wal_flush_lsn() END";
// A WAL sender that has begun: the receiver says that it streams before it is let in.
constexpr const char* kSends =
    "SELECT FROM pg_catalog.pg_replication_slots AS s JOIN pg_catalog.pg_stat_replication AS r"
    "  ON r.pid OPERATOR(pg_catalog.=) s.active_pid"
    " WHERE s.slot_name OPERATOR(pg_catalog.=) '{}'"
    "  AND r.state OPERATOR(pg_catalog.=) ANY (ARRAY['catchup', 'streaming'])";

void Pause(std::chrono::milliseconds time) {
  static const std::uint32_t event = pg::Call([] { return pg::NewWaitEvent("PgBatonFollow"); });
  pg::WaitForLatch(time, event);
}

std::string Left(std::string_view slot, std::string_view node, std::string_view why) {
  return fmt::format(
      "; replication slot \"{0}\" of {1} could not be dropped: {2}; drop it there by "
      "pg_drop_replication_slot('{0}'), or it holds back WAL",
      slot, node, why);
}

// Its standby has left, which that node notices in moments.  Returns what is left to do.
std::string DropSlot(const RegisteredNode& node, const std::string& slot) {
  const core::Instant end = pg::Now() + kTidyFor;
  const std::chrono::milliseconds limit = setting::PeerTimeout();
  const std::string there = fmt::format("node \"{}\"", node.name.view());
  PeerSession session(node.name.str(), node.conninfo.str());
  do {
    if (!AskWithin(session, fmt::format(kDrop, slot), limit) ||
        !AskWithin(session, fmt::format(kIsThere, slot), limit)) {
      return Left(slot, there, session.error().empty() ? "it does not answer" : session.error());
    }
    if (session.rows().empty()) return "";
    Pause(kTurn);
  } while (pg::Now() < end);
  return Left(slot, there, "it is in use");
}

class Runner {
 public:
  explicit Runner(const Request& request)
      : request_(request),
        change_(shared::ReadUpstreamChange()),
        name_(setting::NodeName()),
        registry_(shared::Read<Registry>()),
        node_(FindNode(*registry_, request.node.view())),
        begun_(pg::Now()) {}

  void Run();

 private:
  core::UpstreamChangeFacts Facts();
  std::string WhyNothing() const;
  bool HasWal();
  bool Streams();
  void MakeSlot();
  void Change();
  void Hurry();
  void GoBack();
  // Both return what is left for a person to do, beginning with a semicolon; empty if nothing is.
  std::string LeaveFormer();
  std::string TakeSlotBack();
  // `left`: what follows on the reason, beginning with a semicolon.
  void Finish(RequestState state, std::string reason, const std::string& left = "");

  // Of the node's; nullopt if it does not answer, for the reason in `error_`.
  std::optional<std::vector<PeerSession::Row>> Ask(const std::string& question);
  std::string AllowedText() const { return core::DurationText(change_.allowed); }
  std::string Why() const { return error_.empty() ? "" : ": " + error_; }

  Request request_;
  UpstreamChange change_;
  std::string name_;
  std::unique_ptr<Registry> registry_;
  const RegisteredNode* node_;
  std::unique_ptr<PeerSession> session_;
  std::string error_;
  core::Instant begun_;      // of this process's work
  core::Instant hurried_{};  // when startup was told last to try again
  core::Instant changed_at_{};
};

void Runner::Run() {
  if (request_.state == RequestState::kSubmitted) {
    request_.state = RequestState::kRunning;
    request_.begun_at = begun_;
    shared::UpdateRequest(request_);
  }
  if (node_ == nullptr) return Finish(RequestState::kFailed, "the node is not registered any more");
  const std::string node = request_.node.str();
  for (;;) {
    switch (core::NextStep(Facts())) {
      case UpstreamStep::kMakeSlot:
        MakeSlot();
        if (!change_.has_slot) Pause(kAgain);
        break;
      case UpstreamStep::kAwaitWal:
        Pause(kTurn);
        break;
      case UpstreamStep::kChange:
        try {
          Change();
        } catch (const core::Error& error) {
          return Finish(RequestState::kFailed,
                        fmt::format("{}: {}; nothing was changed", error.message(), error.detail()),
                        TakeSlotBack());
        }
        break;
      case UpstreamStep::kAwaitStream:
        Hurry();
        Pause(kTurn);
        break;
      case UpstreamStep::kDone:
        return Finish(RequestState::kDone, "", LeaveFormer());
      case UpstreamStep::kGiveUp:
        return Finish(RequestState::kFailed, WhyNothing(), TakeSlotBack());
      case UpstreamStep::kGoBack:
        return GoBack();
      case UpstreamStep::kStay:
        return Finish(RequestState::kFailed,
                      fmt::format("this standby does not stream from node \"{}\" after {}{}; it "
                                  "streamed from no other before, so it tries on",
                                  node, AllowedText(), Why()));
      case UpstreamStep::kPromoted:
        return Finish(RequestState::kFailed, "this server is promoted meanwhile", TakeSlotBack());
    }
  }
}

std::string Runner::WhyNothing() const {
  const std::string node = request_.node.str();
  if (!change_.has_slot) {
    return fmt::format("node \"{}\" made no replication slot within {}{}; nothing was changed",
                       node, AllowedText(), Why());
  }
  return fmt::format(
      "node \"{}\" has not received within {} what this standby has, up to {}{}; nothing was "
      "changed",
      node, AllowedText(), change_.wanted.ToString(), Why());
}

core::UpstreamChangeFacts Runner::Facts() {
  core::UpstreamChangeFacts facts;
  facts.is_standby = RecoveryInProgress();
  facts.promoting =
      PromoteIsTriggered() || shared::OpenPromotion().has_value() || hand_over::MayEndInPromotion();
  facts.time_is_over = pg::Now() >= change_.end;
  facts.has_slot = change_.has_slot;
  facts.changed = change_.changed;
  facts.streamed_before = change_.streamed_before;
  if (facts.time_is_over) return facts;
  facts.has_wal = facts.has_slot && !facts.changed && HasWal();
  facts.streams = facts.changed && Streams();
  return facts;
}

std::optional<std::vector<PeerSession::Row>> Runner::Ask(const std::string& question) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(change_.end - pg::Now());
  const auto limit = std::min(setting::PeerTimeout(), std::max(left, kTurn));
  if (session_ == nullptr) {
    session_ = std::make_unique<PeerSession>(node_->name.str(), node_->conninfo.str());
  }
  if (AskWithin(*session_, question, limit)) {
    error_.clear();
    return session_->rows();
  }
  error_ = session_->error().empty() ? "it does not answer" : session_->error();
  session_.reset();
  return std::nullopt;
}

bool Runner::HasWal() {
  const auto rows = Ask(kEnd);
  return rows && core::Lsn::Parse(rows->at(0).at(0)).value_or(core::Lsn()) >= change_.wanted;
}

bool Runner::Streams() {
  const pg::Receiver receiver = pg::ReadReceiver();
  const Endpoint there{receiver.host, std::to_string(receiver.port)};
  if (!receiver.streaming || there != EndpointOf(node_->conninfo.str())) return false;
  const auto rows = Ask(fmt::format(kSends, name_));
  return rows && !rows->empty();
}

// One that has lost what it was to keep is of no use.
void Runner::MakeSlot() {
  if (!Ask(fmt::format(kDropLost, name_))) return;
  const auto there = Ask(fmt::format(kIsThere, name_));
  if (!there) return;
  if (there->empty()) {
    // The answer may be lost, and the slot be there all the same.
    change_.made_slot = true;
    shared::WriteUpstreamChange(change_);
    if (!Ask(fmt::format(kMake, name_))) return;
  }
  change_.has_slot = true;
  shared::WriteUpstreamChange(change_);
}

void Runner::Change() {
  const std::string conninfo = WayTo(node_->conninfo.str(), pg::PrimaryConninfo());
  const auto before = InAutoConf("primary_conninfo");
  const auto slot_before = InAutoConf("primary_slot_name");
  change_.conninfo_before.reset();
  change_.slot_before.reset();
  if (before) change_.conninfo_before = *before;
  if (slot_before) change_.slot_before = *slot_before;
  if (before && change_.conninfo_before->view() != *before) {
    throw core::Error(core::ErrorCode::kFailed, "primary_conninfo is too long to be kept",
                      fmt::format("it has {} bytes", before->size()));
  }
  // So that a successor of this process puts it back, if it has to.
  change_.changed = true;
  shared::WriteUpstreamChange(change_);
  AlterSystem({{"primary_conninfo", conninfo}, {"primary_slot_name", name_}});
  changed_at_ = pg::Now();
  pg::Call([&] {
    ereport(LOG, (errmsg("follows node \"%s\" now, as requested by \"%s\"", request_.node.c_str(),
                         request_.requested_by.c_str()),
                  errdetail("Request %lld.", static_cast<long long>(request_.id))));
  });
}

// The WAL receiver goes there when startup asks for WAL; after a failure it waits for
// wal_retrieve_retry_interval.
void Runner::Hurry() {
  const core::Instant now = pg::Now();
  const auto turn = now - changed_at_ < kHurry ? core::Instant(kTurn) : core::Instant(kSlowTurn);
  if (now - hurried_ < turn) return;
  hurried_ = now;
  pg::Call([] { WakeupRecovery(); });
}

void Runner::GoBack() {
  const std::string reason = fmt::format("this standby did not stream from node \"{}\" within {}{}",
                                         request_.node.view(), AllowedText(), Why());
  const auto value = [](const auto& before) {
    return before ? std::optional<std::string>(before->str()) : std::nullopt;
  };
  try {
    AlterSystem({{"primary_conninfo", value(change_.conninfo_before)},
                 {"primary_slot_name", value(change_.slot_before)}});
  } catch (const core::Error& error) {
    return Finish(RequestState::kFailed,
                  fmt::format("{}, and the settings could not be put back: {}; it tries on", reason,
                              error.detail()));
  }
  pg::Call([] { WakeupRecovery(); });
  Finish(RequestState::kFailed,
         fmt::format("{}; it follows {} again", reason, change_.former.view()), TakeSlotBack());
}

std::string Runner::LeaveFormer() {
  if (change_.former_slot.empty()) return "";
  const RegisteredNode* const former = FindNode(*registry_, change_.former_node.view());
  if (former != nullptr) return DropSlot(*former, change_.former_slot.str());
  return Left(change_.former_slot.view(), change_.former.view(), "it is not registered");
}

std::string Runner::TakeSlotBack() { return change_.made_slot ? DropSlot(*node_, name_) : ""; }

void Runner::Finish(RequestState state, std::string reason, const std::string& left) {
  reason += reason.empty() && !left.empty() ? left.substr(2) : left;
  request_.state = state;
  request_.reason = reason;
  request_.finished_at = GetCurrentTimestamp();
  const bool failed = state == RequestState::kFailed;
  if (failed || !left.empty()) {
    pg::Call([&] {
      ereport(WARNING, (failed ? errmsg("could not follow node \"%s\"", request_.node.c_str())
                               : errmsg("follows node \"%s\", but left something behind",
                                        request_.node.c_str()),
                        errdetail_internal("%s", reason.c_str())));
    });
  }
  shared::UpdateRequest(request_);
  shared::Wake(shared::Worker::kMonitor);
}

}  // namespace

void UpstreamChanger::Advance() {
  auto request = shared::OpenFollowing();
  if (!request || worker_.IsAtWork() || worker_.Start()) return;
  // One that has begun must come to an end, however long that takes.
  if (request->state != RequestState::kSubmitted) return;
  request->state = RequestState::kFailed;
  request->reason =
      "no worker could be started for it: all of max_worker_processes are taken; nothing was "
      "changed";
  request->finished_at = GetCurrentTimestamp();
  shared::UpdateRequest(*request);
}

}  // namespace baton

extern "C" {

PGDLLEXPORT void pg_baton_follow_main(Datum) {
  using namespace baton;
  pg::Entry([] {
    pg::BeginWorker();
    if (!shared::TakeUp(shared::Duty::kUpstream)) return;
    if (const auto request = shared::OpenFollowing()) Runner(*request).Run();
  });
}
}
