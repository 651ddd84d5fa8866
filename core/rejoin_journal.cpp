#include "core/rejoin_journal.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace baton::core {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, kRejoinSteps.size()> kNames = {
    "recovering", "saving", "locked", "rewinding", "rewound", "copying", "swapping", "ready"};

std::optional<RejoinStep> StepNamed(std::string_view name) {
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return kRejoinSteps[static_cast<std::size_t>(found - kNames.begin())];
}

Lsn LsnFrom(const json& value) { return Lsn::Parse(value.get<std::string>()).value_or(Lsn()); }

}  // namespace

std::string_view StepName(RejoinStep step) { return kNames[static_cast<std::size_t>(step)]; }

std::string JournalToText(const RejoinJournal& journal) {
  json file = {{"step", StepName(journal.step)},
               {"node_name", journal.node_name},
               {"passfile", journal.passfile},
               {"system_identifier", journal.system_identifier},
               {"major", journal.major},
               {"segment_bytes", journal.segment_bytes},
               {"mode", journal.mode},
               {"signals", journal.signals},
               {"timeline", journal.timeline},
               {"source_timeline", journal.source_timeline},
               {"source_reign", journal.source_reign},
               {"fork", journal.fork.ToString()},
               {"own", journal.own},
               {"tablespaces", json::array()},
               {"why_copied", journal.why_copied}};
  for (const RejoinJournal::Tablespace& tablespace : journal.tablespaces) {
    file["tablespaces"].push_back({{"oid", tablespace.oid},
                                   {"on_source", tablespace.on_source},
                                   {"grows_at", tablespace.grows_at},
                                   {"location", tablespace.location}});
  }
  return file.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

std::optional<RejoinJournal> JournalFromText(std::string_view text) {
  const json file = json::parse(text, nullptr, false);
  if (!file.is_object()) return std::nullopt;
  RejoinJournal journal;
  try {
    const auto step = StepNamed(file.at("step").get<std::string>());
    if (!step) return std::nullopt;
    journal.step = *step;
    file.at("node_name").get_to(journal.node_name);
    file.at("passfile").get_to(journal.passfile);
    file.at("system_identifier").get_to(journal.system_identifier);
    file.at("major").get_to(journal.major);
    file.at("segment_bytes").get_to(journal.segment_bytes);
    file.at("mode").get_to(journal.mode);
    file.at("signals").get_to(journal.signals);
    file.at("timeline").get_to(journal.timeline);
    file.at("source_timeline").get_to(journal.source_timeline);
    file.at("source_reign").get_to(journal.source_reign);
    journal.fork = LsnFrom(file.at("fork"));
    file.at("own").get_to(journal.own);
    for (const json& tablespace : file.at("tablespaces")) {
      journal.tablespaces.push_back({tablespace.at("oid").get<std::string>(),
                                     tablespace.at("on_source").get<std::string>(),
                                     tablespace.at("grows_at").get<std::string>(),
                                     tablespace.at("location").get<std::string>()});
    }
    file.at("why_copied").get_to(journal.why_copied);
  } catch (const json::exception&) {
    return std::nullopt;
  }
  return journal;
}

}  // namespace baton::core
