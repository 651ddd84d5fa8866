#include "helper/archive/backup_source.hpp"

#include <charconv>
#include <cstdlib>
#include <fmt/format.h>
#include <fstream>
#include <string_view>

#include "core/error.hpp"
#include "helper/archive/tar.hpp"
#include "helper/system/file.hpp"

namespace baton::helper {
namespace {

constexpr const char* kLabel = "backup_label";
constexpr const char* kManifest = "backup_manifest";

// The sizes in a manifest, which has a line for each file.
std::int64_t ManifestBytes(const fs::path& manifest) {
  constexpr std::string_view kSize = "\"Size\": ";
  std::int64_t sum = 0;
  std::ifstream lines(manifest);
  for (std::string line; std::getline(lines, line);) {
    const auto at = line.find(kSize);
    if (at == std::string::npos) continue;
    std::int64_t size = 0;
    std::from_chars(line.data() + at + kSize.size(), line.data() + line.size(), size);
    sum += size;
  }
  return sum;
}

// Of regular files below a folder, but for its WAL; tablespaces behind their links too.
std::int64_t FolderBytes(const fs::path& folder) {
  std::int64_t sum = 0;
  std::error_code error;
  fs::recursive_directory_iterator entry(folder, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    const fs::path& path = entry->path();
    if (path == folder / "pg_wal") {
      entry.disable_recursion_pending();
    } else if (entry->is_symlink(error)) {
      if (path.parent_path() == folder / "pg_tblspc") sum += FolderBytes(path / "");
    } else if (entry->is_regular_file(error)) {
      sum += static_cast<std::int64_t>(entry->file_size(error));
    }
  }
  return sum;
}

std::int64_t TarBytes(const BackupSource& source) {
  std::int64_t sum = 0;
  std::error_code error;
  for (fs::directory_iterator entry(source.path, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.find(".tar") == std::string::npos || name.starts_with("pg_wal.tar")) continue;
    sum += static_cast<std::int64_t>(entry->file_size(error));
  }
  return sum;
}

std::optional<core::BackupLabel> LabelOf(const BackupSource& source) {
  if (source.form == BackupSource::Form::kPlain) {
    return core::ParseBackupLabel(ReadFileIfThere(source.path / kLabel).value_or(""));
  }
  // It is the first file that a server sends.
  return core::ParseBackupLabel(RunTar(source.TarFile("base"), source.packing,
                                       {"--extract", "--to-stdout", "--occurrence=1", kLabel}));
}

std::optional<BackupSource> LookForBackup(const fs::path& folder) {
  BackupSource source;
  source.path = folder;
  if (fs::exists(folder / kLabel)) {
    source.form = BackupSource::Form::kPlain;
  } else {
    source.form = BackupSource::Form::kTar;
    bool found = false;
    for (const core::Packing packing : core::kPackings) {
      source.packing = packing;
      found = fs::exists(source.TarFile("base"));
      if (found) break;
    }
    if (!found) return std::nullopt;
  }
  const auto label = LabelOf(source);
  if (!label) return std::nullopt;
  source.label = *label;
  source.major = MajorOf(folder);
  source.has_manifest = fs::exists(folder / kManifest);
  if (source.has_manifest) {
    source.bytes = ManifestBytes(folder / kManifest);
  } else {
    source.bytes =
        source.form == BackupSource::Form::kPlain ? FolderBytes(folder) : TarBytes(source);
  }
  return source;
}

core::Error NoBackup(const fs::path& folder) {
  const bool is_data = fs::exists(folder / "PG_VERSION");
  return {core::ErrorCode::kNotFound,
          fmt::format("there is no base backup in \"{}\"", folder.string()),
          is_data ? "It is a data directory without a backup_label: a server has run in it."
                  : "Neither it nor a folder in it has a backup_label or a base.tar with one.",
          "Name a folder that pg_basebackup has made, or one with several of them, or take a new "
          "backup with --take-backup."};
}

}  // namespace

fs::path BackupSource::TarFile(const std::string& name) const {
  return path / (name + ".tar" + std::string(core::PackingEnding(packing)));
}

int MajorOf(const fs::path& data) {
  return std::atoi(ReadFileIfThere(data / "PG_VERSION").value_or("").c_str());
}

BackupSource FindNewestBackup(const fs::path& folder) {
  std::optional<BackupSource> newest = LookForBackup(folder);
  std::error_code error;
  if (!newest) {
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error)) {
      if (!entry->is_directory(error)) continue;
      auto source = LookForBackup(entry->path());
      if (source && (!newest || core::IsNewer(source->label, newest->label))) {
        newest = std::move(source);
      }
    }
  }
  if (error) {
    throw core::Error(core::ErrorCode::kFailed, fmt::format("could not read directory \"{}\": {}",
                                                            folder.string(), error.message()));
  }
  if (!newest) throw NoBackup(folder);
  if (newest->label.is_incremental) {
    throw core::Error(core::ErrorCode::kRefused,
                      fmt::format("\"{}\" is an incremental backup", newest->path.string()),
                      "It is no base backup by itself.",
                      "Combine it with those before it by pg_combinebackup, and test the result.");
  }
  return *newest;
}

}  // namespace baton::helper
