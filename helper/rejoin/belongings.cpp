#include "helper/rejoin/belongings.hpp"

#include <algorithm>
#include <array>

namespace baton::helper {
namespace {

constexpr std::array<std::string_view, 10> kDescribeTheData = {
    "PG_VERSION",         "backup_label",    "backup_label.old", "tablespace_map",
    "tablespace_map.old", "backup_manifest", "postmaster.pid",   "postmaster.opts",
    "current_logfiles",   "promote"};

// Renames; between file systems, copies beside the new place first.  The directories are the
// caller's to flush.
void Move(const fs::path& from, const fs::path& to) {
  const bool replaces = fs::symlink_status(to).type() != fs::file_type::not_found;
  if (replaces &&
      (fs::is_directory(fs::symlink_status(to)) || fs::is_directory(fs::symlink_status(from)))) {
    fs::remove_all(to);
  }
  std::error_code error;
  fs::rename(from, to, error);
  if (!error) return;
  fs::path copy = to;
  copy += ".pg_baton.tmp";
  fs::remove_all(copy);
  fs::copy(from, copy, fs::copy_options::recursive | fs::copy_options::copy_symlinks);
  FlushTree(copy);
  fs::rename(copy, to);
  Flush(to.parent_path());
  fs::remove_all(from);
}

}  // namespace

std::vector<fs::path> OwnFiles(const fs::path& directory) {
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory)) {
    const std::string name = entry.path().filename();
    const bool is_folder = entry.is_directory();
    if (is_folder || name.ends_with(".signal")) continue;
    if (std::find(kDescribeTheData.begin(), kDescribeTheData.end(), name) !=
        kDescribeTheData.end()) {
      continue;
    }
    files.push_back(entry.path());
  }
  return files;
}

std::vector<fs::path> OwnFolders(const fs::path& directory) {
  std::vector<fs::path> folders;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory)) {
    const std::string name = entry.path().filename();
    if (!entry.is_directory() || entry.is_symlink()) continue;
    if (name == "base" || name == "global") continue;
    if (name.starts_with("pg_") && name != "pg_baton") continue;
    folders.push_back(entry.path());
  }
  return folders;
}

std::vector<std::string> OwnNames(const fs::path& directory) {
  std::vector<std::string> names;
  for (const fs::path& file : OwnFiles(directory)) names.push_back(file.filename());
  for (const fs::path& folder : OwnFolders(directory)) names.push_back(folder.filename());
  std::sort(names.begin(), names.end());
  return names;
}

void MoveOwnAside(const fs::path& directory, const fs::path& kept) {
  fs::create_directory(kept);
  SetMode(kept, 0700);
  Flush(kept.parent_path());
  for (const std::string& name : OwnNames(directory)) Move(directory / name, kept / name);
  Flush(kept);
  Flush(directory);
}

void MoveOwnBack(const fs::path& directory, const fs::path& kept,
                 const std::vector<std::string>& names) {
  for (const std::string& name : OwnNames(directory)) {
    if (!std::binary_search(names.begin(), names.end(), name)) fs::remove_all(directory / name);
  }
  for (const std::string& name : names) {
    if (fs::symlink_status(kept / name).type() == fs::file_type::not_found) continue;
    Move(kept / name, directory / name);
  }
  Flush(directory);
  Flush(kept);
}

}  // namespace baton::helper
