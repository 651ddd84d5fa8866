#include "roll_call.hpp"

#include "pg/postgres.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "core/quantity.hpp"
#include "peer_session.hpp"
#include "pg/clock.hpp"
#include "self_report.hpp"

namespace baton {
namespace {

using Kind = core::PeerAnswer::Kind;

// A row that is not this node's own is as good as none, but a server is there.
void TakeRow(const PeerSession& session, core::PeerAnswer& answer) {
  const auto report = ParseReport(session.rows());
  answer.kind = Kind::kReached;
  if (!report) {
    answer.error = "the answer was not understood; is pg_baton of another version there?";
  } else if (report->row.system_identifier != GetSystemIdentifier()) {
    answer.error = "the server at this address belongs to another cluster";
  } else if (!report->row.name.empty() && report->row.name.view() != session.name()) {
    answer.error =
        fmt::format("the server at this address is node \"{}\"", report->row.name.view());
  } else {
    answer.kind = Kind::kAnswered;
    answer.row = report->row;
    answer.row.asked = true;
    answer.row.reachable = true;
  }
}

// Puts one question to every target; the sessions hold what came of it.
PeerSessions AskEach(const std::vector<RegisteredNode>& nodes, const std::string& question,
                     std::chrono::milliseconds limit, const std::function<void()>& meanwhile) {
  PeerSessions sessions;
  std::vector<bool> asked(nodes.size(), false);
  for (const RegisteredNode& node : nodes) {
    sessions.push_back(std::make_unique<PeerSession>(node.name.str(), node.conninfo.str()));
  }
  const core::Instant end = pg::Now() + limit;
  const auto waiting = [&] {
    for (std::size_t i = 0; i < sessions.size(); ++i) {
      PeerSession& session = *sessions[i];
      if (session.state() == PeerSession::State::kIdle && !asked[i]) {
        session.Ask(question.c_str());
        asked[i] = true;
      }
    }
    return std::any_of(sessions.begin(), sessions.end(), [](const auto& session) {
      return session->state() == PeerSession::State::kConnecting ||
             session->state() == PeerSession::State::kAsking;
    });
  };
  while (waiting() && pg::Now() < end) {
    meanwhile();
    AdvanceAll(sessions);
  }
  return sessions;
}

}  // namespace

core::PeerAnswer AnswerOf(const PeerSession& session, std::chrono::milliseconds limit) {
  core::PeerAnswer answer;
  answer.name = session.name();
  if (session.state() == PeerSession::State::kIdle && !session.rows().empty()) {
    TakeRow(session, answer);
  } else if (session.state() == PeerSession::State::kFailed) {
    answer.kind = session.failure();
    answer.error = session.error();
  } else {
    answer.kind = session.reached() ? Kind::kReached : Kind::kSilent;
    answer.error = "no answer within " + core::DurationText(limit);
  }
  return answer;
}

std::vector<core::PeerAnswer> AskWhoTheyAre(const std::vector<RegisteredNode>& nodes,
                                            std::chrono::milliseconds limit,
                                            const std::function<void()>& meanwhile) {
  std::vector<core::PeerAnswer> answers;
  for (const auto& session : AskEach(nodes, AskForReport(false), limit, meanwhile)) {
    answers.push_back(AnswerOf(*session, limit));
  }
  return answers;
}

Yielding AskToYield(const std::vector<RegisteredNode>& nodes, std::string_view successor,
                    core::TimelineId timeline, std::chrono::milliseconds limit) {
  // A node name is safe as a literal.
  const std::string question =
      fmt::format("SELECT yielded FROM baton.yield('{}', {})", successor, timeline);
  Yielding answers;
  for (const auto& session : AskEach(nodes, question, limit, [] {})) {
    const bool answered = session->state() == PeerSession::State::kIdle && !session->rows().empty();
    const std::string answer = answered ? session->rows().front().front() : "";
    if (answer == "f") continue;
    std::string& names = answer == "t" ? answers.yielded : answers.would_not;
    names += (names.empty() ? "" : ", ") + session->name();
  }
  return answers;
}

}  // namespace baton
