#include "hand_over_taker.hpp"

#include "pg/postgres.hpp"

#include <fmt/format.h>
#include <optional>
#include <string>
#include <unistd.h>
#include <vector>

#include "auto_conf.hpp"
#include "core/error.hpp"
#include "core/follow.hpp"
#include "hand_over_pause.hpp"
#include "pg/clock.hpp"
#include "pg/guard.hpp"
#include "pg/server_facts.hpp"
#include "pg/slots.hpp"
#include "pg/wal_history.hpp"
#include "pg/worker.hpp"
#include "registry.hpp"
#include "roll_call.hpp"
#include "settings.hpp"
#include "shared_state.hpp"

namespace baton {
namespace {

using core::HandOverOutcome;
using core::TakerState;

constexpr const char* kKind = "hand-over";
// The file by which a promotion is asked for (src/backend/access/transam/xlogrecovery.c).
constexpr const char* kPromoteSignal = PROMOTE_SIGNAL_FILE;
constexpr const char* kSyncNames = "synchronous_standby_names";
constexpr auto kTakesEffect = std::chrono::seconds(1);

core::HandOver Refused(std::uint64_t id, const std::string& why) {
  core::HandOver answer;
  answer.id = id;
  answer.taker = TakerState::kRefused;
  answer.reason = why;
  return answer;
}

}  // namespace

bool Taker::IsOpen() const {
  return record_.id != 0 && record_.outcome == HandOverOutcome::kRunning;
}

void Taker::Publish() { hand_over::Write(record_, deadline_); }

void Taker::KeepOrThrow() {
  const std::string failure = hand_over::Keep(record_);
  if (!failure.empty()) throw core::Error(core::ErrorCode::kFailed, failure);
  Publish();
}

void Taker::Resume(core::HandOver record) {
  record_ = record;
  switch (core::JudgeResumption(record_, RecoveryInProgress())) {
    case core::Resumption::kPromoted:
      return Promote();
    case core::Resumption::kRefuse: {
      // The postmaster may still be told of it by this file, and the startup process by both.
      unlink(kPromoteSignal);
      const core::Instant end = pg::Now() + kTakesEffect;
      while (pg::Now() < end) {
        if (PromoteIsTriggered() || !RecoveryInProgress()) {
          deadline_ = core::Instant::max();
          return;
        }
        pg_usleep(10'000);
      }
      return Refuse("the server or its worker was interrupted");
    }
    default:
      if (IsOpen()) return Refuse("the server or its worker was interrupted");
      if (record_.outcome != HandOverOutcome::kFailed || !record_.settings_changed) return;
      PutSyncNamesBack();
      KeepOrThrow();
  }
}

// What the observer knows costs nothing; only what is odd in it, or too old, is asked for.
std::string Taker::OtherPrimary() const {
  const core::TimelineId own = pg::ReadLive().position.timeline;
  const auto cluster = shared::Read<ClusterReport>();
  const std::vector<core::PeerRow> known(cluster->peers.begin(), cluster->peers.end());
  const core::PeerRow* const odd = core::NewerPrimary(known, own);
  const auto fresh_for = setting::ObserveInterval() + setting::PeerTimeout() + kTakesEffect;
  const bool fresh = pg::Now() - cluster->looked_at <= fresh_for;
  if (fresh && odd == nullptr) return "";
  std::vector<RegisteredNode> nodes = OtherNodes(*shared::Read<Registry>());
  std::erase_if(nodes, [&](const RegisteredNode& node) {
    return fresh ? node.name.view() != odd->name.view() : node.name.view() == record_.peer.view();
  });
  std::vector<core::PeerRow> rows;
  for (const core::PeerAnswer& answer : AskWhoTheyAre(nodes, setting::PeerTimeout(), [] {})) {
    if (answer.kind == core::PeerAnswer::Kind::kAnswered) rows.push_back(answer.row);
  }
  const core::PeerRow* const found = core::NewerPrimary(rows, own);
  if (found == nullptr) return "";
  return fmt::format("node {} is the primary on timeline {}", found->name.view(), found->timeline);
}

std::string Taker::SetSyncNames() {
  if (sync_names_.empty() || !MayAlterSystem()) return "";
  const std::optional<std::string> before = InAutoConf(kSyncNames);
  record_.sync_names = {before.has_value(), before.value_or("")};
  record_.sync_names_here = sync_names_;
  // What does not come back from the file as it is could not be put back.
  const auto kept = core::HandOverFromFile(core::HandOverToFile(record_, ""), "");
  if (!kept || kept->sync_names.value.view() != before.value_or("")) {
    return fmt::format("its {} is too long, or not valid UTF-8", kSyncNames);
  }
  record_.settings_changed = true;
  KeepOrThrow();
  AlterSystem({{kSyncNames, sync_names_.str()}});
  // No commit may come before it.
  const core::Instant end = pg::Now() + kTakesEffect;
  while (pg::Setting(kSyncNames) != sync_names_.view() && pg::Now() < end) {
    pg_usleep(1000);
    pg::HandleInterrupts();
  }
  return "";
}

// Unless somebody has set them otherwise meanwhile.
void Taker::PutSyncNamesBack() {
  if (!record_.settings_changed) return;
  try {
    if (InAutoConf(kSyncNames) == record_.sync_names_here.str()) {
      const core::SettingBefore& before = record_.sync_names;
      AlterSystem(
          {{kSyncNames, before.was_set ? std::optional(before.value.str()) : std::nullopt}});
    }
    record_.settings_changed = false;
  } catch (const core::Error& error) {
    const std::string what = error.message() + ": " + error.detail();
    pg::Call([text = what.c_str()] {
      ereport(LOG, (errmsg("could not put settings back yet"), errdetail_internal("%s", text)));
    });
  }
}

void Taker::Refuse(const std::string& why) {
  PutSyncNamesBack();
  record_.taker = TakerState::kRefused;
  record_.outcome = HandOverOutcome::kFailed;
  record_.reason = why;
  record_.finished_at = GetCurrentTimestamp();
  // Only what is on disk may be told.
  KeepOrThrow();
  if (RecoveryInProgress()) pg::DropSlotIfIdle(record_.peer.c_str());
  shared::AddEvent(kKind, fmt::format("switchover from {}: failed", record_.peer.view()), why);
}

void Taker::Accept(const hand_over::Letter& letter) {
  PutSyncNamesBack();
  core::HandOver record;
  record.id = letter.id;
  record.peer = letter.giver;
  record.requested_by = letter.giver;
  record.requested_at = GetCurrentTimestamp();
  record.taker = TakerState::kOffered;
  record_ = record;
  deadline_ = letter.sent_at + letter.life;
  // So that a successor of this process knows of the slot.
  KeepOrThrow();
  // Whoever asks for a promotion looks for this promise after entering the request.
  if (shared::OpenPromotion()) return Refuse("it is about to be promoted by another request");
  if (shared::OpenFollowing()) return Refuse("it is about to follow another node");
  if (!pg::HasSlot(letter.giver.c_str())) {
    if (!pg::HasRoomForSlot()) return Refuse("all of max_replication_slots are taken");
    // From the promotion on it keeps what the giver needs.
    pg::MakeSlot(letter.giver.c_str(), core::Lsn());
  }
  pg::Call([&] {
    ereport(LOG, (errmsg("node \"%s\" offers to hand over to this server", letter.giver.c_str()),
                  errdetail("Hand-over %s.", core::IdText(letter.id).c_str())));
  });
}

void Taker::Handle(const hand_over::Letter& letter) {
  core::TakerFacts facts;
  facts.same_id = letter.id == record_.id && !record_.is_giver;
  facts.state = IsOpen() || facts.same_id ? record_.taker : TakerState::kNone;
  facts.is_standby = RecoveryInProgress();
  facts.promoting = PromoteIsTriggered() || shared::OpenPromotion().has_value();
  facts.now = pg::Now();
  facts.deadline = deadline_;
  if (const core::HandOver now = hand_over::Read();
      now.is_giver && (now.outcome == HandOverOutcome::kRunning || now.settings_changed)) {
    return hand_over::AnswerLetter(Refused(letter.id, "it is handing over itself"));
  }
  const core::TakerAnswer answer = core::JudgeMessage(letter.message, facts);
  if (letter.message == core::HandOverMessage::kOffer) {
    if (answer.state != TakerState::kOffered) {
      return hand_over::AnswerLetter(Refused(letter.id, answer.reason));
    }
    // Its giver has given up by now, and nobody would come back to a promise.
    if (facts.now >= letter.answer_by) {
      return hand_over::AnswerLetter(Refused(letter.id, "the offer waited too long"));
    }
    Accept(letter);
    return hand_over::AnswerLetter(record_);
  }
  if (!facts.same_id) return hand_over::AnswerLetter(Refused(letter.id, answer.reason));
  if (answer.state == TakerState::kGranted && record_.taker == TakerState::kOffered) {
    record_.taker = TakerState::kGranted;
    record_.end = letter.end;
    sync_names_ = letter.sync_names;
    granted_at_ = pg::Now();
    KeepOrThrow();
    PauseAt("taker_granted");
  } else if (answer.state == TakerState::kRefused && IsOpen()) {
    Refuse(answer.reason);
  }
  hand_over::AnswerLetter(record_);
}

bool Taker::Advance() {
  if (!IsOpen() || record_.is_giver) return false;
  switch (record_.taker) {
    case TakerState::kOffered:
      if (pg::Now() >= deadline_) Refuse("the grant did not come in time");
      return true;
    case TakerState::kGranted:
      break;
    case TakerState::kBegun:
      if (!RecoveryInProgress()) Promote();
      return true;
    default:
      return false;
  }
  if (pg::Now() >= deadline_) {
    Refuse(fmt::format("the WAL up to {} did not come in time", record_.end.ToString()));
    return false;
  }
  const core::Lsn replayed(pg::Call([] { return GetXLogReplayRecPtr(nullptr); }));
  if (replayed < record_.end) {
    // Not after wal_retrieve_retry_interval, which is seconds.
    if (!pg::ReadReceiver().streaming) pg::Call([] { WakeupRecovery(); });
    return true;
  }
  if (replayed > record_.end) {
    Refuse(fmt::format("it has replayed up to {}, beyond the end {}", replayed.ToString(),
                       record_.end.ToString()));
    return false;
  }
  std::string against = OtherPrimary();
  if (against.empty()) against = SetSyncNames();
  if (!against.empty()) {
    Refuse(against);
    return false;
  }
  record_.taker = TakerState::kBegun;
  KeepOrThrow();
  PauseAt("taker_begun");
  if (pg::Now() >= deadline_) {
    Refuse("the storage took too long");
    return false;
  }
  if (const auto letter = hand_over::TakeLetter();
      letter && letter->id == record_.id && letter->message == core::HandOverMessage::kRevoke) {
    Refuse("the grant was taken back");
    return false;
  }
  pg::RequestPromotion();
  return true;
}

void Taker::Promote() {
  record_.taker = TakerState::kPromoted;
  record_.outcome = HandOverOutcome::kDone;
  record_.settings_changed = false;
  record_.timeline = pg::Call([] { return GetWALInsertionTimeLine(); });
  record_.began = pg::BeginningOf(record_.timeline);
  record_.finished_at = GetCurrentTimestamp();
  if (granted_at_ != core::Instant{}) {
    record_.took_us[static_cast<std::size_t>(core::HandOverStep::kPromote)] =
        (pg::Now() - granted_at_).count();
  }
  Publish();
  PauseAt("taker_promoted");
  const std::string failure = hand_over::Keep(record_);
  const std::string message = fmt::format("switchover from {}: done", record_.peer.view());
  const std::string detail = fmt::format("timeline {} from {} on; {}", record_.timeline,
                                         record_.began.ToString(), core::StepsText(record_));
  pg::Call([&] {
    ereport(LOG, (errmsg("%s", message.c_str()), errdetail_internal("%s", detail.c_str())));
  });
  shared::AddEvent(kKind, message, failure.empty() ? detail : detail + "; " + failure);
}

}  // namespace baton
