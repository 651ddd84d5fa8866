#include "helper/archive/base_backups.hpp"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/backup_label.hpp"
#include "core/error.hpp"
#include "helper/system/file.hpp"

namespace baton::helper {
namespace {

constexpr const char* kManifest = "backup_manifest";
constexpr const char* kLabel = "backup_label";
// WAL-Ranges and the checksum take some hundred bytes, however many files the backup has.
constexpr std::streamoff kManifestEndBytes = 64 * 1024;

std::string ReadEnd(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  file.seekg(0, std::ios::end);
  const std::streamoff size = file.tellg();
  file.seekg(std::max<std::streamoff>(0, size - kManifestEndBytes));
  std::string end(static_cast<std::size_t>(std::min(size, kManifestEndBytes)), '\0');
  file.read(end.data(), static_cast<std::streamsize>(end.size()));
  if (!file) {
    throw core::Error(core::ErrorCode::kFailed,
                      fmt::format("could not read file \"{}\"", path.string()));
  }
  return end;
}

// Of a backup that is not packed; 0 if it is not told.
std::uint64_t SystemIdentifierIn(const fs::path& folder) {
  const auto control = ReadFileIfThere(folder / "global" / "pg_control");
  std::uint64_t identifier = 0;
  if (control && control->size() >= sizeof(identifier)) {
    std::memcpy(&identifier, control->data(), sizeof(identifier));
  }
  return identifier;
}

std::optional<core::WalNeed> BaseBackupIn(const fs::path& folder, std::uint64_t cluster) {
  const bool has_manifest = fs::exists(folder / kManifest);
  const auto label = ReadFileIfThere(folder / kLabel);
  if (!has_manifest && !label) return std::nullopt;
  const std::uint64_t identifier = SystemIdentifierIn(folder);
  if (identifier != 0 && cluster != 0 && identifier != cluster) {
    throw core::Error(core::ErrorCode::kRefused,
                      fmt::format("base backup \"{}\" is of another cluster", folder.string()),
                      fmt::format("Its system identifier is {}, that of the archive's WAL {}.",
                                  identifier, cluster),
                      "Name only folders with base backups that need this archive.");
  }
  std::optional<core::WalNeed> need;
  if (has_manifest) need = ParseManifestEnd(ReadEnd(folder / kManifest));
  if (!need && label) need = NeedOf(*label);
  if (!need) {
    throw core::Error(
        core::ErrorCode::kFailed,
        fmt::format("where the WAL of base backup \"{}\" begins is not known", folder.string()),
        "Neither its backup_manifest nor its backup_label says so.",
        "Move it elsewhere if it is of no use any more.");
  }
  need->who = fmt::format("base backup \"{}\"", folder.string());
  return need;
}

}  // namespace

std::optional<core::WalNeed> NeedOf(std::string_view label) {
  const auto parsed = core::ParseBackupLabel(label);
  if (!parsed) return std::nullopt;
  return core::WalNeed{"", parsed->start, parsed->timeline};
}

std::optional<core::WalNeed> ParseManifestEnd(std::string_view end) {
  constexpr std::string_view kKey = "\"WAL-Ranges\":";
  const auto key = end.rfind(kKey);
  if (key == std::string_view::npos) return std::nullopt;
  const std::string_view list = end.substr(key + kKey.size());
  const auto close = list.find(']');
  if (close == std::string_view::npos) return std::nullopt;
  const auto ranges = nlohmann::json::parse(list.substr(0, close + 1), nullptr, false);
  std::optional<core::WalNeed> earliest;
  if (!ranges.is_array()) return std::nullopt;
  for (const auto& range : ranges) {
    if (!range.is_object() || !range.contains("Timeline") || !range.contains("Start-LSN") ||
        !range["Timeline"].is_number_unsigned() || !range["Start-LSN"].is_string()) {
      return std::nullopt;
    }
    const auto from = core::Lsn::Parse(range["Start-LSN"].get<std::string>());
    if (!from || from->IsNone()) return std::nullopt;
    if (!earliest || *from < earliest->from) {
      earliest = core::WalNeed{"", *from, range["Timeline"].get<core::TimelineId>()};
    }
  }
  return earliest;
}

std::vector<core::WalNeed> FindBaseBackups(const fs::path& folder,
                                           std::uint64_t system_identifier) {
  std::vector<core::WalNeed> found;
  try {
    if (const auto need = BaseBackupIn(folder, system_identifier)) return {*need};
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (!entry.is_directory()) continue;
      if (const auto need = BaseBackupIn(entry.path(), system_identifier)) found.push_back(*need);
    }
  } catch (const fs::filesystem_error& error) {
    throw core::Error(core::ErrorCode::kFailed,
                      fmt::format("could not look for base backups in \"{}\": {}", folder.string(),
                                  error.code().message()));
  }
  return found;
}

}  // namespace baton::helper
