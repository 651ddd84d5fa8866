#include "helper/rejoin/unarchived.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <functional>
#include <optional>

#include "archive/store.hpp"
#include "core/archive_command.hpp"
#include "core/restore_command.hpp"
#include "core/wal_segment.hpp"
#include "helper/system/interrupt.hpp"
#include "helper/system/own_process.hpp"
#include "helper/system/process.hpp"

namespace baton::helper {
namespace {

constexpr std::string_view kReady = ".ready";
constexpr std::chrono::minutes kPatience{1};  // for one segment
constexpr std::string_view kTooLong = "took too long";

fs::path StatusFolder(const Workplace& place) {
  return place.directory / "pg_wal" / "archive_status";
}

// In the order of the WAL.
std::vector<std::string> Waiting(const Workplace& place) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(StatusFolder(place), error)) {
    const std::string file = entry.path().filename();
    if (!file.ends_with(kReady)) continue;
    const std::string name = file.substr(0, file.size() - kReady.size());
    const std::uint64_t bytes = place.control.segment_bytes;
    if (core::IsSegmentName(name) &&
        core::BeginOf(name, bytes).bytes() + bytes <= place.journal.fork.bytes() &&
        fs::exists(place.directory / "pg_wal" / name)) {
      names.push_back(name);
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

// How one segment is archived: what went wrong, and nullopt if it is archived.
using Way = std::function<std::optional<std::string>(const std::string& name)>;

Way ByCommand(const Workplace& place, const std::string& command) {
  return [&place, command](const std::string& name) -> std::optional<std::string> {
    ProcessOptions options;
    options.limit = kPatience;
    const ProcessResult result =
        RunProcess({"/bin/sh", "-c",
                    fmt::format("cd {} && {}", CommandText({place.directory.string()}),
                                core::ExpandArchiveCommand(command, name, "pg_wal/" + name))},
                   options);
    if (result.exit_code == 0) return std::nullopt;
    if (result.took_too_long) return "archive_command took too long";
    return fmt::format("archive_command ended with exit code {}", result.exit_code);
  };
}

core::Packing PackingNamed(const std::string& compression) {
  if (compression == "zstd") return core::Packing::kZstd;
  return compression == "lz4" ? core::Packing::kLz4 : core::Packing::kPlain;
}

// As archive_library = 'pg_baton' does it.
Way ByOwnLibrary(const Workplace& place, const fs::path& archive) {
  core::SegmentOrigin origin;
  origin.system_identifier = std::stoull(place.control.system_identifier);
  origin.segment_bytes = place.control.segment_bytes;
  const core::Packing packing = PackingNamed(place.OwnSetting("pg_baton.archive_compression"));
  return [&place, archive, origin, packing](const std::string& name) {
    return FailureInAProcess(kPatience, [&] {
      archive::RequireOutside(archive, place.directory);
      archive::Store(archive).Put(place.directory / "pg_wal" / name, name, packing, origin);
    });
  };
}

// The way that this node archives by itself; throws why there is none.
Way WayOf(const Workplace& place) {
  const auto refuse = [](const std::string& why) {
    return core::Error(core::ErrorCode::kRefused, why);
  };
  const std::string mode = place.OwnSetting("archive_mode");
  if (mode != "on" && mode != "always") throw refuse(fmt::format("archive_mode is \"{}\"", mode));
  const std::string library = place.OwnSetting("archive_library");
  if (core::IsOwnArchiveLibrary(library)) {
    const std::string archive = place.OwnSetting("pg_baton.archive_directory");
    if (archive.empty()) throw refuse("pg_baton.archive_directory is empty");
    return ByOwnLibrary(place, archive);
  }
  if (!library.empty()) throw refuse(fmt::format("archive_library is \"{}\"", library));
  const std::string command = place.OwnSetting("archive_command");
  if (command.empty()) throw refuse("archive_command is empty");
  return ByCommand(place, command);
}

}  // namespace

Unarchived ArchiveCommonHistory(const Workplace& place) {
  Unarchived left;
  const std::vector<std::string> waiting = Waiting(place);
  if (waiting.empty()) return left;
  Way archive;
  try {
    archive = WayOf(place);
  } catch (const core::Error& error) {
    return {waiting, error.message()};
  }
  for (const std::string& name : waiting) {
    CheckInterrupt();
    // Whoever took too long for one would for the next.
    const bool hangs = left.because.ends_with(kTooLong);
    const auto failure = hangs ? std::optional(left.because) : archive(name);
    if (!failure) {
      fs::rename(StatusFolder(place) / (name + ".ready"), StatusFolder(place) / (name + ".done"));
      continue;
    }
    left.segments.push_back(name);
    if (left.because.empty() || failure->ends_with(kTooLong)) left.because = *failure;
  }
  Flush(StatusFolder(place));
  return left;
}

}  // namespace baton::helper
