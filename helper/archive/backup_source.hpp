// Base backups in a folder, as pg_basebackup leaves them: plain, or as tar files.
#pragma once

#include <cstdint>
#include <filesystem>

#include "core/archive_name.hpp"
#include "core/backup_label.hpp"

namespace baton::helper {

struct BackupSource {
  enum class Form { kPlain, kTar };

  std::filesystem::path path;
  Form form = Form::kPlain;
  core::Packing packing = core::Packing::kPlain;  // of tar files
  core::BackupLabel label;
  int major = 0;  // of the server; 0 where that is known only when it is unpacked
  bool has_manifest = false;
  // What it takes when it is unpacked, without its WAL; of compressed files without a manifest
  // their own size, which is less.
  std::int64_t bytes = 0;

  // The file of a tar backup called "base" or by the number of a tablespace.
  std::filesystem::path TarFile(const std::string& name) const;
};

// From PG_VERSION in a data directory; 0 if there is none, or no number in it.
int MajorOf(const std::filesystem::path& data);

// The newest of the backups in `folder`: itself, or those right below it.  Throws kNotFound if
// there is none, kRefused if the newest one is incremental.
BackupSource FindNewestBackup(const std::filesystem::path& folder);

}  // namespace baton::helper
