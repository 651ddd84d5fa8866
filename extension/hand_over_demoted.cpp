// The giver's part of a hand-over as a standby: what a server that has begun anew finds on record,
// the grant, and following the taker or taking the baton back.
#include "pg/postgres.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "auto_conf.hpp"
#include "gate.hpp"
#include "hand_over_giver.hpp"
#include "left_archive.hpp"
#include "pg/clock.hpp"
#include "pg/guard.hpp"
#include "pg/server_facts.hpp"
#include "pg/slots.hpp"
#include "registry.hpp"
#include "roll_call.hpp"
#include "settings.hpp"
#include "shared_state.hpp"
#include "standby_login.hpp"
#include "standing.hpp"

namespace baton {
namespace {

using core::HandOverMessage;
using core::HandOverOutcome;
using core::HandOverStep;
using core::Lsn;
using core::TakerState;

// After this long without an answer the grant is taken back, if it can be.
constexpr auto kGrantPatience = std::chrono::seconds(10);
constexpr auto kRemindAfter = std::chrono::seconds(10);
constexpr auto kStreamLimit = std::chrono::seconds(20);
constexpr auto kHurry = std::chrono::seconds(2);
constexpr auto kSlowTurn = std::chrono::seconds(1);
// The observer needs a while to see where the others are.
constexpr auto kTidyFor = std::chrono::minutes(1);

}  // namespace

void Giver::Resume(core::HandOver record) {
  record_ = record;
  const bool in_recovery = RecoveryInProgress();
  const bool rebuilt = in_recovery && (pg::ReadLive().position.timeline != record_.timeline ||
                                       !pg::PrimaryConninfo().empty());
  switch (core::JudgeResumption(record_, in_recovery, rebuilt)) {
    case core::Resumption::kAbandoned:
      Abandon();
      return;
    case core::Resumption::kUndo:
      Undo("its worker or the server was interrupted");
      return;
    case core::Resumption::kGoOn:
      GoOnAsStandby();
      return;
    case core::Resumption::kLearnOutcome:
      LearnOutcome(true);
      return;
    case core::Resumption::kFollow:
      FollowTaker();
      return;
    case core::Resumption::kTakenBack:
      gate::SetTurningAway(false);
      gate::Open(core::GateReason::kSwitchover);
      PutSettingsBack();
      Finish(HandOverOutcome::kFailed,
             record_.reason.empty() ? "this server was promoted again" : record_.reason.str());
      if (!record_.is_demotion) Revoke();
      return;
    default:
      return;
  }
}

// Somebody has made this server a standby in another way, by a rejoin for example: what is left of
// the hand-over is that its settings come back, but for the upstream, which is theirs.
void Giver::Abandon() {
  std::vector<SettingChange> changes = RecoverySettingsBefore();
  changes.push_back({"restore_command", ValueOf(record_.restore_command)});
  AlterSystem(changes);
  record_.settings_changed = false;
  Finish(HandOverOutcome::kFailed, "this server was made a standby otherwise meanwhile");
}

void Giver::GoOnAsStandby() {
  record_.step = HandOverStep::kDemote;
  Publish();
  // Nothing can have been added yet: there is neither an upstream nor an archive.
  record_.end = Lsn(pg::Call([] { return GetXLogReplayRecPtr(nullptr); }));
  EndStep();
  Keep();
  if (record_.end < record_.flushed) {
    Finish(HandOverOutcome::kFailed,
           fmt::format("WAL that was durable up to {} ends at {}", record_.flushed.ToString(),
                       record_.end.ToString()));
    return;
  }
  if (record_.is_demotion) return Finish(HandOverOutcome::kDone, "");
  if (standing::Read().superseded) return Finish(HandOverOutcome::kFailed, YieldedTo());
  Grant();
}

std::string Giver::YieldedTo() const {
  return fmt::format("node {} takes the baton by force", standing::Read().successor.view());
}

void Giver::Grant() {
  Step(HandOverStep::kGrant);
  // From here on nobody but the taker can say that it will not be promoted.
  Keep();
  if (standing::Read().superseded) return Finish(HandOverOutcome::kFailed, YieldedTo());
  LearnOutcome(false);
}

// Asks until there is an answer.  No answer is not a refusal: it may have been promoted.
void Giver::LearnOutcome(bool may_have_it) {
  asked_taker_ = may_have_it;
  bool has_it = false;
  const core::Instant begun = pg::Now();
  bool told = false;
  for (;;) {
    if (!RecoveryInProgress()) return Resume(record_);
    const bool late = pg::Now() - begun > kGrantPatience;
    if (late && IsElsewhere()) {
      return Finish(HandOverOutcome::kFailed, "another node is the primary");
    }
    const HandOverMessage message = late     ? HandOverMessage::kRevoke
                                    : has_it ? HandOverMessage::kAsk
                                             : HandOverMessage::kGrant;
    try {
      const core::HandOver reply = Said(message, setting::PeerTimeout());
      record_.taker = reply.taker;
      switch (reply.taker) {
        case TakerState::kPromoted:
          record_.timeline = reply.timeline;
          record_.began = reply.began;
          EndStep();
          return FollowTaker();
        case TakerState::kGranted:
        case TakerState::kBegun:
          has_it = true;
          break;
        case TakerState::kOffered:
          break;
        default:
          return TakeBack(
              fmt::format("node {} refuses: {}", record_.peer.view(), reply.reason.view()));
      }
    } catch (const core::Error& error) {
      // What was never sent is not out.
      const bool absent = taker_ != nullptr && taker_->failure() == core::PeerAnswer::Kind::kAbsent;
      taker_.reset();
      if (!asked_taker_ && (late || absent)) return TakeBack(error.message());
      if (late && !told) {
        told = true;
        Log(fmt::format("waiting for node {} to say whether it was promoted", record_.peer.view()),
            error.message(),
            "If it is gone for good, SELECT baton.promote(force => true) makes this server the "
            "primary again, when the target's promise is over, after a minute.");
        shared::AddEvent(
            kKind, fmt::format("waits for {} to say whether it was promoted", record_.peer.view()),
            error.message());
      }
      Pause(std::chrono::milliseconds(100));
      continue;
    }
    Pause(kTurn);
  }
}

void Giver::FollowTaker() {
  Step(HandOverStep::kPromote);
  Keep();
  if (record_.began < record_.end) {
    Finish(HandOverOutcome::kFailed,
           fmt::format("timeline {} of node {} left at {}, before the end of this server's WAL at "
                       "{}; \"pg_baton rejoin\" brings it back",
                       record_.timeline, record_.peer.view(), record_.began.ToString(),
                       record_.end.ToString()));
    return;
  }
  EndStep();
  Step(HandOverStep::kFollow);
  Keep();
  const bool streams = StreamFrom(WayTo(record_.peer_conninfo.str(), record_.own_conninfo.str()));
  EndStep();
  if (!RecoveryInProgress()) return Resume(record_);
  if (!streams) {
    return Finish(
        HandOverOutcome::kFailed,
        fmt::format("node {} is the primary, but this server does not stream from it yet; "
                    "it tries on",
                    record_.peer.view()));
  }
  Finish(HandOverOutcome::kDone, "");
}

// restore_command comes back when the new timeline is here: before, the archive could have one that
// left before the end of this server's WAL.
bool Giver::StreamFrom(const std::string& conninfo) {
  if (conninfo.empty()) return false;
  std::vector<SettingChange> changes = RecoverySettingsBefore();
  changes.push_back({"primary_conninfo", conninfo});
  changes.push_back({"primary_slot_name", setting::NodeName()});
  AlterSystem(changes);
  const core::Instant begun = pg::Now();
  while (!pg::ReadReceiver().streaming && RecoveryInProgress()) {
    const auto waited = pg::Now() - begun;
    if (waited > kStreamLimit) return false;
    pg::Call([] { WakeupRecovery(); });
    Pause(waited < kHurry ? kTurn : kSlowTurn);
  }
  AlterSystem({{"restore_command", ValueOf(record_.restore_command)}});
  record_.settings_changed = false;
  return true;
}

// Whether a registered node is the primary on a newer timeline.
bool Giver::IsElsewhere() const {
  const auto cluster = shared::Read<ClusterReport>();
  const core::TimelineId own = pg::ReadLive().position.timeline;
  return std::any_of(cluster->peers.begin(), cluster->peers.end(), [own](const core::PeerRow& row) {
    return row.reachable && row.role == core::Role::kPrimary && row.timeline > own;
  });
}

// The taker will not be promoted, so this server takes the baton back, unless somebody else has it.
void Giver::TakeBack(const std::string& why) {
  record_.reason = why;
  core::TakingBackFacts facts;
  facts.restarted = record_.server_started != PgStartTime;
  const core::Instant begun = pg::Now();
  for (;;) {
    if (!RecoveryInProgress()) return Resume(record_);
    if (standing::Read().superseded) return Finish(HandOverOutcome::kFailed, YieldedTo());
    const auto registry = shared::Read<Registry>();
    const auto waited = pg::Now() - begun;
    const auto quarantine = setting::QuarantineTimeout();
    facts.waited_enough = quarantine && waited > *quarantine;
    facts.timeline = pg::ReadLive().position.timeline;
    const bool registry_known = registry->looked || waited > setting::PeerTimeout();
    if (registry_known) {
      facts.peers = AskWhoTheyAre(OtherNodes(*registry), setting::PeerTimeout(), [] {});
      const core::TakingBack verdict = core::JudgeTakingBack(facts);
      if (verdict == core::TakingBack::kPromote) break;
      if (verdict == core::TakingBack::kFollow) {
        return Finish(HandOverOutcome::kFailed, why + "; another node has the baton");
      }
    }
    Pause(std::chrono::milliseconds(100));
  }
  record_.promotes_again = true;
  Keep();
  core::Instant asked{};
  while (RecoveryInProgress()) {
    if (pg::Now() - asked > kRemindAfter) {
      pg::RequestPromotion();
      asked = pg::Now();
    }
    Pause(std::chrono::milliseconds(5));
  }
  PutSettingsBack();
  Finish(HandOverOutcome::kFailed, why + "; this server is the primary again");
  Revoke();
}

bool Giver::TidyUp() {
  if (record_.id == 0) record_ = hand_over::Read();
  if (record_.id == 0 || !record_.is_giver || record_.outcome == HandOverOutcome::kRunning) {
    return false;
  }
  if (!RecoveryInProgress()) {
    pg::DropSlotIfIdle(kArchiveSlot);
    if (!record_.settings_changed) return false;
    PutSettingsBack();
    Keep();
    return false;
  }
  if (record_.settings_changed) FollowNextPrimary();
  const bool unarchived = !ArchiveLeft();
  if (!unarchived) pg::DropSlotIfIdle(kArchiveSlot);
  // Others may still stream from here until they have found the new primary.
  bool kept = false;
  if (!record_.settings_changed) {
    const std::string own_name = setting::NodeName();
    const auto cluster = shared::Read<ClusterReport>();
    for (const core::PeerRow& row : cluster->peers) {
      const bool is_elsewhere = row.role == core::Role::kPrimary ||
                                (!row.upstream.empty() && row.upstream.view() != own_name);
      if (row.reachable && is_elsewhere) pg::DropSlotIfIdle(row.name.c_str());
      kept = kept || pg::HasSlot(row.name.c_str());
    }
  }
  const bool fresh = pg::Since(record_.finished_at) < kTidyFor;
  return record_.settings_changed || unarchived || kept || fresh;
}

// After a demotion by itself: whoever becomes the primary, and goes on from the end of this
// server's WAL.
void Giver::FollowNextPrimary() {
  const auto cluster = shared::Read<ClusterReport>();
  const auto registry = shared::Read<Registry>();
  for (const core::PeerRow& row : cluster->peers) {
    if (!row.reachable || row.role != core::Role::kPrimary) continue;
    if (row.timeline <= pg::ReadLive().position.timeline || row.reign.began < record_.end) continue;
    const RegisteredNode* const node = FindNode(*registry, row.name.view());
    if (node == nullptr) continue;
    try {
      PeerSession session(node->name.str(), node->conninfo.str());
      AskAndWait(session,
                 fmt::format("SELECT pg_catalog.pg_create_physical_replication_slot('{0}', true) "
                             "WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_replication_slots AS s "
                             "WHERE s.slot_name OPERATOR(pg_catalog.=) '{0}')",
                             setting::NodeName()),
                 setting::PeerTimeout());
    } catch (const core::Error& error) {
      return Log("cannot follow the new primary yet", error.message());
    }
    if (!StreamFrom(WayTo(node->conninfo.str(), record_.own_conninfo.str()))) return;
    shared::AddEvent("follow", fmt::format("follows {} now, after its demotion", row.name.view()));
    record_.finished_at = GetCurrentTimestamp();
    return Keep();
  }
}

}  // namespace baton
