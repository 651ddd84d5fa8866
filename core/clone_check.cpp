#include "core/clone_check.hpp"

#include <fmt/format.h>

#include "core/quantity.hpp"

namespace baton::core {
namespace {

// A base backup and the WAL stream beside it.
constexpr int kWalSendersNeeded = 2;

// What grows while the copy runs: WAL, and the files themselves.
constexpr std::int64_t kSpareBytes = std::int64_t{256} * 1024 * 1024;

void CheckDirectory(const CloneTarget& target, Problems& problems) {
  using Directory = CloneTarget::Directory;
  switch (target.directory) {
    case Directory::kAbsent:
    case Directory::kEmpty:
      if (!target.can_create) {
        problems.push_back({fmt::format("cannot write to directory \"{}\"", target.path),
                            "The data directory belongs to the user who runs the server.",
                            "Run pg_baton as that user, for example with runuser -u postgres."});
      }
      return;
    case Directory::kUnfinished:
      problems.push_back({fmt::format("directory \"{}\" holds an unfinished copy", target.path),
                          "A clone or rejoin was cut short; no server can start from it.",
                          "Remove the directory and run the command again."});
      return;
    case Directory::kNotEmpty:
      problems.push_back({fmt::format("directory \"{}\" exists but is not empty", target.path),
                          "A clone never overwrites anything.",
                          "Move it aside or name another directory with -D; a former primary comes "
                          "back with pg_baton rejoin."});
      return;
    case Directory::kNotADirectory:
      problems.push_back({fmt::format("\"{}\" exists but is not a directory", target.path), "",
                          "Name another directory with -D."});
      return;
    case Directory::kForeign:
      problems.push_back({fmt::format("directory \"{}\" belongs to another user", target.path), "",
                          "Run pg_baton as its owner."});
  }
}

void CheckPrograms(const CloneSource& source, const CloneTarget& target, Problems& problems) {
  if (target.bindir.empty()) {
    problems.push_back(
        {fmt::format("no server programs of PostgreSQL {} found on this host", source.major),
         "A standby runs the same major version as its primary.",
         fmt::format("Install postgresql-{}, or name the folder with --bindir.", source.major)});
    return;
  }
  const bool other_machine = !source.architecture.empty() && !target.architecture.empty() &&
                             source.architecture != target.architecture;
  if (other_machine) {
    problems.push_back(
        {"the servers have different architectures",
         fmt::format("The source runs on {}, the programs in \"{}\" are for {}.",
                     source.architecture, target.bindir, target.architecture),
         "A standby needs the same architecture; across architectures only logical replication "
         "works."});
  }
  // Programs of another machine cannot tell their version: major is 0 then.
  if (target.major != source.major && !(other_machine && target.major == 0)) {
    problems.push_back(
        {"the servers have different major versions",
         fmt::format(
             "The source runs PostgreSQL {}, the programs in \"{}\" are of {}.", source.version,
             target.bindir,
             target.major == 0 ? "an unknown version" : fmt::format("PostgreSQL {}", target.major)),
         fmt::format("Install postgresql-{} here, or name its folder with --bindir.",
                     source.major)});
  }
}

void CheckSource(const CloneSource& source, Problems& problems) {
  if (source.in_recovery) {
    problems.push_back({"the source is a standby", "A clone is made from the primary.",
                        "Connect to the primary; baton.node_status.upstream names it."});
  }
  if (!source.has_extension) {
    problems.push_back({"the source has no extension pg_baton",
                        "The new standby could not be registered there.",
                        "Run pg_baton setup-primary on the source's host first."});
  }
  if (source.name_is_source) {
    problems.push_back({"the new node has the name of the source", "Each node needs its own name.",
                        "Choose another one with --node-name."});
  }
  const int senders_left = source.wal_senders_max - source.wal_senders_used;
  if (senders_left < kWalSendersNeeded) {
    problems.push_back(
        {"the source has too few free WAL senders",
         fmt::format("{} of max_wal_senders = {} are in use; a clone needs {}.",
                     source.wal_senders_used, source.wal_senders_max, kWalSendersNeeded),
         "Raise max_wal_senders on the source and restart it, or end a connection in "
         "pg_stat_replication."});
  }
  if (source.slot_active) {
    problems.push_back({"the replication slot of this node is in use",
                        "A standby with this name streams from the source already.",
                        "Stop that standby, or choose another name with --node-name."});
  } else if (!source.slot_exists && source.slots_used >= source.slots_max) {
    problems.push_back(
        {"the source has no free replication slot",
         fmt::format("All of max_replication_slots = {} are taken.", source.slots_max),
         "Drop a slot that nobody needs, or raise max_replication_slots and restart the source."});
  }
}

void CheckSpace(const CloneSource& source, const CloneTarget& target, Problems& problems) {
  if (!source.can_read_sizes || !target.free_bytes) return;
  const std::int64_t needed = source.bytes + kSpareBytes;
  if (*target.free_bytes >= needed) return;
  problems.push_back({"not enough free space for the copy",
                      fmt::format("The source has {}, with room for WAL {} are needed; \"{}\" has "
                                  "{} free.",
                                  BytesText(source.bytes), BytesText(needed), target.path,
                                  BytesText(*target.free_bytes)),
                      "Make room, or name a directory on another file system with -D."});
}

}  // namespace

Problems CheckClone(const CloneSource& source, const CloneTarget& target) {
  Problems problems;
  CheckSource(source, problems);
  CheckDirectory(target, problems);
  CheckPrograms(source, target, problems);
  CheckSpace(source, target, problems);
  if (!target.rejoin_journal.empty()) {
    problems.push_back(
        {fmt::format("a rejoin of directory \"{}\" has a journal", target.path),
         fmt::format("It is in \"{}\", and would be gone on with.", target.rejoin_journal),
         "Let pg_baton rejoin come to its end, or move that folder aside."});
  }
  for (const std::string& location : target.occupied_tablespaces) {
    problems.push_back({fmt::format("tablespace directory \"{}\" is not empty here", location),
                        "The copy would put the source's tablespace into it.",
                        fmt::format("Map it elsewhere: -T {}=/another/directory", location)});
  }
  return problems;
}

std::string ArchitectureOf(const std::string& version_text) {
  const auto on = version_text.find(" on ");
  if (on == std::string::npos) return "";
  const auto begin = on + 4;
  const auto end = version_text.find_first_of("-, ", begin);
  return version_text.substr(begin, end == std::string::npos ? end : end - begin);
}

}  // namespace baton::core
