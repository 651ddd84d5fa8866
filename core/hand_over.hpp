// Handing the baton over: a primary becomes a standby in place and, in a switchover, grants the
// promotion of another node.  The record of it is durable on both sides, so that whoever is
// interrupted knows afterwards how far it was; what follows from it is decided here.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/fixed_text.hpp"
#include "core/lag_history.hpp"
#include "core/lsn.hpp"
#include "core/node_facts.hpp"
#include "core/promotion.hpp"

namespace baton::core {

// What the giver does, in this order.  Up to kSignal it is undone without a trace but ended
// sessions; from then on undoing it is a promotion.
enum class HandOverStep : std::size_t {
  kPrepare,  // settings that would lead recovery astray are emptied; checkpoint
  kOffer,    // the taker has promised to take nothing else, and made a slot for this node
  kClose,    // commits wait; those that had passed the gate are through
  kEnd,      // the sessions of clients have ended
  kFlush,    // a snapshot for standbys is the last record of WAL, and the taker has it
  kSignal,   // standby.signal is there
  kDemote,   // the server has begun anew and is a standby at the end of its WAL
  kGrant,    // the taker may be promoted
  kPromote,  // it is the primary
  kFollow,   // this node streams from it
};
inline constexpr std::size_t kHandOverSteps = 10;
std::string_view HandOverStepName(HandOverStep step);
std::optional<HandOverStep> HandOverStepOf(std::string_view name);

// The taker's side.
enum class TakerState : std::size_t { kNone, kOffered, kGranted, kBegun, kPromoted, kRefused };
std::string_view TakerStateName(TakerState state);
TakerState TakerStateOf(std::string_view name);  // kNone for what it does not know

enum class HandOverOutcome : std::size_t { kRunning, kDone, kFailed };

// A setting in postgresql.auto.conf as it was before.
struct SettingBefore {
  bool was_set = false;
  FixedText<1024> value;
};
std::optional<std::string> ValueOf(const SettingBefore& before);

struct HandOver {
  std::uint64_t id = 0;      // random; 0: there is none
  bool is_giver = false;     // or else this node is the taker
  bool is_demotion = false;  // a giver without a taker
  HandOverOutcome outcome = HandOverOutcome::kRunning;
  HandOverStep step = HandOverStep::kPrepare;  // giver: the last that was begun
  TakerState taker = TakerState::kNone;        // taker: its own; giver: as it heard last
  bool promotes_again = false;                 // giver: it takes the baton back
  bool settings_changed = false;               // and not put back yet
  NodeText peer;                               // the other side; empty for a demotion
  NodeText requested_by;
  std::int64_t requested_at = 0;    // TimestampTz
  std::int64_t finished_at = 0;     // the same; 0: it is not
  std::int64_t step_began_at = 0;   // the same; also across a demotion
  std::int64_t bound_until = 0;     // giver: the taker may begin until then, at the latest
  std::int64_t server_started = 0;  // the giver's, to tell a restart from a demotion in place
  TimelineId timeline = 0;          // giver: the one that it hands over; taker: the new one
  Lsn flushed;                      // end of the last record that the giver made sure of
  Lsn end;                          // giver: of its WAL, once it is a standby; until then none
  Lsn began;                        // where the taker's timeline leaves
  FixedText<512> reason;            // why it failed
  std::array<std::int64_t, kHandOverSteps> took_us{};  // 0: not taken
  FixedText<1024> peer_conninfo;  // giver: how to reach the taker, as registered
  FixedText<1024> own_conninfo;   // giver: its primary_conninfo, if it had one
  SettingBefore restore_command;
  SettingBefore primary_conninfo;
  SettingBefore init_sync_method;
  SettingBefore remove_temp_files;
  SettingBefore sync_names;         // taker
  FixedText<1024> sync_names_here;  // taker: what it has set instead
};

std::string IdText(std::uint64_t id);  // 16 hexadecimal digits
std::optional<std::uint64_t> IdOf(std::string_view text);

// "prepare 12 ms, offer 3 ms, ...": the steps that were taken, and what each took.
std::string StepsText(const HandOver& record);

std::string HandOverToFile(const HandOver& record, std::string_view owner);
// None if the text is not that of a record, or one of another owner.
std::optional<HandOver> HandOverFromFile(std::string_view text, std::string_view owner);

// What a worker has to do with the record that it finds when it begins.
enum class Resumption {
  kNothing,
  kUndo,          // giver, still the primary: open, and put everything back
  kAbandoned,     // giver: it was made a standby otherwise, before it had come so far
  kGoOn,          // giver: it has been demoted as intended
  kLearnOutcome,  // giver: a grant is out
  kFollow,        // giver: the taker is the primary
  kTakenBack,     // giver: somebody has promoted this server since
  kRefuse,        // taker: what was promised before is not known to be in time any more
  kPromoted,      // taker: it is done, and only the record does not say so
};
// `rebuilt`: this server is a standby on another timeline than the record's, or has an upstream.
Resumption JudgeResumption(const HandOver& record, bool in_recovery, bool rebuilt = false);

// Whether a giver that is a standby again, and whose taker will not be promoted, may take the baton
// back: nobody else may have it.
enum class TakingBack {
  kPromote,
  kFollow,  // another node is the primary, or follows one
  kWait,    // somebody did not answer who may have been promoted, or is about to be
};
struct TakingBackFacts {
  std::vector<PeerAnswer> peers;  // of the other registered nodes
  TimelineId timeline = 0;        // of this node
  bool restarted = false;         // this server was down meanwhile: others may have decided
  bool waited_enough = false;
};
TakingBack JudgeTakingBack(const TakingBackFacts& facts);

// The next state of a taker.  `now` and `deadline` are its own clock's: it promised, at the offer,
// to begin nothing later.
enum class HandOverMessage { kOffer, kGrant, kAsk, kRevoke };
std::string_view HandOverMessageName(HandOverMessage message);
std::optional<HandOverMessage> HandOverMessageOf(std::string_view name);
struct TakerFacts {
  TakerState state = TakerState::kNone;  // of the same id; of another one that is still open: busy
  bool same_id = false;
  bool is_standby = false;
  bool promoting = false;  // by another request
  Instant now{};
  Instant deadline{};
};
struct TakerAnswer {
  TakerState state = TakerState::kNone;
  std::string reason;  // of a refusal
};
TakerAnswer JudgeMessage(HandOverMessage message, const TakerFacts& facts);

}  // namespace baton::core
