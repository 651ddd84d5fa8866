#include "target_interview.hpp"

#include "pg/postgres.hpp"

#include <fmt/format.h>

#include "core/quantity.hpp"
#include "peer_session.hpp"
#include "roll_call.hpp"
#include "self_report.hpp"
#include "settings.hpp"

namespace baton {
namespace {

// How long the target may wait for its own monitor; see functions_promotion.cpp.
constexpr auto kFreshLookThere = std::chrono::milliseconds(1000);

constexpr const char* kAskForCheck =
    "SELECT check_name, status, message FROM baton.promotion_check";

// A node name is safe as a literal.
std::string AskForSlots(const std::string& own_name) {
  return fmt::format(
      "SELECT pg_catalog.current_setting('max_replication_slots'), pg_catalog.count(*),"
      " pg_catalog.count(*) FILTER (WHERE slot_name OPERATOR(pg_catalog.=) '{0}'),"
      " (SELECT reachable FROM baton.cluster WHERE name OPERATOR(pg_catalog.=) '{0}')"
      " FROM pg_catalog.pg_replication_slots",
      own_name);
}

// Returns whether there is an answer; if not, `error` says why.
bool Ask(PeerSession& session, const std::string& question, std::chrono::milliseconds limit,
         std::string& error) {
  if (AskWithin(session, question, limit)) return true;
  error = session.state() == PeerSession::State::kFailed
              ? session.error()
              : "no answer within " + core::DurationText(limit);
  return false;
}

core::Status StatusNamed(std::string_view text) {
  for (const core::Status status :
       {core::Status::kOk, core::Status::kWarning, core::Status::kCritical}) {
    if (text == core::StatusText(status)) return status;
  }
  return core::Status::kUnknown;
}

void TakeSlots(const PeerSession::Row& row, core::SwitchoverFacts& facts) {
  const auto number = [&](std::size_t i) { return std::strtoll(row.at(i).c_str(), nullptr, 10); };
  facts.slots = core::TargetSlots{number(0), number(1), number(2) > 0};
  if (!row.at(3).empty()) facts.sees_us = row.at(3) == "t";
}

}  // namespace

void InterviewTarget(const std::string& conninfo, core::SwitchoverFacts& facts) {
  const std::chrono::milliseconds limit = setting::PeerTimeout();
  PeerSession session(facts.target, conninfo);
  AskWithin(session, AskForReport(false), limit);
  facts.answer = AnswerOf(session, limit);
  if (facts.answer.kind != core::PeerAnswer::Kind::kAnswered) {
    facts.error = facts.answer.error;
    return;
  }
  if (!Ask(session, AskForSlots(facts.node_name), limit, facts.error)) return;
  if (!session.rows().empty()) TakeSlots(session.rows().front(), facts);
  // It asks the other nodes in its turn, as long as its own setting allows, which is taken to be
  // the same there; and so one that is silent must not silence the target as well.
  if (!Ask(session, kAskForCheck, kFreshLookThere + 2 * limit, facts.error)) return;
  facts.promotion_check.emplace();
  for (const PeerSession::Row& row : session.rows()) {
    facts.promotion_check->push_back(
        core::Judged(row.at(0), StatusNamed(row.at(1)), "", row.at(2)));
  }
}

}  // namespace baton
