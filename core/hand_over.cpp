#include "core/hand_over.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace baton::core {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, kHandOverSteps> kStepNames = {
    "prepare", "offer", "close", "end", "flush", "signal", "demote", "grant", "promote", "follow"};
constexpr std::array<std::string_view, 6> kTakerNames = {"none",  "offered",  "granted",
                                                         "begun", "promoted", "refused"};
constexpr std::array<std::string_view, 3> kOutcomeNames = {"running", "done", "failed"};
constexpr std::array<std::string_view, 4> kMessageNames = {"offer", "grant", "ask", "revoke"};

template <std::size_t kCount>
std::optional<std::size_t> IndexOf(const std::array<std::string_view, kCount>& names,
                                   std::string_view name) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<std::size_t>(found - names.begin());
}

json ToJson(const SettingBefore& setting) {
  return setting.was_set ? json(setting.value.view()) : json(nullptr);
}

SettingBefore SettingFrom(const json& value) {
  if (value.is_null()) return {};
  return {true, value.get<std::string>()};
}

Lsn LsnFrom(const json& value) { return Lsn::Parse(value.get<std::string>()).value_or(Lsn()); }

bool IsOpen(TakerState state) {
  return state == TakerState::kOffered || state == TakerState::kGranted ||
         state == TakerState::kBegun;
}

TakerAnswer Refusal(std::string reason) { return {TakerState::kRefused, std::move(reason)}; }

TakerAnswer JudgeOffer(const TakerFacts& facts) {
  if (!facts.is_standby) return Refusal("it is not a standby");
  if (facts.promoting) return Refusal("it is about to be promoted by another request");
  if (IsOpen(facts.state) && facts.now < facts.deadline) {
    return Refusal("another hand-over to it is under way");
  }
  return {TakerState::kOffered, ""};
}

TakerAnswer JudgeGrant(const TakerFacts& facts) {
  if (facts.state != TakerState::kOffered) return {facts.state, ""};
  if (!facts.is_standby) return Refusal("it is not a standby");
  if (facts.now >= facts.deadline) return Refusal("the grant came too late");
  return {TakerState::kGranted, ""};
}

}  // namespace

std::optional<std::string> ValueOf(const SettingBefore& before) {
  if (!before.was_set) return std::nullopt;
  return before.value.str();
}

std::string_view HandOverStepName(HandOverStep step) {
  return kStepNames[static_cast<std::size_t>(step)];
}

std::optional<HandOverStep> HandOverStepOf(std::string_view name) {
  const auto index = IndexOf(kStepNames, name);
  if (!index) return std::nullopt;
  return static_cast<HandOverStep>(*index);
}

std::string_view TakerStateName(TakerState state) {
  return kTakerNames[static_cast<std::size_t>(state)];
}

TakerState TakerStateOf(std::string_view name) {
  return static_cast<TakerState>(IndexOf(kTakerNames, name).value_or(0));
}

std::string_view HandOverMessageName(HandOverMessage message) {
  return kMessageNames[static_cast<std::size_t>(message)];
}

std::optional<HandOverMessage> HandOverMessageOf(std::string_view name) {
  const auto index = IndexOf(kMessageNames, name);
  if (!index) return std::nullopt;
  return static_cast<HandOverMessage>(*index);
}

std::string IdText(std::uint64_t id) { return fmt::format("{:016x}", id); }

std::optional<std::uint64_t> IdOf(std::string_view text) {
  std::uint64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id, 16);
  if (text.size() != 16 || error != std::errc() || end != text.data() + text.size() || id == 0) {
    return std::nullopt;
  }
  return id;
}

std::string StepsText(const HandOver& record) {
  std::string text;
  for (std::size_t i = 0; i < kHandOverSteps; ++i) {
    if (record.took_us[i] == 0) continue;
    text += fmt::format("{}{} {} ms", text.empty() ? "" : ", ", kStepNames[i],
                        (record.took_us[i] + 500) / 1000);
  }
  return text;
}

std::string HandOverToFile(const HandOver& record, std::string_view owner) {
  const json file = {
      {"owner", owner},
      {"id", IdText(record.id)},
      {"giver", record.is_giver},
      {"demotion", record.is_demotion},
      {"outcome", kOutcomeNames[static_cast<std::size_t>(record.outcome)]},
      {"step", HandOverStepName(record.step)},
      {"taker", TakerStateName(record.taker)},
      {"promotes_again", record.promotes_again},
      {"settings_changed", record.settings_changed},
      {"peer", record.peer.view()},
      {"requested_by", record.requested_by.view()},
      {"requested_at", record.requested_at},
      {"finished_at", record.finished_at},
      {"step_began_at", record.step_began_at},
      {"bound_until", record.bound_until},
      {"server_started", record.server_started},
      {"timeline", record.timeline},
      {"flushed", record.flushed.ToString()},
      {"end", record.end.ToString()},
      {"began", record.began.ToString()},
      {"reason", record.reason.view()},
      {"took_us", record.took_us},
      {"peer_conninfo", record.peer_conninfo.view()},
      {"own_conninfo", record.own_conninfo.view()},
      {"restore_command", ToJson(record.restore_command)},
      {"primary_conninfo", ToJson(record.primary_conninfo)},
      {"recovery_init_sync_method", ToJson(record.init_sync_method)},
      {"remove_temp_files_after_crash", ToJson(record.remove_temp_files)},
      {"synchronous_standby_names", ToJson(record.sync_names)},
      {"synchronous_standby_names_here", record.sync_names_here.view()},
  };
  return file.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

std::optional<HandOver> HandOverFromFile(std::string_view text, std::string_view owner) {
  const json file = json::parse(text, nullptr, false);
  if (!file.is_object()) return std::nullopt;
  try {
    if (file.at("owner").get<std::string>() != owner) return std::nullopt;
    const auto id = IdOf(file.at("id").get<std::string>());
    const auto step = HandOverStepOf(file.at("step").get<std::string>());
    const auto outcome = IndexOf(kOutcomeNames, file.at("outcome").get<std::string>());
    if (!id || !step || !outcome) return std::nullopt;
    HandOver record;
    record.id = *id;
    record.is_giver = file.at("giver").get<bool>();
    record.is_demotion = file.at("demotion").get<bool>();
    record.outcome = static_cast<HandOverOutcome>(*outcome);
    record.step = *step;
    record.taker = TakerStateOf(file.at("taker").get<std::string>());
    record.promotes_again = file.at("promotes_again").get<bool>();
    record.settings_changed = file.at("settings_changed").get<bool>();
    record.peer = file.at("peer").get<std::string>();
    record.requested_by = file.at("requested_by").get<std::string>();
    record.requested_at = file.at("requested_at").get<std::int64_t>();
    record.finished_at = file.at("finished_at").get<std::int64_t>();
    record.step_began_at = file.at("step_began_at").get<std::int64_t>();
    record.bound_until = file.at("bound_until").get<std::int64_t>();
    record.server_started = file.at("server_started").get<std::int64_t>();
    record.timeline = file.at("timeline").get<TimelineId>();
    record.flushed = LsnFrom(file.at("flushed"));
    record.end = LsnFrom(file.at("end"));
    record.began = LsnFrom(file.at("began"));
    record.reason = file.at("reason").get<std::string>();
    record.took_us = file.at("took_us").get<decltype(record.took_us)>();
    record.peer_conninfo = file.at("peer_conninfo").get<std::string>();
    record.own_conninfo = file.at("own_conninfo").get<std::string>();
    record.restore_command = SettingFrom(file.at("restore_command"));
    record.primary_conninfo = SettingFrom(file.at("primary_conninfo"));
    record.init_sync_method = SettingFrom(file.at("recovery_init_sync_method"));
    // Not in the files of earlier versions.
    record.remove_temp_files = SettingFrom(file.value("remove_temp_files_after_crash", json()));
    record.sync_names = SettingFrom(file.value("synchronous_standby_names", json()));
    record.sync_names_here = file.value("synchronous_standby_names_here", "");
    return record;
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

Resumption JudgeResumption(const HandOver& record, bool in_recovery, bool rebuilt) {
  if (record.id == 0 || record.outcome != HandOverOutcome::kRunning) return Resumption::kNothing;
  if (!record.is_giver) {
    if (record.taker != TakerState::kGranted && record.taker != TakerState::kBegun) {
      return Resumption::kNothing;
    }
    return in_recovery || record.taker == TakerState::kGranted ? Resumption::kRefuse
                                                               : Resumption::kPromoted;
  }
  if (!in_recovery) {
    return record.end.IsNone() ? Resumption::kUndo : Resumption::kTakenBack;
  }
  if (record.step >= HandOverStep::kPromote) return Resumption::kFollow;
  if (record.step < HandOverStep::kSignal || rebuilt) return Resumption::kAbandoned;
  return record.step == HandOverStep::kGrant ? Resumption::kLearnOutcome : Resumption::kGoOn;
}

TakingBack JudgeTakingBack(const TakingBackFacts& facts) {
  bool silent = false;
  bool promoting = false;
  for (const PeerAnswer& peer : facts.peers) {
    if (peer.kind == PeerAnswer::Kind::kAnswered) {
      if (peer.row.role == Role::kPrimary) return TakingBack::kFollow;
      if (peer.row.timeline > facts.timeline) return TakingBack::kFollow;
      promoting = promoting || peer.row.promoting;
    } else {
      silent = true;
    }
  }
  // It will be the primary, or think better of it.
  if (promoting) return TakingBack::kWait;
  // While this server was up, all others knew that it was handing over.
  return silent && facts.restarted && !facts.waited_enough ? TakingBack::kWait
                                                           : TakingBack::kPromote;
}

TakerAnswer JudgeMessage(HandOverMessage message, const TakerFacts& facts) {
  if (message == HandOverMessage::kOffer) return JudgeOffer(facts);
  // What it has never heard of, or does not remember, it will not do.
  if (!facts.same_id) return Refusal("it does not know of this hand-over");
  switch (message) {
    case HandOverMessage::kGrant:
      return JudgeGrant(facts);
    case HandOverMessage::kRevoke:
      if (facts.state == TakerState::kOffered || facts.state == TakerState::kGranted) {
        return Refusal("the grant was taken back");
      }
      return {facts.state, ""};
    default:
      return {facts.state, ""};
  }
}

}  // namespace baton::core
