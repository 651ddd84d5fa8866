#include "pg/volumes.hpp"

#include <dirent.h>
#include <memory>
#include <string>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "core/archive_name.hpp"
#include "core/wal_segment.hpp"

namespace baton::pg {
namespace {

constexpr std::string_view kReady = ".ready";

using Folder = std::unique_ptr<DIR, int (*)(DIR*)>;

Folder OpenFolder(const char* path) { return Folder(opendir(path), &closedir); }

}  // namespace

core::VolumeFacts MeasureVolume(const char* path, std::string_view name) {
  core::VolumeFacts volume;
  volume.name = name;
  struct statvfs found {};
  if (statvfs(path, &found) != 0 || found.f_blocks == 0) return volume;
  const auto unit = static_cast<std::int64_t>(found.f_frsize);
  // What is reserved for root is neither free nor usable, as df has it.
  volume.free_bytes = static_cast<std::int64_t>(found.f_bavail) * unit;
  volume.total_bytes =
      static_cast<std::int64_t>(found.f_blocks - found.f_bfree + found.f_bavail) * unit;
  return volume;
}

core::VolumeFacts FullestVolume() {
  core::VolumeFacts fullest = MeasureVolume(".", "data directory");
  const Folder folder = OpenFolder("pg_tblspc");
  if (folder == nullptr) return fullest;
  while (const dirent* const entry = readdir(folder.get())) {
    if (entry->d_name[0] == '.') continue;
    const std::string path = std::string("pg_tblspc/") + entry->d_name;
    const core::VolumeFacts volume =
        MeasureVolume(path.c_str(), std::string("tablespace ") + entry->d_name);
    if (!volume.Measured()) continue;
    if (!fullest.Measured() || volume.FreePercent() < fullest.FreePercent()) fullest = volume;
  }
  return fullest;
}

ReadyFiles CountReadyFiles(core::Lsn end) {
  ReadyFiles ready;
  const Folder folder = OpenFolder("pg_wal/archive_status");
  if (folder == nullptr) return ready;
  ready.count = 0;
  const auto segment_bytes = static_cast<std::uint64_t>(wal_segment_size);
  if (!end.IsNone()) ready.archived_end = core::Lsn(end.bytes() - end.bytes() % segment_bytes);
  while (const dirent* const entry = readdir(folder.get())) {
    if (!std::string_view(entry->d_name).ends_with(kReady)) continue;
    ++ready.count;
    std::string name = entry->d_name;
    name.resize(name.size() - kReady.size());
    const auto parsed = core::ParseArchivedName(name);
    if (parsed && (parsed->kind == core::ArchivedKind::kSegment ||
                   parsed->kind == core::ArchivedKind::kPartial)) {
      ready.bytes += wal_segment_size;
      const core::Lsn begin = core::BeginOf(parsed->Segment(), segment_bytes);
      if (begin < ready.archived_end) ready.archived_end = begin;
    }
    struct stat found {};
    if (fstatat(dirfd(folder.get()), entry->d_name, &found, 0) != 0) continue;
    const TimestampTz moment = time_t_to_timestamptz(found.st_mtime);
    if (ready.oldest == 0 || moment < ready.oldest ||
        (moment == ready.oldest && name < ready.oldest_name)) {
      ready.oldest = moment;
      ready.oldest_name = name;
    }
  }
  return ready;
}

}  // namespace baton::pg
