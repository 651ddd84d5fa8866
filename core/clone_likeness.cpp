#include <charconv>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <set>

#include "core/clone_rules.hpp"

namespace baton::core {
namespace {

// "15.4" from "15.4 (Debian 15.4-1.pgdg12)".
std::string PlainVersion(const std::string& version) {
  return version.substr(0, version.find(' '));
}

// 4 from "15.4"; nullopt of a version that is not released.
std::optional<int> MinorOf(const std::string& version) {
  const auto dot = version.find('.');
  if (dot == std::string::npos) return std::nullopt;
  int minor = 0;
  const char* const end = version.data() + version.size();
  const auto [rest, error] = std::from_chars(version.data() + dot + 1, end, minor);
  if (error != std::errc() || rest != end) return std::nullopt;
  return minor;
}

void CheckMinor(const CloneSource& source, const CloneTarget& target, CloneVerdicts& verdicts) {
  const std::string there = PlainVersion(source.version);
  const std::string here = PlainVersion(target.version);
  if (there == here) return verdicts.Ok("version", fmt::format("both run PostgreSQL {}", here));
  if (here.empty()) {
    return verdicts.Unknown("version",
                            {"the minor version of the programs here is not known", "", ""});
  }
  const auto minor_there = MinorOf(there);
  const auto minor_here = MinorOf(here);
  const bool is_older = minor_there && minor_here && *minor_here < *minor_there;
  verdicts.Warn("version",
                {"the servers have different minor versions",
                 fmt::format("The source runs PostgreSQL {}, the programs in \"{}\" are of {}.",
                             there, target.bindir, here),
                 is_older ? "Update PostgreSQL on this host first: a standby should have the newer "
                            "one of two minor versions."
                          : "Update PostgreSQL on the source's host when the standby runs."});
}

void CheckPrograms(const CloneSource& source, const CloneTarget& target, CloneVerdicts& verdicts) {
  if (target.bindir.empty()) {
    return verdicts.Refuse(
        "version",
        {fmt::format("no server programs of PostgreSQL {} found on this host", source.major),
         "A standby runs the same major version as its primary.",
         fmt::format("Install postgresql-{}, or name the folder with --bindir.", source.major)});
  }
  const bool can_compare = !source.architecture.empty() && !target.architecture.empty();
  const bool other_machine = can_compare && source.architecture != target.architecture;
  if (other_machine) {
    verdicts.Refuse(
        "architecture",
        {"the servers have different architectures",
         fmt::format("The source runs on {}, the programs in \"{}\" are for {}.",
                     source.architecture, target.bindir, target.architecture),
         "A standby needs the same architecture; across architectures only logical replication "
         "works."});
  } else if (can_compare) {
    verdicts.Ok("architecture", fmt::format("both are for {}", target.architecture));
  } else {
    verdicts.Unknown("architecture", {"the architectures cannot be compared", "", ""});
  }
  if (target.major == source.major) return CheckMinor(source, target, verdicts);
  // Programs of another machine cannot tell their version: major is 0 then.
  if (other_machine && target.major == 0) return;
  verdicts.Refuse(
      "version",
      {"the servers have different major versions",
       fmt::format(
           "The source runs PostgreSQL {}, the programs in \"{}\" are of {}.", source.version,
           target.bindir,
           target.major == 0 ? "an unknown version" : fmt::format("PostgreSQL {}", target.major)),
       fmt::format("Install postgresql-{} here, or name its folder with --bindir.", source.major)});
}

std::string LayoutText(const PageLayout& layout) {
  return fmt::format("blocks of {} bytes, of {} in the WAL, {} in a file", layout.block_bytes,
                     layout.wal_block_bytes, layout.segment_blocks);
}

void CheckLayout(const CloneSource& source, const CloneTarget& target, CloneVerdicts& verdicts) {
  if (!source.layout || !target.layout) {
    return verdicts.Unknown("page_layout", {"the layouts of the files cannot be compared", "", ""});
  }
  if (*source.layout == *target.layout) {
    return verdicts.Ok("page_layout", LayoutText(*target.layout));
  }
  verdicts.Refuse("page_layout", {"the servers have different layouts of their files",
                                  fmt::format("The source has {}; the programs in \"{}\" have {}.",
                                              LayoutText(*source.layout), target.bindir,
                                              LayoutText(*target.layout)),
                                  "Install programs that were built with the same sizes."});
}

void CheckChecksums(const CloneSource& source, CloneVerdicts& verdicts) {
  if (!source.data_checksums) {
    return verdicts.Unknown("checksums", {"whether the source has checksums is not known", "", ""});
  }
  if (*source.data_checksums) {
    return verdicts.Ok("checksums", "every page is checked while it is copied");
  }
  verdicts.Warn("checksums", {"the source has no data checksums",
                              "A damaged page would be copied without a word.",
                              "Switch them on with pg_checksums when the servers are down."});
}

void CheckCollations(const CloneSource& source, const CloneTarget& target,
                     CloneVerdicts& verdicts) {
  if (!source.collations) {
    return verdicts.Unknown("collation", {"the source's collations could not be read", "", ""});
  }
  std::set<std::string> differing;
  std::set<std::string> not_known;
  std::string there;
  for (const CollationUse& use : *source.collations) {
    if (use.version.empty() || use.provider == 'b') continue;
    if (use.provider != 'c' || target.libc_version.empty()) {
      not_known.insert(use.database);
    } else if (use.version != target.libc_version) {
      differing.insert(use.database);
      there = use.version;
    }
  }
  if (!differing.empty()) {
    verdicts.Warn("collation",
                  {"the C libraries of the two hosts may sort text differently",
                   fmt::format("Theirs is {}, here it is {}. Databases that use it: {}.", there,
                               target.libc_version, fmt::join(differing, ", ")),
                   "Use the same system release on both, or rebuild indexes on text when this "
                   "server has been promoted."});
  }
  if (!not_known.empty()) {
    verdicts.Unknown("collation",
                     {"whether ICU sorts text here as on the source is not known",
                      fmt::format("Databases that use it: {}.", fmt::join(not_known, ", ")),
                      "Compare the versions of the library libicu on the two hosts."});
  }
  verdicts.OkUnlessSaid("collation", "text is sorted here as on the source");
}

}  // namespace

void CheckLikeness(const CloneSource& source, const CloneTarget& target, CloneVerdicts& verdicts) {
  CheckPrograms(source, target, verdicts);
  if (target.bindir.empty()) return;
  CheckLayout(source, target, verdicts);
  CheckChecksums(source, verdicts);
  CheckCollations(source, target, verdicts);
}

}  // namespace baton::core
