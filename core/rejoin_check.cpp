#include "core/rejoin_check.hpp"

#include <fmt/format.h>

namespace baton::core {
namespace {

constexpr const char* kCloneInstead =
    "Move the directory aside and make a new standby with pg_baton clone.";
constexpr const char* kCopyInstead = "It can come back by a new copy of the source.";

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
    return {{fmt::format("directory \"{}\" was left half-way by a clone", target.path),
             "Nothing can start from it, and no journal of a rejoin is beside it.", kCloneInstead}};
  }
  if (target.is_running) {
    return {{fmt::format("a server is running in \"{}\"", target.path),
             "A directory can be rewound only while no server uses it.",
             "Stop the server first, for example with pg_ctl stop -m fast."}};
  }
  return {};
}

// Two servers that were promoted from one timeline both chose the next number, and pg_rewind, which
// compares numbers and their beginnings, takes their WAL for the same.
Problems CheckReign(const RejoinSource& source, const RejoinTarget& target) {
  if (!target.reign.empty() && !source.reign_of_targets_timeline.empty() &&
      target.reign != source.reign_of_targets_timeline) {
    return {{fmt::format("timeline {} of \"{}\" is not the source's timeline {}", target.timeline,
                         target.path, target.timeline),
             "Two servers were promoted to a timeline of the same number, and pg_rewind cannot "
             "tell them apart.",
             kCopyInstead}};
  }
  if (source.timeline == target.timeline && !target.is_standby) {
    return {{fmt::format("\"{}\" is on the same timeline as the source", target.path),
             fmt::format("Both are on timeline {}, and both have been a primary on it.",
                         target.timeline),
             kCopyInstead}};
  }
  return {};
}

Problems CheckRewind(const RejoinSource& source, const RejoinTarget& target) {
  Problems problems;
  if (!target.wal_log_hints && !target.data_checksums) {
    problems.push_back({"pg_rewind cannot be used on this directory",
                        "Neither wal_log_hints nor data checksums were on when it last ran.",
                        kCopyInstead});
  }
  if (!source.full_page_writes) {
    problems.push_back({"full_page_writes is off on the source", "pg_rewind needs it.",
                        "Set it on and reload the source."});
  }
  if (!source.special_files.empty()) {
    problems.push_back({fmt::format("\"{}\" in the source's data directory is no regular file",
                                    source.special_files.front()),
                        "pg_rewind cannot copy a socket or pipe.",
                        "Let unix_socket_directories of the source lead elsewhere."});
  }
  return problems;
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
                        "A former primary comes back behind the server that took over from it.",
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
  if (source.timeline != 0 && target.timeline > source.timeline) {
    problems.push_back(
        {fmt::format("\"{}\" is on a newer timeline than the source", target.path),
         fmt::format("It is on timeline {}, the source on {}.", target.timeline, source.timeline),
         "Perhaps the two are the other way round: the server that was promoted "
         "last is the one to keep."});
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

RejoinVerdict JudgeRejoin(const RejoinSource& source, const RejoinTarget& target,
                          const std::optional<CommonTimeline>& common) {
  const Problems two_reigns = CheckReign(source, target);
  if (!two_reigns.empty()) return {RejoinWay::kCopy, two_reigns};
  if (!common) {
    return {RejoinWay::kCopy,
            {{"the two histories have nothing in common",
              fmt::format("The source's history does not contain timeline {}.", target.timeline),
              kCopyInstead}}};
  }
  const bool parted = !common->end.IsNone();
  const Lsn shared = parted ? common->end : source.current;
  if (!target.end.IsNone() && target.end <= shared) return {RejoinWay::kFollow, {}};
  Problems against = CheckRewind(source, target);
  // Recovery and pg_rewind both take damage for the end, and the data files may have more.
  if (target.end.IsNone()) {
    against.push_back({"where this node's WAL ends is not known", target.end_error, kCopyInstead});
  } else if (!parted) {
    against.push_back({fmt::format("\"{}\" has more of timeline {} than the source", target.path,
                                   source.timeline),
                       fmt::format("Its WAL ends at {}, that of the source at {}.",
                                   target.end.ToString(), source.current.ToString()),
                       kCopyInstead});
  }
  if (!against.empty()) return {RejoinWay::kCopy, against};
  return {RejoinWay::kRewind, {}};
}

}  // namespace baton::core
