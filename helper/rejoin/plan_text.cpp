#include "helper/rejoin/plan_text.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "core/quantity.hpp"

namespace baton::helper {
namespace {

constexpr std::size_t kShownTables = 5;

std::string WayText(core::RejoinWay way) {
  switch (way) {
    case core::RejoinWay::kFollow:
      return "follow";
    case core::RejoinWay::kRewind:
      return "rewind";
    case core::RejoinWay::kCopy:
      break;
  }
  return "copy";
}

// "2 segments (32 MB): 1 here, 1 in the archive".
std::string NeededText(const Workplace& place, const Survey& survey) {
  std::string where;
  for (const WalPlace wanted :
       {WalPlace::kHere, WalPlace::kArchive, WalPlace::kSource, WalPlace::kNowhere}) {
    std::size_t count = 0;
    for (const NeededSegment& segment : survey.needed) count += segment.place == wanted ? 1 : 0;
    if (count == 0) continue;
    if (!where.empty()) where += ", ";
    where += fmt::format("{} {}", count, PlaceName(wanted));
  }
  const auto bytes = static_cast<std::int64_t>(survey.needed.size() * place.control.segment_bytes);
  return fmt::format("{} to {}, {}: {}", survey.needed.front().name, survey.needed.back().name,
                     core::BytesText(bytes), where);
}

// What will come from the source.
void ShowBytes(const Workplace& place, const Survey& survey, core::RejoinWay way) {
  Output& output = place.output;
  nlohmann::json& result = output.result();
  if (way == core::RejoinWay::kFollow) {
    const std::int64_t bytes =
        std::max<std::int64_t>(0, place.source_facts.current.BytesSince(place.target.end));
    result["stream_bytes"] = bytes;
    output.Line(fmt::format("to be streamed: {} of WAL", core::BytesText(bytes)));
  }
  if (way != core::RejoinWay::kRewind || !survey.blocks_to_copy) return;
  const std::int64_t bytes =
      *survey.blocks_to_copy * static_cast<std::int64_t>(place.control.block_bytes);
  result["changed_block_bytes"] = bytes;
  result["source_wal_bytes"] =
      survey.source_wal_bytes ? nlohmann::json(*survey.source_wal_bytes) : nlohmann::json();
  output.Line(fmt::format(
      "to be copied: {} blocks ({}) that this node has changed since {}, and all that is no table, "
      "with {} of WAL",
      *survey.blocks_to_copy, core::BytesText(bytes), survey.checkpoint.ToString(),
      survey.source_wal_bytes ? core::BytesText(*survey.source_wal_bytes) : "an unknown amount"));
}

void ShowLostTables(Output& output, const core::LostWork& lost) {
  if (!lost.unknown.empty()) return;
  output.result()["lost_tables"] = nlohmann::json::parse(core::LostWorkJson(lost))["tables"];
  for (std::size_t i = 0; i < std::min(kShownTables, lost.tables.size()); ++i) {
    const core::LostTable& table = lost.tables[i];
    output.Line(fmt::format("  {}{} in {}", lost.tables_are_exact ? "" : "at most ",
                            table.transactions, core::TableText(table.name)));
  }
  if (lost.tables.size() > kShownTables) {
    output.Line(fmt::format("  and others in {} more tables", lost.tables.size() - kShownTables));
  }
  if (!lost.prepared.empty()) {
    output.Line(fmt::format("  and {} prepared", lost.prepared.size()));
  }
}

void ShowHistory(const Workplace& place, const Survey& survey) {
  Output& output = place.output;
  nlohmann::json& result = output.result();
  if (!survey.common) {
    output.Line("the histories of the two servers have nothing in common");
    return;
  }
  const bool parted = !survey.common->end.IsNone();
  const core::Lsn fork = survey.common->end;
  const core::Lsn end = place.target.end;
  if (parted) {
    result["fork_lsn"] = fork.ToString();
    output.Line(fmt::format("the histories part at {}, on timeline {}", fork.ToString(),
                            survey.common->timeline));
  }
  if (end.IsNone()) {
    output.Line(fmt::format("where this node's WAL ends is not known: {}", place.target.end_error));
    return;
  }
  result["end_lsn"] = end.ToString();
  if (!parted || end <= fork) {
    output.Line(
        fmt::format("this node's WAL ends at {}: it has nothing of its own", end.ToString()));
    return;
  }
  result["lost_bytes"] = end.BytesSince(fork);
  result["lost_transactions"] = survey.own->committed;
  output.Line(
      fmt::format("this node's WAL ends at {}: {} of its own with {} transactions will be "
                  "given up",
                  end.ToString(), core::BytesText(end.BytesSince(fork)), survey.own->committed));
  ShowLostTables(output, survey.lost);
}

void ShowInTheWay(const Workplace& place, const Survey& survey) {
  const Inspection& found = survey.inspection;
  const auto show = [&](const std::vector<std::string>& files, std::string_view what,
                        const char* key) {
    if (files.empty()) return;
    place.output.result()[key] = files;
    place.output.Line(fmt::format("{} {}: {}{}", files.size(), what, files.front(),
                                  files.size() > 1 ? ", ..." : ""));
  };
  show(found.read_only, "read-only files will be made writable", "read_only_files");
  show(found.special, "sockets or pipes will be moved aside", "special_files");
  show(found.unknown, "files that are not PostgreSQL's will be moved aside", "unknown_files");
}

}  // namespace

void ShowPlan(const Workplace& place, const Survey& survey) {
  Output& output = place.output;
  nlohmann::json& result = output.result();
  result["data_directory"] = place.directory.string();
  result["node_name"] = place.node_name;
  result["timeline"] = place.target.timeline;
  result["source_timeline"] = place.source_facts.timeline;
  output.Line(fmt::format("source: PostgreSQL {}, timeline {}, at {}", place.source_facts.version,
                          place.source_facts.timeline, place.source_facts.current.ToString()));
  output.Line(fmt::format("target: \"{}\", node \"{}\", timeline {}, {}", place.directory.string(),
                          place.node_name, place.target.timeline, place.control.state));
  ShowHistory(place, survey);
  if (!survey.needed.empty()) {
    output.Line(fmt::format("WAL that pg_rewind reads: {}", NeededText(place, survey)));
    for (const NeededSegment& segment : survey.needed) {
      result["needed_wal"].push_back(
          {{"segment", segment.name}, {"place", PlaceName(segment.place)}});
    }
  }
  for (const PlannedTablespace& tablespace : survey.tablespaces) {
    output.Line(fmt::format("tablespace {}: \"{}\"{}", tablespace.oid, tablespace.location,
                            tablespace.is_here ? "" : ", new on this host"));
  }
  if (survey.verdict.way == core::RejoinWay::kRewind) ShowInTheWay(place, survey);
  const core::RejoinWay way =
      place.request.method == RejoinMethod::kCopy ? core::RejoinWay::kCopy : survey.verdict.way;
  result["plan"] = WayText(way);
  for (const core::Problem& problem : survey.verdict.against_rewinding) {
    result["against_rewinding"].push_back(problem.message);
    output.Line(fmt::format("no rewind: {}", problem.message));
  }
  ShowBytes(place, survey, way);
  output.Line(fmt::format("plan: {}", WayText(way)));
}

}  // namespace baton::helper
