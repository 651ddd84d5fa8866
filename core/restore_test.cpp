#include "core/restore_test.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <tuple>

#include "core/quantity.hpp"
#include "core/restore_command.hpp"
#include "core/wal_segment.hpp"

namespace baton::core {
namespace {

constexpr const char* kNameAnother =
    "Name a folder that is empty, or that does not exist, with --scratch-directory.";

Problem Occupied(const ScratchFolderFacts& facts) {
  return {fmt::format("scratch directory \"{}\" is not empty", facts.path),
          "What is in it was not made by a restore test.", kNameAnother};
}

void CheckPlace(const ScratchFolderFacts& facts, Problems& problems) {
  if (!facts.data_directory.empty()) {
    problems.push_back({fmt::format("scratch directory \"{}\" is in a data directory", facts.path),
                        fmt::format("\"{}\" belongs to a server.", facts.data_directory),
                        kNameAnother});
  } else if (!facts.forbidden.empty()) {
    problems.push_back({fmt::format("scratch directory \"{}\" and \"{}\" are inside one another",
                                    facts.path, facts.forbidden),
                        "The test removes all that it made in the scratch directory.",
                        kNameAnother});
  } else if (facts.exists && !facts.is_directory) {
    problems.push_back(
        {fmt::format("scratch directory \"{}\" is no directory", facts.path), "", kNameAnother});
  } else if (facts.exists && !facts.is_own) {
    problems.push_back({fmt::format("scratch directory \"{}\" is not this user's own", facts.path),
                        "", kNameAnother});
  } else if (facts.exists && !facts.is_empty && !facts.is_leftover) {
    problems.push_back(Occupied(facts));
  } else if (!facts.can_create) {
    problems.push_back({fmt::format("cannot write to \"{}\"", facts.path), "", kNameAnother});
  }
}

}  // namespace

Problems CheckScratchFolder(const ScratchFolderFacts& facts) {
  Problems problems;
  CheckPlace(facts, problems);
  if (problems.empty() && facts.free_bytes && *facts.free_bytes < facts.needed_bytes) {
    problems.push_back({fmt::format("not enough free space in \"{}\"", facts.path),
                        fmt::format("{} are free, and {} are needed for the backup and some WAL.",
                                    BytesText(*facts.free_bytes), BytesText(facts.needed_bytes)),
                        "Free some space, or name a folder elsewhere with --scratch-directory."});
  }
  return problems;
}

std::string QuotedSetting(std::string_view value) {
  std::string quoted = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') quoted += c;
    quoted += c == '\n' ? std::string("\\n") : std::string(1, c);
  }
  return quoted + "'";
}

std::string ScratchConfiguration(const ScratchServerFacts& facts) {
  std::string text = "# Made by pg_baton for a restore test; thrown away at its end.\n";
  const auto set = [&](std::string_view name, std::string_view value) {
    text += fmt::format("{} = {}\n", name, QuotedSetting(value));
  };
  // Nobody but the test reaches it, and it reaches nobody: no archive, no upstream, no publisher
  // whose slot it would consume, no library that has a life of its own.
  set("listen_addresses", "");
  set("port", "5432");
  set("unix_socket_directories", facts.socket_directory);
  set("unix_socket_permissions", "0700");
  set("archive_mode", "off");
  set("primary_conninfo", "");
  set("max_logical_replication_workers", "0");
  set("shared_preload_libraries", facts.preload_libraries);
  set("autovacuum", "off");
  if (facts.major >= 17) {
    set("event_triggers", "off");
    set("sync_replication_slots", "off");
  }
  set("restore_command", facts.restore_command);
  set("recovery_target_timeline", "latest");
  set("recovery_target_action", "promote");
  if (!facts.target_lsn.empty()) set("recovery_target_lsn", facts.target_lsn);
  if (!facts.target_time.empty()) set("recovery_target_time", facts.target_time);
  set("hot_standby", "on");
  for (const auto& [name, value] : facts.minimums) set(name, value);
  // Nothing in it has to survive a crash.
  set("fsync", "off");
  set("full_page_writes", "off");
  set("shared_buffers", "64MB");
  set("logging_collector", "off");
  set("log_destination", "stderr");
  set("log_min_messages", "warning");
  set("log_line_prefix", "");
  set("lc_messages", "C");
  return text;
}

std::string WithoutRemoval(std::string_view restore_command) {
  constexpr std::string_view kBeforeAll = "000000000000000000000000";
  std::string command;
  for (std::size_t i = 0; i < restore_command.size(); ++i) {
    const std::string_view pair = restore_command.substr(i, 2);
    if (pair.size() < 2 || pair.front() != '%') {
      command += restore_command[i];
      continue;
    }
    command += pair == "%r" ? kBeforeAll : pair;
    ++i;
  }
  return command;
}

std::optional<Problem> FindShortfall(const RestoreEnd& end) {
  if (end.had_target || end.newest_archived.empty()) return std::nullopt;
  const Lsn last(end.end.bytes() - 1);
  const TimelineId newest_timeline = TimelineOf(end.newest_archived);
  const std::string restored = SegmentName(end.timeline, last, end.segment_bytes);
  const auto newest = std::tuple(newest_timeline, BeginOf(end.newest_archived, end.segment_bytes));
  if (newest <= std::tuple(end.timeline, BeginOf(restored, end.segment_bytes))) return std::nullopt;
  const std::string missing = SegmentName(end.timeline, end.end, end.segment_bytes);
  std::string detail =
      fmt::format("The archive has segments up to {}; {} is missing, or is damaged{}.",
                  end.newest_archived, restored == missing ? "the rest of " + restored : missing,
                  newest_timeline > end.timeline
                      ? fmt::format(", or the way to timeline {} is not known", newest_timeline)
                      : "");
  if (!end.last_words.empty()) detail += "  " + end.last_words;
  return Problem{fmt::format("the archive can be restored up to {} on timeline {} only",
                             end.end.ToString(), end.timeline),
                 std::move(detail),
                 "pg_baton archive-check tells all that it lacks; take a new base backup, so that "
                 "later times can be restored."};
}

}  // namespace baton::core
