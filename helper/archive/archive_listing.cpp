#include "helper/archive/archive_listing.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/foreign_archive.hpp"
#include "archive/packing.hpp"
#include "archive/store.hpp"
#include "core/wal_segment.hpp"
#include "helper/system/interrupt.hpp"

namespace baton::helper {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostHistoryBytes = std::size_t{1024} * 1024;

std::string ReadBegin(const fs::path& path, core::Packing packing, std::size_t size) {
  const archive::OpenFile file(path, O_RDONLY | O_NONBLOCK);
  std::string content(size, '\0');
  content.resize(
      archive::Unpack(file.number(), packing, path.string())->Read(content.data(), size));
  return content;
}

void RefuseForeign(const fs::path& folder) {
  const std::string owner = archive::ForeignTool(folder);
  if (owner.empty()) return;
  throw core::Error(core::ErrorCode::kRefused,
                    fmt::format("\"{}\" is an archive of {}", folder.string(), owner), "",
                    "Let that program expire what is in it.");
}

void List(const fs::path& folder, ArchiveListing& listing) {
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string file = entry.path().filename().string();
    if (file == archive::kIncomingFolder) continue;
    const auto name = core::ParseArchivedName(file);
    struct stat status {};
    if (lstat(entry.path().c_str(), &status) != 0) {
      if (errno == ENOENT) continue;
      throw archive::CouldNot("look at", entry.path());
    }
    if (name && S_ISREG(status.st_mode)) {
      listing.files.push_back({file, *name, static_cast<std::uint64_t>(status.st_size)});
    } else {
      listing.unknown.push_back(file);
    }
  }
  std::sort(listing.files.begin(), listing.files.end(),
            [](const auto& a, const auto& b) { return a.file < b.file; });
  std::sort(listing.unknown.begin(), listing.unknown.end());
}

// One that cannot be read has its timeline spared, and is told by archive-check.
void ReadHistories(const fs::path& folder, ArchiveListing& listing) {
  for (const core::ArchivedFile& one : listing.files) {
    if (one.name.kind != core::ArchivedKind::kHistory) continue;
    try {
      const auto history = core::ParseTimelineHistory(
          ReadBegin(folder / one.file, one.name.packing, kMostHistoryBytes), one.name.timeline);
      if (history) listing.histories[one.name.timeline] = *history;
    } catch (const core::Error&) {
      continue;
    }
  }
}

// Looks at one segment that is what its name says.  False if this one is not.
bool LookInto(const fs::path& folder, const core::ArchivedFile& one, ArchiveListing& listing) {
  std::string head;
  try {
    head = ReadBegin(folder / one.file, one.name.packing, core::kLongPageHeaderBytes);
  } catch (const core::Error&) {
    return false;
  }
  if (!core::SegmentFault(one.name.name, head, {}).empty()) return false;
  const core::SegmentOrigin origin = core::OriginIn(head);
  const std::uint64_t identifier = origin.system_identifier;
  const std::uint64_t bytes = origin.segment_bytes;
  if (listing.segment_bytes == 0) {
    listing.system_identifier = identifier;
    listing.segment_bytes = bytes;
  }
  if (listing.system_identifier == identifier && listing.segment_bytes == bytes) return true;
  throw core::Error(
      core::ErrorCode::kRefused,
      fmt::format("\"{}\" has WAL of more than one cluster", folder.string()),
      fmt::format("\"{}\" is of the cluster with system identifier {} and segments "
                  "of {} bytes, others of {} and {} bytes.",
                  one.file, identifier, bytes, listing.system_identifier, listing.segment_bytes),
      "Find out who archives here; each cluster needs an archive of its own.");
}

// The first of each timeline and the last; reading all would take as long as reading the archive.
void LookIntoSegments(const fs::path& folder, ArchiveListing& listing) {
  const auto look = [&](auto begin, auto end) {
    core::TimelineId done = 0;
    for (auto one = begin; one != end; ++one) {
      if (one->name.kind != core::ArchivedKind::kSegment || one->name.timeline == done) continue;
      if (LookInto(folder, *one, listing)) done = one->name.timeline;
    }
  };
  look(listing.files.begin(), listing.files.end());
  look(listing.files.rbegin(), listing.files.rend());
}

}  // namespace

ArchiveListing ListArchive(const fs::path& folder) {
  const archive::Store store(folder);
  ArchiveListing listing;
  try {
    RefuseForeign(folder);
    List(folder, listing);
  } catch (const fs::filesystem_error& error) {
    throw core::Error(core::ErrorCode::kFailed,
                      fmt::format("could not read archive directory \"{}\": {}", folder.string(),
                                  error.code().message()));
  }
  ReadHistories(folder, listing);
  LookIntoSegments(folder, listing);
  return listing;
}

Removal RemoveFiles(const fs::path& folder, const std::vector<core::ArchivedFile>& files) {
  Removal removal;
  for (const core::ArchivedFile& one : files) {
    if (WasInterrupted()) break;
    if (unlink((folder / one.file).c_str()) == 0) {
      ++removal.files;
      removal.bytes += one.bytes;
    } else if (errno != ENOENT) {
      const core::Error error = archive::CouldNot("remove", folder / one.file);
      archive::FlushFolder(folder);
      throw error;
    }
  }
  archive::FlushFolder(folder);
  CheckInterrupt();
  return removal;
}

}  // namespace baton::helper
