#include "core/rejoin_check.hpp"

#include <fmt/format.h>

namespace baton::core {
namespace {

constexpr const char* kCloneInstead =
    "Move the directory aside and make a new standby with pg_baton clone.";

Problems CheckTarget(const RejoinTarget& target) {
  if (!target.is_data_directory) {
    return {{fmt::format("\"{}\" is not a data directory", target.path),
             "It has no file PG_VERSION.", "Name the former primary's data directory with -D."}};
  }
  if (target.is_foreign) {
    return {{fmt::format("directory \"{}\" belongs to another user", target.path), "",
             "Run pg_baton as its owner, for example with runuser -u postgres."}};
  }
  if (target.is_unfinished) {
    return {{fmt::format("directory \"{}\" was left half-way by a rejoin or clone", target.path),
             "Its files are of two servers, so nothing can start from it.", kCloneInstead}};
  }
  if (target.is_running) {
    return {{fmt::format("a server is running in \"{}\"", target.path),
             "A directory can be rewound only while no server uses it.",
             "Stop the server first, for example with pg_ctl stop -m fast."}};
  }
  return {};
}

}  // namespace

Problems CheckRejoin(const RejoinSource& source, const RejoinTarget& target) {
  Problems problems = CheckTarget(target);
  if (!problems.empty()) return problems;

  if (target.bindir.empty() || target.bindir_major != target.major) {
    problems.push_back(
        {fmt::format("no server programs of PostgreSQL {} found", target.major), "",
         fmt::format("Install postgresql-{}, or name the folder with --bindir.", target.major)});
  }
  if (source.in_recovery) {
    problems.push_back({"the source is a standby",
                        "A former primary is rewound to the server that took over from it.",
                        "Connect to the present primary."});
  }
  if (source.major != target.major) {
    problems.push_back({"the servers have different major versions",
                        fmt::format("The source runs PostgreSQL {}, \"{}\" is of PostgreSQL {}.",
                                    source.version, target.path, target.major),
                        kCloneInstead});
  }
  if (source.system_identifier != target.system_identifier) {
    problems.push_back(
        {"the servers are not of the same cluster",
         fmt::format("The source's system identifier is {}, that of \"{}\" is {}.",
                     source.system_identifier, target.path, target.system_identifier),
         "Check the host and port of the source."});
  }
  if (source.timeline != 0 && target.timeline == source.timeline) {
    // pg_rewind would say that there is nothing to do, and the node would stream with rows of its
    // own.
    problems.push_back({fmt::format("\"{}\" is on the same timeline as the source", target.path),
                        fmt::format("Both are on timeline {}, and both have been a primary on it.",
                                    target.timeline),
                        kCloneInstead});
  }
  if (source.timeline != 0 && target.timeline > source.timeline) {
    problems.push_back(
        {fmt::format("\"{}\" is on a newer timeline than the source", target.path),
         fmt::format("It is on timeline {}, the source on {}.", target.timeline, source.timeline),
         "Perhaps the two are the other way round: the server that was promoted "
         "last is the one to keep."});
  }
  if (target.was_standby) {
    problems.push_back({fmt::format("\"{}\" was a standby, not a primary", target.path),
                        "There is nothing to rewind; a standby follows another primary when its "
                        "primary_conninfo says so.",
                        kCloneInstead});
  }
  if (!target.wal_log_hints && !target.data_checksums) {
    problems.push_back({"the former primary cannot be rewound",
                        "Neither wal_log_hints nor data checksums were on when it last ran.",
                        kCloneInstead});
  }
  if (!source.full_page_writes) {
    problems.push_back({"full_page_writes is off on the source", "pg_rewind needs it.",
                        "Set it on and reload the source."});
  }
  if (!source.has_extension) {
    problems.push_back({"the source has no extension pg_baton", "",
                        "Run pg_baton setup-primary on the source's host first."});
  }
  if (!source.may_read_files || !source.may_checkpoint) {
    problems.push_back(
        {"the role may not read the source's files or call for a checkpoint",
         "pg_rewind reads them by pg_ls_dir, pg_stat_file and pg_read_binary_file.",
         "Run pg_baton setup-primary on the source's host; it grants what is needed."});
  }
  if (source.name_is_source) {
    problems.push_back({"this node has the name of the source", "Each node needs its own name.",
                        "Name the former primary with --node-name."});
  }
  if (source.slot_active) {
    problems.push_back({"the replication slot of this node is in use",
                        "A standby with this name streams from the source already.",
                        "Check --node-name, and whether another copy of this node runs."});
  }
  return problems;
}

}  // namespace baton::core
