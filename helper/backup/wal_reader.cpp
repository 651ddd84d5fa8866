#include "helper/backup/wal_reader.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <fmt/format.h>
#include <fstream>

#include "core/error.hpp"
#include "core/restore_command.hpp"
#include "core/wal_segment.hpp"
#include "helper/system/file.hpp"
#include "helper/system/interrupt.hpp"
#include "helper/system/process.hpp"
#include "helper/system/scratch.hpp"

namespace baton::helper {
namespace {

core::Lsn SegmentBegin(core::Lsn lsn, std::uint64_t segment_bytes) {
  return core::Lsn(lsn.bytes() / segment_bytes * segment_bytes);
}

std::string NameOf(const core::TimelineHistory& history, core::Lsn begin, std::uint64_t bytes) {
  const core::Lsn end(begin.bytes() + bytes);
  return core::SegmentName(core::TimelineOfSegment(history, end), begin, bytes);
}

std::vector<std::string> SegmentsIn(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename();
    if (core::IsSegmentName(name)) names.push_back(name);
  }
  if (error) {
    throw core::Error(core::ErrorCode::kFailed, fmt::format("could not read folder \"{}\": {}",
                                                            folder.string(), error.message()));
  }
  return names;
}

// A folder with a link to each segment from `start` on, all named as of the last timeline, which
// are the names that pg_waldump asks for.
class StagedWal {
 public:
  StagedWal(const WalFolders& folders, const core::TimelineHistory& history, core::Lsn start,
            std::uint64_t segment_bytes) {
    Link(folders, history, start, segment_bytes);
  }

  const fs::path& path() const { return folder_.path(); }
  core::Lsn last() const { return last_; }  // begin of the last segment; none if there is none

 private:
  void Link(const WalFolders& folders, const core::TimelineHistory& history, core::Lsn start,
            std::uint64_t bytes) {
    const core::TimelineId newest = history.back().timeline;
    for (const fs::path& folder : folders.all()) {
      for (const std::string& name : SegmentsIn(folder)) {
        const core::Lsn begin = core::BeginOf(name, bytes);
        if (begin < SegmentBegin(start, bytes) || name != NameOf(history, begin, bytes)) continue;
        last_ = std::max(last_, begin);
        const fs::path link = path() / core::SegmentName(newest, begin, bytes);
        std::error_code error;
        fs::create_symlink(fs::absolute(folder / name), link, error);
        if (error && error != std::errc::file_exists) {
          throw core::Error(core::ErrorCode::kFailed, fmt::format("could not make link \"{}\": {}",
                                                                  link.string(), error.message()));
        }
      }
    }
  }

  ScratchFolder folder_;
  core::Lsn last_;
};

// Runs pg_waldump over a staged folder, and returns its exit code.
int RunWalDump(const Programs& programs, const StagedWal& wal, core::TimelineId timeline,
               const std::vector<std::string>& more, core::WalDumpReader& reader,
               std::string& last_line) {
  std::vector<std::string> arguments = {programs.Path("pg_waldump"),
                                        "--path=" + wal.path().string(),
                                        fmt::format("--timeline={}", timeline)};
  arguments.insert(arguments.end(), more.begin(), more.end());
  ProcessOptions process;
  process.environment["TZ"] = "UTC";
  process.environment["PG_COLOR"] = "never";
  process.keeps_output = false;
  process.on_line = [&](const std::string& line) {
    reader.Line(line);
    last_line = line;
  };
  const ProcessResult result = RunProcess(arguments, process);
  CheckInterrupt();
  return result.exit_code;
}

core::Error CouldNotRead(const WalFolders& folders, std::string detail, std::string hint = "") {
  return {core::ErrorCode::kFailed,
          fmt::format("could not read the WAL in \"{}\"", folders.all().front().string()),
          std::move(detail), std::move(hint)};
}

core::Error Missing(const WalFolders& folders, const std::string& segment) {
  return CouldNotRead(folders, fmt::format("Segment \"{}\" is missing.", segment),
                      "Bring it back from the archive.");
}

}  // namespace

std::optional<fs::path> WalFolders::Find(const std::string& name) const {
  for (const fs::path& folder : folders_) {
    std::error_code ignored;
    if (fs::is_regular_file(folder / name, ignored)) return folder / name;
  }
  return std::nullopt;
}

core::WalFormat ReadWalFormat(const WalFolders& folders) {
  for (const fs::path& folder : folders.all()) {
    for (const std::string& name : SegmentsIn(folder)) {
      // A short header of 24 bytes, the system identifier, and then these two.
      std::array<char, 40> header{};
      std::array<std::uint32_t, 2> sizes{};
      std::ifstream file(folder / name, std::ios::binary);
      if (!file.read(header.data(), header.size())) continue;
      std::memcpy(sizes.data(), header.data() + 32, sizeof(sizes));
      const auto is_size = [](std::uint32_t bytes) {
        return bytes >= 1024 && (bytes & (bytes - 1)) == 0;
      };
      if (!is_size(sizes[0]) || !is_size(sizes[1]) || sizes[1] > sizes[0]) continue;
      return {sizes[1], sizes[0]};
    }
  }
  throw CouldNotRead(folders, "There is no WAL segment.");
}

core::TimelineHistory ReadTimelineHistory(const WalFolders& folders, core::TimelineId timeline) {
  const std::optional<fs::path> file = folders.Find(core::HistoryName(timeline));
  if (!file) return {{timeline, core::Lsn(), core::Lsn()}};
  const auto history = core::ParseTimelineHistory(ReadFile(*file), timeline);
  if (!history) {
    throw core::Error(core::ErrorCode::kFailed,
                      fmt::format("timeline history file \"{}\" is damaged", file->string()));
  }
  return *history;
}

std::vector<std::string> MissingSegments(const WalFolders& folders,
                                         const core::TimelineHistory& history, core::Lsn from,
                                         core::Lsn to, std::uint64_t segment_bytes) {
  std::vector<std::string> missing;
  for (core::Lsn begin = SegmentBegin(from, segment_bytes); begin < to;
       begin = core::Lsn(begin.bytes() + segment_bytes)) {
    std::string name = NameOf(history, begin, segment_bytes);
    if (!folders.Find(name)) missing.push_back(std::move(name));
  }
  return missing;
}

core::WalSummary ReadWal(const Programs& programs, const WalFolders& folders,
                         core::TimelineId timeline, core::Lsn start, core::Lsn range_begin) {
  const core::WalFormat format = ReadWalFormat(folders);
  const core::TimelineHistory history = ReadTimelineHistory(folders, timeline);
  const std::uint64_t bytes = format.segment_bytes;
  const auto first = MissingSegments(folders, history, start, core::Lsn(start.bytes() + 1), bytes);
  if (!first.empty()) throw Missing(folders, first.front());

  const StagedWal wal(folders, history, start, bytes);
  core::WalDumpReader reader(range_begin, format);
  std::string last_line;
  const int exit_code =
      RunWalDump(programs, wal, timeline, {"--start=" + start.ToString()}, reader, last_line);
  const core::WalSummary summary = reader.Summary();
  if (summary.records == 0 || exit_code > 1) {
    throw CouldNotRead(folders, fmt::format("{} (exit code {})", last_line, exit_code));
  }
  // WAL may end with a whole segment, in front of a file that is not there; but not if later ones
  // are.
  if (summary.stopped_by.find("could not find file") != std::string::npos) {
    const auto gap = MissingSegments(folders, history, start, wal.last(), bytes);
    if (!gap.empty()) throw Missing(folders, gap.front());
  }
  return summary;
}

CheckpointSearch FindLastCheckpointBefore(const Programs& programs, const WalFolders& folders,
                                          core::TimelineId timeline, core::Lsn fork) {
  const core::WalFormat format = ReadWalFormat(folders);
  const core::TimelineHistory history = ReadTimelineHistory(folders, timeline);
  const std::uint64_t bytes = format.segment_bytes;
  core::Lsn begin = SegmentBegin(core::Lsn(fork.bytes() - 1), bytes);
  for (core::Lsn end = fork; !begin.IsNone(); begin = core::Lsn(begin.bytes() - bytes)) {
    const std::string name = NameOf(history, begin, bytes);
    if (!folders.Find(name)) return {std::nullopt, name};
    const StagedWal wal(folders, history, begin, bytes);
    core::WalDumpReader reader(fork, format);
    std::string last_line;
    const int exit_code =
        RunWalDump(programs, wal, timeline,
                   {"--rmgr=XLOG", "--start=" + begin.ToString(), "--end=" + end.ToString()},
                   reader, last_line);
    const core::WalSummary summary = reader.Summary();
    // One record may fill a segment from its begin to its end.
    const bool has_no_begin =
        summary.stopped_by.find("could not find a valid record after") != std::string::npos;
    if (exit_code != 0 && !has_no_begin) {
      throw CouldNotRead(folders, fmt::format("{} (exit code {})", last_line, exit_code));
    }
    for (auto one = summary.checkpoints.rbegin(); one != summary.checkpoints.rend(); ++one) {
      if (one->at < fork) return {*one, ""};
    }
    // The first page of this segment has the rest of a record that begins in the one before.
    end = std::min(fork, core::Lsn(begin.bytes() + format.page_bytes));
  }
  return {std::nullopt, NameOf(history, core::Lsn(), bytes)};
}

}  // namespace baton::helper
