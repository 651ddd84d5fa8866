#include "core/prestart.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "core/gate_judge.hpp"

namespace baton::core {
namespace {

using Action = StartVerdict::Action;
using Memory = StartingNode::Memory;

constexpr const char* kInQuarantine =
    "The server starts with its write gate closed, until another node answers or "
    "pg_baton.quarantine_timeout is over.";
constexpr const char* kUntilItIsUnfenced =
    "The server starts with its write gate closed, until a person calls baton.unfence().";
constexpr const char* kUntilAPersonDecides =
    "The server starts with its write gate closed, until a person calls "
    "baton.unfence(force => true).";

StartVerdict Start(std::string message, std::string detail = "") {
  return {Action::kStart, {std::move(message), std::move(detail), ""}, false, false, ""};
}

StartVerdict Refuse(std::string message, std::string detail, std::string hint) {
  return {
      Action::kRefuse, {std::move(message), std::move(detail), std::move(hint)}, false, false, ""};
}

// Starts in doubt, or does not where an answer is required.
StartVerdict Doubt(StartRules rules, const std::string& message, const std::string& detail,
                   const char* gate) {
  if (rules.require_answer) {
    return Refuse(message, detail,
                  "Start the other nodes first, or run the command without --require-answer.");
  }
  return {Action::kStart,
          {message, fmt::format("{} {}", detail, gate), "See baton.health when it runs."},
          true,
          false,
          ""};
}

Reign OwnReign(const StartingNode& node) {
  // Nothing that an unfinished directory says of itself counts.
  if (node.is_unfinished) return {};
  const Reign& last = node.state.reign;
  // A server that crashed right after its promotion has the old timeline in its control file.
  const TimelineId timeline = std::max(node.timeline, last.timeline);
  return {last.timeline == timeline ? last.id : 0, timeline, {}};
}

// What the words come to.
struct Picture {
  std::vector<const PeerWord*> newest;  // the primaries that count, of the newest timeline
  TimelineId newest_timeline = 0;       // theirs; 0 if there are none
  TimelineId known_timeline = 0;        // the newest that anybody knows of
  const PeerWord* knows = nullptr;      // who
  std::size_t answered = 0;
};

Picture Look(const std::vector<PeerWord>& words) {
  Picture picture;
  for (const PeerWord& word : words) {
    if (!word.answered) continue;
    ++picture.answered;
    const TimelineId known = std::max(word.timeline, word.primary_timeline);
    if (known > picture.known_timeline) {
      picture.known_timeline = known;
      picture.knows = &word;
    }
    if (word.role != Role::kPrimary || word.HasYielded()) continue;
    if (word.timeline > picture.newest_timeline) {
      picture.newest_timeline = word.timeline;
      picture.newest.clear();
    }
    if (word.timeline == picture.newest_timeline) picture.newest.push_back(&word);
  }
  return picture;
}

std::string Answers(const std::vector<PeerWord>& words) {
  std::string text;
  for (const PeerWord& word : words) {
    text += fmt::format("{}Node \"{}\": {}.", text.empty() ? "" : " ", word.name, PeerText(word));
  }
  return text;
}

std::string AnswersOf(const std::vector<const PeerWord*>& words) {
  std::string text;
  for (const PeerWord* const word : words) {
    text += fmt::format("{}\"{}\"", text.empty() ? "" : " and ", word->name);
  }
  return text;
}

// Somebody whose WAL is of another reign on this node's own timeline: both were promoted from the
// same server, and the timelines' numbers do not tell who counts.
const PeerWord* OfAnotherReign(const std::vector<PeerWord>& words, const Reign& own) {
  const auto found = std::find_if(words.begin(), words.end(), [&](const PeerWord& word) {
    return word.answered && word.timeline == own.timeline &&
           Supersedes({word.reign.id, word.timeline, {}}, own);
  });
  return found == words.end() ? nullptr : &*found;
}

StartVerdict Rejoin(const PeerWord& primary) {
  return {Action::kRejoin,
          {fmt::format("node \"{}\" is the primary on timeline {}: this node comes back as its "
                       "standby",
                       primary.name, primary.timeline),
           "", ""},
          false,
          false,
          primary.name};
}

std::optional<StartVerdict> JudgePrimaries(const Reign& own, const Picture& picture,
                                           const std::vector<PeerWord>& words) {
  if (picture.newest.size() > 1 && picture.newest_timeline >= own.timeline) {
    return Refuse(fmt::format("{} nodes answer as primary on timeline {}", picture.newest.size(),
                              picture.newest_timeline),
                  fmt::format("They are {}.", AnswersOf(picture.newest)),
                  "Stop the one that should not be it, then run the command again.");
  }
  if (picture.known_timeline > std::max(own.timeline, picture.newest_timeline)) {
    if (picture.knows->role == Role::kPrimary) {
      return Refuse(
          fmt::format("node \"{}\" is a primary on timeline {} that has given way to "
                      "another, and none answers that counts",
                      picture.knows->name, picture.knows->timeline),
          Answers(words),
          "Decide which one to keep, and open its gate with baton.unfence(force => true); "
          "then run the command again.");
    }
    return Refuse(fmt::format("node \"{}\" knows of a primary on timeline {}, and none answers",
                              picture.knows->name, picture.known_timeline),
                  Answers(words),
                  "Start that one, or let another node be promoted, then run the command again.");
  }
  if (picture.newest_timeline > own.timeline) return Rejoin(*picture.newest.front());
  if (picture.newest.empty() || picture.newest_timeline < own.timeline) return std::nullopt;
  const PeerWord& rival = *picture.newest.front();
  if (Supersedes({rival.reign.id, rival.timeline, {}}, own)) return Rejoin(rival);
  return Refuse(fmt::format("node \"{}\" is a primary on timeline {}, as this node was", rival.name,
                            rival.timeline),
                "It is not known which of the two counts.",
                "Decide which one to keep, and make the other one its standby with pg_baton rejoin "
                "or pg_baton clone.");
}

std::string MayStart(const StartingNode& node, const Picture& picture) {
  if (picture.newest_timeline == 0) {
    return fmt::format("node \"{}\" may start: no other node is a primary", node.name);
  }
  return fmt::format("node \"{}\" may start: no other node is a newer primary", node.name);
}

}  // namespace

std::string PeerText(const PeerWord& word) {
  if (!word.answered) return fmt::format("does not answer: {}", word.error);
  if (word.role == Role::kPrimary) {
    const std::string text = fmt::format("primary on timeline {}", word.timeline);
    return word.HasYielded() ? fmt::format("{}, which has given way to \"{}\"", text, word.primary)
                             : text;
  }
  const std::string text = fmt::format("standby on timeline {}", word.timeline);
  if (word.primary.empty()) return text + ", which knows no primary";
  return fmt::format("{}, of primary \"{}\" on timeline {}", text, word.primary,
                     word.primary_timeline);
}

std::optional<StartVerdict> JudgeAlone(const StartingNode& node, StartRules rules) {
  if (!node.is_data_directory) {
    return Refuse(fmt::format("\"{}\" is not a data directory", node.path),
                  "It has no file PG_VERSION.", "Name the node's data directory with -D.");
  }
  if (node.is_foreign) {
    return Refuse(fmt::format("directory \"{}\" belongs to another user", node.path), "",
                  "Run pg_baton as its owner, for example with runuser -u postgres.");
  }
  if (node.is_running) {
    return Refuse(fmt::format("a server is running in \"{}\"", node.path), "",
                  "There is nothing to start; pg_baton status shows the cluster.");
  }
  if (node.is_unfinished) {
    if (!node.peers.empty()) return std::nullopt;
    return Refuse(fmt::format("directory \"{}\" was left half-way by a rejoin or clone", node.path),
                  "Which other nodes there are is not known, so it cannot go on by itself.",
                  "Run pg_baton rejoin with the address of the present primary.");
  }
  if (!node.loads_library) {
    return Start("this server is no node of pg_baton: it may start",
                 "Its shared_preload_libraries does not name pg_baton.");
  }
  if (node.is_standby) {
    return Start(fmt::format("node \"{}\" is a standby already: it may start", node.name));
  }
  if (node.is_restored) {
    return Start(fmt::format("node \"{}\" is to recover from a backup: it may start", node.name),
                 "It has a file recovery.signal.");
  }
  switch (node.memory) {
    case Memory::kNone:
      return Start(fmt::format("node \"{}\" may start: it knows no other nodes", node.name),
                   "It has no file pg_baton/state yet.");
    case Memory::kForeign:
      return Doubt(rules,
                   fmt::format("node \"{}\" does not know which other nodes there are", node.name),
                   "Its file pg_baton/state is of another node.", kInQuarantine);
    case Memory::kUnreadable:
      return Doubt(rules,
                   fmt::format("node \"{}\" does not know which other nodes there are", node.name),
                   "Its file pg_baton/state cannot be read.", kUntilItIsUnfenced);
    case Memory::kOwn:
      break;
  }
  if (!node.peers.empty()) return std::nullopt;
  return Start(fmt::format("node \"{}\" may start: no other nodes were registered", node.name));
}

StartVerdict JudgeStart(const StartingNode& node, const std::vector<PeerWord>& words,
                        StartRules rules) {
  const Reign own = OwnReign(node);
  for (const PeerWord& word : words) {
    if (!word.answered || !word.promoting) continue;
    StartVerdict verdict = Refuse(fmt::format("node \"{}\" is being promoted", word.name), "",
                                  "Run the command again when its promotion is over.");
    verdict.may_change = true;
    return verdict;
  }
  const Picture picture = Look(words);
  if (node.is_unfinished && picture.newest.empty()) {
    return Refuse(fmt::format("directory \"{}\" was left half-way by a rejoin or clone, and no "
                              "primary answers",
                              node.path),
                  Answers(words), "Run the command again when there is a primary.");
  }
  if (const auto verdict = JudgePrimaries(own, picture, words)) return *verdict;
  const PeerWord* const other = OfAnotherReign(words, own);
  if (other != nullptr && !node.state.decided) {
    return Refuse(fmt::format("node \"{}\" has WAL of another primary of timeline {}, which this "
                              "node was a primary on",
                              other->name, own.timeline),
                  Answers(words),
                  "Decide which one to keep, and make the others its standbys with pg_baton rejoin "
                  "or pg_baton clone.");
  }
  if (picture.answered < Quorum(words.size())) {
    return Doubt(rules,
                 picture.answered == 0
                     ? fmt::format("no other node answers \"{}\"", node.name)
                     : fmt::format("too few of the other nodes answer \"{}\"", node.name),
                 Answers(words), node.state.superseded ? kUntilAPersonDecides : kInQuarantine);
  }
  if (node.state.superseded) {
    return Doubt(
        rules,
        fmt::format("node \"{}\" had found another primary, which does not answer now", node.name),
        Answers(words), kUntilAPersonDecides);
  }
  return Start(MayStart(node, picture));
}

}  // namespace baton::core
