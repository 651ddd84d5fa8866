#include "helper/rejoin/inspection.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <regex>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.hpp"

namespace baton::helper {
namespace {

// Folders in which only PostgreSQL has files, so that a foreign name is somebody's by mistake.
bool HoldsRelations(const std::string& folder) {
  return folder == "global" || folder.starts_with("base/") || folder.starts_with("pg_tblspc/");
}

class Walk {
 public:
  Walk(const fs::path& directory, Inspection& found) : directory_(directory), found_(found) {}

  void Folder(const std::string& folder) {
    for (const fs::directory_entry& entry : fs::directory_iterator(directory_ / folder)) {
      Entry(folder, entry);
    }
  }

 private:
  void Entry(const std::string& folder, const fs::directory_entry& entry) {
    const std::string name = entry.path().filename();
    const std::string path = folder + "/" + name;
    const fs::file_type type = entry.symlink_status().type();
    const bool is_tablespace = folder == "pg_tblspc" && entry.is_directory();
    if (type == fs::file_type::directory || is_tablespace) return Folder(path);
    if (type == fs::file_type::symlink) return;
    if (type != fs::file_type::regular) {
      found_.special.push_back(path);
      return;
    }
    found_.sizes[path] = entry.file_size();
    if (access(entry.path().c_str(), R_OK | W_OK) != 0) {
      struct stat status {};
      const bool is_own = stat(entry.path().c_str(), &status) == 0 && status.st_uid == geteuid();
      (is_own ? found_.read_only : found_.foreign).push_back(path);
    }
    if (!IsServersOwn(folder, name)) found_.unknown.push_back(path);
  }

  const fs::path& directory_;
  Inspection& found_;
};

// The server's own folders at the top; pg_wal may be a link.
std::vector<std::string> ServersFolders(const fs::path& directory) {
  std::vector<std::string> folders;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory)) {
    const std::string name = entry.path().filename();
    const bool is_servers =
        name == "base" || name == "global" || (name.starts_with("pg_") && name != "pg_baton");
    if (is_servers && entry.is_directory()) folders.push_back(name);
  }
  return folders;
}

}  // namespace

bool IsServersOwn(const std::string& folder, const std::string& name) {
  if (!HoldsRelations(folder)) return true;
  // Relations with their forks and segments, those of temporary tables, and the few files beside
  // them (src/common/relpath.c, src/backend/storage/file/fd.c).
  static const std::regex kKnown(
      R"((t[0-9]+_)?[0-9]+(_(fsm|vm|init))?(\.[0-9]+)?|PG_VERSION|pg_control|pg_filenode\.map)"
      R"(|pg_internal\.init.*|pgsql_tmp.*|config_exec_params.*)");
  return folder.find("/pgsql_tmp") != std::string::npos || std::regex_match(name, kKnown);
}

Inspection Inspect(const fs::path& directory) {
  Inspection found;
  Walk walk(directory, found);
  for (const std::string& folder : ServersFolders(directory)) walk.Folder(folder);
  return found;
}

void ClearTheWay(const fs::path& directory, const Inspection& found, const fs::path& aside) {
  if (!found.foreign.empty()) {
    throw core::Error(
        core::ErrorCode::kRefused,
        fmt::format("\"{}\" cannot be written", (directory / found.foreign.front()).string()),
        fmt::format("{} files in the data directory belong to another user.", found.foreign.size()),
        "Give them to the owner of the data directory.");
  }
  for (const std::string& path : found.read_only) {
    struct stat status {};
    if (stat((directory / path).c_str(), &status) != 0) continue;
    SetMode(directory / path, (status.st_mode & 07777) | 0600);
  }
  for (const auto* const list : {&found.special, &found.unknown}) {
    for (const std::string& path : *list) {
      const fs::path to = aside / path;
      fs::create_directories(to.parent_path());
      std::error_code error;
      fs::rename(directory / path, to, error);
      // From another file system: what is no file has nothing that could be kept.
      if (error && fs::is_regular_file(directory / path)) CopyFile(directory / path, to);
      if (error) fs::remove(directory / path);
    }
  }
}

void PutSizesBack(const fs::path& directory, const std::map<std::string, std::uint64_t>& sizes) {
  for (const auto& [path, size] : Inspect(directory).sizes) {
    const auto before = sizes.find(path);
    if (before == sizes.end()) {
      fs::remove(directory / path);
    } else if (size > before->second) {
      fs::resize_file(directory / path, before->second);
    }
  }
}

std::string SizesToText(const std::map<std::string, std::uint64_t>& sizes) {
  return nlohmann::json(sizes).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::map<std::string, std::uint64_t> SizesFromText(const std::string& text) {
  const nlohmann::json file = nlohmann::json::parse(text, nullptr, false);
  if (!file.is_object()) {
    throw core::Error(core::ErrorCode::kFailed, "the sizes that a rejoin has noted are unreadable");
  }
  return file.get<std::map<std::string, std::uint64_t>>();
}

}  // namespace baton::helper
