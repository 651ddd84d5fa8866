#include "hand_over_giver.hpp"

#include "pg/postgres.hpp"

#include <algorithm>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "auto_conf.hpp"
#include "core/sync_names.hpp"
#include "durable_file.hpp"
#include "gate.hpp"
#include "hand_over_pause.hpp"
#include "left_archive.hpp"
#include "pg/clock.hpp"
#include "pg/compat.hpp"
#include "pg/guard.hpp"
#include "pg/server_facts.hpp"
#include "pg/sessions.hpp"
#include "pg/shared_memory.hpp"
#include "pg/slots.hpp"
#include "pg/worker.hpp"
#include "registry.hpp"
#include "settings.hpp"
#include "shared_state.hpp"
#include "shell_command.hpp"
#include "trigger_file.hpp"

namespace baton {
namespace {

using core::HandOverMessage;
using core::HandOverOutcome;
using core::HandOverStep;
using core::Lsn;
using core::TakerState;

constexpr const char* kStandbySignal = "standby.signal";
// What the taker promises at the offer: long enough for a recovery that has to look at many files.
constexpr auto kOfferLife = std::chrono::seconds(60);
// For clocks that do not run alike.
constexpr auto kMargin = std::chrono::seconds(5);
constexpr auto kReloadLimit = std::chrono::seconds(5);
// A checkpoint that took longer is followed by another one, so that recovery has little to do.
constexpr auto kLongCheckpoint = std::chrono::seconds(1);

std::uint32_t WaitEvent() {
  static const std::uint32_t event = pg::Call([] { return pg::NewWaitEvent("PgBatonHandOver"); });
  return event;
}

core::Error Failure(std::string what) {
  return core::Error(core::ErrorCode::kFailed, std::move(what));
}

void Require(const std::string& failure) {
  if (!failure.empty()) throw Failure(failure);
}

core::SettingBefore Before(const char* name) {
  const auto value = InAutoConf(name);
  if (!value) return {};
  const core::SettingBefore before{true, *value};
  if (before.value.view() != *value) throw Failure(fmt::format("{} is too long", name));
  return before;
}

// As a literal that needs no quoting, whatever is in it.
std::string Hex(std::string_view text) {
  std::string hex;
  for (const char c : text) hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return hex;
}

}  // namespace

void Giver::Pause(std::chrono::milliseconds turn) { pg::WaitForLatch(turn, WaitEvent()); }

void Giver::Log(const std::string& message, const std::string& detail, const std::string& hint) {
  pg::Call([&] {
    ereport(LOG, (errmsg("%s", message.c_str()),
                  detail.empty() ? 0 : errdetail_internal("%s", detail.c_str()),
                  hint.empty() ? 0 : errhint("%s", hint.c_str())));
  });
}

// ----- the record

void Giver::Step(HandOverStep step) {
  record_.step = step;
  record_.step_began_at = GetCurrentTimestamp();
  Publish();
  PauseAt(core::HandOverStepName(step));
}

void Giver::EndStep() {
  const std::int64_t took = pg::Since(record_.step_began_at).count();
  record_.took_us[static_cast<std::size_t>(record_.step)] = std::max<std::int64_t>(took, 1);
}

void Giver::Publish() { hand_over::Write(record_); }

// A successor of this process reads what is published; one of its server, what is on disk.
void Giver::Keep() {
  Require(hand_over::Keep(record_));
  Publish();
}

void Giver::Finish(HandOverOutcome outcome, const std::string& reason) {
  record_.outcome = outcome;
  if (!reason.empty()) record_.reason = reason;
  record_.finished_at = GetCurrentTimestamp();
  const std::string kept = hand_over::Keep(record_);
  Publish();
  const std::string what =
      record_.is_demotion ? "demotion" : fmt::format("switchover to {}", record_.peer.view());
  const std::string message = outcome == HandOverOutcome::kDone ? fmt::format("{}: done", what)
                                                                : fmt::format("{}: failed", what);
  std::string detail = record_.reason.str();
  detail += (detail.empty() ? "" : "; ") + core::StepsText(record_);
  if (!kept.empty()) detail += "; " + kept;
  Log(message, detail);
  shared::AddEvent(kKind, message, detail);
  taker_.reset();
}

void Giver::WaitFor(std::chrono::milliseconds limit, const std::string& otherwise,
                    const std::function<bool()>& done) {
  const core::Instant end = pg::Now() + limit;
  while (!done()) {
    if (pg::Now() >= end) throw Failure(otherwise);
    Pause(kTurn);
  }
}

// ----- as the primary; as a standby see hand_over_demoted.cpp

void Giver::Begin(const hand_over::Order& order) {
  record_ = {};
  record_.id = order.id;
  record_.is_giver = true;
  record_.is_demotion = order.is_demotion;
  record_.peer = order.target;
  record_.requested_by = order.requested_by;
  record_.requested_at = GetCurrentTimestamp();
  record_.server_started = PgStartTime;
  Publish();
  try {
    if (RecoveryInProgress()) throw Failure("this server is not a primary");
    record_.timeline = pg::Call([] { return GetWALInsertionTimeLine(); });
    Recheck();
    Prepare();
    if (!record_.is_demotion) Offer();
    Close();
    EndSessions();
    Flush();
    Signal();
    Demote();
  } catch (const core::Error& error) {
    Undo(error.message());
  }
}

void Giver::Prepare() {
  Step(HandOverStep::kPrepare);
  const auto registry = shared::Read<Registry>();
  if (!record_.is_demotion) {
    const RegisteredNode* const node = FindNode(*registry, record_.peer.view());
    if (node == nullptr) throw Failure(fmt::format("no node \"{}\"", record_.peer.view()));
    record_.peer_conninfo = node->conninfo.view();
  }
  ChangeSettings();
  HoldUnarchived();
  core::Instant took{};
  do {
    const core::Instant begun = pg::Now();
    pg::Call([] { RequestCheckpoint(CHECKPOINT_FORCE | CHECKPOINT_IMMEDIATE | CHECKPOINT_WAIT); });
    const bool was_long = took > kLongCheckpoint;
    took = pg::Now() - begun;
    if (was_long) break;
  } while (took > kLongCheckpoint);
  // Recovery will do the same, and then find little left to do.
  const int folder = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder >= 0) {
    syncfs(folder);
    close(folder);
  }
  EndStep();
}

// A restore_command or an upstream would lead recovery past the end of this server's own WAL. Where
// there are many files, it takes long to make them durable one by one, and to look among them for
// temporary ones, which sessions that have ended properly do not leave.
void Giver::ChangeSettings() {
  record_.restore_command = Before("restore_command");
  record_.primary_conninfo = Before("primary_conninfo");
  record_.init_sync_method = Before("recovery_init_sync_method");
  record_.remove_temp_files = Before("remove_temp_files_after_crash");
  record_.own_conninfo = pg::PrimaryConninfo();
  if (record_.own_conninfo.view() != pg::PrimaryConninfo()) {
    throw Failure("primary_conninfo is too long");
  }
  // What does not come back from the file as it is could not be put back.
  const auto kept = core::HandOverFromFile(core::HandOverToFile(record_, ""), "");
  if (!kept || kept->restore_command.value.view() != record_.restore_command.value.view() ||
      kept->primary_conninfo.value.view() != record_.primary_conninfo.value.view() ||
      kept->own_conninfo.view() != record_.own_conninfo.view()) {
    throw Failure("restore_command or primary_conninfo is not valid UTF-8");
  }
  record_.settings_changed = true;
  Keep();
  AlterSystem({{"restore_command", ""},
               {"primary_conninfo", ""},
               {"recovery_init_sync_method", "syncfs"},
               {"remove_temp_files_after_crash", "off"}});
  // The postmaster has read them by the time that it lets its children do so.
  WaitFor(kReloadLimit, "the server does not take its new configuration", [] {
    return pg::RestoreCommand().empty() && pg::PrimaryConninfo().empty() &&
           pg::Setting("recovery_init_sync_method").value_or("") == "syncfs" &&
           pg::Setting("remove_temp_files_after_crash").value_or("") == "off";
  });
  PauseAt("settings_changed");
}

// On a standby nothing archives, and nothing keeps what waits for it.
void Giver::HoldUnarchived() {
  if (!ArchivesWhatIsLeft() || pg::HasSlot(kArchiveSlot)) return;
  if (!pg::HasRoomForSlot()) throw Failure("all of max_replication_slots are taken");
  pg::MakeSlot(kArchiveSlot, OldestUnarchived());
}

void Giver::Offer() {
  Step(HandOverStep::kOffer);
  const core::HandOver reply = Said(HandOverMessage::kOffer, setting::PeerTimeout());
  if (reply.taker != TakerState::kOffered) {
    throw Failure(
        fmt::format("node {} does not take it: {}", record_.peer.view(), reply.reason.view()));
  }
  record_.bound_until =
      GetCurrentTimestamp() + std::chrono::microseconds(kOfferLife + kMargin).count();
  EndStep();
}

void Giver::Close() {
  Step(HandOverStep::kClose);
  gate::SetWaitingUntil(pg::Now() + setting::SwitchoverTimeout());
  gate::Close(core::GateReason::kSwitchover);
  WaitFor(setting::SwitchoverTimeout(), "commits that were under way do not come to an end",
          [] { return gate::CountCommitting() == 0; });
  EndStep();
}

void Giver::EndSessions() {
  Step(HandOverStep::kEnd);
  gate::SetTurningAway(true);
  WaitFor(setting::SwitchoverTimeout(), "sessions of clients do not end",
          [] { return pg::EndSessions() == 0; });
  EndStep();
}

// What was acknowledged with synchronous_commit off must not be lost either.
void Giver::Flush() {
  Step(HandOverStep::kFlush);
  WaitFor(setting::SwitchoverTimeout(),
          "a transaction has more than 64 subtransactions: no standby could let anybody in",
          [] { return !pg::HasOverflowedTransaction(); });
  record_.flushed = pg::LogSnapshot();
  if (!record_.is_demotion) {
    core::Instant connected = pg::Now();
    WaitFor(setting::SwitchoverTimeout(),
            fmt::format("node {} does not replay the last of the WAL", record_.peer.view()),
            [this, &connected] {
              const Lsn replayed = pg::ReplayedBy(record_.peer.view());
              if (!replayed.IsNone()) connected = pg::Now();
              if (pg::Now() - connected > setting::PeerTimeout()) {
                throw Failure(fmt::format("node {} streams no more", record_.peer.view()));
              }
              return replayed >= record_.flushed;
            });
  }
  EndStep();
}

void Giver::Signal() {
  Step(HandOverStep::kSignal);
  Recheck();
  Keep();
  Require(ReplaceDurably(kStandbySignal, ""));
  EndStep();
}

void Giver::Demote() {
  Step(HandOverStep::kDemote);
  Recheck();
  if (!pg::RestoreCommand().empty() || !pg::PrimaryConninfo().empty()) {
    throw Failure("its configuration was changed meanwhile");
  }
  Keep();
  if (pg::Setting("restart_after_crash") != "on") return Restart();
  Log("this server becomes a standby in place",
      "Its processes end and begin anew; what follows about a background worker that exited with "
      "exit code 2, and about recovery, belongs to that.");
  pg::FreeSharedMemoryAside();
  pg::Call([] { proc_exit(2); });
}

// What the preflight has seen and what may have changed since, as far as it needs no table.
void Giver::Recheck() {
  const core::GateReasons others = core::ReasonsAt(gate::Read(), pg::Now()) &
                                   ~static_cast<core::GateReasons>(core::GateReason::kSwitchover);
  if (others != 0) throw Failure("the write gate was closed for another reason");
  if (pg::Setting("restart_after_crash") != "on" && setting::RestartCommand().empty()) {
    throw Failure("restart_after_crash is off");
  }
  if (pg::Setting("recovery_min_apply_delay").value_or("0") != "0") {
    throw Failure("recovery_min_apply_delay is set");
  }
  const auto triggers = TriggerFilesThere();
  if (!triggers) throw Failure("it could not be seen whether there is a trigger file");
  if (triggers->count != 0) {
    throw Failure("there is a file that asks for a promotion: " + triggers->names);
  }
}

// Where the postmaster does not begin anew by itself.  The command has to outlive this process,
// which ends with the server.
void Giver::Restart() {
  const std::string command = setting::RestartCommand();
  if (command.empty()) throw Failure("restart_after_crash is off");
  Log("this server is restarted as a standby", command);
  ShellCommand run("setsid -f sh -c \"$PG_BATON_COMMAND\" >/dev/null 2>&1",
                   {{"PG_BATON_COMMAND", command}, {"PGDATA", DataDir}},
                   setting::SwitchoverTimeout());
  while (!run.Finished()) {
    run.Wait(kTurn);
    Pause(std::chrono::milliseconds(0));
  }
  if (run.result().exit_code != 0) {
    throw Failure("pg_baton.restart_command could not be started: " + run.errors());
  }
  WaitFor(setting::SwitchoverTimeout(), "pg_baton.restart_command did not restart the server",
          [] { return false; });
}

void Giver::Undo(const std::string& why) {
  Require(RemoveDurably(kStandbySignal));
  gate::SetTurningAway(false);
  gate::Open(core::GateReason::kSwitchover);
  try {
    PutSettingsBack();
  } catch (const core::Error& error) {
    Log("could not put settings back yet", error.message() + ": " + error.detail());
  }
  Finish(HandOverOutcome::kFailed, why);
  pg::DropSlotIfIdle(kArchiveSlot);
  if (!record_.is_demotion) Revoke();
}

std::vector<SettingChange> Giver::RecoverySettingsBefore() const {
  return {{"recovery_init_sync_method", ValueOf(record_.init_sync_method)},
          {"remove_temp_files_after_crash", ValueOf(record_.remove_temp_files)}};
}

void Giver::PutSettingsBack() {
  if (!record_.settings_changed) return;
  std::vector<SettingChange> changes = RecoverySettingsBefore();
  changes.push_back({"restore_command", ValueOf(record_.restore_command)});
  changes.push_back({"primary_conninfo", ValueOf(record_.primary_conninfo)});
  AlterSystem(changes);
  record_.settings_changed = false;
}

// Its promise ends by itself; this only spares it the wait.
void Giver::Revoke() {
  try {
    Said(HandOverMessage::kRevoke, setting::PeerTimeout());
  } catch (const core::Error&) {
  }
  taker_.reset();
}

// ----- what is said to the taker

core::HandOver Giver::Said(HandOverMessage message, std::chrono::milliseconds limit) {
  const std::string name = record_.peer.str();
  if (taker_ == nullptr || taker_->state() == PeerSession::State::kFailed) {
    taker_ = std::make_unique<PeerSession>(name, record_.peer_conninfo.str());
  }
  std::string sync_names;
  const bool is_grant = message == HandOverMessage::kGrant;
  if (is_grant) {
    const std::string names = pg::Setting("synchronous_standby_names").value_or("");
    sync_names = core::SyncNamesInstead(names, name, setting::NodeName()).value_or("");
  }
  const std::string question = fmt::format(
      "SELECT state, reason, timeline, lsn FROM baton.hand_over('{}', '{}', '{}', {}, "
      "pg_catalog.convert_from(pg_catalog.decode('{}', 'hex'), 'UTF8'), {})",
      core::IdText(record_.id), core::HandOverMessageName(message), setting::NodeName(),
      record_.end.IsNone() ? "NULL" : fmt::format("'{}'", record_.end.ToString()), Hex(sync_names),
      std::chrono::milliseconds(kOfferLife).count());
  std::vector<PeerSession::Row> rows;
  try {
    rows = AskAndWait(*taker_, question, limit);
  } catch (const core::Error&) {
    asked_taker_ = asked_taker_ || (is_grant && taker_->has_asked());
    throw;
  }
  asked_taker_ = asked_taker_ || is_grant;
  if (rows.empty() || rows.front().size() < 4) {
    throw Failure(fmt::format("node \"{}\" gave no answer", name));
  }
  core::HandOver reply;
  const PeerSession::Row& row = rows.front();
  reply.taker = core::TakerStateOf(row[0]);
  reply.reason = row[1];
  reply.timeline = static_cast<core::TimelineId>(std::strtoul(row[2].c_str(), nullptr, 10));
  reply.began = Lsn::Parse(row[3]).value_or(Lsn());
  return reply;
}

}  // namespace baton
