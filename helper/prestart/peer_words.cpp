#include "helper/prestart/peer_words.hpp"

#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>
#include <set>

#include "core/error.hpp"
#include "helper/command/node_access.hpp"
#include "helper/server/roll_call.hpp"

namespace baton::helper {
namespace {

constexpr int kMostRounds = 3;

constexpr const char* kStatements =
    "SELECT name, role, timeline, system_identifier, reign, primary_name, primary_timeline,"
    " promoting FROM baton.self_report(false);"
    " SELECT name, conninfo FROM baton.node ORDER BY name";
enum Column { kName, kRole, kTimeline, kCluster, kReign, kPrimary, kPrimaryTimeline, kPromoting };

core::TimelineId TimelineIn(const std::string& text) {
  return static_cast<core::TimelineId>(std::strtoul(text.c_str(), nullptr, 10));
}

core::Role RoleIn(const std::string& text) {
  if (text == core::RoleText(core::Role::kPrimary)) return core::Role::kPrimary;
  if (text == core::RoleText(core::Role::kStandby)) return core::Role::kStandby;
  return core::Role::kUnknown;
}

core::PeerWord Silent(const std::string& name, const std::string& error) {
  core::PeerWord word;
  word.name = name;
  word.error = error;
  return word;
}

core::PeerWord WordOf(const std::string& name, const RollCallAnswer& answer,
                      const PeerQuestion& question) {
  if (!answer.answered) return Silent(name, answer.error);
  if (answer.rows.empty() || answer.rows.front().size() != 1) {
    return Silent(name, "the answer was not understood");
  }
  const RollCallAnswer::Row& row = answer.rows.front().front();
  if (row[kCluster] != question.system_identifier) {
    return Silent(name, "the server at this address belongs to another cluster");
  }
  if (row[kName] != name) {
    return Silent(name, fmt::format("the server at this address is node \"{}\"", row[kName]));
  }
  core::PeerWord word;
  word.name = name;
  word.role = RoleIn(row[kRole]);
  word.answered = word.role != core::Role::kUnknown;
  word.error = word.answered ? "" : "it does not know its own role yet";
  word.timeline = TimelineIn(row[kTimeline]);
  word.reign = {std::strtoull(row[kReign].c_str(), nullptr, 10), word.timeline, {}};
  word.primary = row[kPrimary];
  word.primary_timeline = TimelineIn(row[kPrimaryTimeline]);
  word.promoting = row[kPromoting] == "t";
  return word;
}

// As the servers ask each other.
Parameters WayTo(const std::string& conninfo, const std::filesystem::path& passfile) {
  Parameters parameters = NodeParameters(ParseConninfo(conninfo), passfile);
  parameters["options"] = "-csearch_path= -cidle_session_timeout=0";
  parameters["fallback_application_name"] = "pg_baton";
  return parameters;
}

class RollOfPeers {
 public:
  explicit RollOfPeers(const PeerQuestion& question) : question_(question) {}

  void Learn(const std::string& name, const std::string& conninfo) {
    if (name == question_.own_name || !learned_.insert({name, conninfo}).second) return;
    const core::PeerWord* const word = WordFrom(name);
    if (word == nullptr || !word->answered) next_.emplace_back(name, conninfo);
  }

  bool HasQuestions() const { return !next_.empty(); }

  void Ask() {
    core::KnownPeers asked;
    std::vector<Parameters> servers;
    for (const auto& [name, conninfo] : std::exchange(next_, {})) {
      try {
        servers.push_back(WayTo(conninfo, question_.passfile));
        asked.emplace_back(name, conninfo);
      } catch (const core::Error& error) {
        Enter(Silent(name, error.message()), conninfo);
      }
    }
    const auto answers = CallRoll(servers, kStatements, question_.limit);
    for (std::size_t i = 0; i < asked.size(); ++i) {
      const auto& [name, conninfo] = asked[i];
      const core::PeerWord word = WordOf(name, answers[i], question_);
      Enter(word, conninfo);
      if (!word.answered || answers[i].rows.size() < 2) continue;
      for (const auto& row : answers[i].rows[1]) Learn(row[0], row[1]);
    }
  }

  PeerWords Words() && { return std::move(result_); }

 private:
  core::PeerWord* WordFrom(const std::string& name) {
    const auto found = std::find_if(result_.words.begin(), result_.words.end(),
                                    [&](const core::PeerWord& word) { return word.name == name; });
    return found == result_.words.end() ? nullptr : &*found;
  }

  void Enter(const core::PeerWord& word, const std::string& conninfo) {
    core::PeerWord* const known = WordFrom(word.name);
    if (known != nullptr && known->answered) return;
    if (known == nullptr) {
      result_.words.push_back(word);
    } else {
      *known = word;
    }
    result_.conninfos[word.name] = conninfo;
  }

  const PeerQuestion& question_;
  std::set<std::pair<std::string, std::string>> learned_;
  core::KnownPeers next_;
  PeerWords result_;
};

}  // namespace

PeerWords AskPeers(const core::KnownPeers& known, const PeerQuestion& question) {
  RollOfPeers roll(question);
  for (const auto& [name, conninfo] : known) roll.Learn(name, conninfo);
  for (int round = 0; round < kMostRounds && roll.HasQuestions(); ++round) roll.Ask();
  return std::move(roll).Words();
}

}  // namespace baton::helper
